/* Two orders of the same records. By ID they are in chunks, in an array like the log's. By delivery
 * time most need no separate order: first deliveries have rising IDs and rising times, so the
 * chunks give both. Such a record is plain; it has an owner.
 *
 * A record is touched when that no longer holds: it was claimed, read again, released or deferred,
 * was added below the highest ID, or is older than a plain one below it (the clock went back).
 * Touched records have a node in stream_touched.h, whose number replaces the time in the record.
 *
 *   add        plain at the end of the last chunk: O(1), no allocation in most cases
 *   change     the record becomes touched, and its node moves to its place
 *   remove     of a chunk's first record: `start` advances; other records move up
 *   walk       merges the list of nodes and the plain records, older first
 *
 * When most of the oldest records are touched, finding the first plain one would be slow: no plain
 * record is below plain_from, which is raised lazily. Looking at ended leases passes over plain
 * records by ID in the same way: those below looked_below were looked at.
 *
 * A full chunk is split; a chunk is freed with its last record. Acknowledging usually happens in
 * order, so the chunk found last (`finger`) is tried first; only writers move the finger. */
#include "type/stream/stream_pending.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/stream/stream_chunk.h"

static struct stream_chunk *chunk_at(const struct stream_pending *p, size_t i)
{
    return p->chunks[p->first + i];
}

static struct stream_chunk *remake(struct stream_pending *p, size_t at, bool is_wide, unsigned cap)
{
    return p->chunks[p->first + at] = stream_chunk_remake(chunk_at(p, at), is_wide, cap);
}

/* The chunk, remade if the value does not fit its records. */
static struct stream_chunk *make_fit(struct stream_pending *p, size_t at,
                                     const struct stream_pending_entry *e)
{
    struct stream_chunk *c = chunk_at(p, at);
    if (!c->is_wide && !stream_chunk_fits(c, e))
        c = remake(p, at, true, c->cap);
    return c;
}

static void insert_chunk(struct stream_pending *p, size_t at, struct stream_chunk *c)
{
    if (p->first + p->n == p->cap) {
        if (p->first > p->n) {
            memmove(p->chunks, p->chunks + p->first, p->n * sizeof(*p->chunks));
        } else {
            size_t cap = p->cap ? p->cap * 2 : 2;
            struct stream_chunk **wider = mem_alloc(cap * sizeof(*wider));
            if (p->n)
                memcpy(wider, p->chunks + p->first, p->n * sizeof(*wider));
            mem_free(p->chunks);
            p->chunks = wider;
            p->cap = cap;
        }
        p->first = 0;
    }
    ASSERT(at <= p->n);
    struct stream_chunk **base = p->chunks + p->first;
    memmove(base + at + 1, base + at, (p->n - at) * sizeof(*base));
    base[at] = c;
    p->n++;
}

static void remove_chunk(struct stream_pending *p, size_t at)
{
    mem_free(chunk_at(p, at));
    if (at == 0)
        p->first++;
    else
        memmove(p->chunks + p->first + at, p->chunks + p->first + at + 1,
                (p->n - at - 1) * sizeof(*p->chunks));
    if (--p->n == 0)
        p->first = 0;
}

void stream_pending_init(struct stream_pending *p)
{
    *p = (struct stream_pending){.plain_ms = INT64_MIN};
    stream_touched_init(&p->touched);
}

void stream_pending_free(struct stream_pending *p)
{
    for (size_t i = 0; i < p->n; i++)
        mem_free(chunk_at(p, i));
    mem_free(p->chunks);
    stream_touched_free(&p->touched);
    stream_notes_free(&p->notes);
    stream_pending_init(p);
}

