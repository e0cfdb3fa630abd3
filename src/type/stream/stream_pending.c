#include "type/stream/stream_pending.h"

#include "base/assert.h"
#include "base/mem.h"

#define CHUNK 128u

struct narrow {
    uint32_t ms, seq;  /* ms against the chunk's base */
    uint32_t time_ms;  /* against the chunk's base */
    uint16_t consumer; /* UINT16_MAX: none */
    uint16_t count : 15;
    uint16_t touched : 1;
};

struct wide {
    uint64_t ms, seq;
    int64_t time_ms;
    uint64_t count;
    uint32_t consumer;
    uint32_t touched;
};

struct stream_pending_chunk {
    uint64_t consumers; /* bit n: a record of some consumer with number n mod 64 may be here */
    uint64_t base_ms;
    int64_t base_time_ms;
    uint16_t start, n, cap; /* records start .. start+n-1 of cap */
    uint16_t plain;         /* untouched ones */
    bool is_wide;
    uint64_t at[]; /* the records */
};

static struct narrow *narrow_at(const struct stream_pending_chunk *c, unsigned i)
{
    return (struct narrow *)(uintptr_t)c->at + i;
}

static struct wide *wide_at(const struct stream_pending_chunk *c, unsigned i)
{
    return (struct wide *)(uintptr_t)c->at + i;
}

/* A touched record's place in the order of time. */
struct touched {
    struct dlist_node node;
    struct stream_id id;
    int64_t time_ms;
};

static size_t chunk_bytes(bool is_wide, unsigned cap)
{
    return sizeof(struct stream_pending_chunk) +
           cap * (is_wide ? sizeof(struct wide) : sizeof(struct narrow));
}

static struct stream_pending_chunk *new_chunk(bool is_wide, unsigned cap, uint64_t base_ms,
                                              int64_t base_time_ms)
{
    struct stream_pending_chunk *c = mem_zalloc(chunk_bytes(is_wide, cap));
    c->cap = (uint16_t)cap;
    c->is_wide = is_wide;
    c->base_ms = base_ms;
    c->base_time_ms = base_time_ms;
    return c;
}

static struct stream_pending_chunk *chunk_at(const struct stream_pending *p, size_t i)
{
    return p->chunks[p->first + i];
}

static void read_record(const struct stream_pending_chunk *c, unsigned i,
                        struct stream_pending_entry *e)
{
    i += c->start;
    if (c->is_wide) {
        const struct wide *w = wide_at(c, i);
        *e = (struct stream_pending_entry){
            {w->ms, w->seq}, w->time_ms, w->count, w->consumer, w->touched};
    } else {
        const struct narrow *r = narrow_at(c, i);
        *e = (struct stream_pending_entry){{c->base_ms + r->ms, r->seq},
                                           c->base_time_ms + r->time_ms,
                                           r->count,
                                           r->consumer == UINT16_MAX ? STREAM_PENDING_NO_CONSUMER
                                                                     : r->consumer,
                                           r->touched};
    }
}

static struct stream_id id_at(const struct stream_pending_chunk *c, unsigned i)
{
    i += c->start;
    if (c->is_wide)
        return (struct stream_id){wide_at(c, i)->ms, wide_at(c, i)->seq};
    return (struct stream_id){c->base_ms + narrow_at(c, i)->ms, narrow_at(c, i)->seq};
}

static bool fits_narrow(const struct stream_pending_chunk *c, const struct stream_pending_entry *e)
{
    return e->id.ms >= c->base_ms && e->id.ms - c->base_ms <= UINT32_MAX &&
           e->id.seq <= UINT32_MAX && e->time_ms >= c->base_time_ms &&
           (uint64_t)e->time_ms - (uint64_t)c->base_time_ms <= UINT32_MAX && e->count < 1u << 15 &&
           (e->consumer < UINT16_MAX || e->consumer == STREAM_PENDING_NO_CONSUMER);
}

