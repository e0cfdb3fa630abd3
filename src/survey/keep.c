/* A history belongs to a record and is freed with it; `kept` is the record's index in the list,
 * from 1 on. While there is space, every record read gets a history. When there is none, records
 * without one are candidates: at the end of a pass the busiest replace the histories with the least
 * traffic, if theirs is higher by half. A history that somebody has opened stays for a day.
 *
 * Only the space can run out: then there is no history, and a query sees gaps. When the space
 * shrinks, the end of the next pass frees the histories with the least traffic. */
#include "survey/keep.h"

#include "base/assert.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "survey/survey_more.h"
#include "survey/vitals.h"

#include <math.h>
#include <string.h>

#define SWAPS_MOST 4   /* each pass */
#define MORE       1.5 /* times the traffic to replace another */
#define SMOOTH     0.2 /* weight of the newest traffic */

const char *const keep_stream_numbers[] = {"length", "added", "bytes", NULL};
static const enum rings_kept stream_how[] = {RINGS_LAST, RINGS_MEAN, RINGS_LAST};
#define STREAM_NUMBERS (sizeof(stream_how) / sizeof(stream_how[0]))

const char *const keep_group_numbers[] = {"ready", "leased",       "delivered",
                                          "acked", "oldest-ready", NULL};
static const enum rings_kept group_how[] = {RINGS_LAST, RINGS_LAST, RINGS_MEAN, RINGS_MEAN,
                                            RINGS_LARGEST};
#define GROUP_NUMBERS (sizeof(group_how) / sizeof(group_how[0]))

/* ---- Names */

/* The length of a number's name without its unit. */
static size_t bare_length(const char *name)
{
    static const char *const units[] = {"-rate", "-ms", "-us", "-bytes"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t m = strlen(units[i]);
        if (n > m && strcmp(name + n - m, units[i]) == 0)
            return n - m;
    }
    return n;
}

static bool is_named(const char *name, const char *p, size_t n)
{
    return (strlen(name) == n || bare_length(name) == n) && strncasecmp(name, p, n) == 0;
}

int keep_find_number(const char *const *list, const char *p, size_t n)
{
    for (int i = 0; list[i]; i++)
        if (is_named(list[i], p, n))
            return i;
    return -1;
}

int keep_find_server_number(const char *p, size_t n)
{
    int number = 0;
    for (enum vitals_id i = 0; i < VITALS; i++) {
        if (vitals_kept_as(i) == VITALS_NONE)
            continue;
        if (is_named(vitals_name(i), p, n))
            return number;
        number++;
    }
    return -1;
}

/* ---- The server */

static size_t limit(const struct survey *sv)
{
    return (size_t)sv->engine->settings->console_history;
}

void keep_server(struct survey *sv)
{
    static enum rings_kept how[VITALS];
    static const enum rings_kept hows[] = {
        [VITALS_MEAN] = RINGS_MEAN, [VITALS_LAST] = RINGS_LAST, [VITALS_MAX] = RINGS_LARGEST};
    struct keep *k = sv->keep;
    double values[VITALS];
    unsigned n = 0;
    for (enum vitals_id i = 0; i < VITALS; i++) {
        if (vitals_kept_as(i) == VITALS_NONE)
            continue;
        how[n] = hows[vitals_kept_as(i)];
        values[n++] = vitals_value(sv->vitals, i);
    }
    if (k->server.n && limit(sv) < rings_memory(n)) {
        rings_free(&k->server);
        k->server = (struct rings){0};
    }
    if (limit(sv) < rings_memory(n))
        return;
    if (!k->server.n)
        rings_init(&k->server, n, how);
    rings_put(&k->server, sv->engine->steady_ms, values);
}

/* ---- Streams and groups */

static unsigned numbers_of(bool is_group)
{
    return is_group ? GROUP_NUMBERS : STREAM_NUMBERS;
}

static size_t size_of(bool is_group)
{
    return rings_memory(numbers_of(is_group)) + sizeof(struct keep_subject);
}

static uint32_t kept_of(const struct survey *sv, uint32_t record, bool is_group)
{
    return is_group ? survey_more_of_group(survey_record_group(sv, record))->kept
                    : survey_more_of_stream(survey_record_stream(sv, record))->kept;
}

static void set_kept(struct survey *sv, uint32_t record, bool is_group, uint32_t kept)
{
    if (is_group) {
        struct survey_group *x = slots_at(&sv->groups, record);
        struct survey_group_more more = *survey_more_of_group(x);
        more.kept = kept;
        survey_more_put_of_group(x, &more);
    } else {
        struct survey_stream *x = slots_at(&sv->streams, record);
        struct survey_stream_more more = *survey_more_of_stream(x);
        more.kept = kept;
        survey_more_put_of_stream(x, &more);
    }
}

static bool has_room(const struct survey *sv, bool is_group)
{
    const struct keep *k = sv->keep;
    size_t server = k->server.n ? rings_memory(k->server.n) : 0;
    return k->bytes + server + size_of(is_group) <= limit(sv);
}

static struct keep_subject *allot(struct survey *sv, uint32_t record, bool is_group)
{
    struct keep *k = sv->keep;
    struct keep_subject *x = mem_zalloc(sizeof(*x));
    rings_init(&x->history, numbers_of(is_group), is_group ? group_how : stream_how);
    x->record = record;
    x->is_group = is_group;
    if (k->n == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 64;
        k->all = mem_realloc(k->all, k->cap * sizeof(*k->all));
    }
    k->all[k->n++] = x;
    k->bytes += size_of(is_group);
    set_kept(sv, record, is_group, (uint32_t)k->n);
    return x;
}