/* The last chunk whose first ID is <= id, or the first chunk. The list is not empty. */
static size_t find_chunk(const struct stream_pending *p, struct stream_id id)
{
    size_t low = 0, high = p->n;
    if (p->finger < p->n &&
        stream_id_compare(stream_chunk_id(chunk_at(p, p->finger), 0), id) <= 0 &&
        (p->finger + 1 == p->n ||
         stream_id_compare(stream_chunk_id(chunk_at(p, p->finger + 1), 0), id) > 0))
        return p->finger;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream_id_compare(stream_chunk_id(chunk_at(p, middle), 0), id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : 0;
}

/* As stream_pending_seek(), given the chunk from find_chunk(). */
static inline bool seek_from(const struct stream_pending *p, size_t chunk, struct stream_id id,
                             struct stream_pending_place *at)
{
    at->chunk = chunk;
    at->record = stream_chunk_search(chunk_at(p, chunk), id);
    if (at->record == chunk_at(p, chunk)->n) {
        at->chunk++;
        at->record = 0;
    }
    return at->chunk < p->n;
}

bool stream_pending_seek(const struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at)
{
    return p->n && seek_from(p, find_chunk(p, id), id, at);
}

bool stream_pending_next(const struct stream_pending *p, struct stream_pending_place *at)
{
    if (++at->record >= chunk_at(p, at->chunk)->n) {
        at->chunk++;
        at->record = 0;
    }
    return at->chunk < p->n;
}

void stream_pending_last(const struct stream_pending *p, struct stream_pending_entry *out)
{
    ASSERT(p->n > 0);
    const struct stream_chunk *c = chunk_at(p, p->n - 1);
    stream_chunk_read(c, c->n - 1u, out);
}

/* From at (inclusive) to the next record of that consumer. */
static bool settle_owned(const struct stream_pending *p, uint32_t consumer,
                         struct stream_pending_place *at)
{
    uint64_t bit = (uint64_t)1 << (consumer % 64);
    for (; at->chunk < p->n; at->chunk++, at->record = 0) {
        const struct stream_chunk *c = chunk_at(p, at->chunk);
        if (!(c->consumers & bit))
            continue;
        for (; at->record < c->n; at->record++)
            if (stream_chunk_owner(c, at->record) == consumer)
                return true;
    }
    return false;
}

bool stream_pending_seek_owned(const struct stream_pending *p, struct stream_id id,
                               uint32_t consumer, struct stream_pending_place *at)
{
    return stream_pending_seek(p, id, at) && settle_owned(p, consumer, at);
}

bool stream_pending_next_owned(const struct stream_pending *p, uint32_t consumer,
                               struct stream_pending_place *at)
{
    return stream_pending_next(p, at) && settle_owned(p, consumer, at);
}

static inline bool is_at(const struct stream_pending *p, struct stream_pending_place at,
                         struct stream_id id)
{
    return stream_id_compare(stream_chunk_id(chunk_at(p, at.chunk), at.record), id) == 0;
}

bool stream_pending_find(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at)
{
    if (p->n == 0)
        return false;
    p->finger = find_chunk(p, id);
    return seek_from(p, p->finger, id, at) && is_at(p, *at, id);
}

bool stream_pending_has(const struct stream_pending *p, struct stream_id id)
{
    struct stream_pending_place at;
    return stream_pending_seek(p, id, &at) && is_at(p, at, id);
}

void stream_pending_get(const struct stream_pending *p, struct stream_pending_place at,
                        struct stream_pending_entry *out)
{
    stream_chunk_read(chunk_at(p, at.chunk), at.record, out);
    if (out->touched) {
        const struct stream_touched_node *x =
            stream_touched_at(&p->touched, (uint32_t)out->time_ms);
        ASSERT(stream_id_compare(x->id, out->id) == 0);
        out->time_ms = x->state == STREAM_LEASED ? x->time_ms : 0;
    }
}

uint32_t stream_pending_owner(const struct stream_pending *p, struct stream_pending_place at)
{
    return stream_chunk_owner(chunk_at(p, at.chunk), at.record);
}

uint32_t stream_pending_node(const struct stream_pending *p, struct stream_id id)
{
    struct stream_pending_place at;
    struct stream_pending_entry raw;
    if (!stream_pending_seek(p, id, &at) || !is_at(p, at, id))
        return STREAM_TOUCHED_NONE;
    stream_chunk_read(chunk_at(p, at.chunk), at.record, &raw);
    return raw.touched ? (uint32_t)raw.time_ms : STREAM_TOUCHED_NONE;
}

/* ---- Changes */

static void insert_record(struct stream_pending *p, size_t at, unsigned i,
                          const struct stream_pending_entry *e)
{
    struct stream_chunk *c = make_fit(p, at, e);
    if (c->n == c->cap)
        c = remake(p, at, c->is_wide,
                   c->cap * 2u > STREAM_CHUNK_MOST ? STREAM_CHUNK_MOST : c->cap * 2u);
    stream_chunk_insert(c, i, e);
}

/* Halves a full chunk. */
static void split(struct stream_pending *p, size_t at)
{
    struct stream_chunk *c = chunk_at(p, at);
    ASSERT(c->n == STREAM_CHUNK_MOST);
    struct stream_chunk *upper =
        stream_chunk_new(c->is_wide, STREAM_CHUNK_MOST, c->base_ms, c->base_time_ms);
    stream_chunk_split(c, upper);
    insert_chunk(p, at + 1, upper);
}

/* Times in the chunk are relative to its first record's, or to those of plain ones that will
 * follow. */
static void add_chunk(struct stream_pending *p, const struct stream_pending_entry *e)
{
    int64_t base_ms = e->touched && p->plain_ms != INT64_MIN ? p->plain_ms
                      : e->touched                           ? 0
                                                             : e->time_ms;
    struct stream_chunk *c =
        stream_chunk_new(false, p->n ? STREAM_CHUNK_MOST : 4, e->id.ms, base_ms);
    insert_chunk(p, p->n, c);
    insert_record(p, p->n - 1, 0, e);
}

/* Appends e. */
static void append(struct stream_pending *p, const struct stream_pending_entry *e)
{
    struct stream_chunk *last = p->n ? chunk_at(p, p->n - 1) : NULL;
    if (!last || last->n == STREAM_CHUNK_MOST || (!last->is_wide && !stream_chunk_fits(last, e)))
        add_chunk(p, e);
    else if (last->n < last->cap)
        stream_chunk_insert(last, last->n, e);
    else
        insert_record(p, p->n - 1, last->n, e);
}

/* Adds a record out of the order of IDs or times, or a released one. */
__attribute__((noinline)) static void add_touched(struct stream_pending *p,
                                                  const struct stream_pending_entry *given)
{
    struct stream_pending_entry e = *given;
    const struct stream_chunk *last = p->n ? chunk_at(p, p->n - 1) : NULL;
    bool released = e.consumer == STREAM_PENDING_NO_CONSUMER;
    e.touched = true;
    e.time_ms = stream_touched_add(&p->touched, e.id, released ? STREAM_RELEASED : STREAM_LEASED,
                                   released ? 0 : e.time_ms);
    if (!last || stream_id_compare(e.id, stream_chunk_id(last, last->n - 1u)) > 0) {
        append(p, &e);
        return;
    }
    size_t at = find_chunk(p, e.id);
    if (chunk_at(p, at)->n == STREAM_CHUNK_MOST) {
        split(p, at);
        at = find_chunk(p, e.id);
    }
    insert_record(p, at, stream_chunk_search(chunk_at(p, at), e.id), &e);
}

void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *given)
{
    const struct stream_chunk *last = p->n ? chunk_at(p, p->n - 1) : NULL;
    p->count++;
    if ((last && stream_id_compare(given->id, stream_chunk_id(last, last->n - 1u)) <= 0) ||
        given->time_ms < p->plain_ms || given->consumer == STREAM_PENDING_NO_CONSUMER) {
        add_touched(p, given);
        return;
    }
    struct stream_pending_entry e = *given;
    e.touched = false;
    p->plain_ms = e.time_ms;
    if (__builtin_expect(stream_id_compare(e.id, p->looked_below) < 0, 0)) {
        p->looked_below = e.id;
        if (stream_id_compare(e.id, p->plain_from) < 0)
            p->plain_from = e.id;
    }
    if (__builtin_expect(stream_id_compare(e.id, p->barred_below) < 0, 0))
        p->barred_below = e.id;
    append(p, &e);
}

