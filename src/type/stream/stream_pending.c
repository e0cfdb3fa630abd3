/* Two orders of the same records. By ID they lie in chunks, in an array like the log's. By time of
 * delivery they mostly need no order of their own: first deliveries come with rising IDs and rising
 * times, so the chunks tell both. Such a record is plain.
 *
 * A record is touched when that no longer holds: it was claimed, read again or released, was added
 * below the highest ID, or the clock went back. Touched records have a node in `by_time`, found by
 * ID through a dictionary. The list begins with the released ones (time 0), in the order in which
 * they were released; `released` is the last of these. Behind them times ascend.
 *
 *   add        plain at the end of the last chunk: O(1), no allocation in most cases
 *   change     the record is touched from now on, and moves to its place in the list
 *   remove     of the first record of a chunk: `start` moves on; others move up
 *   walk       merges the list and the plain records, the older of both next
 *
 * A chunk that is full is split; the one that loses its last record goes. Acknowledging mostly
 * happens in order, so the chunk that was found last (`finger`) is tried first; only writers move
 * the finger, readers just look at it. */
#include "type/stream/stream_pending.h"

#include "base/assert.h"
#include "base/mem.h"
#include "type/stream/stream_chunk.h"

/* A touched record's place in the order of time. */
struct touched {
    struct dlist_node node;
    struct stream_id id;
    int64_t time_ms;
};

static struct stream_chunk *chunk_at(const struct stream_pending *p, size_t i)
{
    return p->chunks[p->first + i];
}

static struct stream_chunk *remake(struct stream_pending *p, size_t at, bool is_wide, unsigned cap)
{
    return p->chunks[p->first + at] = stream_chunk_remake(chunk_at(p, at), is_wide, cap);
}

/* The chunk, with room for the value. */
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
    *p = (struct stream_pending){0};
    dlist_init(&p->by_time);
}

void stream_pending_free(struct stream_pending *p)
{
    for (size_t i = 0; i < p->n; i++)
        mem_free(chunk_at(p, i));
    mem_free(p->chunks);
    while (!dlist_empty(&p->by_time)) {
        struct touched *t = dlist_item(p->by_time.next, struct touched, node);
        dlist_remove(&t->node);
        mem_free(t);
    }
    dict_clear(&p->touched);
    stream_pending_init(p);
}

/* The last chunk whose first ID is <= id (or the first chunk). There is one. */
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

/* As stream_pending_seek(), with the chunk that find_chunk() gave. */
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

/* From at on (it included) to a record of that consumer. */
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
}

/* ---- The order of time */

static struct bytes id_bytes(const struct stream_id *id)
{
    return bytes_of(id, sizeof(*id));
}

static void unlink_touched(struct stream_pending *p, struct stream_id id)
{
    struct touched *t = dict_remove(&p->touched, id_bytes(&id));
    if (!t)
        return;
    if (p->released == &t->node)
        p->released = t->node.prev == &p->by_time ? NULL : t->node.prev;
    if (t->time_ms == 0)
        p->released_count--;
    dlist_remove(&t->node);
    mem_free(t);
}

static void link_touched(struct stream_pending *p, struct stream_id id, int64_t time_ms,
                         bool released)
{
    struct touched *t = mem_zalloc(sizeof(*t));
    struct dict_node *known = dict_ensure(&p->touched, id_bytes(&id));
    ASSERT(!known->value); /* in the order of time once */
    known->value = t;
    t->id = id;
    if (released) {
        struct dlist_node *behind = p->released ? p->released->next : p->by_time.next;
        dlist_insert_before(behind, &t->node);
        p->released = &t->node;
        p->released_count++;
        return;
    }
    t->time_ms = time_ms ? time_ms : 1;
    struct dlist_node *before = p->by_time.prev;
    while (before != &p->by_time && before != p->released &&
           dlist_item(before, struct touched, node)->time_ms > t->time_ms)
        before = before->prev;
    dlist_insert_before(before->next, &t->node);
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

static void add_chunk(struct stream_pending *p, const struct stream_pending_entry *e)
{
    struct stream_chunk *c =
        stream_chunk_new(false, p->n ? STREAM_CHUNK_MOST : 4, e->id.ms, e->time_ms);
    insert_chunk(p, p->n, c);
    insert_record(p, p->n - 1, 0, e);
}

void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *given)
{
    struct stream_pending_entry e = *given;
    struct stream_chunk *last = p->n ? chunk_at(p, p->n - 1) : NULL;
    e.touched = false;
    p->count++;
    if (!last) {
        add_chunk(p, &e);
        return;
    }
    if (stream_id_compare(e.id, stream_chunk_id(last, last->n - 1u)) > 0) {
        /* In order of ID; in order of time too, unless the clock went back. */
        struct stream_pending_entry before;
        stream_chunk_read(last, last->n - 1u, &before);
        e.touched = !before.touched && e.time_ms < before.time_ms;
        if (last->n == STREAM_CHUNK_MOST || (!last->is_wide && !stream_chunk_fits(last, &e)))
            add_chunk(p, &e);
        else
            insert_record(p, p->n - 1, last->n, &e);
    } else {
        e.touched = true;
        size_t at = find_chunk(p, e.id);
        if (chunk_at(p, at)->n == STREAM_CHUNK_MOST) {
            split(p, at);
            at = find_chunk(p, e.id);
        }
        insert_record(p, at, stream_chunk_search(chunk_at(p, at), e.id), &e);
    }
    if (e.touched)
        link_touched(p, e.id, e.time_ms, false);
}

