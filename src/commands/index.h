/* The constants of all commands, each defined next to its handler. */
#ifndef COMMANDS_INDEX_H
#define COMMANDS_INDEX_H

#include "commands/helpers.h"

#define COMMAND(name) extern const struct command name##_command;
#include "commands/index.def"
#undef COMMAND

#endif
