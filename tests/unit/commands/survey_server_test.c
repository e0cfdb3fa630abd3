/* SURVEY SERVER and SURVEY ALARMS over an engine, and what a pass finds for them. */
#include "survey/survey.h"
#include "survey/vitals.h"

#include "base/histogram.h"
#include "base/metric.h"
#include "engine/state.h"
#include "survey.h"

#include <errno.h>
#include <math.h>

TEST(the_server_is_told_by_sums_of_the_last_pass)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XPOLICY SET q g MKSTREAM JOBS DEADLETTER dlq");
    bench_says(c, "XADD q * f v");
    bench_says(c, "XADD q * f v");
    bench_says(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >");
    bench_says(c, "XADD dlq 1-1 dl-reason x");
    bench_says(c, "SET k v");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(survey_shows(c, "SURVEY SERVER", " keys 3 "));
    CHECK(survey_shows(c, "SURVEY SERVER",
                       " streams 2 groups 1 ready 1 unread 1 released 0 overdue 0 leased 1 "));
    CHECK(survey_shows(c, "SURVEY SERVER", " dead 1 "));
    CHECK(survey_shows(c, "SURVEY SERVER", " alarms 0 survey "));
    for (int i = 0; i < 10; i++)
        bench_says(c, "XADD q * f v");
    HEARS(c, "*");
    survey_bench_turn(b, 1000);
    survey_bench_passes(b, 1);
    CHECK(vitals_value(b->engine.survey->vitals, VITAL_ADDED_RATE) > 0 ||
          b->engine.survey->totals.added_rate > 0);
    /* Numbers of tables that are not there are not known. */
    CHECK(isnan(vitals_value(b->engine.survey->vitals, VITAL_OPS)));
    CHECK(survey_shows(c, "SURVEY SERVER", " memory -1 "));
    survey_bench_end(b);
}

TEST(a_pause_and_why_writes_are_refused_are_told_at_any_moment)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    CHECK(survey_shows(c, "SURVEY SERVER", " role primary refuses "));
    bench_says(c, "CLIENT PAUSE 5000 WRITE");
    HEARS(c, "OK");
    CHECK(survey_shows(c, "SURVEY SERVER", " paused-ms 5000 "));
    survey_bench_turn(b, 300);
    CHECK(survey_shows(c, "SURVEY SERVER", " paused-ms 4700 "));
    survey_bench_turn(b, 10000);
    CHECK(survey_shows(c, "SURVEY SERVER", " paused-ms 0 "));
    state_set_disk_error(&b->engine, -ENOSPC);
    CHECK(survey_shows(c, "SURVEY SERVER",
                       " refuses MISCONF Errors writing to the AOF file: No space left on device"));
    state_set_disk_error(&b->engine, 0);
    CHECK(!survey_shows(c, "SURVEY SERVER", "MISCONF"));
    survey_bench_end(b);
}

/* Console S3: a reading a second while somebody looks, none afterwards. */
TEST(vitals_are_sampled_once_a_second_while_queried)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct vitals *v = b->engine.survey->vitals;
    survey_bench_turn(b, 5000);
    CHECK(vitals_read_ms(v) == 0);
    survey_look(b->engine.survey);
    int64_t first = vitals_read_ms(v);
    CHECK(first == b->engine.steady_ms);
    survey_bench_turn(b, 500);
    CHECK(vitals_read_ms(v) == first);
    survey_bench_turn(b, 500);
    CHECK(vitals_read_ms(v) == first + 1000);
    for (int i = 0; i < 100; i++)
        survey_bench_turn(b, 1000);
    int64_t last = vitals_read_ms(v);
    CHECK(last < first + 92000 && !timer_is_set(&b->engine.survey->second));
    survey_bench_turn(b, 100000);
    CHECK(vitals_read_ms(v) == last);
    survey_bench_end(b);
}

/* Console S3: with a port for the console there is always a pass in ten seconds. */
TEST(with_a_console_the_survey_is_always_awake)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    bench_says(c, "XADD q * f v");
    HEARS(c, "*");
    b->settings->console_port = 8379;
    survey_configure(sv);
    for (int i = 0; i < 200; i++)
        survey_bench_turn(b, 1000);
    CHECK(sv->number >= 18 && sv->number <= 21);
    CHECK(b->engine.steady_ms - vitals_read_ms(sv->vitals) <= 2000);
    /* Who looks in between does not wait for the next of them. */
    for (uint64_t last = sv->number; sv->number == last;)
        survey_bench_turn(b, 1000);
    survey_bench_turn(b, 3000);
    uint64_t last = sv->number;
    survey_look(sv);
    survey_bench_turn(b, 1);
    survey_bench_turn(b, 100);
    CHECK(sv->number == last + 1);
    survey_bench_passes(b, 2);
    b->settings->console_port = 0;
    for (int i = 0; i < 110; i++)
        survey_bench_turn(b, 1000);
    CHECK(!sv->number && !survey_memory(sv));
    survey_bench_end(b);
}

