/* Records are in chunks of at most 2 KB, which are in an array with their first IDs: with a million
 * chunks most are in no CPU cache, and a search does not touch them. Records are short (16 bytes)
 * while all of a chunk fit into 32 bits, their milliseconds as differences from the chunk's base;
 * else all are wide (24 bytes): if IDs are more than 49 days apart, or sequence numbers are large.
 * The base leaves room on both sides.
 *
 *   set      in place while the chunk has room; else it is made anew, a little larger, and at 2 KB
 *            split in half. A full last chunk is followed by a new one instead, so that ascending
 *            IDs leave full chunks behind
 *   remove   of a chunk's first record: `start` advances; other records move up. A chunk that is
 *            nearly empty is merged with a neighbour that has room
 *   search   a guess by assuming evenly spread IDs over the chunks, then a binary search within one
 *
 * For the least word, a heap orders the chunks by a lower bound of their words. The bound is
 * lowered at once by a set, and raised after a removal only when the chunk gets to the top. */
#include "type/stream/stream_map.h"

#include "base/assert.h"
#include "base/mem.h"

#define CHUNK_BYTES 2048u /* header included */
#define CHUNK_FIRST 128u
#define FEW         16u /* records: a chunk with fewer is merged */

struct narrow {
    uint32_t ms, seq; /* ms relative to the chunk's base */
    uint64_t word;
};

struct wide {
    uint64_t ms, seq, word;
};

struct stream_map_chunk {
    struct heap_node node; /* node.at: no word is below; unused if the map has no heap */
    uint64_t base_ms;
    uint16_t start, n, cap; /* records start .. start+n-1 of cap */
    bool is_wide;
    uint64_t records[];
};

_Static_assert(sizeof(struct narrow) == 16 && sizeof(struct wide) == 24, "sizes of records");

static struct stream_map_chunk *chunk_at(const struct stream_map *m, size_t i)
{
    return m->slots[m->first + i].chunk;
}

static size_t record_size(bool is_wide)
{
    return is_wide ? sizeof(struct wide) : sizeof(struct narrow);
}

static unsigned most(bool is_wide)
{
    return (unsigned)((CHUNK_BYTES - sizeof(struct stream_map_chunk)) / record_size(is_wide));
}

static struct narrow *narrow_at(const struct stream_map_chunk *c, unsigned i)
{
    return (struct narrow *)(uintptr_t)c->records + c->start + i;
}

static struct wide *wide_at(const struct stream_map_chunk *c, unsigned i)
{
    return (struct wide *)(uintptr_t)c->records + c->start + i;
}

static struct stream_id id_of(const struct stream_map_chunk *c, unsigned i)
{
    if (c->is_wide)
        return (struct stream_id){wide_at(c, i)->ms, wide_at(c, i)->seq};
    return (struct stream_id){c->base_ms + narrow_at(c, i)->ms, narrow_at(c, i)->seq};
}

static uint64_t *word_of(const struct stream_map_chunk *c, unsigned i)
{
    return c->is_wide ? &wide_at(c, i)->word : &narrow_at(c, i)->word;
}

static bool fits(const struct stream_map_chunk *c, struct stream_id id)
{
    return c->is_wide ||
           (id.ms >= c->base_ms && id.ms - c->base_ms <= UINT32_MAX && id.seq <= UINT32_MAX);
}

static void put(struct stream_map_chunk *c, unsigned i, const struct stream_map_record *r)
{
    ASSERT(c->start + i < c->cap && fits(c, r->id));
    if (c->is_wide)
        *wide_at(c, i) = (struct wide){r->id.ms, r->id.seq, r->word};
    else
        *narrow_at(c, i) =
            (struct narrow){(uint32_t)(r->id.ms - c->base_ms), (uint32_t)r->id.seq, r->word};
}

static struct stream_map_record record_of(const struct stream_map_chunk *c, unsigned i)
{
    return (struct stream_map_record){id_of(c, i), *word_of(c, i)};
}

/* ---- Making chunks */

/* The range of values that a chunk has to hold. */
struct span {
    uint64_t low_ms, high_ms, high_seq;
    unsigned n;
};

