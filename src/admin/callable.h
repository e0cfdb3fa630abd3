/* The names of the commands that a user may run, as JSON. A text is kept for each of the few last
 * sets of commands: users of equal rights share it. It is found by the set itself, so a change of
 * rights needs to tell nobody. */
#ifndef ADMIN_CALLABLE_H
#define ADMIN_CALLABLE_H

#include "acl/user.h"

#define CALLABLE_KEPT 8 /* texts, of up to 8 kB */

struct callable_set {
    uint64_t commands[SELECTOR_WORDS];
    struct buf text;  /* an array of all, then one of those that write; empty: not used yet */
    size_t all_n;     /* bytes of the first array */
    uint64_t used_at; /* count of requests for any */
};

/* Zero-initialised is empty. */
struct callable {
    struct callable_set sets[CALLABLE_KEPT];
    uint64_t asked;
};

/* Two arrays of names, borrowed until the next call. */
struct callable_names {
    struct bytes all, writes;
};

/* Whether the command can be run under its original name, the only one the API uses: rename-command
 * may have removed or renamed it. */
bool callable_is_there(const struct registry *r, const char *name);
/* What the user may run on some key. The registry is always the same, and renamed before the first
 * call. */
struct callable_names callable_names(struct callable *k, const struct user *u,
                                     const struct registry *r);
void callable_free(struct callable *k);

#endif