/* A plain record is changed or removed. */
static void uncount_plain(struct stream_pending *p, struct stream_id id)
{
    if (p->ended_count && stream_id_compare(id, p->looked_below) < 0)
        p->ended_count--;
}

/* Only entries without an owner have notes. */
static void forget_notes(struct stream_pending *p, const struct stream_pending_entry *e)
{
    if (p->notes.by_id.used && e->consumer == STREAM_PENDING_NO_CONSUMER)
        stream_notes_forget(&p->notes, e->id);
}

/* Sets owner and count from e; state and time are given separately. */
static void put_in_order(struct stream_pending *p, struct stream_pending_place at,
                         const struct stream_pending_entry *given, enum stream_touched_state state,
                         int64_t time_ms)
{
    struct stream_pending_entry old, e = *given;
    stream_chunk_read(chunk_at(p, at.chunk), at.record, &old);
    ASSERT((e.consumer != STREAM_PENDING_NO_CONSUMER) == (state == STREAM_LEASED));
    forget_notes(p, &old);
    e.id = old.id;
    e.touched = true;
    if (old.touched) {
        e.time_ms = old.time_ms;
        p->ended_count -= stream_touched_move(&p->touched, (uint32_t)old.time_ms, state, time_ms);
    } else {
        uncount_plain(p, e.id);
        e.time_ms = stream_touched_add(&p->touched, e.id, state, time_ms);
    }
    struct stream_chunk *c = make_fit(p, at.chunk, &e);
    c->plain = (uint16_t)(c->plain - !old.touched);
    stream_chunk_put(c, at.record, &e);
}

