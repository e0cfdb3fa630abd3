/* A run of pending entries, ordered by ID, in one allocation.
 *
 * Records take 16 bytes each, as differences from the chunk's base. A chunk with a value that does
 * not fit (a sequence number above 32 bits, the 65,536th consumer ...) has 40-byte records instead,
 * which is invisible from outside. A touched record stores, in place of its time, the number of its
 * node in stream_touched.h (below 2^32), which has the time. Removing the first record moves no
 * others: records begin at `start`. */
#ifndef TYPE_STREAM_STREAM_CHUNK_H
#define TYPE_STREAM_STREAM_CHUNK_H

#include "base/assert.h"
#include "type/stream/stream_pending_entry.h"

#define STREAM_CHUNK_MOST 128u

struct stream_chunk_narrow {
    uint32_t ms, seq;  /* ms relative to the chunk's base */
    uint32_t time_ms;  /* relative to the chunk's base; touched: the node's number */
    uint16_t consumer; /* UINT16_MAX: none */
    uint16_t count : 15;
    uint16_t touched : 1;
};

struct stream_chunk_wide {
    uint64_t ms, seq;
    int64_t time_ms;
    uint64_t count;
    uint32_t consumer;
    uint32_t touched;
};

struct stream_chunk {
    uint64_t consumers; /* bit n: a consumer with number n mod 64 may have a record here */
    uint64_t base_ms;
    int64_t base_time_ms;
    uint16_t start, n, cap; /* records start .. start+n-1 of cap */
    uint16_t plain;         /* untouched ones */
    bool is_wide;
    uint64_t at[]; /* the records */
};

static inline struct stream_chunk_narrow *stream_chunk_narrow_at(const struct stream_chunk *c,
                                                                 unsigned i)
{
    return (struct stream_chunk_narrow *)(uintptr_t)c->at + i;
}

static inline struct stream_chunk_wide *stream_chunk_wide_at(const struct stream_chunk *c,
                                                             unsigned i)
{
    return (struct stream_chunk_wide *)(uintptr_t)c->at + i;
}

static inline void stream_chunk_read(const struct stream_chunk *c, unsigned i,
                                     struct stream_pending_entry *e)
{
    i += c->start;
    if (c->is_wide) {
        const struct stream_chunk_wide *w = stream_chunk_wide_at(c, i);
        *e = (struct stream_pending_entry){
            {w->ms, w->seq}, w->time_ms, w->count, w->consumer, w->touched};
    } else {
        const struct stream_chunk_narrow *r = stream_chunk_narrow_at(c, i);
        *e = (struct stream_pending_entry){{c->base_ms + r->ms, r->seq},
                                           (r->touched ? 0 : c->base_time_ms) + r->time_ms,
                                           r->count,
                                           r->consumer == UINT16_MAX ? STREAM_PENDING_NO_CONSUMER
                                                                     : r->consumer,
                                           r->touched};
    }
}

static inline struct stream_id stream_chunk_id(const struct stream_chunk *c, unsigned i)
{
    i += c->start;
    if (c->is_wide)
        return (struct stream_id){stream_chunk_wide_at(c, i)->ms, stream_chunk_wide_at(c, i)->seq};
    return (struct stream_id){c->base_ms + stream_chunk_narrow_at(c, i)->ms,
                              stream_chunk_narrow_at(c, i)->seq};
}

static inline bool stream_chunk_is_touched(const struct stream_chunk *c, unsigned i)
{
    i += c->start;
    return c->is_wide ? stream_chunk_wide_at(c, i)->touched : stream_chunk_narrow_at(c, i)->touched;
}

static inline bool stream_chunk_fits(const struct stream_chunk *c,
                                     const struct stream_pending_entry *e)
{
    return e->id.ms >= c->base_ms && e->id.ms - c->base_ms <= UINT32_MAX &&
           e->id.seq <= UINT32_MAX &&
           (e->touched || (e->time_ms >= c->base_time_ms &&
                           (uint64_t)e->time_ms - (uint64_t)c->base_time_ms <= UINT32_MAX)) &&
           e->count < 1u << 15 &&
           (e->consumer < UINT16_MAX || e->consumer == STREAM_PENDING_NO_CONSUMER);
}

/* Writes record i, which must fit. */
static inline void stream_chunk_put(struct stream_chunk *c, unsigned i,
                                    const struct stream_pending_entry *e)
{
    i += c->start;
    ASSERT(i < c->cap);
    if (c->is_wide)
        *stream_chunk_wide_at(c, i) = (struct stream_chunk_wide){e->id.ms, e->id.seq,   e->time_ms,
                                                                 e->count, e->consumer, e->touched};
    else
        *stream_chunk_narrow_at(c, i) = (struct stream_chunk_narrow){
            (uint32_t)(e->id.ms - c->base_ms),
            (uint32_t)e->id.seq,
            (uint32_t)(e->time_ms - (e->touched ? 0 : c->base_time_ms)),
            e->consumer == STREAM_PENDING_NO_CONSUMER ? UINT16_MAX : (uint16_t)e->consumer,
            (uint16_t)(e->count & 0x7fff),
            e->touched};
    if (e->consumer != STREAM_PENDING_NO_CONSUMER)
        c->consumers |= (uint64_t)1 << (e->consumer % 64);
}

static inline uint32_t stream_chunk_owner(const struct stream_chunk *c, unsigned i)
{
    i += c->start;
    if (c->is_wide)
        return stream_chunk_wide_at(c, i)->consumer;
    return stream_chunk_narrow_at(c, i)->consumer == UINT16_MAX
               ? STREAM_PENDING_NO_CONSUMER
               : stream_chunk_narrow_at(c, i)->consumer;
}

/* Empty, with room for cap records. */
struct stream_chunk *stream_chunk_new(bool is_wide, unsigned cap, uint64_t base_ms,
                                      int64_t base_time_ms);
/* A copy with another record size or capacity; the old one is freed. */
struct stream_chunk *stream_chunk_remake(struct stream_chunk *c, bool is_wide, unsigned cap);
struct stream_chunk *stream_chunk_copy(const struct stream_chunk *c);
/* The first record with an ID >= id; n: none. */
unsigned stream_chunk_search(const struct stream_chunk *c, struct stream_id id);
/* Inserts e, which fits, before record i; the chunk is not full. */
void stream_chunk_insert(struct stream_chunk *c, unsigned i, const struct stream_pending_entry *e);
/* Removes record i. */
void stream_chunk_remove(struct stream_chunk *c, unsigned i);
/* Moves the upper half into an empty chunk. */
void stream_chunk_split(struct stream_chunk *c, struct stream_chunk *upper);
/* Walks everything, for tests: IDs ascend, untouched records are counted. */
bool stream_chunk_is_sound(const struct stream_chunk *c);

#endif
