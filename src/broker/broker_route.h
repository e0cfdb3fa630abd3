/* Routing: a message that is appended to a stream with bindings is copied to the streams that these
 * name, to what is bound to those, and so on. All copies of a message are planned before anything
 * is written, and written in the group of the journal in which the message itself is appended: all
 * of them, or nothing. */
#ifndef BROKER_BROKER_ROUTE_H
#define BROKER_BROKER_ROUTE_H

#include "broker/broker_act.h"

#define BROKER_ROUTE_DEPTH 16 /* streams in a chain, behind the first */

/* One copy to be made. */
struct broker_route_copy {
    struct bytes key; /* borrowed from the binding */
    unsigned depth;   /* 1: bound to the stream itself */
    bool skipped;     /* the destination cannot take it */
};

#define BROKER_ROUTE_FEW 8 /* copies that take no allocation */

/* What becomes of one message. Valid until bindings change; not to be moved. Zeroed: no copies. */
struct broker_route {
    struct broker_route_copy *copies, few[BROKER_ROUTE_FEW];
    size_t n, cap;
    struct dict seen;       /* when there are more than few: names of all copies */
    bool due;               /* in a destination messages are due that come first */
    size_t failures;        /* destinations that cannot take it */
    struct bytes failed;    /* the first of them, */
    const char *failed_why; /* and why */
};

/* Whether messages that are appended now are routed: not in a replay (broker G3). */
bool broker_route_has_bindings(const struct broker_group *x);
/* Plans the copies of a message for the stream x->stream, which has bindings. Changes nothing but
 * that keys whose time has passed go. why: a destination that is full refuses the message; what the
 * producer is told gets there, and false is returned. why NULL: such a destination is skipped. One
 * of another type is skipped in any case. To be freed. */
bool broker_route_plan(struct broker_route *r, const struct broker_group *x,
                       const struct bytes *pairs, size_t fields, struct buf *why);
/* The message has been appended under this ID, and told: makes the copies, and returns how many.
 * They get the ID if it is above the last one there, else the next one (broker B4). expires_ms:
 * when they expire; 0: never. */
size_t broker_route_copy(const struct broker_route *r, const struct broker_group *x,
                         struct stream_id id, const struct bytes *pairs, size_t fields,
                         int64_t expires_ms);
void broker_route_free(struct broker_route *r);

#endif
