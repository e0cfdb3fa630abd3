/* POST /api/v1/streams/{db}/{key}/copy: entries of a stream are added to another one. */
#ifndef ADMIN_COPY_H
#define ADMIN_COPY_H

#include "admin/exchange_state.h"

/* A program (programs.def). With move those that were added are deleted where they were. */
void copy_step(struct exchange *x);

#endif
