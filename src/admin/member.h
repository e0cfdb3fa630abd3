/* GET /api/v1/keys/{db}/{key}/member: a piece of a hash field's value or of a list's item, from a
 * byte offset on. A page of the key has only the first bytes of long ones. */
#ifndef ADMIN_MEMBER_H
#define ADMIN_MEMBER_H

#include "admin/exchange_state.h"

/* The program (programs.def) behind it. 404: there is no such field or item. */
void member_step(struct exchange *x);

#endif
