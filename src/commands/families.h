/* The list of all commands. */
#ifndef COMMANDS_FAMILIES_H
#define COMMANDS_FAMILIES_H

#include "command/command.h"

/* NULL-terminated. */
const struct command *const *families_all(void);

#endif