/* Console S7: deliveries to a group without a policy are not always counted. */
TEST(nobody_reads_also_a_group_whose_deliveries_are_not_counted)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XADD q 1-1 f v");
    bench_says(c, "XADD q 2-1 f v");
    bench_says(c, "XADD q 3-1 f v");
    bench_says(c, "XGROUP CREATE q g 2-1");
    bench_says(c, "XGROUP CREATE q read 2-1");
    bench_says(c, "XADD q 4-1 f v");
    bench_says(c, "XDEL q 3-1");
    HEARS(c, "*");
    for (int i = 0; i < 310; i++) {
        bench_says(c, "XADD q * f v");
        bench_says(c, "XREADGROUP GROUP read c COUNT 1 NOACK STREAMS q >");
        HEARS(c, "*");
        survey_bench_passes(b, 1);
    }
    CHECK(survey_shows(c, "SURVEY ALARMS", "no active consumer link /group/0/q/g "));
    CHECK(!survey_shows(c, "SURVEY ALARMS", "link /group/0/q/read"));
    bench_says(c, "XREADGROUP GROUP g c COUNT 1 NOACK STREAMS q >");
    HEARS(c, "*");
    survey_bench_passes(b, 2);
    CHECK(!survey_shows(c, "SURVEY ALARMS", "nobody-reads"));
    survey_bench_end(b);
}

/* Console S7, of keys; and that the user has to be allowed to read them. */
TEST(alarms_of_keys_come_with_a_pass_and_go_with_one)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *u = bench_client(b);
    bench_says(c, "ACL SETUSER half on >p resetkeys ~a* &* +@all");
    bench_says(c, "XGROUP CREATE aq g $ MKSTREAM");
    bench_says(c, "XADD aq * f v");
    bench_says(c, "XADD zdlq * dl-reason x");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(survey_shows(c, "SURVEY ALARMS", "[[name dead-letters severity warning since "));
    CHECK(survey_shows(c, "SURVEY ALARMS", "link /dead/0/zdlq db 0 key zdlq]]"));
    survey_bench_passes(b, 295);
    CHECK(!survey_shows(c, "SURVEY ALARMS", "nobody-reads"));
    survey_bench_passes(b, 10);
    CHECK(survey_shows(c, "SURVEY ALARMS", "name nobody-reads severity critical"));
    CHECK(survey_shows(c, "SURVEY ALARMS", "link /group/0/aq/g db 0 key aq group g]"));
    CHECK(!survey_shows(c, "SURVEY ALARMS", "name old-messages"));
    survey_bench_passes(b, 300);
    CHECK(survey_shows(c, "SURVEY ALARMS", "name old-messages severity warning"));
    SAYS(u, "AUTH half p", "OK");
    CHECK(!survey_shows(u, "SURVEY ALARMS", "zdlq") &&
          survey_shows(u, "SURVEY ALARMS", "key aq group g"));
    CHECK(survey_shows(u, "SURVEY SERVER", " alarms 2 ") &&
          survey_shows(c, "SURVEY SERVER", " alarms 3 "));
    /* Somebody reads. */
    bench_says(c, "XREADGROUP GROUP g a STREAMS aq >");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(survey_shows(u, "SURVEY SERVER", " alarms 0 "));
    for (int i = 0; i < 3000; i++)
        survey_bench_turn(b, 1000);
    survey_bench_passes(b, 2);
    CHECK(!survey_shows(c, "SURVEY ALARMS", "dead-letters")); /* an hour has passed */
    survey_bench_end(b);
}

/* ---- Numbers of the tables of metrics, by tables of the test's own */

static uint64_t turns[HISTOGRAM_CLASSES];
static double cpu_s, kbps;
static int64_t backup_s;

static struct metric_value get_cpu(const void *from)
{
    (void)from;
    return metric_real(cpu_s, 6);
}

static struct metric_value get_kbps(const void *from)
{
    (void)from;
    return metric_real(kbps, 2);
}

static struct metric_value get_backup(const void *from)
{
    (void)from;
    return backup_s ? metric_signed(backup_s) : (struct metric_value){0};
}

static const struct metric rows[] = {
    {"used_cpu_sys_main_thread", NULL, "", METRIC_COUNTER, METRIC_SECONDS, 0, get_cpu},
    {"used_cpu_user_main_thread", NULL, "", METRIC_COUNTER, METRIC_SECONDS, 0, get_cpu},
    {"instantaneous_input_kbps", NULL, "", METRIC_GAUGE, METRIC_KIBIBYTES, 0, get_kbps},
    {"backup_newest_time", NULL, "", METRIC_GAUGE, METRIC_SECONDS, 0, get_backup},
};
static const struct metric_table row_table = {.rows = rows, .n = METRIC_COUNT(rows)};

static const struct metric columns[] = {
    {"t", "millrace_loop_turn_seconds", "", METRIC_HISTOGRAM, METRIC_SECONDS, 0, NULL}};