static void add_to_span(struct span *s, struct stream_id id)
{
    s->low_ms = s->n && s->low_ms < id.ms ? s->low_ms : id.ms;
    s->high_ms = s->n && s->high_ms > id.ms ? s->high_ms : id.ms;
    s->high_seq = s->n && s->high_seq > id.seq ? s->high_seq : id.seq;
    s->n++;
}

static struct span span_of(const struct stream_map_chunk *c, unsigned from, unsigned to)
{
    struct span s = {0};
    for (unsigned i = from; i < to; i++)
        add_to_span(&s, id_of(c, i));
    return s;
}

static bool needs_wide(const struct span *s)
{
    return s->high_ms - s->low_ms > UINT32_MAX || s->high_seq > UINT32_MAX;
}

/* An empty chunk for `room` records of that range. */
static struct stream_map_chunk *make(const struct span *s, unsigned room)
{
    bool is_wide = needs_wide(s);
    uint64_t slack = is_wide ? 0 : (UINT32_MAX - (s->high_ms - s->low_ms)) / 2;
    size_t head = sizeof(struct stream_map_chunk), one = record_size(is_wide);
    size_t bytes = mem_class_size(head + (s->n + room) * one);
    bytes = bytes < CHUNK_FIRST ? CHUNK_FIRST : bytes > CHUNK_BYTES ? CHUNK_BYTES : bytes;
    ASSERT(s->n <= (bytes - head) / one);
    struct stream_map_chunk *c = mem_alloc(bytes);
    *c = (struct stream_map_chunk){.base_ms = s->low_ms - (slack < s->low_ms ? slack : s->low_ms),
                                   .cap = (uint16_t)((bytes - head) / one),
                                   .is_wide = is_wide};
    return c;
}

static void move(struct stream_map_chunk *to, const struct stream_map_chunk *c, unsigned from,
                 unsigned end)
{
    for (unsigned i = from; i < end; i++) {
        struct stream_map_record r = record_of(c, i);
        put(to, to->n++, &r);
    }
}

static void enlist(struct stream_map *m, struct stream_map_chunk *c, int64_t least)
{
    if (m->has_least)
        heap_insert(&m->least, &c->node, least);
}

static void drop(struct stream_map *m, struct stream_map_chunk *c)
{
    heap_remove(&m->least, &c->node);
    mem_free(c);
}

/* The chunk's first record has changed. */
static void note_first(struct stream_map *m, size_t at)
{
    m->slots[m->first + at].first_ms = id_of(chunk_at(m, at), 0).ms;
}

/* Replaces the chunk at `at`, which is freed. */
static void replace(struct stream_map *m, size_t at, struct stream_map_chunk *c)
{
    struct stream_map_chunk *old = chunk_at(m, at);
    enlist(m, c, old->node.at);
    drop(m, old);
    m->slots[m->first + at].chunk = c;
    note_first(m, at);
}

/* Leaves room at both ends, so that inserting a chunk shifts the shorter side. */
static void make_room(struct stream_map *m)
{
    size_t cap = m->cap / 2 > m->n ? m->cap : m->cap ? m->cap * 2 : 4, first = (cap - m->n) / 2;
    struct stream_map_slot *wider = mem_alloc(cap * sizeof(*wider));
    if (m->n)
        memcpy(wider + first, m->slots + m->first, m->n * sizeof(*wider));
    mem_free(m->slots);
    m->slots = wider;
    m->first = first;
    m->cap = cap;
}

static void insert_chunk(struct stream_map *m, size_t at, struct stream_map_chunk *c)
{
    ASSERT(at <= m->n);
    bool to_front = at < m->n / 2;
    if (to_front ? m->first == 0 : m->first + m->n == m->cap)
        make_room(m);
    struct stream_map_slot *base = m->slots + m->first;
    if (to_front) {
        memmove(base - 1, base, at * sizeof(*base));
        m->first--;
    } else {
        memmove(base + at + 1, base + at, (m->n - at) * sizeof(*base));
    }
    m->n++;
    m->slots[m->first + at].chunk = c;
    note_first(m, at);
}

static void remove_chunk(struct stream_map *m, size_t at)
{
    drop(m, chunk_at(m, at));
    if (at == 0)
        m->first++;
    else
        memmove(m->slots + m->first + at, m->slots + m->first + at + 1,
                (m->n - at - 1) * sizeof(*m->slots));
    if (--m->n == 0)
        m->first = 0;
}

