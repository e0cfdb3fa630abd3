/* Which groups and streams have lines of their own in the metrics, when there are more than
 * metrics-groups: those with a policy, then by database, key and name, so that the same ones stay
 * and series do not come and go. */
#ifndef SURVEY_SURVEY_CHOICE_H
#define SURVEY_SURVEY_CHOICE_H

#include "survey/survey_record.h"

void survey_choice_begin(struct survey *sv);
/* Looks at one record. False: there is room for all, so none has to be looked at. O(log of those
 * that may be chosen). */
bool survey_choice_offer_group(struct survey *sv, uint32_t number);
bool survey_choice_offer_stream(struct survey *sv, uint32_t number);
/* All were looked at: those that are chosen have the number of the pass in `listed`. */
void survey_choice_end_groups(struct survey *sv);
void survey_choice_end_streams(struct survey *sv);
/* What was begun is given up. */
void survey_choice_forget(struct survey *sv);

/* None before the first pass has ended. */
static inline bool survey_choice_lists_group(const struct survey *sv, const struct survey_group *g)
{
    return sv->number && survey_record_shows_group(sv, g) &&
           (sv->groups_chosen.all || g->listed == sv->number);
}
static inline bool survey_choice_lists_stream(const struct survey *sv,
                                              const struct survey_stream *x)
{
    return sv->number && survey_record_shows_stream(x) &&
           (sv->streams_chosen.all || x->listed == sv->number);
}

#endif
