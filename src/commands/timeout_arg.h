/* The timeout of blocking commands. */
#ifndef COMMANDS_TIMEOUT_ARG_H
#define COMMANDS_TIMEOUT_ARG_H

#include "engine/call.h"

/* Argument i: seconds, with a fraction. *deadline_ms is by the steady clock; 0: no timeout. False
 * after the error reply. */
bool timeout_arg_parse(const struct call *call, int i, int64_t *deadline_ms);
/* The same in whole milliseconds. */
bool timeout_arg_parse_ms(const struct call *call, int i, int64_t *deadline_ms);

#endif
