/* Routing: a message appended to a stream with bindings is copied to the streams that these name,
 * from there along their own bindings, and so on. All copies are planned before anything is
 * written, and written in the journal group of the message itself: all of them, or nothing. */
#ifndef BROKER_BROKER_ROUTE_H
#define BROKER_BROKER_ROUTE_H

#include "broker/broker_act.h"

#define BROKER_ROUTE_DEPTH 16 /* streams in a chain, not counting the first */

/* One copy to be made. */
struct broker_route_copy {
    struct bytes key; /* borrowed from the binding */
    unsigned depth;   /* 1: bound to the stream itself */
    bool skipped;     /* the destination cannot take it */
};

#define BROKER_ROUTE_FEW 8 /* copies without an allocation */

/* The plan for one message. Valid until bindings change; not to be moved. Zeroed: no copies. */
struct broker_route {
    struct broker_route_copy *copies, few[BROKER_ROUTE_FEW];
    size_t n, cap;
    struct dict seen;       /* the keys of all copies, if more than few */
    bool due;               /* a destination has due messages, which come first */
    size_t failures;        /* destinations that cannot take it */
    struct bytes failed;    /* the first of them, */
    const char *failed_why; /* and why */
};

/* Whether messages appended now are routed: not in a replay (broker G3). */
bool broker_route_has_bindings(const struct broker_group *x);
/* Plans the copies of a message of x->stream, which has bindings. Changes nothing, except that keys
 * past their deadline expire. Returns false if a full destination refuses the message, with the
 * producer's error in *why; with why NULL such a destination is skipped instead. A destination of
 * another type is always skipped. Free the plan in all cases. */
bool broker_route_plan(struct broker_route *r, const struct broker_group *x,
                       const struct bytes *pairs, size_t fields, struct buf *why);
/* Makes the copies of a message that was appended under this ID and journalled; returns how many.
 * They get the same ID if it is above the destination's last one, else the next (broker B4).
 * expires_ms: when they expire; 0: never. */
size_t broker_route_copy(const struct broker_route *r, const struct broker_group *x,
                         struct stream_id id, const struct bytes *pairs, size_t fields,
                         int64_t expires_ms);
void broker_route_free(struct broker_route *r);

#endif
