/* A block goes through three forms, never back.
 *
 *   open        entries are appended to `data`, which doubles; `index` tells where each begins
 *   sealed      no more appends; unused memory is given back
 *   compressed  `data` holds LZ4, or stays as it is when that saves less than an eighth
 *
 * An entry costs what differs from the block's first one: its time and sequence number as deltas,
 * and its names only when they are not the first entry's. The index makes entry i reachable without
 * walking the others; offsets take two bytes until the data passes 64 KiB, then four.
 *
 * Sealed bytes never change. Deleting marks an entry beside them: entries deleted at the front move
 * first_live, others get a tombstone bit, allocated with the first of them. The log frees a block
 * with its last live entry.
 *
 * Reading happens between pin and unpin. An open or sealed block's data is there; a compressed one
 * is expanded into the cache, which may evict it as soon as it is not pinned. Names and values that
 * stream_block_field() hands out point into that data. A compressed block that does not expand is a
 * broken invariant, not an input error: files hold expanded entries. */
#include "type/stream/stream_block.h"

#include "base/assert.h"
#include "base/lz.h"
#include "base/mem.h"

#define SAME_NAMES 1u
#define VARINT_MAX 10

static unsigned char *put_varint(unsigned char *to, uint64_t v)
{
    while (v >= 128) {
        *to++ = (unsigned char)(v | 128);
        v >>= 7;
    }
    *to++ = (unsigned char)v;
    return to;
}

static const unsigned char *get_varint(const unsigned char *p, uint64_t *out)
{
    uint64_t v = *p & 127;
    if (__builtin_expect(*p++ < 128, 1)) {
        *out = v;
        return p;
    }
    for (unsigned shift = 7;; shift += 7) {
        v |= (uint64_t)(*p & 127) << shift;
        if (*p++ < 128)
            break;
    }
    *out = v;
    return p;
}

static const unsigned char *get_bytes(const unsigned char *p, struct bytes *out)
{
    uint64_t n;
    p = get_varint(p, &n);
    *out = bytes_of(p, (size_t)n);
    return p + n;
}

static unsigned char *put_bytes(unsigned char *to, struct bytes x)
{
    to = put_varint(to, x.n);
    if (x.n)
        memcpy(to, x.p, x.n);
    return to + x.n;
}

struct stream_block *stream_block_new(void)
{
    return mem_zalloc(sizeof(struct stream_block));
}

void stream_block_free(struct stream_block *b, struct stream_cache *cache)
{
    if (!b)
        return;
    if (b->cached)
        stream_cache_forget(cache, &b->cached);
    mem_free(b->data);
    mem_free(b->index);
    mem_free(b->tombstones);
    mem_free(b);
}

size_t stream_block_entry_size(const struct bytes *pairs, size_t fields)
{
    size_t n = 8;
    for (size_t i = 0; i < fields * 2; i++)
        n += pairs[i].n + 2;
    return n;
}

static void room(struct stream_block *b, size_t n)
{
    if (b->data_cap - b->raw_n >= n)
        return;
    size_t cap = b->data_cap ? b->data_cap * 2 : 128;
    while (cap - b->raw_n < n)
        cap *= 2;
    cap = mem_class_size(cap);
    ASSERT(cap < UINT32_MAX);
    b->data = mem_realloc(b->data, cap);
    b->data_cap = (uint32_t)cap;
}

static uint32_t place(const struct stream_block *b, uint32_t i)
{
    return b->wide ? ((const uint32_t *)b->index)[i] : ((const uint16_t *)b->index)[i];
}

static void add_place(struct stream_block *b, uint32_t at)
{
    if (at > UINT16_MAX && !b->wide) {
        uint32_t *wider = mem_alloc((b->count + 8) * sizeof(*wider));
        for (uint32_t i = 0; i < b->count; i++)
            wider[i] = place(b, i);
        mem_free(b->index);
        b->index = wider;
        b->index_cap = b->count + 8;
        b->wide = true;
    }
    size_t unit = b->wide ? 4 : 2;
    if (b->count == b->index_cap) {
        b->index_cap = b->index_cap ? b->index_cap * 2 : 8;
        b->index = mem_realloc(b->index, b->index_cap * unit);
    }
    if (b->wide)
        ((uint32_t *)b->index)[b->count] = at;
    else
        ((uint16_t *)b->index)[b->count] = (uint16_t)at;
}

