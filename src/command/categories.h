/* The categories of commands, for COMMAND INFO and ACL rules; derived from flags and group. */
#ifndef COMMAND_CATEGORIES_H
#define COMMAND_CATEGORIES_H

#include "command/command.h"

#define CATEGORIES_MOST 20 /* of one command */

/* The names without '@', in the order of COMMAND INFO; returns how many. They live as long as the
 * command. */
size_t categories_of(const struct command *c, struct bytes names[CATEGORIES_MOST]);
bool categories_has(const struct command *c, struct bytes name);
/* All categories, in the order of ACL CAT; NULL-terminated. */
const char *const *categories_all(void);

#endif
