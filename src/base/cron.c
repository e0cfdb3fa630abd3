/* Two halves: parsing an expression into a bit set for each field, and the search.
 *
 * The search goes over the zone's spans between shifts. Within a span local time is continuous, so
 * the next match is found day by day: first the month, then the day, then hour, minute and second
 * by their lowest bits. At the beginning of a span, skipped local times are searched in the same
 * way, and match at the shift. Repeated ones are excluded by starting after the last local time
 * before the shift.
 *
 * Without a match the search ends after at most 3653 days. */
#include "base/cron.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>

#define DAY       ((int64_t)86400)
#define SPAN_MOST (CRON_YEARS * 366 * DAY)
#define TEXT_MOST 1024
#define SHOWN     24 /* bytes of a field shown in an error */

/* ---- Reading */

enum field { SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, FIELDS };

static const struct {
    const char *name;
    unsigned least, most; /* valid numbers */
    unsigned last;        /* the upper bound of "*" and "a/n" */
    const char *words;    /* names of three letters each, the first one is `least` */
} fields[FIELDS] = {
    [SECOND] = {"second", 0, 59, 59, ""},
    [MINUTE] = {"minute", 0, 59, 59, ""},
    [HOUR] = {"hour", 0, 23, 23, ""},
    [DAY_OF_MONTH] = {"day of month", 1, 31, 31, ""},
    [MONTH] = {"month", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    [DAY_OF_WEEK] = {"day of week", 0, 7, 6, "SUNMONTUEWEDTHUFRISAT"},
};

static const struct {
    const char *name, *means;
} macros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

/* The parser's field, and the buffer for its error. */
struct reading {
    enum field field;
    struct bytes text; /* of the field */
    char *why;
};

static bool refuse(const struct reading *r, const char *why)
{
    snprintf(r->why, CRON_WHY_MOST, "%s '%.*s%s': %s", fields[r->field].name,
             (int)(r->text.n < SHOWN ? r->text.n : SHOWN), r->text.p,
             r->text.n <= SHOWN ? "" : "...", why);
    return false;
}

static bool refuse_number(const struct reading *r, const char *what, unsigned least, unsigned most)
{
    char why[64];
    snprintf(why, sizeof(why), "%s must be between %u and %u", what, least, most);
    return refuse(r, why);
}

/* Splits *text at the first `at`: *head is the part before it, *text the part after it. */
static bool split_at(struct bytes *text, char at, struct bytes *head)
{
    const char *p = text->n ? memchr(text->p, at, text->n) : NULL;
    *head = p ? bytes_of(text->p, (size_t)(p - text->p)) : *text;
    *text = p ? bytes_of(p + 1, text->n - head->n - 1) : bytes_of(text->p + text->n, 0);
    return p;
}

static bool is_star(struct bytes text)
{
    return text.n == 1 && (*text.p == '*' || *text.p == '?');
}

/* A number or a name. */
static bool read_value(const struct reading *r, struct bytes text, unsigned *out)
{
    const char *words = fields[r->field].words;
    uint64_t v = 0;
    for (unsigned i = 0; text.n == 3 && words[i]; i += 3)
        if (bytes_equal_nocase(text, bytes_of(words + i, 3))) {
            *out = fields[r->field].least + i / 3;
            return true;
        }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return refuse(r,
                          *words ? "no number, name, range or step" : "no number, range or step");
        v = v > 9999 ? v : v * 10 + (uint64_t)(text.p[i] - '0');
    }
    if (text.n == 0)
        return refuse(r, "a value is missing");
    if (v < fields[r->field].least || v > fields[r->field].most)
        return refuse_number(r, "a value", fields[r->field].least, fields[r->field].most);
    *out = (unsigned)v;
    return true;
}

/* a-b. A week may end with SUN: FRI-SUN. */
static bool read_range(const struct reading *r, struct bytes from, struct bytes to, unsigned *first,
                       unsigned *last)
{
    if (!read_value(r, from, first) || !read_value(r, to, last))
        return false;
    if (r->field == DAY_OF_WEEK && bytes_equal_nocase(to, BYTES("SUN")) && *first > 0)
        *last = 7;
    return *first <= *last || refuse(r, "a range must not go backwards");
}

