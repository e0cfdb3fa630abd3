/* A user: passwords (as SHA-256) and selectors (acl/selector.h). The first selector is the user's
 * own; a request is allowed when one selector allows all of it. The rules are those of Redis 7 (ACL
 * SETUSER). Knows no client. */
#ifndef ACL_USER_H
#define ACL_USER_H

#include "acl/selector.h"

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
/* Applies one rule. NULL, or a static text that says why it is refused; u is unchanged then.
 * channels: whether "reset" and a new selector begin with all channels. */
const char *user_apply(struct user *u, const struct registry *r, struct bytes rule, bool channels);
/* Applies several, "(...)" over several words as one. NULL, or why not; bad (the caller's to free)
 * then holds the rule, if it is one of them. */
const char *user_apply_all(struct user *u, const struct registry *r, const struct bytes *rules,
                           int n, bool channels, struct buf *bad);
/* Everything is allowed: no request has to be looked at. */
bool user_is_unlimited(const struct user *u);
bool user_password_is(const struct user *u, struct bytes password);

#endif
