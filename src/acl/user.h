/* A user: passwords (as SHA-256), and selectors, each a set of commands, keys and channels. The
 * first selector is the user's own; a request is allowed when one selector allows all of it. The
 * rules' language is that of Redis 7 (ACL SETUSER). Knows no client. */
#ifndef ACL_USER_H
#define ACL_USER_H

#include "base/buf.h"
#include "base/str.h"
#include "command/registry.h"

#define USER_COMMAND_WORDS 16 /* times 64 commands and subcommands */

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
    uint64_t commands[USER_COMMAND_WORDS]; /* by registry_number() */
    struct acl_pattern *keys;
    size_t key_n;
    struct str **channels;
    size_t channel_n;
    struct acl_first_arg *first_args;
    size_t first_arg_n;
    struct buf rules; /* of commands, as ACL LIST shows them: " +get -@set" behind "-@all" */
};

struct user {
    struct str *name;
    bool on, no_password, skip_sanitize;
    char (*hashes)[64];
    size_t hash_n;
    struct selector *selectors; /* at least one */
    size_t selector_n;
};

/* Off, without password, without any right; channels: all of them at first. */
struct user *user_new(struct bytes name, bool channels);
struct user *user_copy(const struct user *u);
void user_free(struct user *u);
/* What dst may do and its passwords become src's; src is emptied and freed. */
void user_replace(struct user *dst, struct user *src);
/* Applies one rule; NULL, or why not. */
const char *user_apply(struct user *u, const struct registry *r, struct bytes rule, bool channels);
/* Applies several, "(...)" over several words as one. NULL, or why not; bad (the caller's to free)
 * then holds the rule, if it is one of them. */
const char *user_apply_all(struct user *u, const struct registry *r, const struct bytes *rules,
                           int n, bool channels, struct buf *bad);
/* Everything is allowed: no request has to be looked at. */
bool user_is_unlimited(const struct user *u);
bool user_password_is(const struct user *u, struct bytes password);
/* Calls each with the rules that make this user, one after another; a selector is one of them. No
 * rule holds a blank but between the rules of a selector. */
void user_rules(const struct user *u, void (*each)(void *context, struct bytes rule),
                void *context);
/* The same as ACL LIST shows them behind the name: separated by blanks. */
void user_describe(const struct user *u, struct buf *out);
/* Whether the same rules and passwords make them. */
bool user_equal(const struct user *a, const struct user *b);
void user_describe_commands(const struct selector *s, struct buf *out);
void user_describe_keys(const struct selector *s, struct buf *out);
void user_describe_channels(const struct selector *s, struct buf *out);

#endif