/* ---- Searching */

struct looking {
    const struct stream_map *map;
    uint64_t ms; /* where the sequence number matters */
};

static struct stream_id first_of(const void *context, size_t i)
{
    const struct looking *x = context;
    uint64_t ms = x->map->slots[x->map->first + i].first_ms;
    return ms == x->ms ? id_of(chunk_at(x->map, i), 0) : (struct stream_id){ms, 0};
}

/* The last chunk whose first ID is <= id, or the first chunk. The map is not empty. */
static size_t find_chunk(const struct stream_map *m, struct stream_id id)
{
    struct looking x = {m, id.ms};
    struct stream_id last = first_of(&x, m->n - 1);
    if (stream_id_compare(last, id) <= 0)
        return m->n - 1;
    size_t at = stream_id_search(id, m->n, first_of, &x, first_of(&x, 0), last);
    if (stream_id_compare(first_of(&x, at), id) == 0)
        return at;
    return at ? at - 1 : 0;
}

static struct stream_id id_at(const void *chunk, size_t i)
{
    return id_of(chunk, (unsigned)i);
}

static struct stream_id last_of(const struct stream_map_chunk *c)
{
    return id_of(c, c->n - 1u);
}

/* The first record of a chunk with an ID >= id; n: none. Starts with a guess from the first IDs of
 * this chunk and the next, since each look may be a cache miss. */
static unsigned search(const struct stream_map *m, size_t at, struct stream_id id)
{
    const struct stream_map_slot *slot = m->slots + m->first + at;
    const struct stream_map_chunk *c = slot->chunk;
    /* Usually in no cache: fetch all lines at once, not one by one while searching. */
    for (size_t i = 0; i < CHUNK_BYTES; i += 64)
        __builtin_prefetch((const char *)c + i);
    struct stream_id low = {slot->first_ms, 0}, high = {0, 0};
    if (at + 1 < m->n)
        high.ms = slot[1].first_ms;
    if (high.ms <= low.ms) {
        low = id_of(c, 0);
        high = last_of(c);
    }
    return (unsigned)stream_id_search(id, c->n, id_at, c, low, high);
}

/* Where the ID is, or would be inserted, which may be after the last record of a chunk. The map is
 * not empty. */
static bool locate(const struct stream_map *m, struct stream_id id, struct stream_map_place *at)
{
    at->chunk = find_chunk(m, id);
    const struct stream_map_chunk *c = chunk_at(m, at->chunk);
    /* Usually at the ends: no search is needed. */
    if (at->chunk + 1 == m->n && stream_id_compare(last_of(c), id) < 0) {
        at->record = c->n;
        return false;
    }
    if (at->chunk == 0 && stream_id_compare(id, id_of(c, 0)) <= 0) {
        at->record = 0;
        return stream_id_compare(id_of(c, 0), id) == 0;
    }
    at->record = search(m, at->chunk, id);
    return at->record < c->n && stream_id_compare(id_of(c, at->record), id) == 0;
}

bool stream_map_seek(const struct stream_map *m, struct stream_id id, struct stream_map_place *at)
{
    *at = (struct stream_map_place){0};
    if (!m->n || stream_id_is_zero(id))
        return m->n > 0;
    locate(m, id, at);
    if (at->record == chunk_at(m, at->chunk)->n) {
        at->chunk++;
        at->record = 0;
    }
    return at->chunk < m->n;
}

bool stream_map_seek_back(const struct stream_map *m, struct stream_id id,
                          struct stream_map_place *at)
{
    *at = (struct stream_map_place){0};
    if (!m->n)
        return false;
    if (locate(m, id, at))
        return true;
    /* Only the first chunk can begin above the ID. */
    return at->record-- > 0;
}

bool stream_map_next(const struct stream_map *m, struct stream_map_place *at)
{
    if (++at->record >= chunk_at(m, at->chunk)->n) {
        at->chunk++;
        at->record = 0;
    }
    return at->chunk < m->n;
}

struct stream_map_record stream_map_at(const struct stream_map *m, struct stream_map_place at)
{
    return record_of(chunk_at(m, at.chunk), at.record);
}

