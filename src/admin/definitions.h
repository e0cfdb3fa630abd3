/* GET /definitions: what queues are made of, as commands for redis-cli: groups and their rules,
 * limits, bindings, schedules, captures, users. No messages, and no passwords. */
#ifndef ADMIN_DEFINITIONS_H
#define ADMIN_DEFINITIONS_H

#include "admin/exchange_state.h"

void definitions_step(struct exchange *x);

#endif
