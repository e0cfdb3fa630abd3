/* The stream of a primary in pieces that must not be torn: a command, a transaction from MULTI to
 * EXEC, or line ends between two commands. Finds where each ends, however the bytes are cut on
 * their way; what they say is no business of it.
 *
 * Only arrays of bulk strings are accepted: a primary sends nothing else. Pure, allocates nothing,
 * looks at each head once. */
#ifndef REPLICA_GROUPS_H
#define REPLICA_GROUPS_H

#include "base/bytes.h"

#include <stdbool.h>

enum groups_kind {
    GROUPS_MORE,        /* the bytes end before the piece does */
    GROUPS_BLANK,       /* line ends */
    GROUPS_COMMAND,     /* one command */
    GROUPS_TRANSACTION, /* from MULTI to EXEC, both included */
    GROUPS_BAD          /* no stream of a primary: there is no way on */
};

/* The piece under way. Zeroed: it begins. */
struct groups {
    size_t at;       /* bytes of it that have been understood */
    size_t command;  /* where the command under way begins */
    bool has_head;   /* of that command */
    long long args;  /* that are still to come */
    bool has_length; /* of the argument under way */
    long long length;
    bool in_transaction;
};

/* Goes on with the piece that begins at p, of which n bytes are there: the same as before and more
 * behind them. Not GROUPS_MORE: it is g->at bytes long (of a bad one so many are good), and g is to
 * be zeroed before the next. */
enum groups_kind groups_find(struct groups *g, const char *p, size_t n);

/* One command that is known to be whole, into argv; returns how many arguments there are, at most
 * max of which are stored, and sets its length. 0: there are no commands but line ends, or an empty
 * array, which are *length bytes. */
int groups_split(const char *p, size_t n, struct bytes *argv, int max, size_t *length);

#endif