bool stream_map_get(const struct stream_map *m, struct stream_id id, uint64_t *word)
{
    struct stream_map_place at;
    bool found = m->n && locate(m, id, &at);
    if (found && word)
        *word = *word_of(chunk_at(m, at.chunk), at.record);
    return found;
}

/* ---- Changes */

/* A word was added to the chunk. */
static void note_word(struct stream_map *m, struct stream_map_chunk *c, uint64_t word)
{
    if (!m->has_least || c->node.at <= (int64_t)word)
        return;
    heap_remove(&m->least, &c->node);
    heap_insert(&m->least, &c->node, (int64_t)word);
}

static void halve(struct stream_map *m, size_t at)
{
    struct stream_map_chunk *c = chunk_at(m, at);
    unsigned half = c->n / 2u;
    struct span low = span_of(c, 0, half), high = span_of(c, half, c->n);
    struct stream_map_chunk *lower = make(&low, half / 4), *upper = make(&high, half / 4);
    move(lower, c, 0, half);
    move(upper, c, half, c->n);
    enlist(m, upper, c->node.at);
    replace(m, at, lower);
    insert_chunk(m, at + 1, upper);
}

/* Inserts r before record i. The chunk has room, and its records are wide enough. */
static void insert(struct stream_map_chunk *c, unsigned i, const struct stream_map_record *r)
{
    ASSERT(c->n < c->cap && i <= c->n);
    size_t size = record_size(c->is_wide);
    char *base = (char *)c->records;
    if (c->start + c->n == c->cap) {
        memmove(base, base + c->start * size, c->n * size);
        c->start = 0;
    }
    base += c->start * size;
    memmove(base + (i + 1) * size, base + i * size, (c->n - i) * size);
    c->n++;
    put(c, i, r);
}

/* Appends r in a new last chunk. */
static void append(struct stream_map *m, const struct stream_map_record *r)
{
    struct span s = {0};
    add_to_span(&s, r->id);
    struct stream_map_chunk *c = make(&s, m->n ? most(false) : 0);
    put(c, c->n++, r);
    enlist(m, c, (int64_t)r->word);
    insert_chunk(m, m->n, c);
}

/* Makes room for r in the chunk where it belongs. False: the chunks were rearranged, or r was
 * inserted. */
static bool make_fit(struct stream_map *m, size_t at, const struct stream_map_record *r)
{
    struct stream_map_chunk *c = chunk_at(m, at);
    struct span s = span_of(c, 0, c->n);
    add_to_span(&s, r->id);
    if (s.n > most(needs_wide(&s))) {
        halve(m, at);
        return false;
    }
    struct stream_map_chunk *larger = make(&s, s.n / 4);
    move(larger, c, 0, c->n);
    replace(m, at, larger);
    return true;
}

/* Inserts r at the place found by locate(). */
static void add(struct stream_map *m, struct stream_map_place at, const struct stream_map_record *r)
{
    struct stream_map_chunk *c = chunk_at(m, at.chunk);
    if (c->n == c->cap || !fits(c, r->id)) {
        if (c->n >= most(c->is_wide) && at.chunk + 1 == m->n && at.record == c->n) {
            append(m, r);
            return;
        }
        while (!make_fit(m, at.chunk, r))
            locate(m, r->id, &at);
        c = chunk_at(m, at.chunk);
    }
    insert(c, at.record, r);
    if (at.record == 0)
        note_first(m, at.chunk);
    note_word(m, c, r->word);
}

bool stream_map_set(struct stream_map *m, struct stream_id id, uint64_t word, uint64_t *old)
{
    struct stream_map_place at;
    struct stream_map_record r = {id, word};
    ASSERT(!m->has_least || word <= INT64_MAX);
    if (!m->n || !locate(m, id, &at)) {
        m->count++;
        if (m->n)
            add(m, at, &r);
        else
            append(m, &r);
        return false;
    }
    struct stream_map_chunk *c = chunk_at(m, at.chunk);
    if (old)
        *old = *word_of(c, at.record);
    *word_of(c, at.record) = word;
    note_word(m, c, word);
    return true;
}

