/* All commands by name. Made once from an array; looked up on every request, so the lookup folds
 * case, hashes and compares in one pass over at most 24 bytes. */
#ifndef COMMAND_REGISTRY_H
#define COMMAND_REGISTRY_H

#include "command/command.h"

struct registry;

/* commands: NULL-terminated, borrowed for the life of the registry. */
struct registry *registry_new(const struct command *const *commands);
void registry_free(struct registry *r);
/* NULL when unknown. Top-level names only. */
const struct command *registry_find(const struct registry *r, struct bytes name);
/* Of a container by its argument; NULL when unknown. */
const struct command *registry_subcommand(const struct command *container, struct bytes name);
/* As registry_find() for "name" or "container|name". */
const struct command *registry_find_full(const struct registry *r, struct bytes name);
/* The NULL-terminated array again. */
const struct command *const *registry_all(const struct registry *r);
/* A stable number for each command and subcommand, below registry_count(): for statistics. */
unsigned registry_number(const struct registry *r, const struct command *c);
unsigned registry_count(const struct registry *r);

#endif
