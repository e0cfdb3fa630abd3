/* Which groups and streams have lines of their own in the metrics when there are more than
 * metrics-groups: those with a policy first, then by database, key and name, so that the choice is
 * stable and series do not come and go. */
#ifndef SURVEY_SURVEY_CHOICE_H
#define SURVEY_SURVEY_CHOICE_H

#include "survey/survey_record.h"

/* False: the last choice still holds, since neither records nor the limit have changed. */
bool survey_choice_begin(struct survey *sv);
/* Considers one record. False: there is room for all, so no choice is needed. O(log chosen). */
bool survey_choice_offer_group(struct survey *sv, uint32_t number);
bool survey_choice_offer_stream(struct survey *sv, uint32_t number);
/* Ends a selection, whose result replaces the former one. */
void survey_choice_end_groups(struct survey *sv);
void survey_choice_end_streams(struct survey *sv);
/* To be called when a record is freed: removes its number from the selection, since a new record
 * may get the same number. */
void survey_choice_drop_group(struct survey *sv, uint32_t number);
void survey_choice_drop_stream(struct survey *sv, uint32_t number);
/* Drops the selection under way and the last result. */
void survey_choice_forget(struct survey *sv);
size_t survey_choice_memory(const struct survey *sv);

/* The first chosen record with this number or a higher one; UINT32_MAX: none, or no pass has ended
 * yet. The caller still has to check whether the record has anything to show. Cost: a bit for each
 * record passed over. */
uint32_t survey_choice_next_group(const struct survey *sv, uint32_t number);
uint32_t survey_choice_next_stream(const struct survey *sv, uint32_t number);

#endif
