/* Finds the matching rows (a walk over the records of their kind, in the order of their numbers),
 * and selects those of a page.
 *
 *   gathering   rows_gather() looks at some records a call. Between two calls the survey may read a
 *               stream again, free its record, or use it for another one. So at the end of a call
 *               what is selected is copied, with references to its names; each record is met once.
 *   sources     of dead letters: a second walk, over the groups, for where those of the page
 *               come from.
 *   replying    rows_reply() writes some of the copies a call.
 *
 * Selection: rows are collected behind one another up to four times COUNT. Then the COUNT that come
 * first are put in front (quickselect) and the others dropped; from then on only rows before the
 * last of those are collected. So a row costs a few comparisons even where each comes before all
 * rows met earlier, as the ages of a pass do. At the end the rows are sorted. Rows are compared by
 * their values, and only on a tie by their names. Nothing can fail. */
#include "survey/rows.h"

#include "base/clock.h"
#include "base/glob.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "survey/lists.h"
#include "survey/survey_more.h"

#include <stdlib.h>

#define LOOK_EVERY 16 /* records between two readings of the clock */
#define TIMES      4  /* COUNT: rows collected before they are cut to COUNT */

/* A row with copies of its records. */
struct copied {
    struct row row;  /* its pointers refer to the copies below */
    uint32_t number; /* of the stream's record in the survey */
    struct source *sources;
    size_t sources_cap;
    struct survey_stream stream;
    struct survey_stream_more stream_more;
    struct survey_group_more group_more;
    union {
        struct survey_group group;
        struct lists_record list;
        struct survey_schedule schedule;
    };
};

/* A row that may belong to the page. Holds the names too: many rows have equal values, so names are
 * compared often, and would otherwise be fetched from the records each time. */
struct candidate {
    struct row row;
    const struct str *key, *name; /* name: of the group or schedule, or NULL */
    int db;
    uint32_t number;
    struct copied *copy; /* which `row` refers to; NULL: to the survey's records, in this call */
};

struct rows_page {
    const struct survey *sv; /* borrowed */
    struct rows_query q;
    struct rows_place after;
    struct bytes match;
    struct buf texts; /* owns the strings of q, after and match */
    enum { GATHERS, FINDS_SOURCES, IS_GATHERED } phase;
    uint32_t met; /* records considered so far */
    struct candidate *items;
    size_t n, cap;
    uint32_t lot;
    bool is_bounded;         /* COUNT were selected: items[COUNT - 1] is the last of them */
    struct copied **letters; /* COLUMNS_DEAD: the rows, sorted by number, to be searched */
    uint64_t number, total;
    bool has_head;
    size_t told;
};

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

static struct bytes text_of(const struct str *name)
{
    return name ? str_bytes(name) : bytes_of(NULL, 0);
}

static int compare_names(const struct candidate *x, long long db, struct bytes key,
                         struct bytes name)
{
    if (x->db != db)
        return x->db < db ? -1 : 1;
    int order = bytes_compare(str_bytes(x->key), key);
    return order ? order : bytes_compare(text_of(x->name), name);
}

static int compare(const struct rows_query *q, const struct candidate *x, const struct candidate *y)
{
    int order = compare_values(&x->row.value, &y->row.value);
    if (order)
        return q->descending ? -order : order;
    return compare_names(x, y->db, str_bytes(y->key), text_of(y->name));
}

static bool is_behind(const struct rows_query *q, const struct candidate *x)
{
    const struct rows_place *p = q->after;
    if (!p)
        return true;
    int order = compare_values(&x->row.value, &p->value);
    if (order)
        return q->descending ? order < 0 : order > 0;
    return compare_names(x, p->db, p->key, p->group) > 0;
}

/* ---- Copies */

static struct str *name_of(const struct row *x)
{
    return x->schedule ? x->schedule->name : x->group ? x->group->name : NULL;
}

