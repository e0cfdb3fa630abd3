/* The commands, keys and channels that one selector of a user allows. Its rules are those of ACL
 * SETUSER in Redis 7 that concern rights. Knows no user and no client. */
#ifndef ACL_SELECTOR_H
#define ACL_SELECTOR_H

#include "base/buf.h"
#include "base/str.h"
#include "command/registry.h"

#define SELECTOR_WORDS 16 /* of 64 bits, a bit for each command and subcommand */

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
    struct buf rules; /* for commands, as ACL LIST shows them: " +get -@set" after "-@all" */
};

/* Applies a rule. Returns NULL, or a static text with the reason of a refusal, which leaves s
 * unchanged. *known is false if the rule is not one of selectors. */
const char *selector_apply(struct selector *s, const struct registry *r, struct bytes rule,
                           bool *known);
/* Copies; the strings are shared. */
struct selector selector_copy(const struct selector *s);
/* Frees what s owns, not s itself. */
void selector_drop(struct selector *s);

#endif
