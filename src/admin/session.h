/* /api/v1/session: login, logout, who is logged in and what he may do. */
#ifndef ADMIN_SESSION_H
#define ADMIN_SESSION_H

#include "admin/exchange_state.h"

/* Programs (programs.def); who asks is known. */
void session_step(struct exchange *x);
void session_confirm_step(struct exchange *x);

#endif
