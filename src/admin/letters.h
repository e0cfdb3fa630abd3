/* Dead letters: by what they died of, and how they go back. */
#ifndef ADMIN_LETTERS_H
#define ADMIN_LETTERS_H

#include "admin/exchange_state.h"

/* GET /streams/{db}/{key}/letters: the newest ones, grouped by a field. */
void letters_step(struct exchange *x);
/* POST /streams/{db}/{key}/redrive; dry: only counts. */
void letters_redrive_step(struct exchange *x);

#endif