static bool read_step(const struct reading *r, struct bytes text, unsigned *step)
{
    unsigned most = fields[r->field].last;
    uint64_t v;
    if (!num_parse_uint(text, &v) || v < 1 || v > most)
        return refuse_number(r, "a step", 1, most);
    *step = (unsigned)v;
    return true;
}

/* One part of a list: *, a, a-b, each with /n or without. */
static bool read_part(const struct reading *r, struct bytes part, uint64_t *set)
{
    struct bytes range, from;
    unsigned first = fields[r->field].least, last = fields[r->field].last, step = 1;
    bool steps = split_at(&part, '/', &range);
    if (steps && !read_step(r, part, &step))
        return false;
    if (!is_star(range)) {
        bool is_range = split_at(&range, '-', &from);
        if (is_range && !read_range(r, from, range, &first, &last))
            return false;
        if (!is_range) {
            if (!read_value(r, from, &first))
                return false;
            last = steps && last > first ? last : first;
        }
    }
    for (unsigned v = first; v <= last; v += step)
        *set |= (uint64_t)1 << v;
    return true;
}

static bool has_unsupported(const struct reading *r)
{
    for (size_t i = 0; i < r->text.n; i++)
        if (r->text.p[i] == '#')
            return true;
    /* Recognises the extensions L and W: alone or next to a number, unlike in names. */
    bool digits = false, mark = false, other = false;
    for (size_t i = 0; i < r->text.n; i++) {
        char c = r->text.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        mark = mark || (letter && strchr("lLwW", c));
        other = other || (letter && !strchr("lLwW", c));
        digits = digits || (c >= '0' && c <= '9');
    }
    return mark && !other;
}

static bool read_field(const struct reading *r, uint64_t *set)
{
    struct bytes rest = r->text, part;
    bool more;
    *set = 0;
    if (has_unsupported(r))
        return refuse(r, "L, W and # are not supported");
    do {
        more = split_at(&rest, ',', &part);
        if (!read_part(r, part, set))
            return false;
    } while (more);
    return true;
}

/* Splits at blanks; returns the number of words, perhaps above FIELDS. */
static int split(struct bytes text, struct bytes words[FIELDS])
{
    int n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t begin = i;
        while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t')
            i++;
        if (i > begin && n++ < FIELDS)
            words[n - 1] = bytes_of(text.p + begin, i - begin);
        i += i == begin;
    }
    return n;
}

static bool begins_with_star(struct bytes text)
{
    return *text.p == '*' || *text.p == '?';
}

static bool read_fields(const struct bytes words[FIELDS], struct cron_fields *out, char *why)
{
    uint64_t sets[FIELDS];
    for (enum field f = SECOND; f < FIELDS; f++)
        if (!read_field(&(struct reading){f, words[f], why}, &sets[f]))
            return false;
    struct bytes hour = words[HOUR], star;
    split_at(&hour, '/', &star);
    *out = (struct cron_fields){
        .seconds = sets[SECOND],
        .minutes = sets[MINUTE],
        .hours = (uint32_t)sets[HOUR],
        .days = (uint32_t)sets[DAY_OF_MONTH],
        .months = (uint32_t)sets[MONTH],
        .weekdays = (uint32_t)((sets[DAY_OF_WEEK] | sets[DAY_OF_WEEK] >> 7) & 127),
        .either_day =
            !begins_with_star(words[DAY_OF_MONTH]) && !begins_with_star(words[DAY_OF_WEEK]),
        .hours_repeat = is_star(star) && !memchr(words[HOUR].p, ',', words[HOUR].n)};
    return true;
}

