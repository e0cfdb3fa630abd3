/* Expiry times of single messages of a stream, present or scheduled: unix milliseconds by ID. A
 * record is removed with its message, so every record has one. About 18 bytes a record. */
#ifndef TYPE_STREAM_STREAM_EXPIRY_H
#define TYPE_STREAM_STREAM_EXPIRY_H

#include "type/stream/stream_future.h"

/* Unix ms: the end of the year 9999 plus the longest TTL. */
#define STREAM_EXPIRY_MOST (253402300799999 + 315360000000)

struct stream_expiry {
    struct stream_map moments;
};

static inline uint64_t stream_expiry_count(const struct stream_expiry *x)
{
    return x->moments.count;
}

void stream_expiry_init(struct stream_expiry *x);
void stream_expiry_free(struct stream_expiry *x);
/* Overwrites `to`. */
void stream_expiry_copy(struct stream_expiry *to, const struct stream_expiry *from);
/* at_ms is from 0 to STREAM_EXPIRY_MOST; replaces an earlier one. */
void stream_expiry_set(struct stream_expiry *x, struct stream_id id, int64_t at_ms);
/* False: it does not expire. */
bool stream_expiry_get(const struct stream_expiry *x, struct stream_id id, int64_t *at_ms);
bool stream_expiry_remove(struct stream_expiry *x, struct stream_id id);
/* Removes all from `from` to below `to`, except those of scheduled messages. O(records in between).
 */
void stream_expiry_remove_between(struct stream_expiry *x, struct stream_id from,
                                  struct stream_id to, const struct stream_future *scheduled);
/* The first to expire; false: none. */
bool stream_expiry_first(struct stream_expiry *x, struct stream_id *id, int64_t *at_ms);
/* Iterate by ID: the first with an ID >= id, then the following ones; false: no more. */
bool stream_expiry_seek(const struct stream_expiry *x, struct stream_id id,
                        struct stream_map_place *at, struct stream_id *found, int64_t *at_ms);
bool stream_expiry_next(const struct stream_expiry *x, struct stream_map_place *at,
                        struct stream_id *found, int64_t *at_ms);
size_t stream_expiry_memory(const struct stream_expiry *x);
/* Walks everything, for tests. */
bool stream_expiry_is_sound(const struct stream_expiry *x);

#endif
