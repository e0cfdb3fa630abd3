/* The slow walk over all keys, for what the databases keep no table of: lists, and what keys take
 * by prefix. Goes on in steps, as passes of the survey do; one walk in ten seconds at most, while
 * somebody asks for what it finds. */
#ifndef SURVEY_WALK_H
#define SURVEY_WALK_H

#include "survey/lists.h"
#include "survey/prefixes.h"

struct engine;

#define WALK_EVERY_MS 10000 /* from the beginning of one to that of the next, at least */

struct walk {
    enum walk_phase {
        WALK_RESTS,
        WALK_AWAITED, /* lists that somebody waits for */
        WALK_KEYS,
        WALK_SWEEPS, /* records of lists that it has not met */
    } phase;
    uint64_t pass;   /* the walk under way, else the last one */
    uint64_t number; /* the last one that ended; 0: none has */
    int db;
    uint64_t cursor;
    uint32_t swept;
    struct lists lists;
    struct prefixes *known, *counting;     /* by database, of the last walk; of this one */
    uint64_t *known_lists, *counted_lists; /* how many there are, likewise */
    int64_t looked_ms, began_ms, ended_ms; /* by the steady clock; 0: never */
};

void walk_init(struct walk *w, const struct engine *e);
void walk_free(struct walk *w, const struct engine *e);
/* Somebody asks for what it finds. */
void walk_look(struct walk *w, const struct engine *e);
/* Whether there is something to do now. */
bool walk_has_work(const struct walk *w, const struct engine *e);
/* A little of it: a bucket of keys, or so. */
void walk_step(struct walk *w, struct engine *e);
/* Nobody looks: all that was found is freed. */
void walk_forget(struct walk *w, const struct engine *e);
size_t walk_memory(const struct walk *w, const struct engine *e);

#endif