bool cron_parse(struct bytes text, struct cron_fields *out, char why[CRON_WHY_MOST])
{
    struct bytes words[FIELDS];
    if (text.n > TEXT_MOST) {
        snprintf(why, CRON_WHY_MOST, "longer than %d bytes", TEXT_MOST);
        return false;
    }
    int n = split(text, words);
    if (n == 1 && *words[0].p == '@') {
        size_t i = 0, all = sizeof(macros) / sizeof(*macros);
        while (i < all && !bytes_equal_nocase(words[0], bytes_text(macros[i].name)))
            i++;
        if (i == all) {
            snprintf(why, CRON_WHY_MOST, "'%.*s' is not known",
                     (int)(words[0].n < SHOWN ? words[0].n : SHOWN), words[0].p);
            return false;
        }
        n = split(bytes_text(macros[i].means), words);
    }
    if (n != FIELDS && n != FIELDS - 1) {
        snprintf(why, CRON_WHY_MOST, "5 or 6 fields are needed, not %d", n);
        return false;
    }
    if (n == FIELDS - 1) {
        memmove(words + 1, words, (size_t)n * sizeof(*words));
        words[SECOND] = BYTES("0");
    }
    return read_fields(words, out, why);
}

/* ---- Searching. Local times are seconds since 1970 as if they were UTC. */

/* Month (1 to 12) and day of month of a day since 1970. Years begin on 1 March, so that the leap
 * day is the last one, and are counted from a multiple of 400. */
static void month_and_day(int64_t day, unsigned *month, unsigned *of_month)
{
    int64_t in_era = (day + 719468) % 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * in_year + 2) / 153;
    *of_month = (unsigned)(in_year - (153 * from_march + 2) / 5 + 1);
    *month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
}

/* Whether *day matches; if not, advances it to the next day that may. */
static bool day_fits(const struct cron_fields *c, int64_t *day)
{
    unsigned month, of_month, weekday = (unsigned)((*day + 4) % 7);
    month_and_day(*day, &month, &of_month);
    if (!(c->months >> month & 1)) {
        *day += of_month < 28 ? 28 - of_month : 1; /* all months have 28 days */
        return false;
    }
    bool a = c->days >> of_month & 1, b = c->weekdays >> weekday & 1;
    bool fits = c->either_day ? a || b : a && b;
    *day += !fits;
    return fits;
}

/* The lowest bit of the set not below `from`; -1: none. */
static int lowest(uint64_t set, int64_t from)
{
    uint64_t rest = from < 64 ? set >> from << from : 0;
    return rest ? __builtin_ctzll(rest) : -1;
}

/* The first matching second of a day, not before `from`; -1: none. */
static int64_t second_that_fits(const struct cron_fields *c, int64_t from)
{
    int64_t hour = from / 3600, minute = from / 60 % 60, second = from % 60;
    int s = -1, m = -1, h = lowest(c->hours, hour);
    if (h == hour) {
        m = lowest(c->minutes, minute);
        if (m == minute)
            s = lowest(c->seconds, second);
        if (m == minute && s < 0)
            m = lowest(c->minutes, minute + 1);
        if (m < 0)
            h = lowest(c->hours, hour + 1);
    }
    if (h < 0)
        return -1;
    m = m < 0 ? lowest(c->minutes, 0) : m;
    s = s < 0 ? lowest(c->seconds, 0) : s;
    return h * 3600 + m * 60 + s;
}

/* The first matching local time in [from, until); from is not before 1969-12-31. */
static bool local_next(const struct cron_fields *c, int64_t from, int64_t until, int64_t *out)
{
    for (int64_t day = (from + DAY) / DAY - 1; day * DAY < until;) {
        int64_t begin = day * DAY, s;
        if (!day_fits(c, &day))
            continue;
        s = second_that_fits(c, from > begin ? from - begin : 0);
        if (s >= 0) {
            *out = begin + s;
            return *out < until;
        }
        day++;
    }
    return false;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool cron_next(const struct cron_fields *c, const struct zone *z, int64_t after_ms, int64_t *out_ms)
{
    int64_t s = after_ms / 1000 + 1, end = s + SPAN_MOST, local;
    while (s < end) {
        struct zone_span x = zone_at(z, s);
        int64_t until = x.until < end ? x.until : end;
        if (s == x.from && local_next(c, s + x.before, s + x.offset, &local)) {
            *out_ms = s * 1000;
            return true;
        }
        int64_t from = s + x.offset;
        if (!c->hours_repeat && x.from != INT64_MIN)
            from = greater(from, x.from + x.before);
        if (local_next(c, from, until + x.offset, &local)) {
            *out_ms = (local - x.offset) * 1000;
            return true;
        }
        s = until;
    }
    return false;
}
