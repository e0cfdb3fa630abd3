/* Messages that are scheduled: accepted, with the ID that they will have, and in no log yet. In
 * the order of IDs, which is that of their moments (an ID's milliseconds are its moment). Memory:
 * names and values with a length each, about 20 bytes more for a message. */
#ifndef TYPE_STREAM_STREAM_FUTURE_H
#define TYPE_STREAM_STREAM_FUTURE_H

#include "type/stream/stream_map.h"

/* Zeroed: empty and valid. */
struct stream_future {
    struct stream_map messages; /* to what they hold */
    uint64_t bytes;             /* of names and values */
    size_t held;                /* that their memory takes */
};

/* A message; good until the future changes. */
struct stream_future_message {
    struct stream_id id;
    uint32_t fields;
    uint64_t bytes;          /* of names and values */
    const unsigned char *at; /* the first of them */
};

static inline uint64_t stream_future_count(const struct stream_future *f)
{
    return f->messages.count;
}

void stream_future_free(struct stream_future *f);
/* The one copied to is overwritten. */
void stream_future_copy(struct stream_future *to, const struct stream_future *from);
/* pairs: names and values in turn. Nothing is scheduled under that ID. */
void stream_future_add(struct stream_future *f, struct stream_id id, const struct bytes *pairs,
                       size_t fields);
/* False: none under that ID. It is gone without being appended, or (when a log of effects is read)
 * because it has just been appended. */
bool stream_future_remove(struct stream_future *f, struct stream_id id);
bool stream_future_has(const struct stream_future *f, struct stream_id id);
/* Under that ID; false: none. */
bool stream_future_get(const struct stream_future *f, struct stream_id id,
                       struct stream_future_message *out);
/* The one that is due first; false: none. */
bool stream_future_first(const struct stream_future *f, struct stream_future_message *out);
/* The first with an ID >= id, and then each that follows; false: none. */
bool stream_future_seek(const struct stream_future *f, struct stream_id id,
                        struct stream_map_place *at, struct stream_future_message *out);
bool stream_future_next(const struct stream_future *f, struct stream_map_place *at,
                        struct stream_future_message *out);
/* The highest sequence number that is scheduled for a millisecond; false: none is. */
bool stream_future_last_of(const struct stream_future *f, uint64_t ms, uint64_t *seq);
/* Names and values in turn, 2 * m->fields of them, which point into the future. */
void stream_future_pairs(const struct stream_future_message *m, struct bytes *pairs);
/* O(messages / 100). */
size_t stream_future_memory(const struct stream_future *f);
/* Walks everything, for tests. */
bool stream_future_is_sound(const struct stream_future *f);

#endif
