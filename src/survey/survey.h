/* The survey: what is known of every stream and every group, read in small steps between commands,
 * and shared by all who ask (console R2). Whoever asks pays for the answer, not for a walk.
 *
 * A pass visits every stream. While somebody has asked within 90 seconds there is at most one a
 * second; a step of at most 200 us in one turn of the loop, and 1 % of the time. When nobody has,
 * there is one in 10 seconds while there is a console-port; else none, and all that was kept
 * (survey_record.h) is freed. */
#ifndef SURVEY_SURVEY_H
#define SURVEY_SURVEY_H

#include "survey/survey_record.h"

#define SURVEY_LOOKED_MS     90000 /* for so long after somebody looked there are passes */
#define SURVEY_EVERY_MS      1000  /* from the beginning of one to that of the next, at least */
#define SURVEY_IDLE_EVERY_MS 10000 /* the same while nobody looks */
#define SURVEY_SLICE_US      200
#define SURVEY_SHARE         100 /* one part in so many of the time */

struct survey *survey_new(struct engine *e);
/* Before the engine's timers are freed. */
void survey_free(struct survey *sv);
/* console-port has changed. */
void survey_configure(struct survey *sv);
/* Somebody looks: there will be passes. When none has ended yet, does some of it at once (500 us),
 * so that a few streams are known by the first look. */
void survey_look(struct survey *sv);
/* The same, at what the walk over all keys finds: lists, prefixes. */
void survey_look_at_keys(struct survey *sv);
/* For a scrape: at lists too, when some are to have lines of their own. */
void survey_look_for_metrics(struct survey *sv);
/* A phase of the turn: does a step if it is time. */
void survey_step(struct survey *sv);
static inline void survey_turn(struct survey *sv)
{
    if (__builtin_expect(sv->is_due | sv->is_second_due, 0))
        survey_step(sv);
}
size_t survey_memory(const struct survey *sv);

#endif