static void copy(struct copied *to, const struct rows_page *p, const struct row *x, uint32_t number)
{
    to->row = *x;
    to->number = number;
    if (x->list) {
        to->list = *x->list;
        to->row.list = &to->list;
        str_ref(to->list.key);
        return;
    }
    to->stream = *x->stream;
    to->stream_more = *survey_more_of_stream(x->stream);
    to->stream.more = &to->stream_more;
    if (survey_more_holds_letters(p->sv, x->stream))
        to->stream.flags |= SURVEY_DEAD_LETTERS;
    to->row.stream = &to->stream;
    str_ref(to->stream.key);
    if (x->group) {
        to->group = *x->group;
        to->group_more = *survey_more_of_group(x->group);
        to->group.more = &to->group_more;
        to->row.group = &to->group;
    } else if (x->schedule) {
        to->schedule = *x->schedule;
        to->row.schedule = &to->schedule;
    }
    if (name_of(&to->row))
        str_ref(name_of(&to->row));
}

static void free_copy(struct copied *c)
{
    struct row *x = &c->row;
    str_unref(x->list ? c->list.key : c->stream.key);
    if (name_of(x))
        str_unref(name_of(x));
    for (size_t i = 0; i < x->sources_n; i++) {
        str_unref(c->sources[i].key);
        str_unref(c->sources[i].group);
    }
    mem_free(c->sources);
    mem_free(c);
}

/* ---- Selection */

static int compare_candidates(const void *a, const void *b, void *q)
{
    return compare(q, a, b);
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate was = *a;
    *a = *b;
    *b = was;
}

/* Partitions the rows low..high around a pivot and returns the pivot's index. The pivot is chosen
 * at random, so that no order of the rows makes quickselect quadratic. */
static size_t divide(struct rows_page *p, size_t low, size_t high)
{
    struct candidate *x = p->items;
    p->lot = p->lot * 1103515245 + 12345;
    swap(&x[low + (p->lot >> 16) % (high - low + 1)], &x[high]);
    size_t to = low;
    for (size_t i = low; i < high; i++)
        if (compare(&p->q, &x[i], &x[high]) < 0)
            swap(&x[i], &x[to++]);
    swap(&x[to], &x[high]);
    return to;
}

/* Keeps the COUNT rows that come first, of more than that. */
static void cut(struct rows_page *p)
{
    size_t low = 0, high = p->n - 1, last = p->q.count - 1;
    while (low < high) {
        size_t at = divide(p, low, high);
        if (at == last)
            break;
        if (at < last)
            low = at + 1;
        else
            high = at - 1;
    }
    for (; p->n > p->q.count; p->n--)
        if (p->items[p->n - 1].copy)
            free_copy(p->items[p->n - 1].copy);
    p->is_bounded = true;
}

/* Where the next candidate is written before it is compared, since most are not kept. */
static struct candidate *next_place(struct rows_page *p)
{
    static const struct row no_row;
    if (p->n == TIMES * p->q.count)
        cut(p);
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->items = mem_realloc(p->items, p->cap * sizeof(*p->items));
    }
    struct candidate *c = &p->items[p->n];
    c->row = no_row;
    c->name = NULL;
    c->copy = NULL;
    return c;
}

/* Keeps the candidate at next_place() if it may belong to the page. */
static void offer(struct rows_page *p)
{
    const struct candidate *c = &p->items[p->n];
    if (p->is_bounded && compare(&p->q, c, &p->items[p->q.count - 1]) >= 0)
        return;
    p->n += is_behind(&p->q, c);
}

/* Must be called before the survey runs again, which may change or free records. */
static void copy_selected(struct rows_page *p)
{
    if (p->n > p->q.count)
        cut(p);
    for (size_t i = 0; i < p->n; i++) {
        struct candidate *c = &p->items[i];
        if (c->copy)
            continue;
        c->copy = mem_zalloc(sizeof(*c->copy));
        copy(c->copy, p, &c->row, c->number);
        c->row = c->copy->row;
    }
}

/* ---- Which rows there are */

