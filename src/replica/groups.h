/* Splits a primary's stream into indivisible pieces: a command, a transaction from MULTI to EXEC,
 * or line ends between commands. Finds where each ends, however the bytes were split on their way;
 * does not interpret them.
 *
 * Accepts only arrays of bulk strings, since primaries send nothing else. Pure, allocates nothing,
 * parses each header once. */
#ifndef REPLICA_GROUPS_H
#define REPLICA_GROUPS_H

#include "base/bytes.h"

#include <stdbool.h>

enum groups_kind {
    GROUPS_MORE,        /* the bytes end before the piece does */
    GROUPS_BLANK,       /* line ends */
    GROUPS_COMMAND,     /* one command */
    GROUPS_TRANSACTION, /* from MULTI to EXEC, both included */
    GROUPS_BAD          /* not the stream of a primary: cannot continue */
};

/* State of a piece; zeroed at its beginning. */
struct groups {
    size_t at;       /* bytes of it parsed so far */
    size_t command;  /* where its current command begins */
    bool has_head;   /* of that command */
    long long args;  /* still to come */
    bool has_length; /* of the current argument */
    long long length;
    bool in_transaction;
};

/* Continues parsing the piece that begins at p and has n bytes so far: the same as before, plus new
 * ones. Unless GROUPS_MORE is returned, the piece is g->at bytes long (for GROUPS_BAD: the valid
 * part), and g must be zeroed before the next one. */
enum groups_kind groups_find(struct groups *g, const char *p, size_t n);

/* Splits a command known to be complete into argv; returns the number of arguments, of which at
 * most max are stored, and sets *length. 0: *length bytes of line ends or an empty array. */
int groups_split(const char *p, size_t n, struct bytes *argv, int max, size_t *length);

#endif