/* Merges two neighbouring chunks if the result is at most half full. */
static bool join(struct stream_map *m, size_t at)
{
    struct stream_map_chunk *a = chunk_at(m, at), *b = chunk_at(m, at + 1);
    if (a->n + b->n > most(false) / 2)
        return false;
    struct span s = span_of(a, 0, a->n);
    for (unsigned i = 0; i < b->n; i++)
        add_to_span(&s, id_of(b, i));
    if (s.n > most(needs_wide(&s)) / 2)
        return false;
    struct stream_map_chunk *both = make(&s, s.n / 4);
    move(both, a, 0, a->n);
    move(both, b, 0, b->n);
    if (b->node.at < a->node.at)
        a->node.at = b->node.at;
    replace(m, at, both);
    remove_chunk(m, at + 1);
    return true;
}

bool stream_map_remove(struct stream_map *m, struct stream_id id, uint64_t *word)
{
    struct stream_map_place at;
    if (!m->n || !locate(m, id, &at))
        return false;
    struct stream_map_chunk *c = chunk_at(m, at.chunk);
    if (word)
        *word = *word_of(c, at.record);
    size_t size = record_size(c->is_wide);
    char *base = (char *)c->records + c->start * size;
    if (at.record == 0)
        c->start++;
    else
        memmove(base + at.record * size, base + (at.record + 1) * size,
                (c->n - at.record - 1) * size);
    m->count--;
    c->n--;
    if (c->n && at.record == 0)
        note_first(m, at.chunk);
    if (c->n == 0)
        remove_chunk(m, at.chunk);
    else if (c->n <= FEW && !(at.chunk + 1 < m->n && join(m, at.chunk)) && at.chunk > 0)
        join(m, at.chunk - 1);
    return true;
}

bool stream_map_least(struct stream_map *m, struct stream_map_record *out)
{
    ASSERT(m->has_least);
    for (struct heap_node *x; (x = heap_first(&m->least));) {
        const struct stream_map_chunk *c = (const struct stream_map_chunk *)x;
        unsigned least = 0;
        for (unsigned i = 1; i < c->n; i++)
            if (*word_of(c, i) < *word_of(c, least))
                least = i;
        *out = record_of(c, least);
        ASSERT((int64_t)out->word >= x->at);
        if ((int64_t)out->word == x->at)
            return true;
        heap_remove(&m->least, x);
        heap_insert(&m->least, x, (int64_t)out->word);
    }
    return false;
}

/* ---- The whole of it */

void stream_map_free(struct stream_map *m)
{
    for (size_t i = 0; i < m->n; i++)
        mem_free(chunk_at(m, i));
    mem_free(m->slots);
    heap_free(&m->least);
    *m = (struct stream_map){.has_least = m->has_least};
}

void stream_map_copy(struct stream_map *to, const struct stream_map *from)
{
    *to = (struct stream_map){.count = from->count, .has_least = from->has_least};
    for (size_t i = 0; i < from->n; i++) {
        const struct stream_map_chunk *c = chunk_at(from, i);
        struct span s = span_of(c, 0, c->n);
        struct stream_map_chunk *copy = make(&s, 0);
        move(copy, c, 0, c->n);
        enlist(to, copy, c->node.at);
        insert_chunk(to, i, copy);
    }
}

size_t stream_map_memory(const struct stream_map *m)
{
    size_t n = mem_block_size(m->slots) + mem_block_size(m->least.items);
    for (size_t i = 0; i < m->n; i++)
        n += mem_block_size(chunk_at(m, i));
    return n;
}

bool stream_map_is_sound(const struct stream_map *m)
{
    uint64_t count = 0;
    struct stream_id last = STREAM_ID_MIN;
    for (size_t k = 0; k < m->n; k++) {
        const struct stream_map_chunk *c = chunk_at(m, k);
        if (!c->n || m->slots[m->first + k].first_ms != id_of(c, 0).ms ||
            c->start + c->n > c->cap || (c->node.place != 0) != m->has_least)
            return false;
        for (unsigned i = 0; i < c->n; i++) {
            struct stream_map_record r = record_of(c, i);
            if (count++ && stream_id_compare(r.id, last) <= 0)
                return false;
            if (m->has_least && (r.word > INT64_MAX || (int64_t)r.word < c->node.at))
                return false;
            last = r.id;
        }
    }
    return count == m->count && m->first + m->n <= m->cap && heap_is_sound(&m->least) &&
           m->least.n == (m->has_least ? m->n : 0);
}
