/* The reference's pages of commands: one for each family. */
#ifndef SERVER_REFERENCE_COMMANDS_H
#define SERVER_REFERENCE_COMMANDS_H

#include "base/buf.h"
#include "command/command.h"

/* Appends the page of a family, if it has any commands. */
void reference_commands(struct buf *out, enum command_group family);
/* A command's arguments as documentation writes them, without its name. */
void reference_commands_usage(struct buf *out, const struct command *c);

#endif
