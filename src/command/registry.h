/* All commands by name. Built once from an array; looked up for every request, so a lookup folds
 * case, hashes and compares in one pass over at most 24 bytes. */
#ifndef COMMAND_REGISTRY_H
#define COMMAND_REGISTRY_H

#include "command/command.h"

struct registry;

/* commands: NULL-terminated, borrowed for the life of the registry. */
struct registry *registry_new(const struct command *const *commands);
void registry_free(struct registry *r);
/* By the name that requests use, top level only; NULL: unknown. */
const struct command *registry_find(const struct registry *r, struct bytes name);
/* A subcommand of a container; NULL: unknown. */
const struct command *registry_subcommand(const struct command *container, struct bytes name);
/* As registry_find() for "name" or "container|name". */
const struct command *registry_find_full(const struct registry *r, struct bytes name);
/* Makes requests use the name `to`, and no longer the original one; "": removes the command. The
 * constant stays, and with it the name in ACL rules, statistics and the journal. Returns the error,
 * or NULL. */
const char *registry_rename(struct registry *r, struct bytes from, struct bytes to);
/* By the original name. */
const struct command *registry_find_original(const struct registry *r, struct bytes name);
/* Whether any command was renamed or removed. */
bool registry_has_renames(const struct registry *r);
/* False for a removed command. */
bool registry_is_reachable(const struct registry *r, const struct command *c);
/* The array given to registry_new(), including removed commands. */
const struct command *const *registry_all(const struct registry *r);
/* A stable number below registry_count() for each command and subcommand, for statistics. */
unsigned registry_number(const struct registry *r, const struct command *c);
unsigned registry_count(const struct registry *r);

#endif
