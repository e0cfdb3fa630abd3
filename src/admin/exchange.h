/* One HTTP connection's requests, one after the other: from bytes to an answer. Knows no socket;
 * whoever has one gives what came, runs steps, and sends what is in `out`. */
#ifndef ADMIN_EXCHANGE_H
#define ADMIN_EXCHANGE_H

#include "admin/exchange_state.h"

/* Zero-initialised memory becomes an exchange. */
void exchange_begin(struct exchange *x, struct exchange_all *all, const struct guard_peer *peer);
void exchange_end(struct exchange *x);
/* Takes from the front of *in what belongs to the request that is read; nothing while one is being
 * answered. */
void exchange_take(struct exchange *x, struct bytes *in);
/* While WORKING: a part of the work, of at most about 0.3 ms. */
void exchange_step(struct exchange *x);
/* While WAITING: whether it may go on; it is WORKING then. */
bool exchange_is_due(struct exchange *x);
/* After the flush: whether the output made before it may be sent; false while the write that it
 * relies on has failed. */
bool exchange_may_leave(struct exchange *x);
/* The held output can never be sent: its client was closed because the outcome of the write is
 * unknown. */
bool exchange_is_lost(const struct exchange *x);
/* All of the answer has left: the next request. */
void exchange_sent(struct exchange *x);
/* The request did not come in time: says so, and closes. While IDLE: only closes. */
void exchange_too_late(struct exchange *x);

#endif
