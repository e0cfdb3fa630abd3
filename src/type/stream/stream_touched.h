/* The order of those pending entries that were touched since their first delivery: released ones in
 * the order in which they were released, leased ones by the time of delivery, deferred ones by the
 * moment at which they are due; held ones, which wait for others, in the order in which they came.
 * Knows nothing of where their records lie: these hold the number of
 * a node here. Numbers are dense, so taking one away may give the last node another number.
 *
 * 40 bytes an entry, 4 more for a deferred one. Cost: O(1), O(log n) for deferred ones, and for a
 * lease that is not the youngest the number of those between it and the last such one, or
 * between it and the end, whichever is less. */
#ifndef TYPE_STREAM_STREAM_TOUCHED_H
#define TYPE_STREAM_STREAM_TOUCHED_H

#include "base/assert.h"
#include "type/stream/stream_id.h"

#include <stddef.h>

#define STREAM_TOUCHED_NONE UINT32_MAX
#define STREAM_TOUCHED_PAGE 128u /* nodes in a page */

enum stream_touched_state { STREAM_LEASED, STREAM_RELEASED, STREAM_DEFERRED, STREAM_HELD };

struct stream_touched_node {
    struct stream_id id;
    int64_t time_ms;     /* leased: of the delivery; deferred: when it is due; released and held:
                          * when it was due, 0: it was not deferred */
    uint32_t prev, next; /* in its list; deferred: prev is its place in the heap */
    uint32_t look;       /* the round in which its lease was seen to have ended; 0: none */
    uint32_t state;
};

struct stream_touched {
    struct stream_touched_node **pages;
    uint32_t page_n, page_cap;
    uint32_t n, room;     /* nodes; that the pages have room for */
    uint32_t first, last; /* of the list: released ones, then leased ones */
    uint32_t released; /* the last released node in the list; STREAM_TOUCHED_NONE: there is none */
    uint32_t released_count;
    uint32_t first_held, last_held; /* of the list of held ones */
    uint32_t held_count;
    uint32_t *heap; /* deferred ones, the next due first, then by ID */
    uint32_t deferred_count, heap_cap;
    uint32_t round;  /* of looking, from 1 on */
    uint32_t looked; /* the last leased one that was looked at in it; NONE: none */
    uint32_t near;   /* the leased one that was put in front of others last; NONE: none, or gone */
    uint32_t passed; /* steps on the way to the places of such leases: for tests */
};

static inline struct stream_touched_node *stream_touched_at(const struct stream_touched *t,
                                                            uint32_t i)
{
    ASSERT(i < t->n);
    return &t->pages[i / STREAM_TOUCHED_PAGE][i % STREAM_TOUCHED_PAGE];
}

void stream_touched_init(struct stream_touched *t);
void stream_touched_free(struct stream_touched *t);
/* A new node in that state; returns its number. */
uint32_t stream_touched_add(struct stream_touched *t, struct stream_id id,
                            enum stream_touched_state state, int64_t time_ms);
/* Another state or time; to the end of the released or held ones, if that is the state. Was the
 * node looked at, it is not any more; returns whether it was. */
bool stream_touched_move(struct stream_touched *t, uint32_t i, enum stream_touched_state state,
                         int64_t time_ms);
/* *was_looked as stream_touched_move() returns it. True: the last node has number i now. */
bool stream_touched_remove(struct stream_touched *t, uint32_t i, bool *was_looked);
/* The first leased one, by time; NONE. */
uint32_t stream_touched_first_leased(const struct stream_touched *t);
/* The deferred one that is due next; NONE. */
static inline uint32_t stream_touched_next_due(const struct stream_touched *t)
{
    return t->deferred_count ? t->heap[0] : STREAM_TOUCHED_NONE;
}
/* Releases deferred ones that are due, at most so many, in the order of their moments, then IDs;
 * they keep these. Returns how many. */
size_t stream_touched_release_due(struct stream_touched *t, int64_t now_ms, size_t most);
/* Releases all of them, behind those that are held; no released one keeps a moment. O(released
 * ones). */
void stream_touched_release_all(struct stream_touched *t);
/* Releases all that are held, in the order in which they came. */
void stream_touched_release_held(struct stream_touched *t);
/* The first leased one that was not looked at in this round; NONE. */
uint32_t stream_touched_next_look(struct stream_touched *t);
/* It has been looked at: what next_look() returned. */
void stream_touched_look(struct stream_touched *t, uint32_t i);
/* All are to be looked at again. */
void stream_touched_look_anew(struct stream_touched *t);
void stream_touched_copy(struct stream_touched *to, const struct stream_touched *from);
size_t stream_touched_memory(const struct stream_touched *t);
/* Walks everything, for tests; *looked: how many were looked at in this round. */
bool stream_touched_is_sound(const struct stream_touched *t, uint64_t *looked);

#endif
