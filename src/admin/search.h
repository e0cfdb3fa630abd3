/* GET /streams/{db}/{key}/entries: pages of entries, and those of them that fit a filter. */
#ifndef ADMIN_SEARCH_H
#define ADMIN_SEARCH_H

#include "admin/entries.h"
#include "admin/exchange_state.h"

/* The program. */
void search_step(struct exchange *x);
/* What field, contains and equals say. False: they contradict each other (answered). */
bool search_read_filter(struct exchange *x, struct entries_filter *f);

#endif
