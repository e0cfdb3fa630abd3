/* Scheduled messages: accepted under the ID that they will have, but not in the log yet. Ordered by
 * ID, and so by time, which is an ID's milliseconds. Each takes its names and values with a length
 * each, plus about 20 bytes. */
#ifndef TYPE_STREAM_STREAM_FUTURE_H
#define TYPE_STREAM_STREAM_FUTURE_H

#include "type/stream/stream_map.h"

/* Zeroed: empty and valid. */
struct stream_future {
    struct stream_map messages; /* ID to encoded message */
    uint64_t bytes;             /* of names and values */
    size_t held;                /* bytes allocated */
};

/* A message; valid until the future changes. */
struct stream_future_message {
    struct stream_id id;
    uint32_t fields;
    uint64_t bytes;          /* of names and values */
    const unsigned char *at; /* the first of these */
};

static inline uint64_t stream_future_count(const struct stream_future *f)
{
    return f->messages.count;
}

void stream_future_free(struct stream_future *f);
/* Overwrites `to`. */
void stream_future_copy(struct stream_future *to, const struct stream_future *from);
/* pairs: names and values in turn. The ID must be unused. */
void stream_future_add(struct stream_future *f, struct stream_id id, const struct bytes *pairs,
                       size_t fields);
/* Removes a message that was cancelled or (when effects are replayed) just appended. False: none
 * has that ID. */
bool stream_future_remove(struct stream_future *f, struct stream_id id);
bool stream_future_has(const struct stream_future *f, struct stream_id id);
/* False: none has that ID. */
bool stream_future_get(const struct stream_future *f, struct stream_id id,
                       struct stream_future_message *out);
/* The next one due; false: none. */
bool stream_future_first(const struct stream_future *f, struct stream_future_message *out);
/* Iterate by ID: the first with an ID >= id, then the following ones; false: no more. */
bool stream_future_seek(const struct stream_future *f, struct stream_id id,
                        struct stream_map_place *at, struct stream_future_message *out);
bool stream_future_next(const struct stream_future *f, struct stream_map_place *at,
                        struct stream_future_message *out);
/* The highest sequence number scheduled for a millisecond; false: none. */
bool stream_future_last_of(const struct stream_future *f, uint64_t ms, uint64_t *seq);
/* The names and values in turn, 2 * m->fields of them; they point into the future. */
void stream_future_pairs(const struct stream_future_message *m, struct bytes *pairs);
/* O(messages / 100). */
size_t stream_future_memory(const struct stream_future *f);
/* Walks everything, for tests. */
bool stream_future_is_sound(const struct stream_future *f);

#endif