static void walk(const void *owner, const struct metric_sink *sink)
{
    struct metric_counts counts = {turns, 1e-6, 0, NULL, 0};
    struct metric_cell cell = {.metric = columns, .value = metric_of_counts(&counts)};
    (void)owner;
    sink->line(sink->to, (struct bytes){0}, &cell, 1);
}

static const struct metric_family family = {NULL, NULL, NULL, columns, 1, walk};
static const struct metric_table turn_table = {.family = &family};

static double value(struct bench *b, enum vitals_id id)
{
    return vitals_value(b->engine.survey->vitals, id);
}

/* So long later, as a look every second sees it. */
static void look(struct bench *b, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        survey_bench_turn(b, 1000);
        survey_look(b->engine.survey);
    }
}

/* IDs may be of any time. */
TEST(letters_ahead_of_the_clock_are_new)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XADD dlq 18446744073709551615-1 dl-reason x");
    bench_says(c, "XADD older 9223372036854775808-1 dl-reason x");
    bench_says(c, "XADD old 1-1 dl-reason x");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(survey_shows(c, "SURVEY ALARMS", " key dlq]"));
    CHECK(survey_shows(c, "SURVEY ALARMS", " key older]"));
    CHECK(!survey_shows(c, "SURVEY ALARMS", " key old]"));
    survey_bench_end(b);
}

TEST(rates_shares_and_quantiles_are_of_the_time_between_readings)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct metric_set *set = metric_set_new();
    metric_add(set, "x", &row_table, NULL);
    metric_add(set, "x", &turn_table, NULL);
    b->engine.metrics = set;
    memset(turns, 0, sizeof(turns));
    cpu_s = 5, kbps = 2, backup_s = 0;
    survey_look(b->engine.survey);
    CHECK(fabs(value(b, VITAL_IN_RATE) - 2048) < 0.1 && isnan(value(b, VITAL_TURN_P99)));
    cpu_s = 5.2; /* twice: of the system and of the program */
    turns[histogram_class(100)] = 1000;
    look(b, 1);
    CHECK(fabs(value(b, VITAL_CPU) - 0.4) < 0.001);
    CHECK(value(b, VITAL_TURN_P99) >= 100 && value(b, VITAL_TURN_P99) < 115);
    /* Slow ones come: the quick ones are forgotten after two minutes at the latest. */
    turns[histogram_class(200000)] = 2;
    look(b, 1);
    CHECK(value(b, VITAL_TURN_P99) < 115 && value(b, VITAL_TURN_P999) > 200000);
    CHECK(alarms_holds(b->engine.survey->alarms, ALARM_TURNS));
    look(b, 121);
    CHECK(isnan(value(b, VITAL_TURN_P99)));
    CHECK(!alarms_holds(b->engine.survey->alarms, ALARM_TURNS));
    /* CONFIG RESETSTAT: it counts from the beginning. */
    memset(turns, 0, sizeof(turns));
    turns[histogram_class(1000)] = 5;
    cpu_s = 0;
    look(b, 1);
    CHECK(value(b, VITAL_TURN_P99) >= 1000 && value(b, VITAL_CPU) <= 0);
    CHECK(!alarms_holds(b->engine.survey->alarms, ALARM_BACKUP_OLD));
    backup_s = b->engine.now_ms / 1000 - 49 * 3600;
    look(b, 1);
    CHECK(alarms_holds(b->engine.survey->alarms, ALARM_BACKUP_OLD));
    b->engine.metrics = NULL;
    metric_set_free(set);
    survey_bench_end(b);
}

TEST(a_server_that_everybody_may_use_is_open)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct settings *s = b->settings;
    const struct alarms *a = b->engine.survey->alarms;
    look(b, 1);
    CHECK(!alarms_holds(a, ALARM_OPEN)); /* protected-mode */
    s->protected_mode = false;
    look(b, 1);
    CHECK(alarms_holds(a, ALARM_OPEN));
    bench_says(c, "ACL SETUSER default >a-long-password");
    HEARS(c, "OK");
    look(b, 1);
    CHECK(!alarms_holds(a, ALARM_OPEN));
    bench_says(c, "ACL SETUSER default nopass");
    HEARS(c, "*");
    look(b, 1);
    CHECK(alarms_holds(a, ALARM_OPEN));
    mem_free(s->bind);
    s->bind = mem_copy_text("127.0.0.1 -::1", 14);
    look(b, 1);
    CHECK(!alarms_holds(a, ALARM_OPEN));
    survey_bench_end(b);
}

UNIT_MAIN(T(the_server_is_told_by_sums_of_the_last_pass),
          T(a_pause_and_why_writes_are_refused_are_told_at_any_moment),
          T(vitals_are_sampled_once_a_second_while_queried),
          T(with_a_console_the_survey_is_always_awake),
          T(nobody_reads_also_a_group_whose_deliveries_are_not_counted),
          T(alarms_of_keys_come_with_a_pass_and_go_with_one), T(letters_ahead_of_the_clock_are_new),
          T(rates_shares_and_quantiles_are_of_the_time_between_readings),
          T(a_server_that_everybody_may_use_is_open))
