/* Lists that one command would give in one long turn: clients and keys, page by page. */
#ifndef ADMIN_LISTING_H
#define ADMIN_LISTING_H

#include "admin/exchange_state.h"

/* GET /clients: CLIENT LIST ID of a few at a time. */
void listing_clients_step(struct exchange *x);
/* GET /keys: SCAN. */
void listing_keys_step(struct exchange *x);

#endif