bool rows_may_read(const struct engine *e, const struct user *u, const struct command *c,
                   struct bytes key)
{
    return !u || check_key_of(u, e->registry, c, key, KEY_RO | KEY_ACCESS);
}

/* Checks the conditions, cheapest first. */
static bool fits(const struct rows_page *p, int db, const struct str *key)
{
    const struct rows_query *q = &p->q;
    return (q->db < 0 || db == q->db) && (!q->match || glob_match(*q->match, str_bytes(key))) &&
           rows_may_read(p->sv->engine, q->user, q->command, str_bytes(key));
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
    const struct survey_group_more *more = survey_more_of_group(g);
    return (survey_more_ready(g) ? ROWS_READY : 0u) |
           (g->flags & SURVEY_PAUSED ? ROWS_PAUSED : 0u) | (g->consumers ? 0u : ROWS_NO_READERS) |
           (more->deferred || (more->in_failed && g->interval_ms) ? ROWS_FAILING : 0u);
}

static unsigned conditions_of_stream(const struct survey_stream *s)
{
    const struct survey_stream_more *more = survey_more_of_stream(s);
    return (s->ready ? ROWS_READY : 0u) | (s->flags & SURVEY_PAUSED ? ROWS_PAUSED : 0u) |
           (s->groups && !s->consumers ? ROWS_NO_READERS : 0u) |
           (more->deferred || more->failed_rate > 0 ? ROWS_FAILING : 0u) |
           (s->flags & SURVEY_CAPTURES ? ROWS_CAPTURING : 0u);
}

static bool is_asked_for(const struct rows_query *q, const struct row *x)
{
    return !q->only || (q->only & (x->group ? conditions_of_group(x->group)
                                            : conditions_of_stream(x->stream))) == q->only;
}

static void add(struct rows_page *p, struct candidate *c)
{
    const struct columns *k = columns_of(p->q.kind);
    if (!is_asked_for(&p->q, &c->row))
        return;
    p->total++;
    c->row.value = k->all[p->q.by].get(&c->row);
    offer(p);
}

/* ---- The walk */

/* Groups of one stream usually follow each other: what depends on the stream alone is checked once.
 */
struct judged {
    uint32_t stream;
    bool fits;
};

/* number: index of the stream's record. At most one of group and schedule is not NULL. */
static void add_of_stream(struct rows_page *p, const struct survey_stream *s, uint32_t number,
                          const struct survey_group *group, const struct survey_schedule *schedule)
{
    struct candidate *c = next_place(p);
    c->row.stream = s;
    c->row.group = group;
    c->row.schedule = schedule;
    c->key = s->key;
    c->db = s->db;
    c->number = number;
    c->name = name_of(&c->row);
    add(p, c);
}

static void meet_stream(struct rows_page *p, uint32_t i)
{
    const struct survey_stream *s = survey_record_stream(p->sv, i);
    if (survey_record_shows_stream(p->sv, s) &&
        (p->q.kind != COLUMNS_DEAD || survey_more_holds_letters(p->sv, s)) &&
        fits(p, s->db, s->key))
        add_of_stream(p, s, i, NULL, NULL);
}

static void meet_group(struct rows_page *p, uint32_t i, struct judged *last)
{
    const struct survey_group *g = survey_record_group(p->sv, i);
    if (!survey_record_shows_group(p->sv, g))
        return;
    const struct survey_stream *s = survey_record_stream(p->sv, g->stream);
    if (g->stream != last->stream)
        *last = (struct judged){g->stream, fits(p, s->db, s->key)};
    if (last->fits)
        add_of_stream(p, s, g->stream, g, NULL);
}

static void meet_list(struct rows_page *p, uint32_t i)
{
    const struct lists_record *x = lists_at(&p->sv->walk.lists, i);
    if (!x->slot.seen || !fits(p, x->db, x->key))
        return;
    struct candidate *c = next_place(p);
    c->row.list = x;
    c->key = x->key;
    c->db = x->db;
    add(p, c);
}

