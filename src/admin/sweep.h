/* A walk over entries of a stream from an ID on, by commands of the exchange's user, in steps of
 * about WORK_STEP_US, for at most so many entries. */
#ifndef ADMIN_SWEEP_H
#define ADMIN_SWEEP_H

#include "admin/entries.h"
#include "admin/exchange_state.h"

/* Zero-initialised but for what says where it goes; entries.each() hears of each one. */
struct sweep {
    struct entries entries;
    bool back;                 /* from the newest on */
    long long most;            /* entries that are looked at */
    char from[ENTRIES_ID + 1]; /* as XRANGE takes it; empty: the end */
    char until[ENTRIES_ID];    /* the last one, unless `back`; empty: the end */
    long long looked;
    long long step;
    void (*each)(void *to, const struct entries *e);
    void *to;
};

enum sweep_result {
    SWEEP_GOES_ON,
    SWEEP_IS_THROUGH, /* there are no more */
    SWEEP_IS_CUT,     /* there may be: `from` is where */
    SWEEP_HAS_FAILED  /* the exchange is answered */
};

/* key: of the stream. */
enum sweep_result sweep_step(struct sweep *s, struct exchange *x, struct bytes key);
void sweep_end(struct sweep *s);

#endif
