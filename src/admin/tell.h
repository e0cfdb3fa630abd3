/* Answers of an exchange: each of these ends the request, and the exchange is ANSWERED then. */
#ifndef ADMIN_TELL_H
#define ADMIN_TELL_H

#include "admin/exchange_state.h"
#include "admin/respond.h"

/* Content-Type */
#define TELL_JSON  "application/json"
#define TELL_PLAIN "text/plain; charset=utf-8"

void tell(struct exchange *x, struct respond r);
/* {"error": {"code", "text"}}, and the command that was run, if there is one. */
void tell_refusal(struct exchange *x, unsigned status, const char *code, const char *why);
/* The same, to be tried again in a second. */
void tell_later(struct exchange *x, unsigned status, const char *code, const char *why);
/* 405. allowed: bits 1 << method. */
void tell_method(struct exchange *x, unsigned allowed);
/* The error of a command: its first word decides which status it has. command: as redis-cli would
 * type it; empty: not told. */
void tell_command_error(struct exchange *x, struct bytes error, struct bytes command);

#endif
