/* POST /api/v1/streams/{db}/{key}/copy: entries of a stream are added to another one. */
#ifndef ADMIN_COPY_H
#define ADMIN_COPY_H

#include "admin/exchange_state.h"

/* The program (programs.def) behind POST .../copy: adds the entries to the other stream. With
 * `move` it then deletes from the first stream only those whose XADD succeeded, so that none is
 * lost. */
void copy_step(struct exchange *x);

#endif
