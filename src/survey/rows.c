/* A kind of rows is where its records are (next_row()) and a table of columns, each with a getter;
 * what a reply has and what rows are ordered by comes from the same table.
 *
 * Selection: a heap of at most COUNT rows, the last of them on top. A row that comes behind the
 * place asked for, and before the top, takes the top's place. At the end the heap is emptied from
 * the back. Rows are compared by their values first, which are kept in the heap; only equal ones
 * look at names. */
#include "survey/rows.h"

#include "base/glob.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>

/* Groups whose dead letters go to a stream, of all such groups that the user may know of: by
 * the records of those streams, then by key and name. */
struct sources {
    struct source {
        uint32_t letters; /* record of the stream that has them */
        const struct survey_stream *stream;
        const struct survey_group *group;
    } * items;
    size_t n;
};

struct row {
    const struct survey *survey;
    const struct survey_stream *stream;
    const struct survey_group *group; /* NULL: of kinds without groups */
    uint32_t number;                  /* of the stream's record */
    const struct sources *sources;    /* of ROWS_DEAD */
    struct rows_value value;          /* what it is ordered by */
};

struct column {
    const char *name;
    struct rows_value (*get)(const struct row *x);      /* NULL: rows are not ordered by it */
    void (*tell)(const struct row *x, struct reply *r); /* of such a one */
};

static struct rows_value of_int(long long i)
{
    return (struct rows_value){.kind = ROWS_INT, .i = i};
}

static struct rows_value of_real(double d)
{
    return (struct rows_value){.kind = ROWS_REAL, .d = d};
}

static struct rows_value of_id(struct stream_id id)
{
    return (struct rows_value){.kind = ROWS_ID, .id = id};
}

static struct rows_value of_bytes(struct bytes b)
{
    return (struct rows_value){.kind = ROWS_BYTES, .b = b};
}

/* ---- Columns */

#define COLUMN(name, value)                                                                        \
    static struct rows_value name(const struct row *x)                                             \
    {                                                                                              \
        return value;                                                                              \
    }

COLUMN(get_db, of_int(x->stream->db))
COLUMN(get_key, of_bytes(str_bytes(x->stream->key)))
COLUMN(get_length, of_int((long long)x->stream->length))
COLUMN(get_bytes, of_int((long long)x->stream->bytes))
COLUMN(get_added, of_int((long long)x->stream->added))
COLUMN(get_added_rate, of_real(x->stream->added_rate))
COLUMN(get_groups, of_int(x->stream->groups))
COLUMN(get_consumers, of_int(x->stream->consumers))
COLUMN(get_ready, of_int((long long)x->stream->ready))
COLUMN(get_leased, of_int((long long)x->stream->leased))
COLUMN(get_deferred, of_int((long long)x->stream->deferred))
COLUMN(get_dead, of_int((long long)x->stream->dead))
COLUMN(get_scheduled, of_int((long long)x->stream->scheduled))
COLUMN(get_oldest_ready, of_int(x->stream->oldest_ready_ms))
COLUMN(get_first, of_id(x->stream->first))
COLUMN(get_last, of_id(x->stream->last))
COLUMN(get_maxlen, of_int(x->stream->maxlen))

static void tell_flags(struct reply *r, unsigned flags)
{
    static const char *const words[] = {"policy",       "bindings", "schedules", "captures",
                                        "dead-letters", "paused",   "about"};
    reply_array(r, (size_t)__builtin_popcount(flags));
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & 1u << i)
            reply_bulk_text(r, words[i]);
}

static void tell_stream_flags(const struct row *x, struct reply *r)
{
    bool letters = survey_record_holds_letters(x->survey, x->stream);
    tell_flags(r, x->stream->flags | (letters ? SURVEY_DEAD_LETTERS : 0));
}

static const struct column stream_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"length", get_length, NULL},
    {"bytes", get_bytes, NULL},
    {"added", get_added, NULL},
    {"added-rate", get_added_rate, NULL},
    {"groups", get_groups, NULL},
    {"consumers", get_consumers, NULL},
    {"ready", get_ready, NULL},
    {"leased", get_leased, NULL},
    {"deferred", get_deferred, NULL},
    {"dead", get_dead, NULL},
    {"scheduled", get_scheduled, NULL},
    {"oldest-ready", get_oldest_ready, NULL},
    {"first", get_first, NULL},
    {"last", get_last, NULL},
    {"maxlen", get_maxlen, NULL},
    {"flags", NULL, tell_stream_flags},
};

