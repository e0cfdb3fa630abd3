/* What XCRON's subcommands have in common: expressions and zones as arguments. */
#ifndef COMMANDS_STREAM_XCRON_ARGS_H
#define COMMANDS_STREAM_XCRON_ARGS_H

#include "base/cron.h"
#include "engine/call.h"

/* Argument i. False after the error reply. */
bool xcron_args_expression(const struct call *call, int i, struct cron_fields *out);
bool xcron_args_zone(const struct call *call, int i, const struct zone **out);
/* For an expression that has no moment within CRON_YEARS. */
void xcron_args_never(const struct call *call);

#endif