void stream_pending_change(struct stream_pending *p, struct stream_pending_place at,
                           const struct stream_pending_entry *e, bool released)
{
    put_in_order(p, at, e, released ? STREAM_RELEASED : STREAM_LEASED, released ? 0 : e->time_ms);
}

/* Removes the node of a touched record; another node may get its number. */
__attribute__((noinline)) static void remove_node(struct stream_pending *p,
                                                  struct stream_pending_place place)
{
    bool was_looked;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    stream_chunk_read(chunk_at(p, place.chunk), place.record, &e);
    forget_notes(p, &e);
    uint32_t node = (uint32_t)e.time_ms;
    bool moved = stream_touched_remove(&p->touched, node, &was_looked);
    p->ended_count -= was_looked;
    if (!moved)
        return;
    struct stream_id id = stream_touched_at(&p->touched, node)->id;
    bool found = stream_pending_seek(p, id, &at) && is_at(p, at, id);
    ASSERT(found);
    struct stream_chunk *c = chunk_at(p, at.chunk);
    stream_chunk_read(c, at.record, &e);
    ASSERT(e.touched);
    e.time_ms = node;
    stream_chunk_put(c, at.record, &e);
}

void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at)
{
    struct stream_chunk *c = chunk_at(p, at.chunk);
    if (stream_chunk_is_touched(c, at.record)) {
        remove_node(p, at);
    } else {
        if (p->ended_count)
            uncount_plain(p, stream_chunk_id(c, at.record));
        c->plain--;
    }
    ASSERT(p->count > 0 && c->plain <= c->n);
    p->count--;
    if (c->n == 1) {
        remove_chunk(p, at.chunk);
        if (p->n == 0)
            p->plain_ms = INT64_MIN;
        return;
    }
    stream_chunk_remove(c, at.record);
}

/* ---- The orders together */

void stream_pending_get_by_id(const struct stream_pending *p, struct stream_id id,
                              struct stream_pending_entry *out)
{
    struct stream_pending_place at;
    bool found = stream_pending_seek(p, id, &at) && is_at(p, at, id);
    ASSERT(found);
    stream_pending_get(p, at, out);
}

bool stream_pending_settle_plain(const struct stream_pending *p, struct stream_pending_place *at,
                                 struct stream_pending_entry *out)
{
    for (; at->chunk < p->n; at->chunk++, at->record = 0) {
        const struct stream_chunk *c = chunk_at(p, at->chunk);
        for (; c->plain && at->record < c->n; at->record++) {
            stream_chunk_read(c, at->record, out);
            if (!out->touched)
                return true;
        }
    }
    return false;
}

bool stream_pending_find_plain(const struct stream_pending *p, struct stream_id *from,
                               struct stream_pending_entry *out)
{
    struct stream_pending_place at;
    if (!stream_pending_seek(p, *from, &at))
        return false;
    if (stream_pending_settle_plain(p, &at, out)) {
        *from = out->id;
        return true;
    }
    stream_pending_last(p, out);
    *from = out->id;
    if (!stream_id_next(from))
        *from = STREAM_ID_MAX;
    return false;
}

/* ---- Without an owner until a moment */

void stream_pending_defer(struct stream_pending *p, struct stream_pending_place at, uint64_t count,
                          int64_t due_ms)
{
    struct stream_pending_entry e = {.count = count, .consumer = STREAM_PENDING_NO_CONSUMER};
    put_in_order(p, at, &e, STREAM_DEFERRED, due_ms);
}

/* ---- Without an owner until others are through */

static void move_unowned(struct stream_pending *p, struct stream_id id,
                         enum stream_touched_state from, enum stream_touched_state to)
{
    uint32_t node = stream_pending_node(p, id);
    ASSERT(node != STREAM_TOUCHED_NONE && stream_touched_at(&p->touched, node)->state == from);
    stream_touched_move(&p->touched, node, to, stream_touched_at(&p->touched, node)->time_ms);
}

void stream_pending_hold(struct stream_pending *p, struct stream_id id)
{
    move_unowned(p, id, STREAM_RELEASED, STREAM_HELD);
}

void stream_pending_let_go(struct stream_pending *p, struct stream_id id)
{
    move_unowned(p, id, STREAM_HELD, STREAM_RELEASED);
}

/* ---- Looking at leases that have ended */