/* Whether the names are the block's, in order. */
static bool same_names(const struct stream_block *b, const struct bytes *pairs, size_t fields)
{
    uint64_t n;
    const unsigned char *p = get_varint(b->data, &n);
    if (n != fields)
        return false;
    for (size_t i = 0; i < fields; i++) {
        struct bytes name;
        p = get_bytes(p, &name);
        if (!bytes_equal(name, pairs[2 * i]))
            return false;
    }
    return true;
}

size_t stream_block_append(struct stream_block *b, struct stream_id id, const struct bytes *pairs,
                           size_t fields)
{
    ASSERT(!b->sealed);
    size_t bytes = bytes_total(pairs, fields * 2);
    size_t most = bytes + 1 + (3 + fields * 2) * VARINT_MAX;
    if (b->count == 0) {
        b->first = id;
        room(b, most * 2);
        unsigned char *to = put_varint(b->data, fields);
        for (size_t i = 0; i < fields; i++)
            to = put_bytes(to, pairs[2 * i]);
        b->raw_n = (uint32_t)(to - b->data);
    } else {
        room(b, most);
    }
    add_place(b, b->raw_n);
    /* Producers usually repeat one set of names, which are then stored once. */
    bool same = b->count == 0 || same_names(b, pairs, fields);
    uint64_t ms_delta = id.ms - b->first.ms;
    unsigned char *to = b->data + b->raw_n;
    *to++ = same ? SAME_NAMES : 0;
    to = put_varint(to, ms_delta);
    to = put_varint(to, ms_delta ? id.seq : id.seq - b->first.seq);
    if (!same)
        to = put_varint(to, fields);
    for (size_t i = 0; i < fields; i++) {
        if (!same)
            to = put_bytes(to, pairs[2 * i]);
        to = put_bytes(to, pairs[2 * i + 1]);
    }
    b->raw_n = (uint32_t)(to - b->data);
    b->last = id;
    b->count++;
    b->live++;
    b->bytes += bytes;
    return bytes;
}

void stream_block_seal(struct stream_block *b)
{
    if (b->sealed)
        return;
    ASSERT(b->count > 0);
    b->sealed = true;
    b->data = mem_realloc(b->data, b->raw_n);
    b->data_cap = b->raw_n;
    b->index = mem_realloc(b->index, b->count * (b->wide ? 4u : 2u));
    b->index_cap = b->count;
}

void stream_block_compress(struct stream_block *b)
{
    if (!b->sealed || b->packed_n || b->raw_n < 256)
        return;
    size_t cap = lz_bound(b->raw_n);
    unsigned char *packed = mem_alloc(cap);
    size_t n = lz_compress(b->data, b->raw_n, packed, cap);
    if (n && n + n / 8 <= b->raw_n) {
        mem_free(b->data);
        b->data = mem_alloc(n);
        memcpy(b->data, packed, n);
        b->packed_n = (uint32_t)n;
    }
    mem_free(packed);
}

const unsigned char *stream_block_pin(struct stream_block *b, struct stream_cache *cache)
{
    if (!b->packed_n)
        return b->data;
    if (b->cached)
        return stream_cache_pin(cache, b->cached);
    unsigned char *data = stream_cache_take(cache, &b->cached, b->raw_n, b->was_read);
    b->was_read = true;
    bool good = lz_expand(b->data, b->packed_n, data, b->raw_n);
    ASSERT(good);
    return data;
}

void stream_block_unpin(const struct stream_block *b, struct stream_cache *cache)
{
    if (b->packed_n)
        stream_cache_unpin(cache, b->cached);
}

static const unsigned char *read_id(const struct stream_block *b, const unsigned char *p,
                                    struct stream_id *id)
{
    uint64_t ms, seq;
    p = get_varint(p, &ms);
    p = get_varint(p, &seq);
    id->ms = b->first.ms + ms;
    id->seq = ms ? seq : b->first.seq + seq;
    return p;
}

struct stream_id stream_block_id(const struct stream_block *b, const unsigned char *data,
                                 uint32_t i)
{
    struct stream_id id;
    read_id(b, data + place(b, i) + 1, &id);
    return id;
}

void stream_block_entry(const struct stream_block *b, const unsigned char *data, uint32_t i,
                        struct stream_entry *out)
{
    const unsigned char *p = data + place(b, i);
    uint64_t n;
    out->same = *p++ & SAME_NAMES;
    p = read_id(b, p, &out->id);
    out->name = get_varint(data, &n);
    if (!out->same)
        p = get_varint(p, &n);
    out->fields = (uint32_t)n;
    out->at = p;
    out->bytes = (i + 1 < b->count ? place(b, i + 1) : b->raw_n) - place(b, i) + place(b, 0);
}

