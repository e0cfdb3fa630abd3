#include "base/cron.h"

#include "unit.h"

#define HOUR 3600000
#define DAY  (24 * (int64_t)HOUR)

static struct cron_fields parsed(const char *text)
{
    char why[CRON_WHY_MOST] = "";
    struct cron_fields c;
    bool good = cron_parse(bytes_text(text), &c, why);
    if (!good)
        printf("# %s: %s\n", text, why);
    CHECK(good);
    return c;
}

static bool same(const char *a, const char *b)
{
    struct cron_fields x = parsed(a), y = parsed(b);
    return x.seconds == y.seconds && x.minutes == y.minutes && x.hours == y.hours &&
           x.days == y.days && x.months == y.months && x.weekdays == y.weekdays &&
           x.either_day == y.either_day;
}

/* broker K2: lists, ranges, steps, names, macros */
TEST(fields_are_sets)
{
    struct cron_fields c = parsed("5,10-12,50/5,*/30 */8 1 JAN-mar,DEC 0,7");
    CHECK(c.seconds == 1);
    CHECK(c.minutes == (1ULL << 5 | 7ULL << 10 | 1ULL << 50 | 1ULL << 55 | 1 | 1ULL << 30));
    CHECK(c.hours == (1 | 1 << 8 | 1 << 16) && c.hours_repeat);
    CHECK(c.days == 2 && c.months == (2 | 4 | 8 | 1 << 12) && c.weekdays == 1 && c.either_day);
    c = parsed("  7/20\t* 1-9/4   * * ? ");
    CHECK(c.seconds == (1 << 7 | 1 << 27 | 1ULL << 47) && c.minutes == (1ULL << 60) - 1);
    CHECK(c.hours == (1 << 1 | 1 << 5 | 1 << 9) && !c.hours_repeat && c.weekdays == 127);
    CHECK(c.days == 0xfffffffe && c.months == 0x1ffe && !c.either_day);
    CHECK(parsed("* * * * 5-7").weekdays == (1 << 5 | 1 << 6 | 1));
    CHECK(parsed("* * * * FRI-SUN").weekdays == (1 << 5 | 1 << 6 | 1));
    CHECK(parsed("* * * * sun-tue").weekdays == 7 && parsed("* * * * SUN-SUN").weekdays == 1);
    CHECK(parsed("* * * * 1/2").weekdays == (1 << 1 | 1 << 3 | 1 << 5));
    CHECK(parsed("* * * * 7/2").weekdays == 1 && parsed("* * * * */6").weekdays == (1 | 1 << 6));
    CHECK(parsed("* * * * 1-7/2").weekdays == (1 << 1 | 1 << 3 | 1 << 5 | 1));
    CHECK(parsed("* 0-23 * * *").hours == parsed("* * * * *").hours);
    /* The same hours, but neither `*` nor a step of it. */
    CHECK(!parsed("* 0-23 * * *").hours_repeat && !parsed("* *,5 * * *").hours_repeat);
    CHECK(parsed("* ?/2 * * *").hours_repeat && !parsed("0 0/2 * * *").hours_repeat);
    /* A day field that begins with a star is no restriction of its own. */
    CHECK(!parsed("0 0 */2 * MON").either_day && !parsed("0 0 1 * */2").either_day);
    CHECK(same("@yearly", "0 0 1 1 *") && same("@annually", "@yearly"));
    CHECK(same("@monthly", "0 0 1 * *") && same("@weekly", "0 0 * * 0"));
    CHECK(same("@daily", "0 0 * * *") && same("@midnight", "@DAILY"));
    CHECK(same("@hourly", "0 * * * *") && parsed("@hourly").hours_repeat);
    CHECK(same("5 4 * * sun", "0 5 4 * * 7"));
}

