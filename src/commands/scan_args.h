/* SCAN and related commands: cursor, options, and the reply, which begins with the next cursor. */
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
    /* During the walk. */
    struct call *call;
    struct chain aside;
    struct chain *out;
    size_t n;       /* strings in the reply */
    size_t found;   /* elements in the reply */
    struct buf due; /* SCAN: expired entries met, struct entry * each */
};

/* Options of a command other than MATCH and COUNT. */
enum { SCAN_ARGS_TYPE = 1, SCAN_ARGS_NOVALUES = 2 };

/* Parses the cursor at argument i; false after the error reply. */
bool scan_args_cursor(struct call *call, int i, struct scan_args *s);
/* Parses the options from argument i on. */
bool scan_args_options(struct call *call, int i, unsigned known, struct scan_args *s);
bool scan_args_matches(const struct scan_args *s, struct bytes x);
/* Walks a collection from the cursor on and replies: `step` visits some elements, adds those that
 * match to the reply, counts them in `found` and returns the next cursor. Repeats until COUNT are
 * found, at most 10 x COUNT steps; while nothing is found, up to 1000 steps, so that empty pages
 * are rare even with few matches. */
typedef uint64_t scan_args_step(const void *collection, struct scan_args *s);
void scan_args_walk(struct scan_args *s, const void *collection, scan_args_step *step);
/* The reply for an absent key. */
void scan_args_nothing(struct call *call);

#endif
