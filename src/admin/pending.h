/* What a group has delivered and nobody acknowledged, and where it stands. */
#ifndef ADMIN_PENDING_H
#define ADMIN_PENDING_H

#include "admin/exchange_state.h"

/* GET .../groups/{group}/pending: XPENDING, XPOLICY RETRIES, and the messages of what they list. */
void pending_step(struct exchange *x);
/* PUT .../groups/{group}/position: XGROUP SETID; dry: only counts what would be unread. */
void pending_position_step(struct exchange *x);

#endif