/* broker K2: the reason names the field */
TEST(what_is_no_expression_is_refused)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "5 or 6 fields are needed, not 0"},
        {" \t ", "5 or 6 fields are needed, not 0"},
        {"* * * *", "5 or 6 fields are needed, not 4"},
        {"* * * * * * *", "5 or 6 fields are needed, not 7"},
        {"@reboot", "'@reboot' is not known"},
        {"@daily 5", "5 or 6 fields are needed, not 2"},
        {"60 * * * *", "minute '60': a value must be between 0 and 59"},
        {"60 * * * * *", "second '60': a value must be between 0 and 59"},
        {"* 24 * * *", "hour '24': a value must be between 0 and 23"},
        {"* * 0 * *", "day of month '0': a value must be between 1 and 31"},
        {"* * 1-32 * *", "day of month '1-32': a value must be between 1 and 31"},
        {"* * * 13 *", "month '13': a value must be between 1 and 12"},
        {"* * * * 8", "day of week '8': a value must be between 0 and 7"},
        {"* * * * MOON", "day of week 'MOON': no number, name, range or step"},
        {"* * * MON *", "month 'MON': no number, name, range or step"},
        {"* JAN * * *", "hour 'JAN': no number, range or step"},
        {"-5 * * * *", "minute '-5': a value is missing"},
        {"5- * * * *", "minute '5-': a value is missing"},
        {"5, * * * *", "minute '5,': a value is missing"},
        {",5 * * * *", "minute ',5': a value is missing"},
        {"1-2-3 * * * *", "minute '1-2-3': no number, range or step"},
        {"** * * * *", "minute '**': no number, range or step"},
        {"*-5 * * * *", "minute '*-5': no number, range or step"},
        {"/5 * * * *", "minute '/5': a value is missing"},
        {"30-10 * * * *", "minute '30-10': a range must not go backwards"},
        {"* * * * 5-0", "day of week '5-0': a range must not go backwards"},
        {"* * * * fri-mon", "day of week 'fri-mon': a range must not go backwards"},
        {"*/0 * * * *", "minute '*/0': a step must be between 1 and 59"},
        {"*/60 * * * *", "minute '*/60': a step must be between 1 and 59"},
        {"*/x * * * *", "minute '*/x': a step must be between 1 and 59"},
        {"*/ * * * *", "minute '*/': a step must be between 1 and 59"},
        {"*/5/5 * * * *", "minute '*/5/5': a step must be between 1 and 59"},
        {"* * * * 1/7", "day of week '1/7': a step must be between 1 and 6"},
        {"* * L * *", "day of month 'L': L, W and # are not supported"},
        {"* * 15W * *", "day of month '15W': L, W and # are not supported"},
        {"* * L-3,5 * *", "day of month 'L-3,5': L, W and # are not supported"},
        {"* * * * 5L", "day of week '5L': L, W and # are not supported"},
        {"* * * * FRI#2", "day of week 'FRI#2': L, W and # are not supported"},
        {"* * * JUL,WED *", "month 'JUL,WED': no number, name, range or step"},
        {"18446744073709551617 * * * *",
         "minute '18446744073709551617': a value must be between 0 and 59"},
        {"1,2,3,4,5,6,7,8,9,10,11,12,99 * * * *",
         "minute '1,2,3,4,5,6,7,8,9,10,11,...': a value must be between 0 and 59"},
    };
    char why[CRON_WHY_MOST], text[2000];
    struct cron_fields c;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        bool good = cron_parse(bytes_text(bad[i].text), &c, why);
        if (good || strcmp(why, bad[i].why) != 0)
            printf("# %s: %s\n", bad[i].text, good ? "taken" : why);
        CHECK(!good && strcmp(why, bad[i].why) == 0);
    }
    CHECK(!cron_parse(bytes_of("* * * *\0*", 9), &c, why));
    memset(text, ' ', sizeof(text));
    memcpy(text, "* * * * *", 9);
    CHECK(cron_parse(bytes_of(text, 1024), &c, why));
    CHECK(!cron_parse(bytes_of(text, 1025), &c, why) && strcmp(why, "longer than 1024 bytes") == 0);
}

/* Whether the moments behind after_ms are these; want ends with -1 (any more) or 0 (no more). */
static bool moments(const char *text, const struct zone *z, int64_t after, const int64_t *want)
{
    struct cron_fields c = parsed(text);
    for (; *want > 0; want++) {
        int64_t at = -1;
        if (!cron_next(&c, z, after, &at) || at != *want) {
            printf("# %s behind %lld: %lld, not %lld\n", text, (long long)after, (long long)at,
                   (long long)*want);
            return false;
        }
        after = at;
    }
    return *want || !cron_next(&c, z, after, &after);
}
#define MOMENTS(text, z, after, ...)                                                               \
    CHECK(moments(text, z, after, (const int64_t[]){__VA_ARGS__, -1}))

#define T0 1774656000000 /* 28 March 2026, 00:00 UTC, a Saturday */

