/* Whether a user may run a request. Pure: a user, a command, its arguments. */
#ifndef ACL_CHECK_H
#define ACL_CHECK_H

#include "acl/user.h"

enum check_result { CHECK_OK, CHECK_COMMAND, CHECK_KEY, CHECK_CHANNEL, CHECK_AUTH };

/* *which: the argument that was refused, for keys and channels. */
enum check_result check_request(const struct user *u, const struct registry *r,
                                const struct command *c, const struct bytes *argv, int argc,
                                int *which);
/* Whether every key may be read: for SORT's patterns. */
bool check_reads_all_keys(const struct user *u, const struct registry *r, const struct command *c);
/* Whether messages of this channel (pattern: of channels subscribed to by it) may be received. */
bool check_channel(const struct user *u, struct bytes channel, bool pattern);
/* "command", "key", "channel", "auth". */
const char *check_reason(enum check_result why);
/* The error's text behind "NOPERM ". verbose: names key and channel, as ACL DRYRUN does. */
void check_explain(struct buf *out, enum check_result why, const struct user *u,
                   const struct command *c, struct bytes what, bool verbose);

#endif
