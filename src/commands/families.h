/* The list of all commands. */
#ifndef COMMANDS_FAMILIES_H
#define COMMANDS_FAMILIES_H

#include "commands/helpers.h"

#define COMMAND(name) extern const struct command name##_command;
#include "commands/index.def"
#undef COMMAND

/* NULL-terminated. */
const struct command *const *families_all(void);

#endif
