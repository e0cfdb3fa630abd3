/* Whether a user may run a request. Pure. */
#ifndef ACL_CHECK_H
#define ACL_CHECK_H

#include "acl/user.h"

enum check_result {
    CHECK_OK,
    CHECK_COMMAND,
    CHECK_KEY,
    CHECK_CHANNEL,
    CHECK_AUTH,
    CHECK_PATTERN, /* check_all() only */
};

/* *which: the index of the refused argument, for keys and channels. Keys that the handler derives
 * from data are not checked here, but by the handler with check_reads_all(). */
enum check_result check_request(const struct user *u, const struct registry *r,
                                const struct command *c, const struct bytes *argv, int argc,
                                int *which);
/* As check_request(), but checks those keys too. *pattern: the option they come from, for the
 * error. */
enum check_result check_all(const struct user *u, const struct registry *r, const struct command *c,
                            const struct bytes *argv, int argc, int *which, const char **pattern);
/* Whether some selector allows the request and reading all keys, or (struct keys, pattern_at) all
 * that match the request's pattern. */
bool check_reads_all(const struct user *u, const struct registry *r, const struct command *c,
                     const struct bytes *argv, int argc);
/* Whether at least one selector allows using the key as these key_flags say. */
bool check_key(const struct user *u, struct bytes key, unsigned flags);
/* The same, by one that allows the command too, with any arguments. */
bool check_key_of(const struct user *u, const struct registry *r, const struct command *c,
                  struct bytes key, unsigned flags);
/* Whether messages of this channel may be received (pattern: of channels that match it). */
bool check_channel(const struct user *u, struct bytes channel, bool pattern);
/* "command", "key", "channel", "auth". */
const char *check_reason(enum check_result why);
/* Appends the error text that follows "NOPERM ". verbose: with key and channel, as in ACL DRYRUN.
 */
void check_explain(struct buf *out, enum check_result why, const struct user *u,
                   const struct command *c, struct bytes what, bool verbose);

#endif