bool stream_pending_end_next(struct stream_pending *p, int64_t until_ms,
                             struct stream_pending_entry *out)
{
    struct stream_pending_entry plain;
    bool have_plain = stream_pending_find_plain(p, &p->looked_below, &plain);
    p->finger = find_chunk(p, p->looked_below); /* the next look begins there */
    uint32_t node = stream_touched_next_look(&p->touched);
    const struct stream_touched_node *x =
        node == STREAM_TOUCHED_NONE ? NULL : stream_touched_at(&p->touched, node);
    if (x && have_plain && plain.time_ms < x->time_ms)
        x = NULL;
    if (x ? x->time_ms > until_ms : !have_plain || plain.time_ms > until_ms)
        return false;
    if (x) {
        stream_pending_get_by_id(p, x->id, out);
        stream_touched_look(&p->touched, node);
    } else if (stream_id_next(&p->looked_below)) {
        *out = plain;
    } else { /* no ID is behind it, to go on from: a node can be looked at */
        struct stream_pending_place at;
        bool found = stream_pending_find(p, plain.id, &at);
        ASSERT(found);
        stream_pending_change(p, at, &plain, false);
        return stream_pending_end_next(p, until_ms, out);
    }
    p->ended_count++;
    return true;
}

void stream_pending_end_reset(struct stream_pending *p)
{
    stream_touched_look_anew(&p->touched);
    p->looked_below = p->plain_from;
    p->ended_count = 0;
}

/* ---- As a whole */

void stream_pending_copy(struct stream_pending *to, const struct stream_pending *from)
{
    stream_pending_init(to);
    for (size_t i = 0; i < from->n; i++)
        insert_chunk(to, to->n, stream_chunk_copy(chunk_at(from, i)));
    to->count = from->count;
    to->plain_ms = from->plain_ms;
    to->plain_from = from->plain_from;
    to->looked_below = from->looked_below;
    to->ended_count = from->ended_count;
    stream_touched_copy(&to->touched, &from->touched);
    stream_notes_copy(&to->notes, &from->notes);
}

size_t stream_pending_memory(const struct stream_pending *p)
{
    size_t n = mem_block_size(p->chunks) + stream_touched_memory(&p->touched) +
               stream_notes_memory(&p->notes);
    for (size_t i = 0; i < p->n; i++)
        n += mem_block_size(chunk_at(p, i));
    return n;
}

/* ---- For tests */

struct seen {
    uint64_t count, touched, notes, ended;
    int64_t plain_ms;
};

/* Nodes and records refer to each other; plain ones are in the order of time, above plain_from. */
static bool record_is_sound(const struct stream_pending *p, const struct stream_pending_entry *e,
                            struct seen *seen)
{
    seen->count++;
    if (!e->touched) {
        if (e->consumer == STREAM_PENDING_NO_CONSUMER || e->time_ms < seen->plain_ms ||
            e->time_ms > p->plain_ms || stream_id_compare(e->id, p->plain_from) < 0)
            return false;
        seen->plain_ms = e->time_ms;
        seen->ended += stream_id_compare(e->id, p->looked_below) < 0;
        return true;
    }
    seen->touched++;
    if (e->time_ms < 0 || e->time_ms >= p->touched.n)
        return false;
    const struct stream_touched_node *x = stream_touched_at(&p->touched, (uint32_t)e->time_ms);
    seen->notes += stream_pending_is_blocked(p, e->id) || stream_pending_reason(p, e->id).n;
    return stream_id_compare(x->id, e->id) == 0 &&
           (x->state == STREAM_LEASED) == (e->consumer != STREAM_PENDING_NO_CONSUMER) &&
           (x->state != STREAM_LEASED || !stream_pending_reason(p, e->id).n);
}

bool stream_pending_is_sound(const struct stream_pending *p)
{
    struct seen seen = {.plain_ms = INT64_MIN};
    uint64_t looked;
    if (stream_id_compare(p->looked_below, p->plain_from) < 0)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        const struct stream_chunk *c = chunk_at(p, i), *before = i ? chunk_at(p, i - 1) : NULL;
        if (!stream_chunk_is_sound(c))
            return false;
        if (before &&
            stream_id_compare(stream_chunk_id(before, before->n - 1u), stream_chunk_id(c, 0)) >= 0)
            return false;
        for (unsigned k = 0; k < c->n; k++) {
            struct stream_pending_entry raw;
            stream_chunk_read(c, k, &raw);
            if (!record_is_sound(p, &raw, &seen))
                return false;
        }
    }
    return stream_touched_is_sound(&p->touched, &looked) && stream_notes_is_sound(&p->notes) &&
           seen.count == p->count && seen.touched == p->touched.n &&
           seen.notes == p->notes.by_id.used && p->first + p->n <= p->cap &&
           p->ended_count == seen.ended + looked;
}
