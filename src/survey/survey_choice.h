/* Which groups and streams have lines of their own in the metrics when there are more than
 * metrics-groups: those with a policy first, then by database, key and name, so that the choice is
 * stable and series do not come and go. */
#ifndef SURVEY_SURVEY_CHOICE_H
#define SURVEY_SURVEY_CHOICE_H

#include "survey/survey_record.h"

void survey_choice_begin(struct survey *sv);
/* Considers one record. False: there is room for all, so no choice is needed. O(log chosen). */
bool survey_choice_offer_group(struct survey *sv, uint32_t number);
bool survey_choice_offer_stream(struct survey *sv, uint32_t number);
/* All were considered: the chosen ones get the number of the pass in `listed`. */
void survey_choice_end_groups(struct survey *sv);
void survey_choice_end_streams(struct survey *sv);
/* Abandons a choice under way. */
void survey_choice_forget(struct survey *sv);

/* False before the end of the first pass. */
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
