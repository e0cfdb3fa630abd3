/* POST /api/v1/streams/{db}/{key}/entries: adds a message, or several equal ones (times). */
#ifndef ADMIN_PRODUCE_H
#define ADMIN_PRODUCE_H

#include "admin/exchange_state.h"

/* The program (programs.def) behind it: XADD, `times` times, until one is refused. When the
 * first is, its error is the answer; else the answer says how many were added and, if a later one
 * was refused, its error. */
void produce_step(struct exchange *x);

#endif