TEST(the_next_moment_is_the_first_behind)
{
    const struct zone *z = zone_utc();
    MOMENTS("* * * * *", z, T0, T0 + 60000, T0 + 120000);
    MOMENTS("* * * * *", z, T0 - 1, T0, T0 + 60000);
    MOMENTS("* * * * * *", z, T0 + 59500, T0 + 60000, T0 + 61000);
    MOMENTS("30 5,7 * * *", z, T0, T0 + 5 * HOUR + HOUR / 2, T0 + 7 * HOUR + HOUR / 2,
            T0 + DAY + 5 * HOUR + HOUR / 2);
    MOMENTS("10/20 58 23 * * *", z, T0 + DAY - 90000, T0 + DAY - 70000, T0 + 2 * DAY - 110000);
    MOMENTS("10,50 0,59 23 * * *", z, T0 + DAY - 60001, T0 + DAY - 50000, T0 + DAY - 10000,
            T0 + 2 * DAY - HOUR + 10000);
    /* Saturday or the 1st: 28 March, 1 April, 4 April. */
    MOMENTS("0 0 1 * 6", z, T0 - 1, T0, T0 + 4 * DAY, T0 + 7 * DAY);
    /* Odd days that are a Saturday. */
    MOMENTS("0 0 */2 * 6", z, T0 - 1, T0 + 14 * DAY, T0 + 28 * DAY);
    MOMENTS("0 0 31 * *", z, T0, T0 + 3 * DAY, T0 + 64 * DAY, T0 + 125 * DAY);
    /* 29 February: 2028, 2032; 2096, 2104. */
    MOMENTS("0 0 29 2 *", z, T0, 1835395200000, 1961625600000);
    MOMENTS("0 0 29 2 *", z, 3900000000000, 3981312000000, 4233686400000);
    MOMENTS("0 0 1 1 *", z, 0, 31536000000, 63072000000);
    MOMENTS("0 0 31 12 *", z, 253402214399999, 253402214400000);
}

/* broker K2, Q15: never is refused, and the search for it ends; it takes 35 microseconds */
TEST(what_is_never_true_has_no_moment)
{
    CHECK(moments("0 0 30 2 *", zone_utc(), T0, (const int64_t[]){0}));
    CHECK(moments("0 0 31 2,4,6,9,11 *", zone_utc(), T0, (const int64_t[]){0}));
    CHECK(moments("0 0 29 2 */3", zone_utc(), 3981398400000, (const int64_t[]){0}));
}

/* broker K4: what the clock leaves out counts at the shift, what it shows twice the first time */
TEST(summer_time)
{
    struct zone_table *t = zone_table_new(ZONE_DIRECTORY);
    const struct zone *z = zone_find(t, BYTES("Europe/Berlin"));
    int64_t spring = 1774746000000, autumn = 1792890000000; /* 29 March, 25 October, 01:00 UTC */
    MOMENTS("30 2 * * *", z, T0, T0 + HOUR * 3 / 2, spring, spring + 23 * HOUR + HOUR / 2);
    /* Once, whatever else is left out or comes at that moment. */
    MOMENTS("*/10 2,3 * * *", z, spring - HOUR - 1, spring, spring + HOUR / 6);
    MOMENTS("0 2,3 * * *", z, spring - HOUR, spring, spring + 23 * HOUR);
    MOMENTS("*/30 * * * *", z, spring - HOUR, spring - HOUR / 2, spring, spring + HOUR / 2);
    MOMENTS("0 3 * * *", z, spring - 1000, spring);
    MOMENTS("0 3 * * *", z, spring, spring + DAY);
    MOMENTS("59 1 * * *", z, spring - 60001, spring - 60000, spring + DAY - HOUR - 60000);
    /* Twice. */
    MOMENTS("30 2 * * *", z, autumn - HOUR, autumn - HOUR / 2, autumn + DAY + HOUR / 2);
    MOMENTS("*/20 0-23 * * *", z, autumn - HOUR, autumn - HOUR * 2 / 3, autumn - HOUR / 3,
            autumn + HOUR);
    MOMENTS("30 * * * *", z, autumn - HOUR, autumn - HOUR / 2, autumn + HOUR / 2);
    MOMENTS("0 */2 * * *", z, autumn - HOUR - 1, autumn - HOUR, autumn, autumn + 2 * HOUR);
    /* Half an hour, at 02:00 of summer time: 01:30 to 02:00 come twice. */
    const struct zone *howe = zone_find(t, BYTES("Australia/Lord_Howe"));
    int64_t shift = 1775314800000;
    MOMENTS("45 1 * * *", howe, shift - HOUR, shift - HOUR / 4, shift + DAY + HOUR / 4);
    MOMENTS("15,45 * * * *", howe, shift - HOUR / 2, shift - HOUR / 4, shift + HOUR / 4,
            shift + HOUR * 3 / 4);
    /* 30 December 2011 was left out: its noon was at the begin of the 31st. */
    const struct zone *apia = zone_find(t, BYTES("Pacific/Apia"));
    int64_t gone = 1325239200000;
    MOMENTS("0 12 * * *", apia, gone - DAY, gone - DAY / 2, gone, gone + DAY / 2);
    MOMENTS("0 12 30 12 *", apia, gone - DAY, gone);
    /* West of Greenwich 1970 begins in 1969. */
    const struct zone *york = zone_find(t, BYTES("America/New_York"));
    MOMENTS("0 20 * * *", york, 0, HOUR, HOUR + DAY);
    zone_table_free(t);
}

UNIT_MAIN(T(fields_are_sets), T(what_is_no_expression_is_refused),
          T(the_next_moment_is_the_first_behind), T(what_is_never_true_has_no_moment),
          T(summer_time))