/* Writes the bytes of record i; it fits. */
static void put_record(struct stream_pending_chunk *c, unsigned i,
                       const struct stream_pending_entry *e)
{
    i += c->start;
    if (c->is_wide)
        *wide_at(c, i) =
            (struct wide){e->id.ms, e->id.seq, e->time_ms, e->count, e->consumer, e->touched};
    else
        *narrow_at(c, i) = (struct narrow){
            (uint32_t)(e->id.ms - c->base_ms),
            (uint32_t)e->id.seq,
            (uint32_t)(e->time_ms - c->base_time_ms),
            e->consumer == STREAM_PENDING_NO_CONSUMER ? UINT16_MAX : (uint16_t)e->consumer,
            (uint16_t)(e->count & 0x7fff),
            e->touched};
    if (e->consumer != STREAM_PENDING_NO_CONSUMER)
        c->consumers |= (uint64_t)1 << (e->consumer % 64);
}

/* The chunk in another form or size; the old one is freed. */
static struct stream_pending_chunk *remake(struct stream_pending *p, size_t at, bool is_wide,
                                           unsigned cap)
{
    struct stream_pending_chunk *old = chunk_at(p, at);
    struct stream_pending_chunk *c = new_chunk(is_wide, cap, old->base_ms, old->base_time_ms);
    ASSERT(old->n <= cap);
    c->n = old->n;
    c->plain = old->plain;
    for (unsigned i = 0; i < old->n; i++) {
        struct stream_pending_entry e;
        read_record(old, i, &e);
        put_record(c, i, &e);
    }
    mem_free(old);
    p->chunks[p->first + at] = c;
    return c;
}

static struct stream_pending_chunk *make_fit(struct stream_pending *p, size_t at,
                                             const struct stream_pending_entry *e)
{
    struct stream_pending_chunk *c = chunk_at(p, at);
    if (!c->is_wide && !fits_narrow(c, e))
        c = remake(p, at, true, c->cap);
    return c;
}

