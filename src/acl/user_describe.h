/* Prints users and selectors as ACL rules; applying these rules to a new user recreates it. */
#ifndef ACL_USER_DESCRIBE_H
#define ACL_USER_DESCRIBE_H

#include "acl/user.h"

/* Calls each() with the rules that recreate this user, in the order of application; a selector is
 * one rule. Only selectors contain blanks, inside the parentheses. */
void user_describe_rules(const struct user *u, void (*each)(void *context, struct bytes rule),
                         void *context);
/* The same as ACL LIST shows them after the name: separated by blanks. Appends to out. */
void user_describe(const struct user *u, struct buf *out);
/* One part of a selector, as ACL GETUSER shows it. Appends to out. */
void user_describe_commands(const struct selector *s, struct buf *out);
void user_describe_keys(const struct selector *s, struct buf *out);
void user_describe_channels(const struct selector *s, struct buf *out);
/* Whether both have the same rules and passwords, in the same order. */
bool user_describe_equal(const struct user *a, const struct user *b);

#endif