void stream_pending_change(struct stream_pending *p, struct stream_pending_place at,
                           const struct stream_pending_entry *given, bool released)
{
    struct stream_pending_entry old, e = *given;
    stream_pending_get(p, at, &old);
    e.id = old.id;
    e.touched = true;
    if (old.touched)
        unlink_touched(p, old.id);
    struct stream_chunk *c = make_fit(p, at.chunk, &e);
    c->plain = (uint16_t)(c->plain - !old.touched);
    stream_chunk_put(c, at.record, &e);
    link_touched(p, e.id, e.time_ms, released);
}

void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at)
{
    struct stream_chunk *c = chunk_at(p, at.chunk);
    struct stream_pending_entry e;
    stream_chunk_read(c, at.record, &e);
    if (e.touched)
        unlink_touched(p, e.id);
    else
        c->plain--;
    ASSERT(p->count > 0 && c->plain <= c->n);
    p->count--;
    if (c->n == 1) {
        remove_chunk(p, at.chunk);
        return;
    }
    stream_chunk_remove(c, at.record);
}

/* ---- Walking by time */

void stream_pending_walk_start(struct stream_pending_walk *w, const struct stream_pending *p)
{
    *w = (struct stream_pending_walk){.pending = p, .linked = p->by_time.next};
}

/* The first untouched record with an ID >= w->plain. */
static bool next_plain(struct stream_pending_walk *w, struct stream_pending_entry *out)
{
    const struct stream_pending *p = w->pending;
    struct stream_pending_place at;
    if (w->plain_done || !stream_pending_seek(p, w->plain, &at))
        return false;
    for (; at.chunk < p->n; at.chunk++, at.record = 0) {
        const struct stream_chunk *c = chunk_at(p, at.chunk);
        for (; c->plain && at.record < c->n; at.record++) {
            stream_chunk_read(c, at.record, out);
            if (!out->touched)
                return true;
        }
    }
    w->plain_done = true;
    return false;
}

bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out)
{
    const struct stream_pending *p = w->pending;
    struct stream_pending_entry plain;
    bool have_plain = next_plain(w, &plain), have_linked = w->linked != &p->by_time;
    if (have_linked) {
        const struct touched *t =
            dlist_item((struct dlist_node *)(uintptr_t)w->linked, struct touched, node);
        if (t->time_ms == 0 || !have_plain || t->time_ms <= plain.time_ms) {
            struct stream_pending_place at;
            bool found = stream_pending_seek(p, t->id, &at) && is_at(p, at, t->id);
            ASSERT(found);
            stream_pending_get(p, at, out);
            return true;
        }
    }
    if (have_plain)
        *out = plain;
    return have_plain;
}

void stream_pending_walk_next(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen)
{
    if (seen->touched) {
        w->linked = w->linked->next;
    } else {
        w->plain = seen->id;
        if (!stream_id_next(&w->plain))
            w->plain_done = true;
    }
}

const struct dlist_node *stream_pending_released_next(const struct stream_pending *p,
                                                      const struct dlist_node *at,
                                                      struct stream_id *id)
{
    if (!p->released || at == p->released)
        return NULL;
    const struct dlist_node *next = at ? at->next : p->by_time.next;
    *id = dlist_item((struct dlist_node *)(uintptr_t)next, struct touched, node)->id;
    return next;
}

void stream_pending_copy(struct stream_pending *to, const struct stream_pending *from)
{
    stream_pending_init(to);
    for (size_t i = 0; i < from->n; i++) {
        const struct stream_chunk *c = chunk_at(from, i);
        insert_chunk(to, to->n, stream_chunk_copy(c));
    }
    to->count = from->count;
    for (const struct dlist_node *n = from->by_time.next; n != &from->by_time; n = n->next) {
        const struct touched *t =
            dlist_item((struct dlist_node *)(uintptr_t)n, struct touched, node);
        link_touched(to, t->id, t->time_ms, t->time_ms == 0);
    }
}

size_t stream_pending_memory(const struct stream_pending *p)
{
    size_t n = mem_block_size(p->chunks) + dict_memory(&p->touched) +
               p->touched.used * sizeof(struct touched);
    for (size_t i = 0; i < p->n; i++)
        n += mem_block_size(chunk_at(p, i));
    return n;
}

/* ---- For tests */

/* Released ones first, then ascending times. */
static bool time_order_is_sound(const struct stream_pending *p)
{
    size_t n = 0, released = 0;
    int64_t last = 0;
    const struct dlist_node *last_released = NULL;
    for (const struct dlist_node *at = p->by_time.next; at != &p->by_time; at = at->next, n++) {
        const struct touched *t =
            dlist_item((struct dlist_node *)(uintptr_t)at, struct touched, node);
        if (t->time_ms < last)
            return false;
        last = t->time_ms;
        released += t->time_ms == 0;
        if (t->time_ms == 0)
            last_released = at;
    }
    return n == p->touched.used && released == p->released_count && last_released == p->released;
}

/* What is touched, and nothing else, is in the order of time. */
static bool links_are_sound(const struct stream_pending *p, const struct stream_chunk *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct stream_pending_entry e;
        stream_chunk_read(c, i, &e);
        if ((dict_get(&p->touched, id_bytes(&e.id)) != NULL) != e.touched)
            return false;
    }
    return true;
}

bool stream_pending_is_sound(const struct stream_pending *p)
{
    uint64_t count = 0, touched = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct stream_chunk *c = chunk_at(p, i), *before = i ? chunk_at(p, i - 1) : NULL;
        if (!stream_chunk_is_sound(c) || !links_are_sound(p, c))
            return false;
        if (before &&
            stream_id_compare(stream_chunk_id(before, before->n - 1u), stream_chunk_id(c, 0)) >= 0)
            return false;
        count += c->n;
        touched += c->n - c->plain;
    }
    return count == p->count && touched == p->touched.used && p->first + p->n <= p->cap &&
           time_order_is_sound(p);
}
