/* Whether a user may run a request. Pure: a user, a command, its arguments. */
#ifndef ACL_CHECK_H
#define ACL_CHECK_H

#include "acl/user.h"

enum check_result {
    CHECK_OK,
    CHECK_COMMAND,
    CHECK_KEY,
    CHECK_CHANNEL,
    CHECK_AUTH,
    CHECK_PATTERN, /* of check_all() only */
};

/* *which: the index of the refused argument, for keys and channels. Keys that the handler derives
 * from data are not checked: the handler does it by check_reads_all(). */
enum check_result check_request(const struct user *u, const struct registry *r,
                                const struct command *c, const struct bytes *argv, int argc,
                                int *which);
/* As check_request(), and checks those keys as well. *pattern: the option they come from, as the
 * error names it. */
enum check_result check_all(const struct user *u, const struct registry *r, const struct command *c,
                            const struct bytes *argv, int argc, int *which, const char **pattern);
/* Whether one selector allows the request and the reading of every key, or (struct keys,
 * pattern_at) of every one that matches the request's pattern. */
bool check_reads_all(const struct user *u, const struct registry *r, const struct command *c,
                     const struct bytes *argv, int argc);
/* Whether a key may be used as these key_flags say, by one selector at least. */
bool check_key(const struct user *u, struct bytes key, unsigned flags);
/* Whether messages of this channel (pattern: of channels subscribed to by it) may be received. */
bool check_channel(const struct user *u, struct bytes channel, bool pattern);
/* "command", "key", "channel", "auth". */
const char *check_reason(enum check_result why);
/* The error's text behind "NOPERM ". verbose: names key and channel, as ACL DRYRUN does. */
void check_explain(struct buf *out, enum check_result why, const struct user *u,
                   const struct command *c, struct bytes what, bool verbose);

#endif
