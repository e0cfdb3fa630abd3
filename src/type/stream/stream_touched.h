/* The order of the pending entries touched since their first delivery: released ones in the order
 * of release, leased ones by delivery time, deferred ones by due time, held ones in the order in
 * which they were held. Independent of the records, which store the number of a node here. Numbers
 * are dense, so removing a node may renumber the last one.
 *
 * 40 bytes an entry, 4 more for a deferred one. Cost: O(1); O(log n) for deferred ones; for a lease
 * that is not the youngest, O(leases between its place and the last such one, or the end, whichever
 * is nearer). */
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
    int64_t time_ms;     /* leased: delivery time; deferred: due time; released and held: former
                            due time, 0: it was not deferred */
    uint32_t prev, next; /* in its list; deferred: prev is the index in the heap */
    uint32_t look;       /* the round in which its lease was seen to have ended; 0: none */
    uint32_t state;
};

struct stream_touched {
    struct stream_touched_node **pages;
    uint32_t page_n, page_cap;
    uint32_t n, room;     /* nodes; capacity of the pages */
    uint32_t first, last; /* of the list: released ones, then leased ones */
    uint32_t released;    /* the last released node in the list, or STREAM_TOUCHED_NONE */
    uint32_t released_count;
    uint32_t first_held, last_held; /* of the list of held ones */
    uint32_t held_count;
    uint32_t *heap; /* deferred ones, by due time, then ID */
    uint32_t deferred_count, heap_cap;
    uint32_t round;  /* of looking, from 1 on */
    uint32_t looked; /* the last leased one looked at in this round; NONE: none */
    uint32_t near;   /* the leased one last inserted before others; NONE: none, or removed */
    /* All released ones up to barred_released, all leased ones up to barred are barred
     * (stream_pending_walk.h). NONE: no such. */
    uint32_t barred_released, barred;
    uint32_t passed; /* steps taken in searches for such places: for tests */
};

static inline struct stream_touched_node *stream_touched_at(const struct stream_touched *t,
                                                            uint32_t i)
{
    ASSERT(i < t->n);
    return &t->pages[i / STREAM_TOUCHED_PAGE][i % STREAM_TOUCHED_PAGE];
}

void stream_touched_init(struct stream_touched *t);
void stream_touched_free(struct stream_touched *t);
/* Adds a node in that state; returns its number. */
uint32_t stream_touched_add(struct stream_touched *t, struct stream_id id,
                            enum stream_touched_state state, int64_t time_ms);
/* Changes state and time; a released or held node goes to the end of those. A node that was looked
 * at counts as not looked at again; returns whether it was. */
bool stream_touched_move(struct stream_touched *t, uint32_t i, enum stream_touched_state state,
                         int64_t time_ms);
/* *was_looked as the result of stream_touched_move(). True: the last node got number i. */
bool stream_touched_remove(struct stream_touched *t, uint32_t i, bool *was_looked);
/* The first leased one by time, or NONE. */
uint32_t stream_touched_first_leased(const struct stream_touched *t);
/* The deferred one due next, or NONE. */
static inline uint32_t stream_touched_next_due(const struct stream_touched *t)
{
    return t->deferred_count ? t->heap[0] : STREAM_TOUCHED_NONE;
}
/* Releases deferred ones that are due, at most `most`, by due time, which they keep, then ID.
 * Returns how many. */
size_t stream_touched_release_due(struct stream_touched *t, int64_t now_ms, size_t most);
/* Releases all held ones, then all deferred ones, and clears the due times of all released ones.
 * O(released ones). */
void stream_touched_release_all(struct stream_touched *t);
/* Releases all held ones, in the order in which they were held. */
void stream_touched_release_held(struct stream_touched *t);
/* The first leased one not looked at in this round, or NONE. */
uint32_t stream_touched_next_look(struct stream_touched *t);
/* Marks the result of stream_touched_next_look() as looked at. */
void stream_touched_look(struct stream_touched *t, uint32_t i);
/* Starts a new round. */
void stream_touched_look_anew(struct stream_touched *t);
void stream_touched_copy(struct stream_touched *to, const struct stream_touched *from);
size_t stream_touched_memory(const struct stream_touched *t);
/* Walks everything, for tests; *looked: how many were looked at in this round. */
bool stream_touched_is_sound(const struct stream_touched *t, uint64_t *looked);

#endif