static void insert_chunk(struct stream_pending *p, size_t at, struct stream_pending_chunk *c)
{
    if (p->first + p->n == p->cap) {
        if (p->first > p->n) {
            memmove(p->chunks, p->chunks + p->first, p->n * sizeof(*p->chunks));
        } else {
            size_t cap = p->cap ? p->cap * 2 : 2;
            struct stream_pending_chunk **wider = mem_alloc(cap * sizeof(*wider));
            if (p->n)
                memcpy(wider, p->chunks + p->first, p->n * sizeof(*wider));
            mem_free(p->chunks);
            p->chunks = wider;
            p->cap = cap;
        }
        p->first = 0;
    }
    struct stream_pending_chunk **base = p->chunks + p->first;
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

/* The last chunk whose first ID is <= id (or the first chunk). */
static size_t find_chunk(struct stream_pending *p, struct stream_id id)
{
    size_t low = 0, high = p->n;
    if (p->finger < p->n && stream_id_compare(id_at(chunk_at(p, p->finger), 0), id) <= 0 &&
        (p->finger + 1 == p->n || stream_id_compare(id_at(chunk_at(p, p->finger + 1), 0), id) > 0))
        return p->finger;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream_id_compare(id_at(chunk_at(p, middle), 0), id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    p->finger = low ? low - 1 : 0;
    return p->finger;
}

static unsigned search(const struct stream_pending_chunk *c, struct stream_id id)
{
    unsigned low = 0, high = c->n;
    /* The oldest is what is asked for most. */
    if (high && stream_id_compare(id_at(c, 0), id) >= 0)
        return 0;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (stream_id_compare(id_at(c, middle), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool stream_pending_seek(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at)
{
    if (p->n == 0)
        return false;
    at->chunk = find_chunk(p, id);
    at->record = search(chunk_at(p, at->chunk), id);
    if (at->record == chunk_at(p, at->chunk)->n) {
        at->chunk++;
        at->record = 0;
    }
    return at->chunk < p->n;
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
    const struct stream_pending_chunk *c = chunk_at(p, p->n - 1);
    read_record(c, c->n - 1u, out);
}

static uint32_t owner_at(const struct stream_pending_chunk *c, unsigned i)
{
    i += c->start;
    if (c->is_wide)
        return wide_at(c, i)->consumer;
    return narrow_at(c, i)->consumer == UINT16_MAX ? STREAM_PENDING_NO_CONSUMER
                                                   : narrow_at(c, i)->consumer;
}

/* From at on (it included) to a record of that consumer. */
static bool settle_owned(const struct stream_pending *p, uint32_t consumer,
                         struct stream_pending_place *at)
{
    uint64_t bit = (uint64_t)1 << (consumer % 64);
    for (; at->chunk < p->n; at->chunk++, at->record = 0) {
        const struct stream_pending_chunk *c = chunk_at(p, at->chunk);
        if (!(c->consumers & bit))
            continue;
        for (; at->record < c->n; at->record++)
            if (owner_at(c, at->record) == consumer)
                return true;
    }
    return false;
}

bool stream_pending_seek_owned(struct stream_pending *p, struct stream_id id, uint32_t consumer,
                               struct stream_pending_place *at)
{
    return stream_pending_seek(p, id, at) && settle_owned(p, consumer, at);
}

bool stream_pending_next_owned(const struct stream_pending *p, uint32_t consumer,
                               struct stream_pending_place *at)
{
    return stream_pending_next(p, at) && settle_owned(p, consumer, at);
}

bool stream_pending_find(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at)
{
    return stream_pending_seek(p, id, at) &&
           stream_id_compare(id_at(chunk_at(p, at->chunk), at->record), id) == 0;
}

void stream_pending_get(const struct stream_pending *p, struct stream_pending_place at,
                        struct stream_pending_entry *out)
{
    read_record(chunk_at(p, at.chunk), at.record, out);
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
    t->id = id;
    dict_ensure(&p->touched, id_bytes(&id))->value = t;
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
    struct stream_pending_chunk *c = make_fit(p, at, e);
    if (c->n == c->cap)
        c = remake(p, at, c->is_wide, c->cap * 2u > CHUNK ? CHUNK : c->cap * 2u);
    size_t size = c->is_wide ? sizeof(struct wide) : sizeof(struct narrow);
    char *base = (char *)c->at;
    if (c->start + c->n == c->cap) {
        memmove(base, base + c->start * size, c->n * size);
        c->start = 0;
    }
    memmove(base + (c->start + i + 1) * size, base + (c->start + i) * size, (c->n - i) * size);
    c->n++;
    c->plain = (uint16_t)(c->plain + !e->touched);
    put_record(c, i, e);
}

/* Halves a full chunk. */
static void split(struct stream_pending *p, size_t at)
{
    struct stream_pending_chunk *c = chunk_at(p, at);
    struct stream_pending_chunk *upper = new_chunk(c->is_wide, CHUNK, c->base_ms, c->base_time_ms);
    unsigned half = c->n / 2;
    for (unsigned i = half; i < c->n; i++) {
        struct stream_pending_entry e;
        read_record(c, i, &e);
        put_record(upper, i - half, &e);
        upper->n++;
        upper->plain = (uint16_t)(upper->plain + !e.touched);
    }
    c->n = (uint16_t)half;
    c->plain = (uint16_t)(c->plain - upper->plain);
    insert_chunk(p, at + 1, upper);
}

static void add_chunk(struct stream_pending *p, const struct stream_pending_entry *e)
{
    struct stream_pending_chunk *c = new_chunk(false, p->n ? CHUNK : 4, e->id.ms, e->time_ms);
    insert_chunk(p, p->n, c);
    insert_record(p, p->n - 1, 0, e);
}

void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *given)
{
    struct stream_pending_entry e = *given;
    struct stream_pending_chunk *last = p->n ? chunk_at(p, p->n - 1) : NULL;
    e.touched = false;
    p->count++;
    if (!last) {
        add_chunk(p, &e);
        return;
    }
    if (stream_id_compare(e.id, id_at(last, last->n - 1u)) > 0) {
        /* In order of ID; in order of time too, unless the clock went back. */
        struct stream_pending_entry before;
        read_record(last, last->n - 1u, &before);
        e.touched = !before.touched && e.time_ms < before.time_ms;
        if (last->n == CHUNK || (!last->is_wide && !fits_narrow(last, &e)))
            add_chunk(p, &e);
        else
            insert_record(p, p->n - 1, last->n, &e);
    } else {
        e.touched = true;
        size_t at = find_chunk(p, e.id);
        if (chunk_at(p, at)->n == CHUNK) {
            split(p, at);
            at = find_chunk(p, e.id);
        }
        insert_record(p, at, search(chunk_at(p, at), e.id), &e);
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
    struct stream_pending_chunk *c = make_fit(p, at.chunk, &e);
    c->plain = (uint16_t)(c->plain - !old.touched);
    put_record(c, at.record, &e);
    link_touched(p, e.id, e.time_ms, released);
}

void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at)
{
    struct stream_pending_chunk *c = chunk_at(p, at.chunk);
    struct stream_pending_entry e;
    read_record(c, at.record, &e);
    if (e.touched)
        unlink_touched(p, e.id);
    else
        c->plain--;
    p->count--;
    if (c->n == 1) {
        remove_chunk(p, at.chunk);
        return;
    }
    size_t size = c->is_wide ? sizeof(struct wide) : sizeof(struct narrow);
    char *base = (char *)c->at + c->start * size;
    if (at.record == 0)
        c->start++;
    else
        memmove(base + at.record * size, base + (at.record + 1) * size,
                (c->n - at.record - 1) * size);
    c->n--;
}

/* ---- Walking by time */

void stream_pending_walk_start(struct stream_pending_walk *w, struct stream_pending *p)
{
    *w = (struct stream_pending_walk){.pending = p, .linked = p->by_time.next};
}

/* The first untouched record with an ID >= w->plain. */
static bool next_plain(struct stream_pending_walk *w, struct stream_pending_entry *out)
{
    struct stream_pending *p = w->pending;
    struct stream_pending_place at;
    if (w->plain_done || !stream_pending_seek(p, w->plain, &at))
        return false;
    for (; at.chunk < p->n; at.chunk++, at.record = 0) {
        const struct stream_pending_chunk *c = chunk_at(p, at.chunk);
        for (; c->plain && at.record < c->n; at.record++) {
            read_record(c, at.record, out);
            if (!out->touched)
                return true;
        }
    }
    w->plain_done = true;
    return false;
}

bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out)
{
    struct stream_pending *p = w->pending;
    struct stream_pending_entry plain;
    bool have_plain = next_plain(w, &plain), have_linked = w->linked != &p->by_time;
    if (have_linked) {
        const struct touched *t =
            dlist_item((struct dlist_node *)(uintptr_t)w->linked, struct touched, node);
        if (t->time_ms == 0 || !have_plain || t->time_ms <= plain.time_ms) {
            struct stream_pending_place at;
            bool found = stream_pending_find(p, t->id, &at);
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

void stream_pending_copy(struct stream_pending *to, struct stream_pending *from)
{
    stream_pending_init(to);
    for (size_t i = 0; i < from->n; i++) {
        const struct stream_pending_chunk *c = chunk_at(from, i);
        size_t n = chunk_bytes(c->is_wide, c->cap);
        struct stream_pending_chunk *copy = mem_alloc(n);
        memcpy(copy, c, n);
        insert_chunk(to, to->n, copy);
    }
    to->count = from->count;
    for (struct dlist_node *n = from->by_time.next; n != &from->by_time; n = n->next) {
        const struct touched *t = dlist_item(n, struct touched, node);
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
