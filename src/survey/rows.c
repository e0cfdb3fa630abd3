/* Finds the matching rows (a walk over the records of their kind), and selects those of a page.
 *
 * Selection: a heap of at most COUNT rows, the last in order on top. A row after the requested
 * place and before the top replaces the top. At the end the heap is emptied from the back. Rows are
 * compared by their values, which are kept in the heap, and only on a tie by their names. Nothing
 * can fail. */
#include "survey/rows.h"

#include "base/glob.h"
#include "base/mem.h"
#include "survey/columns.h"
#include "survey/lists.h"

#include <stdlib.h>

/* ---- Order */

static int compare_values(const struct columns_value *a, const struct columns_value *b)
{
    switch (a->kind) {
    case COLUMNS_INT:
        return (a->i > b->i) - (a->i < b->i);
    case COLUMNS_REAL:
        return (a->d > b->d) - (a->d < b->d);
    case COLUMNS_ID:
        return stream_id_compare(a->id, b->id);
    default:
        return bytes_compare(a->b, b->b);
    }
}

static struct bytes group_of(const struct row *x)
{
    if (x->schedule)
        return str_bytes(x->schedule->name);
    return x->group ? str_bytes(x->group->name) : bytes_of(NULL, 0);
}

static int db_of(const struct row *x)
{
    return x->list ? x->list->db : x->stream->db;
}

static struct bytes key_of(const struct row *x)
{
    return str_bytes(x->list ? x->list->key : x->stream->key);
}

static int compare_names(const struct row *x, long long db, struct bytes key, struct bytes group)
{
    if (db_of(x) != db)
        return db_of(x) < db ? -1 : 1;
    int order = bytes_compare(key_of(x), key);
    return order ? order : bytes_compare(group_of(x), group);
}

static int compare(const struct rows_query *q, const struct row *x, const struct row *y)
{
    int order = compare_values(&x->value, &y->value);
    if (order)
        return q->descending ? -order : order;
    return compare_names(x, db_of(y), key_of(y), group_of(y));
}

static bool is_behind(const struct rows_query *q, const struct row *x)
{
    const struct rows_place *p = q->after;
    if (!p)
        return true;
    int order = compare_values(&x->value, &p->value);
    if (order)
        return q->descending ? order < 0 : order > 0;
    return compare_names(x, p->db, p->key, p->group) > 0;
}

/* ---- Selection */

struct page {
    const struct rows_query *q;
    struct row *items; /* a heap, the last row in order on top */
    size_t n, cap;
    uint64_t total;
};

static void sink(struct page *p, size_t i, struct row x)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= p->n)
            break;
        if (child + 1 < p->n && compare(p->q, &p->items[child], &p->items[child + 1]) < 0)
            child++;
        if (compare(p->q, &x, &p->items[child]) >= 0)
            break;
        p->items[i] = p->items[child];
        i = child;
    }
    p->items[i] = x;
}

static void rise(struct page *p, size_t i, struct row x)
{
    while (i && compare(p->q, &p->items[(i - 1) / 2], &x) < 0) {
        p->items[i] = p->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    p->items[i] = x;
}

static void offer(struct page *p, const struct row *x)
{
    if (!is_behind(p->q, x))
        return;
    if (p->n == p->q->count) {
        if (compare(p->q, x, &p->items[0]) < 0)
            sink(p, 0, *x);
        return;
    }
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->items = mem_realloc(p->items, p->cap * sizeof(*p->items));
    }
    p->n++;
    rise(p, p->n - 1, *x);
}

/* Turns the heap into a sorted array. */
static void put_in_order(struct page *p)
{
    size_t n = p->n;
    while (p->n > 1) {
        struct row last = p->items[p->n - 1], top = p->items[0];
        p->n--;
        sink(p, 0, last);
        p->items[p->n] = top;
    }
    p->n = n;
}

/* ---- Which rows there are */

bool rows_may_read(const struct user *u, struct bytes key)
{
    return !u || check_key(u, key, KEY_RO | KEY_ACCESS);
}

/* Checks the conditions, cheapest first. */
static bool fits(const struct rows_query *q, int db, const struct str *key)
{
    return (q->db < 0 || db == q->db) && (!q->match || glob_match(*q->match, str_bytes(key))) &&
           rows_may_read(q->user, str_bytes(key));
}

/* ---- Conditions */

bool rows_parse_only(enum columns_kind kind, struct bytes words, unsigned *only)
{
    static const char *const names[] = {"ready", "paused", "no-readers", "failing", "capturing"};
    *only = 0;
    while (kind == COLUMNS_STREAMS || kind == COLUMNS_GROUPS) {
        const char *comma = words.n ? memchr(words.p, ',', words.n) : NULL;
        size_t n = comma ? (size_t)(comma - words.p) : words.n, i = 0;
        while (i < sizeof(names) / sizeof(*names) && !bytes_is(bytes_of(words.p, n), names[i]))
            i++;
        if (i == sizeof(names) / sizeof(*names))
            return false;
        *only |= 1u << i;
        if (!comma)
            return true;
        words = bytes_of(comma + 1, words.n - n - 1);
    }
    return false;
}

