/* SCAN and its kin: cursor, options, and the reply that begins with the next cursor. */
#ifndef COMMANDS_SCAN_ARGS_H
#define COMMANDS_SCAN_ARGS_H

#include "base/buf.h"
#include "engine/call.h"

struct scan_args {
    uint64_t cursor;
    long long count;
    struct bytes pattern;
    bool all;          /* no pattern */
    bool no_values;    /* NOVALUES */
    struct bytes type; /* TYPE; n 0: any */
    /* While the elements come. */
    struct call *call;
    struct chain aside;
    struct chain *out;
    size_t n;       /* strings in the reply */
    size_t found;   /* elements that they are */
    struct buf due; /* SCAN: struct entry * each, met and expired */
};

/* Which options a command knows besides MATCH and COUNT. */
enum { SCAN_ARGS_TYPE = 1, SCAN_ARGS_NOVALUES = 2 };

/* The cursor at argument i; false after the error reply. */
bool scan_args_cursor(struct call *call, int i, struct scan_args *s);
/* The options from argument i on. */
bool scan_args_options(struct call *call, int i, unsigned known, struct scan_args *s);
bool scan_args_matches(const struct scan_args *s, struct bytes x);
/* Walks a collection from the cursor on and answers: `step` visits some elements, gives those that
 * match to the reply, counts them in `found` and returns the next cursor. Goes on until COUNT are
 * found, but for no more than 10 x COUNT steps; while nothing at all is found, for up to 1000, so
 * that an empty page is rare also where few elements match. */
typedef uint64_t scan_args_step(const void *collection, struct scan_args *s);
void scan_args_walk(struct scan_args *s, const void *collection, scan_args_step *step);
/* The reply when there is nothing to scan. */
void scan_args_nothing(struct call *call);

#endif