static void meet_schedule(struct rows_page *p, uint32_t i)
{
    const struct survey_schedule *x = slots_at(&p->sv->schedules, i);
    const struct survey_stream *s = x->slot.seen ? survey_record_stream(p->sv, x->stream) : NULL;
    if (s && survey_record_shows_stream(p->sv, s) && fits(p, s->db, s->key))
        add_of_stream(p, s, x->stream, NULL, x);
}

/* ---- Where dead letters come from */

static int compare_numbers(const void *a, const void *b)
{
    const struct copied *x = *(struct copied *const *)a, *y = *(struct copied *const *)b;
    return (x->number > y->number) - (x->number < y->number);
}

static void begin_sources(struct rows_page *p)
{
    p->letters = mem_alloc((p->n + 1) * sizeof(struct copied *));
    for (size_t i = 0; i < p->n; i++)
        p->letters[i] = p->items[i].copy;
    qsort(p->letters, p->n, sizeof(struct copied *), compare_numbers);
}

/* The row of the stream with this record number; NULL: it is not on the page, or the number belongs
 * to another stream by now. */
static struct copied *find_letters(const struct rows_page *p, uint32_t number)
{
    const struct copied asked = {.number = number}, *const key = &asked;
    struct copied **found =
        bsearch(&key, p->letters, p->n, sizeof(struct copied *), compare_numbers);
    return found && survey_record_stream(p->sv, number)->key == (*found)->stream.key ? *found
                                                                                     : NULL;
}

static int compare_sources(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = bytes_compare(str_bytes(x->key), str_bytes(y->key));
    return order ? order : bytes_compare(str_bytes(x->group), str_bytes(y->group));
}

/* Sorts the sources, and keeps the first `most`. */
static void order_sources(struct copied *c, size_t most)
{
    struct row *x = &c->row;
    if (x->sources_n > 1)
        qsort(c->sources, x->sources_n, sizeof(*c->sources), compare_sources);
    for (; x->sources_n > most; x->sources_left++) {
        x->sources_n--;
        str_unref(c->sources[x->sources_n].key);
        str_unref(c->sources[x->sources_n].group);
    }
}

static void meet_source(struct rows_page *p, uint32_t i)
{
    const struct survey_group *g = survey_record_group(p->sv, i);
    if (!survey_record_shows_group(p->sv, g) || !survey_more_of_group(g)->letters)
        return;
    const struct survey_stream *s = survey_record_stream(p->sv, g->stream);
    struct copied *c = find_letters(p, survey_more_of_group(g)->letters);
    if (!c || !rows_may_read(p->sv->engine, p->q.user, p->q.command, str_bytes(s->key)))
        return;
    if (c->row.sources_n / 2 >= p->q.sources)
        order_sources(c, p->q.sources);
    if (c->row.sources_n == c->sources_cap) {
        c->sources_cap = c->sources_cap ? 2 * c->sources_cap : 4;
        c->sources = mem_realloc(c->sources, c->sources_cap * sizeof(*c->sources));
        c->row.sources = c->sources;
    }
    c->sources[c->row.sources_n++] = (struct source){str_ref(s->key), str_ref(g->name)};
}

/* ---- A page */

static struct bytes keep_text(struct buf *texts, struct bytes text)
{
    size_t from = texts->n;
    buf_add(texts, text);
    return bytes_of(texts->p + from, text.n);
}

static void copy_query(struct rows_page *p, const struct rows_query *q)
{
    struct bytes value =
        q->after && q->after->value.kind == COLUMNS_BYTES ? q->after->value.b : bytes_of(NULL, 0);
    size_t most = (q->match ? q->match->n : 0) + value.n +
                  (q->after ? q->after->key.n + q->after->group.n : 0);
    p->q = *q;
    buf_room(&p->texts, most + 1); /* reserved at once: pointers into it must stay valid */
    if (q->match) {
        p->match = keep_text(&p->texts, *q->match);
        p->q.match = &p->match;
    }
    if (!q->after)
        return;
    p->after = *q->after;
    p->after.key = keep_text(&p->texts, q->after->key);
    p->after.group = keep_text(&p->texts, q->after->group);
    if (p->after.value.kind == COLUMNS_BYTES)
        p->after.value.b = keep_text(&p->texts, value);
    p->q.after = &p->after;
}

