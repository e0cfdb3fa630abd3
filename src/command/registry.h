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
/* Requests know the command as `to` from now on, and by its own name no more; "" takes it away.
 * Its constant, and with it its name in rules, statistics and the journal, stays. Returns why not,
 * or NULL. */
const char *registry_rename(struct registry *r, struct bytes from, struct bytes to);
/* As registry_find(), by the commands' own names. */
const struct command *registry_find_original(const struct registry *r, struct bytes name);
/* Whether requests know some command by another name than its own. */
bool registry_has_renames(const struct registry *r);
/* False for a command that was taken away. */
bool registry_is_reachable(const struct registry *r, const struct command *c);
/* The NULL-terminated array again, with those that were taken away. */
const struct command *const *registry_all(const struct registry *r);
/* A stable number for each command and subcommand, below registry_count(): for statistics. */
unsigned registry_number(const struct registry *r, const struct command *c);
unsigned registry_count(const struct registry *r);

#endif
