/* A set of commands, keys and channels: what one selector of a user allows. Its rules are those of
 * Redis 7 (ACL SETUSER) that concern rights. Knows no user and no client. */
#ifndef ACL_SELECTOR_H
#define ACL_SELECTOR_H

#include "base/buf.h"
#include "base/str.h"
#include "command/registry.h"

#define SELECTOR_WORDS 16 /* of 64 bits, one for each command and subcommand */

enum { ACL_READ = 1, ACL_WRITE = 2 };

struct acl_pattern {
    struct str *text;
    unsigned access; /* ACL_READ, ACL_WRITE */
};

struct acl_first_arg { /* "+select|0": a command only with this first argument */
    unsigned command;
    struct str *text;
};

struct selector {
    bool all_commands, all_keys, all_channels;
    uint64_t commands[SELECTOR_WORDS]; /* by registry_number() */
    struct acl_pattern *keys;
    size_t key_n;
    struct str **channels;
    size_t channel_n;
    struct acl_first_arg *first_args;
    size_t first_arg_n;
    struct buf rules; /* of commands, as ACL LIST shows them: " +get -@set" behind "-@all" */
};

/* Applies one rule. NULL, or a static text that says why it is refused; s is unchanged then.
 * *known is false when the rule concerns no selector. */
const char *selector_apply(struct selector *s, const struct registry *r, struct bytes rule,
                           bool *known);
/* The copy shares the strings and owns the rest. */
struct selector selector_copy(const struct selector *s);
/* Frees what s owns, not s itself. */
void selector_drop(struct selector *s);

#endif
