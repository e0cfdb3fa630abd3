/* What a group has delivered and nobody acknowledged yet: by ID, and in the order of delivery.
 *
 * Records lie in chunks (stream_chunk.h), ordered by ID. First deliveries come in ID order and in
 * time order at once and need no links; only records that were touched since (claimed, read again,
 * released) are in a linked list by time, the released ones in front of it. */
#ifndef TYPE_STREAM_STREAM_PENDING_H
#define TYPE_STREAM_STREAM_PENDING_H

#include "ds/dict.h"
#include "ds/dlist.h"
#include "type/stream/stream_pending_entry.h"

struct stream_chunk;

struct stream_pending {
    struct stream_chunk **chunks;
    size_t first, n, cap;
    uint64_t count;
    struct dict touched;         /* ID to its place in the list */
    struct dlist_node by_time;   /* released ones first, then by time */
    struct dlist_node *released; /* the last released one; NULL: none is */
    uint64_t released_count;
    size_t finger; /* the chunk found last */
};

/* A place; valid until something is inserted or removed. */
struct stream_pending_place {
    size_t chunk;
    unsigned record;
};

void stream_pending_init(struct stream_pending *p);
void stream_pending_free(struct stream_pending *p);
/* Remembers the chunk: the next search mostly begins there. */
bool stream_pending_find(struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_has(const struct stream_pending *p, struct stream_id id);
void stream_pending_get(const struct stream_pending *p, struct stream_pending_place at,
                        struct stream_pending_entry *out);
/* A first delivery: the ID is not pending. */
void stream_pending_add(struct stream_pending *p, const struct stream_pending_entry *e);
/* Changes owner, time and count of one that is pending. released: it goes to the end of the
 * released zone, else into the order by time. */
void stream_pending_change(struct stream_pending *p, struct stream_pending_place at,
                           const struct stream_pending_entry *e, bool released);
void stream_pending_remove(struct stream_pending *p, struct stream_pending_place at);
/* First place with an ID >= id; false: none. */
bool stream_pending_seek(const struct stream_pending *p, struct stream_id id,
                         struct stream_pending_place *at);
bool stream_pending_next(const struct stream_pending *p, struct stream_pending_place *at);
/* The one with the highest ID; there is one. */
void stream_pending_last(const struct stream_pending *p, struct stream_pending_entry *out);
/* As seek and next, but only records of one consumer; skips whole chunks without it. */
bool stream_pending_seek_owned(const struct stream_pending *p, struct stream_id id,
                               uint32_t consumer, struct stream_pending_place *at);
bool stream_pending_next_owned(const struct stream_pending *p, uint32_t consumer,
                               struct stream_pending_place *at);

/* Walks in the order of delivery, released ones first. What it returned may be changed or removed.
 */
struct stream_pending_walk {
    const struct stream_pending *pending;
    const struct dlist_node *linked; /* the next of the list */
    struct stream_id plain;          /* the next untouched one has at least this ID */
    bool plain_done;
};
void stream_pending_walk_start(struct stream_pending_walk *w, const struct stream_pending *p);
/* Looks at the next without taking it; false: none is left. */
bool stream_pending_walk_peek(struct stream_pending_walk *w, struct stream_pending_entry *out);
void stream_pending_walk_next(struct stream_pending_walk *w,
                              const struct stream_pending_entry *seen);
/* Released IDs in their order: start with NULL; NULL: the end. */
const struct dlist_node *stream_pending_released_next(const struct stream_pending *p,
                                                      const struct dlist_node *at,
                                                      struct stream_id *id);
void stream_pending_copy(struct stream_pending *to, const struct stream_pending *from);
size_t stream_pending_memory(const struct stream_pending *p);
/* Walks everything, for tests: order, counts and links agree. */
bool stream_pending_is_sound(const struct stream_pending *p);

#endif
