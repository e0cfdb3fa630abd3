/* The order by a field: which entries of a group have the same value, and whose turn it is. Of the
 * entries with one value, one takes it and the others may wait for it, in the order of IDs.
 *
 *   takes   it may be worked on. Several entries of a value can take it: one that waited was
 *           claimed, or they were already worked on when the order was set. One of them leads: the
 *           lowest ID present when it began to take, or the one that took the value next.
 *   waits   for all that take its value; there is at least one.
 *   aside   known, but neither takes its value nor waits for it.
 *
 * A value is represented by a 64-bit hash: two values with equal hashes wait for each other.
 * Independent of logs and clocks, and of the reason for an entry's state.
 *
 * 44 bytes an entry. Cost: O(1) expected; for an entry that begins to wait, O(waiting entries of
 * its value with a higher ID). No operation rehashes everything at once. */
#ifndef TYPE_STREAM_STREAM_ORDER_H
#define TYPE_STREAM_STREAM_ORDER_H

#include "type/stream/stream_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stream_order_state {
    STREAM_ORDER_NONE, /* not known */
    STREAM_ORDER_ASIDE,
    STREAM_ORDER_TAKES,
    STREAM_ORDER_WAITS
};

/* Pages, and the number of items they have room for. */
struct stream_order_pages {
    void **pages;
    uint32_t n, cap, room;
};

struct stream_order {
    struct stream_order_pages nodes, table;
    uint32_t n;             /* entries */
    uint32_t buckets, mask; /* of the hash table */
    uint32_t waiting;       /* entries that wait */
    uint32_t following;     /* entries that take a value without leading */
    /* Kept here for the broker. */
    bool skips;                /* deferred entries stand aside */
    bool freed;                /* one of several that took a value does no longer */
    bool is_complete;          /* all pending entries are known */
    bool stopped;              /* a read stopped at an unknown entry that may not wait: the next
                                  entry to be removed may free its value, or be that entry */
    struct stream_id known_to; /* if not: those below this ID */
    uint64_t term;
    /* Called when readers may find something again; NULL: not at all. That is when
     *   - an entry no longer waits for others,
     *   - one of several entries that take the same value is removed,
     *   - a read had stopped at broker-order-ahead, and an entry or a message is removed. */
    void (*wake)(void *context);
    void *context;
};

void stream_order_init(struct stream_order *o);
void stream_order_free(struct stream_order *o);
/* Makes an unknown entry known; it stands aside. */
void stream_order_add(struct stream_order *o, struct stream_id id, uint64_t value);
enum stream_order_state stream_order_state(const struct stream_order *o, struct stream_id id);
/* Whether an entry takes the value. */
bool stream_order_is_taken(const struct stream_order *o, uint64_t value);
/* Whether the entry takes its value and leads. */
bool stream_order_leads(const struct stream_order *o, struct stream_id id);
/* The next of the entries that take the same value, in a ring that ends at the given one. */
struct stream_id stream_order_next_taker(const struct stream_order *o, struct stream_id id);

/* The following functions ignore unknown entries. */
/* The entry takes its value, even if others do. */
void stream_order_take(struct stream_order *o, struct stream_id id);
/* The entry waits if another takes its value, else it takes it. Returns whether it waits. */
bool stream_order_wait(struct stream_order *o, struct stream_id id);
/* The entry stands aside, or is forgotten. True: that freed its value, and the first entry that
 * waited, *next, takes it now. */
bool stream_order_set_aside(struct stream_order *o, struct stream_id id, struct stream_id *next);
bool stream_order_remove(struct stream_order *o, struct stream_id id, struct stream_id *next);

size_t stream_order_memory(const struct stream_order *o);
/* Walks everything, for tests. */
bool stream_order_is_sound(const struct stream_order *o);

#endif