COLUMN(get_g_ready, of_int((long long)(x->group->unread + x->group->released + x->group->overdue)))
COLUMN(get_g_unread, of_int((long long)x->group->unread))
COLUMN(get_g_released, of_int((long long)x->group->released))
COLUMN(get_g_overdue, of_int((long long)x->group->overdue))
COLUMN(get_g_leased, of_int((long long)x->group->leased))
COLUMN(get_g_deferred, of_int((long long)x->group->deferred))
COLUMN(get_g_held, of_int((long long)x->group->held))
COLUMN(get_g_blocked, of_int((long long)x->group->blocked))
COLUMN(get_g_consumers, of_int(x->group->consumers))
COLUMN(get_g_waiting, of_int(x->group->waiting))
COLUMN(get_g_delivered_rate, of_real(x->group->delivered_rate))
COLUMN(get_g_acked_rate, of_real(x->group->acked_rate))
COLUMN(get_g_failed_rate, of_real(x->group->failed_rate))
COLUMN(get_g_redelivered_rate, of_real(x->group->redelivered_rate))
COLUMN(get_g_dead, of_int((long long)x->group->counts.dead))
COLUMN(get_g_oldest_ready, of_int(x->group->oldest_ready_ms))
COLUMN(get_g_oldest_leased, of_int(x->group->oldest_leased_ms))

static void tell_group_name(const struct row *x, struct reply *r)
{
    reply_bulk(r, str_bytes(x->group->name));
}

static void tell_group_flags(const struct row *x, struct reply *r)
{
    tell_flags(r, x->group->flags);
}

static const struct column group_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"group", NULL, tell_group_name},
    {"ready", get_g_ready, NULL},
    {"unread", get_g_unread, NULL},
    {"released", get_g_released, NULL},
    {"overdue", get_g_overdue, NULL},
    {"leased", get_g_leased, NULL},
    {"deferred", get_g_deferred, NULL},
    {"held", get_g_held, NULL},
    {"dead-blocked", get_g_blocked, NULL},
    {"consumers", get_g_consumers, NULL},
    {"waiting", get_g_waiting, NULL},
    {"delivered-rate", get_g_delivered_rate, NULL},
    {"acked-rate", get_g_acked_rate, NULL},
    {"failed-rate", get_g_failed_rate, NULL},
    {"redelivered-rate", get_g_redelivered_rate, NULL},
    {"dead", get_g_dead, NULL},
    {"oldest-ready", get_g_oldest_ready, NULL},
    {"oldest-leased", get_g_oldest_leased, NULL},
    {"flags", NULL, tell_group_flags},
};

/* The age of a letter by its ID, at the time the stream was read; -1: there is none. */
static struct rows_value letter_age(const struct row *x, struct stream_id id)
{
    uint64_t now = (uint64_t)x->stream->read_ms;
    if (!x->stream->length)
        return of_int(-1);
    return of_int(id.ms < now ? (long long)(now - id.ms) : 0);
}

COLUMN(get_letter_oldest, letter_age(x, x->stream->first))
COLUMN(get_letter_newest, letter_age(x, x->stream->newest))

static int by_letters(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    if (x->letters != y->letters)
        return x->letters < y->letters ? -1 : 1;
    int order = bytes_compare(str_bytes(x->stream->key), str_bytes(y->stream->key));
    return order ? order : bytes_compare(str_bytes(x->group->name), str_bytes(y->group->name));
}

static const struct source *first_source(const struct sources *all, uint32_t letters)
{
    size_t from = 0, to = all->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (all->items[middle].letters < letters)
            from = middle + 1;
        else
            to = middle;
    }
    return all->items + from;
}

/* Pairs of key and group whose letters these are. */
static void tell_sources(const struct row *x, struct reply *r)
{
    const struct source *at = first_source(x->sources, x->number), *end = at;
    while (end < x->sources->items + x->sources->n && end->letters == x->number)
        end++;
    reply_array(r, (size_t)(end - at));
    for (; at < end; at++) {
        reply_array(r, 2);
        reply_bulk(r, str_bytes(at->stream->key));
        reply_bulk(r, str_bytes(at->group->name));
    }
}

static const struct column dead_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"letters", get_length, NULL},
    {"bytes", get_bytes, NULL},
    {"oldest", get_letter_oldest, NULL},
    {"newest", get_letter_newest, NULL},
    {"sources", NULL, tell_sources},
};

/* ---- Kinds */

static const struct kind {
    const struct column *columns;
    unsigned n;
    bool groups; /* a row is a group */
} kinds[] = {
#define KIND(of) of, sizeof(of) / sizeof((of)[0])
    [ROWS_STREAMS] = {KIND(stream_columns), false},
    [ROWS_GROUPS] = {KIND(group_columns), true},
    [ROWS_DEAD] = {KIND(dead_columns), false},
#undef KIND
};

bool rows_have_group(enum rows_kind kind)
{
    return kinds[kind].groups;
}

