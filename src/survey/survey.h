/* The survey: data on every stream and group, collected in small steps between commands and shared
 * by all queries (console R2), which pay only for their answer.
 *
 * A pass visits every stream. For 90 seconds after a query there is at most one pass a second, in
 * steps of at most 200 us a turn and 1 % of the time in total. Without queries there is one in 10
 * seconds if there is a console-port; else none, and all data (survey_record.h) are freed. */
#ifndef SURVEY_SURVEY_H
#define SURVEY_SURVEY_H

#include "survey/survey_record.h"

#define SURVEY_LOOKED_MS     90000 /* how long a query keeps passes going */
#define SURVEY_EVERY_MS      1000  /* between the starts of two passes, at least */
#define SURVEY_IDLE_EVERY_MS 10000 /* the same while nobody looks */
#define SURVEY_SLICE_US      200
#define SURVEY_SHARE         100 /* 1/SURVEY_SHARE of the time */

struct survey *survey_new(struct engine *e);
/* Before the engine's timers are freed. */
void survey_free(struct survey *sv);
/* console-port has changed. */
void survey_configure(struct survey *sv);
/* A query: starts passes. If none has ended yet, does some of it at once (500 us), so that the
 * first answer has a few streams. */
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
