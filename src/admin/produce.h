/* POST /api/v1/streams/{db}/{key}/entries: a message is added, or so many equal ones. */
#ifndef ADMIN_PRODUCE_H
#define ADMIN_PRODUCE_H

#include "admin/exchange_state.h"

/* The program (programs.def) behind it: XADD `times` times, until one is refused. That is the
 * answer when it was the first; else the answer tells how many were added, and why no more. */
void produce_step(struct exchange *x);

#endif
