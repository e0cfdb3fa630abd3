/* A consumer group: how far it has read, who its consumers are, what they have not acknowledged. */
#ifndef TYPE_STREAM_STREAM_GROUP_H
#define TYPE_STREAM_STREAM_GROUP_H

#include "base/str.h"
#include "type/stream/stream_pending.h"
#include "type/stream/stream_pending_walk.h"
#include "type/stream/stream_policy.h"
#include "type/stream/stream_turn.h"

/* How many connections read as a consumer: counted by somebody else, for as long as they do; not
 * part of the value. */
struct stream_presence {
    uint32_t attached, waiting, leaving;
};

struct stream_consumer {
    struct str *name;
    uint32_t number;
    struct stream_presence presence;
    int64_t seen_ms;   /* last attempt */
    int64_t active_ms; /* last delivery; -1: never */
    uint64_t pending;
};

struct stream_group {
    struct str *name;
    struct stream_id last_id; /* delivered */
    int64_t entries_read;     /* -1: unknown */
    struct stream_pending pending;
    struct dict consumers; /* name to struct stream_consumer */
    struct stream_consumer **by_number;
    uint32_t numbers, number_cap, taken_below; /* no number below taken_below is free */
    struct stream_policy *policy;              /* owned; NULL: none. Set by stream_set_policy() */
    /* Owned; NULL: nobody acts by the order that the policy asks for, and nothing is held. */
    struct stream_order *order;
    uint32_t surveyed; /* as that of the stream */
};

struct stream_group *stream_group_new(struct bytes name, struct stream_id last_id,
                                      int64_t entries_read);
void stream_group_free(struct stream_group *g);
struct stream_consumer *stream_group_consumer(const struct stream_group *g, struct bytes name);
/* NULL: it existed. */
struct stream_consumer *stream_group_add_consumer(struct stream_group *g, struct bytes name,
                                                  int64_t now_ms);
/* With all that is pending for it; returns how much that was. */
uint64_t stream_group_remove_consumer(struct stream_group *g, struct stream_consumer *c);
/* NULL for STREAM_PENDING_NO_CONSUMER. */
struct stream_consumer *stream_group_owner(const struct stream_group *g, uint32_t number);
/* XGROUP SETID: where the group goes on reading, and how many entries it has read by then (-1:
 * unknown). */
void stream_group_set_position(struct stream_group *g, struct stream_id last_id,
                               int64_t entries_read);
/* Moves the position to id when that is ahead; false: it is not. entries_read stays. */
bool stream_group_raise_position(struct stream_group *g, struct stream_id id);
/* The consumer asked for entries; it got some. */
static inline void stream_group_seen(struct stream_consumer *c, int64_t now_ms)
{
    c->seen_ms = now_ms;
}
static inline void stream_group_active(struct stream_consumer *c, int64_t now_ms)
{
    c->active_ms = now_ms;
}
/* Entry id goes to c for the first time (or, pending already, anew), count 1. */
void stream_group_deliver(struct stream_group *g, struct stream_consumer *c, struct stream_id id,
                          int64_t now_ms);
/* Owner, time and count of a pending entry. released: c is NULL, as stream_group_release(). */
void stream_group_assign(struct stream_group *g, struct stream_pending_place at,
                         struct stream_consumer *c, int64_t time_ms, uint64_t count, bool released);
/* It has no owner from now on: to the end of the released ones, or it is held, where there is an
 * order. What was noted of it is forgotten. */
void stream_group_release(struct stream_group *g, struct stream_pending_place at, uint64_t count);
/* It has no owner, and is released by stream_group_release_due() when due_ms has come. */
void stream_group_defer(struct stream_group *g, struct stream_pending_place at, uint64_t count,
                        int64_t due_ms);
/* As stream_pending_release_due(); what must wait for others is held. */
size_t stream_group_release_due(struct stream_group *g, int64_t now_ms, size_t most);
/* From now on entries that were made known to it (stream_order_add()) come in order; nothing is
 * known at first. */
struct stream_order *stream_group_begin_order(struct stream_group *g);
/* Messages went that it may not have read: where there is an order, what stands behind them may be
 * ready now. */
void stream_group_unread_gone(struct stream_group *g);
/* No longer: what is held is released. */
void stream_group_end_order(struct stream_group *g);
/* Releases all that the consumer has, in the order of IDs; counts stay, and so does the consumer.
 * Returns how many. */
uint64_t stream_group_release_consumer(struct stream_group *g, struct stream_consumer *c);
/* A pending entry made as it is told (from a file, or by force); the ID is not pending. c NULL: it
 * is released. */
void stream_group_restore(struct stream_group *g, struct stream_id id, struct stream_consumer *c,
                          int64_t time_ms, uint64_t count);
/* False: it was not pending. */
bool stream_group_ack(struct stream_group *g, struct stream_id id);
/* Sorted by name; the array belongs to the caller, n of them. */
struct stream_consumer **stream_group_sorted(const struct stream_group *g, size_t *n);
struct stream_group *stream_group_copy(const struct stream_group *g);
size_t stream_group_memory(const struct stream_group *g);
/* Walks everything, for tests: what consumers count as pending is. */
bool stream_group_is_sound(const struct stream_group *g);

#endif