void stream_block_field(struct stream_entry *e, struct bytes *name, struct bytes *value)
{
    if (e->same)
        e->name = get_bytes(e->name, name);
    else
        e->at = get_bytes(e->at, name);
    e->at = get_bytes(e->at, value);
}

struct readable {
    const struct stream_block *block;
    const unsigned char *data;
};

static struct stream_id id_at(const void *context, size_t i)
{
    const struct readable *r = context;
    return stream_block_id(r->block, r->data, (uint32_t)i);
}

uint32_t stream_block_search(const struct stream_block *b, const unsigned char *data,
                             struct stream_id id)
{
    struct readable r = {b, data};
    return (uint32_t)stream_id_search(id, b->count, id_at, &r, b->first, b->last);
}

bool stream_block_is_deleted(const struct stream_block *b, uint32_t i)
{
    return i < b->first_live ||
           (i / 64 < b->tombstone_words && (b->tombstones[i / 64] >> (i % 64) & 1));
}

void stream_block_delete(struct stream_block *b, uint32_t i)
{
    ASSERT(i < b->count && b->live > 0 && !stream_block_is_deleted(b, i));
    b->live--;
    if (i == b->first_live) {
        b->first_live++;
        while (b->first_live < b->count && stream_block_is_deleted(b, b->first_live))
            b->first_live++;
        return;
    }
    uint32_t words = (b->count + 63) / 64;
    if (i / 64 >= b->tombstone_words) {
        b->tombstones = mem_realloc(b->tombstones, words * sizeof(*b->tombstones));
        memset(b->tombstones + b->tombstone_words, 0,
               (words - b->tombstone_words) * sizeof(*b->tombstones));
        b->tombstone_words = words;
    }
    b->tombstones[i / 64] |= (uint64_t)1 << (i % 64);
}

uint32_t stream_block_live_between(const struct stream_block *b, uint32_t from, uint32_t to)
{
    if (from < b->first_live)
        from = b->first_live;
    if (from >= to)
        return 0;
    if (!b->tombstones)
        return to - from;
    uint32_t n = 0;
    for (uint32_t i = from; i < to; i++)
        n += !stream_block_is_deleted(b, i);
    return n;
}

struct stream_block *stream_block_copy(const struct stream_block *b)
{
    ASSERT(!b->packed_n || b->sealed);
    struct stream_block *c = mem_alloc(sizeof(*c));
    *c = *b;
    c->cached = 0;
    size_t held = b->packed_n ? b->packed_n : b->data_cap, unit = b->wide ? 4 : 2;
    c->data = mem_alloc(held);
    memcpy(c->data, b->data, b->packed_n ? b->packed_n : b->raw_n);
    c->index = mem_alloc(b->index_cap * unit);
    memcpy(c->index, b->index, b->count * unit);
    if (b->tombstones) {
        size_t n = b->tombstone_words * sizeof(*b->tombstones);
        c->tombstones = mem_alloc(n);
        memcpy(c->tombstones, b->tombstones, n);
    }
    return c;
}

size_t stream_block_memory(const struct stream_block *b)
{
    return mem_block_size(b) + mem_block_size(b->data) + mem_block_size(b->index) +
           mem_block_size(b->tombstones);
}

static uint64_t bytes_of_entry(const struct stream_block *b, const unsigned char *data, uint32_t i)
{
    struct stream_entry e;
    struct bytes name, value;
    uint64_t n = 0;
    stream_block_entry(b, data, i, &e);
    for (uint32_t left = e.fields; left; left--) {
        stream_block_field(&e, &name, &value);
        n += name.n + value.n;
    }
    return n;
}

bool stream_block_is_sound(struct stream_block *b, struct stream_cache *cache)
{
    uint32_t live = 0;
    uint64_t bytes = 0;
    bool good = b->first_live <= b->count && b->live <= b->count && (!b->packed_n || b->sealed);
    const unsigned char *data = stream_block_pin(b, cache);
    struct stream_id last = b->first;
    for (uint32_t i = 0; good && i < b->count; i++) {
        struct stream_id id = stream_block_id(b, data, i);
        good = i ? stream_id_compare(id, last) > 0 : stream_id_compare(id, b->first) == 0;
        last = id;
        live += !stream_block_is_deleted(b, i);
        bytes += bytes_of_entry(b, data, i);
    }
    stream_block_unpin(b, cache);
    return good && live == b->live && bytes == b->bytes &&
           (!b->count || stream_id_compare(last, b->last) == 0);
}
