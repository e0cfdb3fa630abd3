/* GET /api/v1/keys/{db}/{key}/member: the value of a hash's field, or an item of a list, from a
 * byte on: what a page of the key shows only the front of. */
#ifndef ADMIN_MEMBER_H
#define ADMIN_MEMBER_H

#include "admin/exchange_state.h"

/* The program (programs.def) behind it. 404: there is no such field or item. */
void member_step(struct exchange *x);

#endif
