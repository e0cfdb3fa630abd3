/* When single messages of a stream expire, present or scheduled ones: unix milliseconds by ID. A
 * record goes with its message, so there is none of a message that is gone. Memory: about 18 bytes
 * a record. */
#ifndef TYPE_STREAM_STREAM_EXPIRY_H
#define TYPE_STREAM_STREAM_EXPIRY_H

#include "type/stream/stream_future.h"

/* Unix ms: the end of the year 9999, and the longest TTL behind it. */
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
/* The one copied to is overwritten. */
void stream_expiry_copy(struct stream_expiry *to, const struct stream_expiry *from);
/* at_ms is at most STREAM_EXPIRY_MOST and not negative; in place of what was set before. */
void stream_expiry_set(struct stream_expiry *x, struct stream_id id, int64_t at_ms);
/* False: it does not expire. */
bool stream_expiry_get(const struct stream_expiry *x, struct stream_id id, int64_t *at_ms);
bool stream_expiry_remove(struct stream_expiry *x, struct stream_id id);
/* Of all from `from` to below `to`, but for messages that are scheduled. O(records in between). */
void stream_expiry_remove_between(struct stream_expiry *x, struct stream_id from,
                                  struct stream_id to, const struct stream_future *scheduled);
/* The one that expires first; false: none does. */
bool stream_expiry_first(struct stream_expiry *x, struct stream_id *id, int64_t *at_ms);
/* The first with an ID >= id, and then each that follows, by ID; false: none. */
bool stream_expiry_seek(const struct stream_expiry *x, struct stream_id id,
                        struct stream_map_place *at, struct stream_id *found, int64_t *at_ms);
bool stream_expiry_next(const struct stream_expiry *x, struct stream_map_place *at,
                        struct stream_id *found, int64_t *at_ms);
size_t stream_expiry_memory(const struct stream_expiry *x);
/* Walks everything, for tests. */
bool stream_expiry_is_sound(const struct stream_expiry *x);

#endif