struct rows_page *rows_begin(const struct survey *sv, const struct rows_query *q)
{
    struct rows_page *p = mem_zalloc(sizeof(*p));
    p->sv = sv;
    p->lot = (uint32_t)clock_ticks();
    p->number = q->kind == COLUMNS_LISTS ? sv->walk.number : sv->number;
    copy_query(p, q);
    return p;
}

void rows_end(struct rows_page *p)
{
    for (size_t i = 0; i < p->n; i++)
        free_copy(p->items[i].copy);
    mem_free(p->items);
    mem_free(p->letters);
    buf_free(&p->texts);
    mem_free(p);
}

static uint32_t records(const struct rows_page *p)
{
    if (p->phase == FINDS_SOURCES || p->q.kind == COLUMNS_GROUPS)
        return p->sv->groups.n;
    return p->q.kind == COLUMNS_LISTS       ? p->sv->walk.lists.records.n
           : p->q.kind == COLUMNS_SCHEDULES ? p->sv->schedules.n
                                            : p->sv->streams.n;
}

static void meet(struct rows_page *p, uint32_t i, struct judged *last)
{
    if (p->phase == FINDS_SOURCES)
        meet_source(p, i);
    else if (p->q.kind == COLUMNS_GROUPS)
        meet_group(p, i, last);
    else if (p->q.kind == COLUMNS_LISTS)
        meet_list(p, i);
    else if (p->q.kind == COLUMNS_SCHEDULES)
        meet_schedule(p, i);
    else
        meet_stream(p, i);
}

static void end_phase(struct rows_page *p)
{
    if (p->phase == GATHERS) {
        copy_selected(p);
        if (p->n)
            qsort_r(p->items, p->n, sizeof(*p->items), compare_candidates, &p->q);
    }
    p->phase = p->phase == GATHERS && p->q.kind == COLUMNS_DEAD ? FINDS_SOURCES : IS_GATHERED;
    if (p->phase == FINDS_SOURCES)
        begin_sources(p);
    p->met = 0;
}

/* In ticks of the clock. */
static uint64_t span(int64_t us)
{
    double ticks = (double)us * clock_ticks_per_us();
    return ticks < 1e18 ? (uint64_t)ticks : UINT64_MAX;
}

bool rows_gather(struct rows_page *p, const struct user *user, int64_t us)
{
    uint64_t began = clock_ticks(), most = span(us);
    struct judged last = {0};
    p->q.user = user;
    while (p->phase != IS_GATHERED) {
        for (unsigned i = 0; i < LOOK_EVERY && p->met < records(p); i++)
            meet(p, ++p->met, &last);
        if (p->met >= records(p)) {
            end_phase(p);
            last = (struct judged){0};
        }
        if (clock_ticks() - began >= most)
            break;
    }
    if (p->phase == GATHERS)
        copy_selected(p);
    return p->phase != IS_GATHERED;
}

bool rows_reply(struct rows_page *p, struct reply *r, int64_t us)
{
    const struct columns *k = columns_of(p->q.kind);
    uint64_t began = clock_ticks(), most = us ? span(us) : 0;
    if (!p->has_head) {
        reply_array(r, 3);
        reply_int(r, (long long)p->number);
        reply_int(r, (long long)p->total);
        reply_array(r, p->n);
        p->has_head = true;
    }
    while (p->told < p->n) {
        struct copied *c = p->items[p->told++].copy;
        order_sources(c, p->q.sources);
        columns_tell(&c->row, k, r);
        if (clock_ticks() - began >= most)
            break;
    }
    return p->told < p->n;
}
