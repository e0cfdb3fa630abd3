/* A consumer group: its position, its consumers, and its pending entries. */
#ifndef TYPE_STREAM_STREAM_GROUP_H
#define TYPE_STREAM_STREAM_GROUP_H

#include "base/str.h"
#include "ds/dlist.h"
#include "type/stream/stream_pending.h"
#include "type/stream/stream_pending_walk.h"
#include "type/stream/stream_policy.h"
#include "type/stream/stream_turn.h"

/* The number of connections that read as a consumer. Kept by the broker while they do; not part of
 * the value. */
struct stream_presence {
    uint32_t attached, waiting, leaving;
    bool has_room;          /* its number is in stream_group.roomy */
    struct dlist_node full; /* subscriptions that wait until it has fewer pending entries */
};

struct stream_consumer {
    struct str *name;
    uint32_t number;
    struct stream_presence presence;
    int64_t seen_ms;   /* last attempt to read */
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
    /* Owned; NULL: no order is kept (none is set, or nothing acts here), and nothing is held. */
    struct stream_order *order;
    uint32_t surveyed; /* as in struct stream */
    /* Numbers of consumers that lost a pending entry while subscriptions were in presence.full.
     * Not persisted. */
    uint32_t *roomy, roomy_n, roomy_cap;
};

struct stream_group *stream_group_new(struct bytes name, struct stream_id last_id,
                                      int64_t entries_read);
void stream_group_free(struct stream_group *g);
struct stream_consumer *stream_group_consumer(const struct stream_group *g, struct bytes name);
/* NULL: it existed already. */
struct stream_consumer *stream_group_add_consumer(struct stream_group *g, struct bytes name,
                                                  int64_t now_ms);
/* Removes its pending entries too; returns how many. */
uint64_t stream_group_remove_consumer(struct stream_group *g, struct stream_consumer *c);
/* Visits the consumers in `roomy`, and empties it. The visit may change presence.full. */
typedef void stream_group_visit(void *context, struct stream_consumer *c);
void stream_group_visit_roomy(struct stream_group *g, stream_group_visit *visit, void *context);
/* NULL for STREAM_PENDING_NO_CONSUMER. */
struct stream_consumer *stream_group_owner(const struct stream_group *g, uint32_t number);
/* XGROUP SETID: sets the position, and how many entries were read up to it (-1: unknown). */
void stream_group_set_position(struct stream_group *g, struct stream_id last_id,
                               int64_t entries_read);
/* Advances the position to id; false: it is not ahead. entries_read stays. */
bool stream_group_raise_position(struct stream_group *g, struct stream_id id);
/* The consumer tried to read; it received entries. */
static inline void stream_group_seen(struct stream_consumer *c, int64_t now_ms)
{
    c->seen_ms = now_ms;
}
static inline void stream_group_active(struct stream_consumer *c, int64_t now_ms)
{
    c->active_ms = now_ms;
}
/* Makes the entry pending for c, with a delivery count of 1. True: it was pending already, since
 * XGROUP SETID had moved the position back, and its former owner has lost it. */
bool stream_group_deliver(struct stream_group *g, struct stream_consumer *c, struct stream_id id,
                          int64_t now_ms);
/* Sets owner, time and count of a pending entry. released: c is NULL, as in stream_group_release().
 */
void stream_group_assign(struct stream_group *g, struct stream_pending_place at,
                         struct stream_consumer *c, int64_t time_ms, uint64_t count, bool released);
/* Takes its owner away: it goes to the end of the released entries or, in a group with an order,
 * may be held. Its notes are dropped. */
void stream_group_release(struct stream_group *g, struct stream_pending_place at, uint64_t count);
/* Takes its owner away until due_ms, when stream_group_release_due() releases it. */
void stream_group_defer(struct stream_group *g, struct stream_pending_place at, uint64_t count,
                        int64_t due_ms);
/* As stream_pending_release_due(), but holds entries that must wait for others. */
size_t stream_group_release_due(struct stream_group *g, int64_t now_ms, size_t most);
/* Starts an order, which knows no entries at first: those made known by stream_order_add() are
 * delivered in order. */
struct stream_order *stream_group_begin_order(struct stream_group *g);
/* Messages with IDs from `from` to `to` were removed that the group may not have read, or not
 * acknowledged: with an order, what they blocked may be ready now. */
void stream_group_gone(struct stream_group *g, struct stream_id from, struct stream_id to);
/* Ends the order; releases what is held. */
void stream_group_end_order(struct stream_group *g);
/* Releases all entries of the consumer, in the order of IDs; their counts and the consumer stay.
 * Returns how many. */
uint64_t stream_group_release_consumer(struct stream_group *g, struct stream_consumer *c);
/* Adds a pending entry with these values (from a file, or by force); the ID is not pending. c NULL:
 * it is released. */
void stream_group_restore(struct stream_group *g, struct stream_id id, struct stream_consumer *c,
                          int64_t time_ms, uint64_t count);
/* False: it was not pending. */
bool stream_group_ack(struct stream_group *g, struct stream_id id);
/* Sorted by name; the caller frees the array of n. */
struct stream_consumer **stream_group_sorted(const struct stream_group *g, size_t *n);
struct stream_group *stream_group_copy(const struct stream_group *g);
size_t stream_group_memory(const struct stream_group *g);
/* Walks everything, for tests: consumers' counts are right. */
bool stream_group_is_sound(const struct stream_group *g);

#endif
