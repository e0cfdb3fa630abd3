/* The slow walk over all keys, for what databases keep no table of: lists, and memory by key
 * prefix. It goes on in steps, like passes of the survey; at most one walk in ten seconds, while
 * somebody queries its results. */
#ifndef SURVEY_WALK_H
#define SURVEY_WALK_H

#include "survey/lists.h"
#include "survey/prefixes.h"

struct engine;

#define WALK_EVERY_MS 10000 /* between the starts of two walks, at least */

struct walk {
    enum walk_phase {
        WALK_RESTS,
        WALK_AWAITED, /* lists with waiting clients */
        WALK_KEYS,
        WALK_SWEEPS, /* frees records of lists that it has not met */
    } phase;
    uint32_t pass;   /* the walk under way, or the last one */
    uint32_t number; /* the last complete one; 0: none */
    int db;
    uint64_t cursor;
    uint32_t swept;
    struct lists lists;
    struct prefixes *known, *counting;     /* by database: of the last walk; of this one */
    uint64_t *known_lists, *counted_lists; /* numbers of lists, likewise */
    int64_t looked_ms, began_ms, ended_ms; /* by the steady clock; 0: never */
};

void walk_init(struct walk *w, const struct engine *e);
void walk_free(struct walk *w, const struct engine *e);
/* A query of its results. */
void walk_look(struct walk *w, const struct engine *e);
/* Whether there is something to do now. */
bool walk_has_work(const struct walk *w, const struct engine *e);
/* Does a step: about a bucket of keys. */
void walk_step(struct walk *w, struct engine *e);
/* Frees all results. */
void walk_forget(struct walk *w, const struct engine *e);
size_t walk_memory(const struct walk *w, const struct engine *e);

#endif
