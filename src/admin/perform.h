/* Runs the commands of an exchange as its user, and makes the answer of what they reply. */
#ifndef ADMIN_PERFORM_H
#define ADMIN_PERFORM_H

#include "admin/exchange_state.h"

/* For routes of commands: one step of them; behind the last one the answer. */
void perform_step(struct exchange *x);

/* For programs. */

/* Before anything is written: x->json is an object then, and what is written are its members.
 * False: the exchange is answered (the user is gone). */
bool perform_begin(struct exchange *x);
/* A render that writes values of commands to x->json. */
struct render perform_render(struct exchange *x, enum render_shape shape);
/* Runs a command; r is the caller's to end. False: it did not run, or failed, and the exchange is
 * answered. */
bool perform_command(struct exchange *x, const struct bytes *words, size_t n, struct render *r);
/* The same, but the command's own error is left in r->error. */
bool perform_try(struct exchange *x, const struct bytes *words, size_t n, struct render *r);
/* Everything has been written: adds what was run, and answers as soon as it is as safe as promised.
 */
void perform_end(struct exchange *x);
/* The same again, behind WAITING. */
void perform_complete(struct exchange *x);

#endif
