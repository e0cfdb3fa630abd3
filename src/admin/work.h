/* What programs (programs.def) are made of that look at much, over several steps: a state that
 * lives as long as the request, and commands whose replies they read themselves. */
#ifndef ADMIN_WORK_H
#define ADMIN_WORK_H

#include "admin/exchange_state.h"
#include "proto/answer.h"

#define WORK_STEP_US 150 /* a step takes about so long */

/* The state of the exchange's program: so many bytes, zeroed at the first call. drop() frees what
 * it holds and itself; NULL: it holds nothing. */
void *work_state(struct exchange *x, size_t n, void (*drop)(void *state));

/* Runs a command of a GET, as the exchange's user, in the database of the path, and tells
 * each item of its reply; strings come whole (ANSWER_STRING, text is all of it). False: it failed,
 * and the exchange has been answered. */
bool work_look(struct exchange *x, const struct bytes *words, size_t n,
               void (*item)(void *to, const struct answer_item *item), void *to);
/* The same, but an error of the command itself is left in *error, which is the caller's to free. */
bool work_try(struct exchange *x, const struct bytes *words, size_t n,
              void (*item)(void *to, const struct answer_item *item), void *to, struct buf *error);
/* Sets *may to whether the user may run this. False: the user was deleted; the request has been
 * answered. */
bool work_asks(struct exchange *x, const struct bytes *words, size_t n, bool *may);
/* Whether the user may run this; false: answered. */
bool work_may(struct exchange *x, const struct bytes *words, size_t n);

/* How many things the next step looks at, so that it takes WORK_STEP_US: `looked` were looked at
 * since the clock showed `began` (clock_ticks()). At least 8, so that a slow machine does not ask
 * for one by one for ever; at most `most`, and at most four times as many as before. */
long long work_pace(uint64_t began, long long looked, long long most);
/* Writes a name that others have chosen into a row of which `more` are to come: whole, up to 4096
 * bytes, as long as that leaves room for the fronts of theirs, else its front (json_write_cut()).
 * So long names do not keep anybody from reading the list. */
#define WORK_NAME_ROOM 600 /* bytes of a row with a front */
void work_write_name(struct json_write *w, struct bytes name, size_t more);

#endif