static unsigned conditions_of_group(const struct survey_group *g)
{
    return (g->unread + g->released + g->overdue ? ROWS_READY : 0u) |
           (g->flags & SURVEY_PAUSED ? ROWS_PAUSED : 0u) | (g->consumers ? 0u : ROWS_NO_READERS) |
           (g->deferred || g->failed_rate > 0 ? ROWS_FAILING : 0u);
}

static unsigned conditions_of_stream(const struct survey_stream *s)
{
    return (s->ready ? ROWS_READY : 0u) | (s->flags & SURVEY_PAUSED ? ROWS_PAUSED : 0u) |
           (s->groups && !s->consumers ? ROWS_NO_READERS : 0u) |
           (s->deferred || s->failed_rate > 0 ? ROWS_FAILING : 0u) |
           (s->flags & SURVEY_CAPTURES ? ROWS_CAPTURING : 0u);
}

static bool is_asked_for(const struct rows_query *q, const struct row *x)
{
    return !q->only || (q->only & (x->group ? conditions_of_group(x->group)
                                            : conditions_of_stream(x->stream))) == q->only;
}

static void add(struct page *p, struct row *x)
{
    const struct columns *k = columns_of(p->q->kind);
    if (!is_asked_for(p->q, x))
        return;
    p->total++;
    x->value = k->all[p->q->by].get(x);
    offer(p, x);
}

static void add_streams(struct page *p, const struct survey *sv, const struct sources *sources)
{
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        const struct survey_stream *s = survey_record_stream(sv, i);
        if (!survey_record_shows_stream(s) ||
            (p->q->kind == COLUMNS_DEAD && !survey_record_holds_letters(sv, s)) ||
            !fits(p->q, s->db, s->key))
            continue;
        add(p, &(struct row){.survey = sv, .stream = s, .number = i, .sources = sources});
    }
}

/* Groups of one stream are usually adjacent: its conditions are checked once for all of them. */
static void add_groups(struct page *p, const struct survey *sv)
{
    uint32_t judged = 0;
    bool fit = false;
    for (uint32_t i = 1; i <= sv->groups.n; i++) {
        const struct survey_group *g = survey_record_group(sv, i);
        if (!survey_record_shows_group(sv, g))
            continue;
        const struct survey_stream *s = survey_record_stream(sv, g->stream);
        if (g->stream != judged)
            fit = fits(p->q, s->db, s->key);
        judged = g->stream;
        if (fit)
            add(p, &(struct row){.survey = sv, .stream = s, .group = g, .number = g->stream});
    }
}

static void add_lists(struct page *p, const struct lists *l)
{
    for (uint32_t i = 1; i <= l->records.n; i++) {
        const struct lists_record *x = lists_at(l, i);
        if (x->slot.seen && fits(p->q, x->db, x->key))
            add(p, &(struct row){.list = x});
    }
}

static void add_schedules(struct page *p, const struct survey *sv)
{
    for (uint32_t i = 1; i <= sv->schedules.n; i++) {
        const struct survey_schedule *x = slots_at(&sv->schedules, i);
        const struct survey_stream *s = x->slot.seen ? survey_record_stream(sv, x->stream) : NULL;
        if (s && survey_record_shows_stream(s) && fits(p->q, s->db, s->key))
            add(p, &(struct row){.stream = s, .schedule = x, .number = x->stream});
    }
}

static void add_all(struct page *p, const struct survey *sv, const struct sources *sources)
{
    switch (p->q->kind) {
    case COLUMNS_GROUPS:
        add_groups(p, sv);
        break;
    case COLUMNS_LISTS:
        add_lists(p, &sv->walk.lists);
        break;
    case COLUMNS_SCHEDULES:
        add_schedules(p, sv);
        break;
    default:
        add_streams(p, sv, sources);
        break;
    }
}

static struct sources find_sources(const struct survey *sv, const struct rows_query *q)
{
    struct sources all = {mem_alloc((sv->groups.used + 1) * sizeof(*all.items)), 0};
    for (uint32_t i = 1; i <= sv->groups.n; i++) {
        const struct survey_group *g = survey_record_group(sv, i);
        if (!survey_record_shows_group(sv, g) || !g->letters)
            continue;
        const struct survey_stream *s = survey_record_stream(sv, g->stream);
        if (rows_may_read(q->user, str_bytes(s->key)))
            all.items[all.n++] = (struct source){g->letters, s, g};
    }
    qsort(all.items, all.n, sizeof(*all.items), columns_compare_sources);
    return all;
}

/* ---- The reply */

void rows_reply(const struct survey *sv, const struct rows_query *q, struct reply *r)
{
    const struct columns *k = columns_of(q->kind);
    struct page p = {.q = q};
    struct sources sources = {0};
    if (q->kind == COLUMNS_DEAD)
        sources = find_sources(sv, q);
    add_all(&p, sv, &sources);
    put_in_order(&p);
    reply_array(r, 3);
    reply_int(r, (long long)(q->kind == COLUMNS_LISTS ? sv->walk.number : sv->number));
    reply_int(r, (long long)p.total);
    reply_array(r, p.n);
    for (size_t i = 0; i < p.n; i++)
        columns_tell(&p.items[i], k, r);
    mem_free(p.items);
    mem_free(sources.items);
}