void keep_drop(struct survey *sv, uint32_t kept)
{
    struct keep *k = sv->keep;
    ASSERT(kept && kept <= k->n);
    struct keep_subject *x = k->all[kept - 1], *last = k->all[--k->n];
    set_kept(sv, last->record, last->is_group, kept);
    k->all[kept - 1] = last;
    set_kept(sv, x->record, x->is_group, 0);
    k->bytes -= size_of(x->is_group);
    rings_free(&x->history);
    mem_free(x);
}

static bool is_opened(const struct survey *sv, const struct keep_subject *x)
{
    return x->opened_ms && sv->engine->steady_ms - x->opened_ms < KEEP_OPENED_MS;
}

/* The history with the least traffic, from 1 on; opened ones only if there is no other. 0: there is
 * none. */
static uint32_t least(const struct survey *sv)
{
    const struct keep *k = sv->keep;
    uint32_t found = 0;
    for (uint32_t i = 1; i <= k->n; i++) {
        const struct keep_subject *x = k->all[i - 1], *y = found ? k->all[found - 1] : NULL;
        if (!y || is_opened(sv, x) < is_opened(sv, y) ||
            (is_opened(sv, x) == is_opened(sv, y) && x->traffic < y->traffic))
            found = i;
    }
    return found;
}

static void wish(struct keep *k, uint32_t record, bool is_group, double traffic)
{
    unsigned i;
    for (i = 0; i < k->wish_n; i++)
        if (k->wishes[i].record == record && k->wishes[i].is_group == is_group)
            return; /* a scan may return a stream twice */
    if (k->wish_n == KEEP_WISHES && traffic <= k->wishes[KEEP_WISHES - 1].traffic)
        return;
    i = k->wish_n < KEEP_WISHES ? k->wish_n++ : KEEP_WISHES - 1;
    for (; i && k->wishes[i - 1].traffic < traffic; i--)
        k->wishes[i] = k->wishes[i - 1];
    k->wishes[i] = (struct keep_wish){record, is_group, traffic};
}

static void take(struct survey *sv, uint32_t record, bool is_group, double traffic,
                 const double *values)
{
    struct keep *k = sv->keep;
    uint32_t kept = kept_of(sv, record, is_group);
    struct keep_subject *x;
    if (!kept && !has_room(sv, is_group)) {
        if (limit(sv) && traffic > 0)
            wish(k, record, is_group, traffic);
        return;
    }
    x = kept ? k->all[kept - 1] : allot(sv, record, is_group);
    x->traffic += kept ? SMOOTH * (traffic - x->traffic) : traffic;
    rings_put(&x->history, sv->engine->steady_ms, values);
}

void keep_stream(struct survey *sv, uint32_t record)
{
    const struct survey_stream *x = survey_record_stream(sv, record);
    double added = survey_more_rate(x->in_added, x->interval_ms);
    const double values[STREAM_NUMBERS] = {(double)x->length, added, (double)x->bytes};
    take(sv, record, false, added, values);
}

void keep_group(struct survey *sv, uint32_t record)
{
    const struct survey_group *x = survey_record_group(sv, record);
    double delivered = survey_more_rate(x->in_delivered, x->interval_ms);
    const double values[GROUP_NUMBERS] = {(double)survey_more_ready(x), (double)x->leased,
                                          delivered, survey_more_rate(x->in_acked, x->interval_ms),
                                          (double)x->oldest_ready_ms};
    take(sv, record, true, delivered, values);
}

void keep_end_pass(struct survey *sv)
{
    struct keep *k = sv->keep;
    size_t server = k->server.n ? rings_memory(k->server.n) : 0;
    while (k->n && k->bytes + server > limit(sv))
        keep_drop(sv, least(sv));
    for (unsigned i = 0; i < k->wish_n && i < SWAPS_MOST; i++) {
        const struct keep_wish *w = &k->wishes[i];
        /* A query for its history has made one since the pass put it on this list. */
        if (kept_of(sv, w->record, w->is_group))
            continue;
        uint32_t worst = least(sv);
        if (!worst || is_opened(sv, k->all[worst - 1]) ||
            w->traffic <= MORE * k->all[worst - 1]->traffic)
            break;
        keep_drop(sv, worst);
        if (has_room(sv, w->is_group))
            allot(sv, w->record, w->is_group)->traffic = w->traffic;
    }
    k->wish_n = 0;
}

const struct rings *keep_open(struct survey *sv, uint32_t record, bool is_group)
{
    struct keep *k = sv->keep;
    uint32_t kept = kept_of(sv, record, is_group);
    while (!kept && k->n && !has_room(sv, is_group))
        keep_drop(sv, least(sv));
    if (!kept && !has_room(sv, is_group))
        return NULL;
    struct keep_subject *x = kept ? k->all[kept - 1] : allot(sv, record, is_group);
    x->opened_ms = sv->engine->steady_ms;
    return &x->history;
}

void keep_forget(struct survey *sv)
{
    struct keep *k = sv->keep;
    while (k->n)
        keep_drop(sv, (uint32_t)k->n);
    mem_free(k->all);
    if (k->server.n)
        rings_free(&k->server);
    *k = (struct keep){0};
}

size_t keep_memory(const struct keep *k)
{
    return k->bytes + (k->server.n ? rings_memory(k->server.n) : 0) + k->cap * sizeof(*k->all);
}
