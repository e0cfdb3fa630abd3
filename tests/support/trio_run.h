/* Runs one schedule, including the checks at its end. */
#ifndef SUPPORT_TRIO_RUN_H
#define SUPPORT_TRIO_RUN_H

#include "trio_confirmed.h"

/* Whether all checks hold; of *t only the counts and the reason of the failure remain. */
static inline bool trio_run(struct trio *t, uint64_t seed, enum trio_kind kind)
{
    trio_begin(t, seed, kind);
    int steps = 400 + (int)trio_below(t, 800);
    int fails = kind == TRIO_SINGLE ? 100 + (int)trio_below(t, 300) : -1;
    if (kind == TRIO_CONFIRMED && (t->may_lose || trio_below(t, 2)))
        trio_becomes_whole(t);
    for (int i = 0; i < steps && !*t->failed; i++) {
        unsigned chance = trio_below(t, 100);
        if (kind == TRIO_CONFIRMED && chance < 4)
            trio_trouble(t);
        else if (i == fails)
            trio_fails_over(t);
        else if (chance < 3)
            trio_breaks(t);
        else if (chance < 4 && kind == TRIO_CHAOS)
            trio_turns_around(t);
        else
            trio_usual(t);
    }
    if (kind == TRIO_CONFIRMED)
        t->primary = (int)trio_below(t, TRIO_NODES);
    if (!*t->failed)
        trio_heals(t);
    if (!*t->failed)
        trio_judge(t);
    trio_end(t);
    return !*t->failed;
}

#endif
