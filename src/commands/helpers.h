/* What handlers of all families share. */
#ifndef COMMANDS_HELPERS_H
#define COMMANDS_HELPERS_H

#include "engine/call.h"

/* Journals word and then the request's arguments from `from` on. */
void helpers_effect_from(struct call *call, struct bytes word, int from);
/* The error for a subcommand whose arguments do not fit it. */
void helpers_bad_subcommand(struct call *call);
/* A HELP reply: the subcommands of a container. */
void helpers_help(struct call *call, const struct command *container);

#endif
