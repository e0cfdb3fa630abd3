/* A user: passwords (as SHA-256) and selectors (acl/selector.h). The first one is the root
 * selector; a request is allowed if one selector allows all of it. The rules are those of ACL
 * SETUSER in Redis 7. Knows no client. */
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

/* A new user: off, without password or rights; channels: allowed all channels. */
struct user *user_new(struct bytes name, bool channels);
struct user *user_copy(const struct user *u);
void user_free(struct user *u);
/* Moves the passwords and rights of src to dst, and frees src. */
void user_replace(struct user *dst, struct user *src);
/* Applies a rule. Returns NULL, or a static text with the reason of a refusal, which leaves u
 * unchanged. channels: whether "reset" and new selectors allow all channels. */
const char *user_apply(struct user *u, const struct registry *r, struct bytes rule, bool channels);
/* Applies several rules; "(...)" may span words. Returns NULL, or the reason of a refusal; bad
 * (freed by the caller) then has the rule at fault, if any. */
const char *user_apply_all(struct user *u, const struct registry *r, const struct bytes *rules,
                           int n, bool channels, struct buf *bad);
/* Whether everything is allowed, so that requests need no check. */
bool user_is_unlimited(const struct user *u);
bool user_password_is(const struct user *u, struct bytes password);

#endif