bool rows_find_column(enum rows_kind kind, struct bytes name, unsigned *out)
{
    const struct kind *k = &kinds[kind];
    for (unsigned i = 0; i < k->n; i++) {
        if (!k->columns[i].get || !bytes_is(name, k->columns[i].name))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* What kind of value a column has does not depend on the row. */
static int kind_of_value(const struct kind *k, unsigned by)
{
    static const struct str nothing;
    const struct survey_stream s = {.key = (struct str *)(uintptr_t)&nothing};
    const struct survey_group g = {.stream = 0};
    return (int)k->columns[by].get(&(struct row){.stream = &s, .group = &g}).kind;
}

bool rows_parse_value(enum rows_kind kind, unsigned by, struct bytes text, struct rows_value *out)
{
    switch (kind_of_value(&kinds[kind], by)) {
    case ROWS_INT:
        *out = of_int(0);
        return num_parse_int(text, &out->i);
    case ROWS_REAL:
        *out = of_real(0);
        return num_parse_double(text, &out->d);
    case ROWS_ID:
        *out = of_id(STREAM_ID_MIN);
        return stream_id_parse(text, 0, &out->id);
    default:
        *out = of_bytes(text);
        return true;
    }
}

/* ---- Order */

static int compare_values(const struct rows_value *a, const struct rows_value *b)
{
    switch (a->kind) {
    case ROWS_INT:
        return (a->i > b->i) - (a->i < b->i);
    case ROWS_REAL:
        return (a->d > b->d) - (a->d < b->d);
    case ROWS_ID:
        return stream_id_compare(a->id, b->id);
    default:
        return bytes_compare(a->b, b->b);
    }
}

static struct bytes group_of(const struct row *x)
{
    return x->group ? str_bytes(x->group->name) : bytes_of(NULL, 0);
}

static int compare_names(const struct row *x, long long db, struct bytes key, struct bytes group)
{
    if (x->stream->db != db)
        return x->stream->db < db ? -1 : 1;
    int order = bytes_compare(str_bytes(x->stream->key), key);
    return order ? order : bytes_compare(group_of(x), group);
}

static int compare(const struct rows_query *q, const struct row *x, const struct row *y)
{
    int order = compare_values(&x->value, &y->value);
    if (order)
        return q->descending ? -order : order;
    return compare_names(x, y->stream->db, str_bytes(y->stream->key), group_of(y));
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
    struct row *items; /* a heap, the last row on top */
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

/* The heap becomes an array in the order of rows. */
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

/* The same question in the order of what it costs. */
static bool fits(const struct rows_query *q, const struct survey_stream *s)
{
    return (q->db < 0 || s->db == q->db) &&
           (!q->match || glob_match(*q->match, str_bytes(s->key))) &&
           rows_may_read(q->user, str_bytes(s->key));
}

static void add(struct page *p, struct row *x)
{
    const struct kind *k = &kinds[p->q->kind];
    p->total++;
    x->value = k->columns[p->q->by].get(x);
    offer(p, x);
}

static void add_streams(struct page *p, const struct survey *sv, const struct sources *sources)
{
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        const struct survey_stream *s = survey_record_stream(sv, i);
        if (!survey_record_shows_stream(s) ||
            (p->q->kind == ROWS_DEAD && !survey_record_holds_letters(sv, s)) || !fits(p->q, s))
            continue;
        add(p, &(struct row){.survey = sv, .stream = s, .number = i, .sources = sources});
    }
}

/* Groups of one stream lie together mostly: it is judged once for all of them. */
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
            fit = fits(p->q, s);
        judged = g->stream;
        if (fit)
            add(p, &(struct row){.survey = sv, .stream = s, .group = g, .number = g->stream});
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
    qsort(all.items, all.n, sizeof(*all.items), by_letters);
    return all;
}

/* ---- The reply */

static void tell_value(struct reply *r, const struct rows_value *v)
{
    char text[STREAM_ID_TEXT_MAX];
    switch (v->kind) {
    case ROWS_INT:
        reply_int(r, v->i);
        break;
    case ROWS_REAL:
        reply_double(r, v->d);
        break;
    case ROWS_ID:
        reply_bulk(r, bytes_of(text, stream_id_print(text, v->id)));
        break;
    case ROWS_BYTES:
        reply_bulk(r, v->b);
        break;
    }
}

static void tell_row(const struct row *x, const struct kind *k, struct reply *r)
{
    reply_map(r, k->n);
    for (unsigned i = 0; i < k->n; i++) {
        const struct column *c = &k->columns[i];
        reply_bulk_text(r, c->name);
        if (c->tell) {
            c->tell(x, r);
        } else {
            struct rows_value v = c->get(x);
            tell_value(r, &v);
        }
    }
}

void rows_reply(const struct survey *sv, const struct rows_query *q, struct reply *r)
{
    const struct kind *k = &kinds[q->kind];
    struct page p = {.q = q};
    struct sources sources = {0};
    if (q->kind == ROWS_DEAD)
        sources = find_sources(sv, q);
    if (k->groups)
        add_groups(&p, sv);
    else
        add_streams(&p, sv, &sources);
    put_in_order(&p);
    reply_array(r, 3);
    reply_int(r, (long long)sv->number);
    reply_int(r, (long long)p.total);
    reply_array(r, p.n);
    for (size_t i = 0; i < p.n; i++)
        tell_row(&p.items[i], k, r);
    mem_free(p.items);
    mem_free(sources.items);
}
