/* Order by a field: which of a group's entries have the same value, and whose turn it is. For each
 * value that it knows, one entry takes it, and others may wait for it, in the order of IDs.
 *
 *   takes   it may be worked on. More than one of a value may: somebody claims one that waits, or
 *           several were being worked on before there was an order. One of them leads: the one
 *           with the lowest ID when it began to take, or who took it next.
 *   waits   for all that take its value; there is at least one.
 *   aside   it is known, and neither takes its value nor waits for it.
 *
 * A value is told by a 64-bit hash: two values with the same hash wait for each other. Knows no
 * log, no clock and nothing of why an entry is in a state.
 *
 * 44 bytes an entry. Cost: O(1) expected; for one that begins to wait, the number of those of its
 * value that wait and have a higher ID. No step is longer than that: nothing is rehashed at once.
 */
#ifndef TYPE_STREAM_STREAM_ORDER_H
#define TYPE_STREAM_STREAM_ORDER_H

#include "type/stream/stream_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stream_order_state {
    STREAM_ORDER_NONE, /* it is not known */
    STREAM_ORDER_ASIDE,
    STREAM_ORDER_TAKES,
    STREAM_ORDER_WAITS
};

/* Pages, and how many items they have room for. */
struct stream_order_pages {
    void **pages;
    uint32_t n, cap, room;
};

struct stream_order {
    struct stream_order_pages nodes, table;
    uint32_t n;             /* entries */
    uint32_t buckets, mask; /* of the table */
    uint32_t waiting;       /* entries that wait */
    uint32_t following;     /* entries that take a value and do not lead */
    /* Of whoever keeps it beside a group. */
    bool skips;                /* deferred entries stand aside */
    bool is_complete;          /* all pending entries are known */
    bool stopped;              /* at an entry that may not wait, and is not known: the next that
                                  leaves its place may free its value, and it may go itself */
    struct stream_id known_to; /* if not: those below are */
    uint64_t term;
    /* Called when readers may find something again; NULL: by nobody. That is when
     *   - an entry no longer waits for others,
     *   - one of several entries that take the same value is gone,
     *   - a read had stopped at broker-order-ahead, and an entry or a message is gone since. */
    void (*stirred)(void *context);
    void *context;
};

void stream_order_init(struct stream_order *o);
void stream_order_free(struct stream_order *o);
/* An entry that is not known yet; it stands aside. */
void stream_order_add(struct stream_order *o, struct stream_id id, uint64_t value);
enum stream_order_state stream_order_state(const struct stream_order *o, struct stream_id id);
/* An entry takes it. */
bool stream_order_is_taken(const struct stream_order *o, uint64_t value);
/* The entry takes its value, and is the one that leads. */
bool stream_order_leads(const struct stream_order *o, struct stream_id id);
/* The next after an entry that takes its value of those that take it too, in a ring that comes back
 * to it. */
struct stream_id stream_order_next_taker(const struct stream_order *o, struct stream_id id);

/* From here on: an entry that is not known is left alone. */
/* It takes its value, whoever else does. */
void stream_order_take(struct stream_order *o, struct stream_id id);
/* It waits if another one takes its value, else it takes it. Returns whether it waits. */
bool stream_order_wait(struct stream_order *o, struct stream_id id);
/* It stands aside, or is known no more. True: that left its value free, and the first that waited,
 * *next, takes it now. */
bool stream_order_set_aside(struct stream_order *o, struct stream_id id, struct stream_id *next);
bool stream_order_remove(struct stream_order *o, struct stream_id id, struct stream_id *next);

size_t stream_order_memory(const struct stream_order *o);
/* Walks everything, for tests. */
bool stream_order_is_sound(const struct stream_order *o);

#endif
