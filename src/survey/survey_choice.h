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
/* All were considered: the chosen ones replace those of the last choice. */
void survey_choice_end_groups(struct survey *sv);
void survey_choice_end_streams(struct survey *sv);
/* The record is freed: another one with its number has not been chosen. */
void survey_choice_drop_group(struct survey *sv, uint32_t number);
void survey_choice_drop_stream(struct survey *sv, uint32_t number);
/* Abandons a choice under way, and forgets the last one. */
void survey_choice_forget(struct survey *sv);
size_t survey_choice_memory(const struct survey *sv);

/* The first record from this number on that may have lines, if it shows anything; UINT32_MAX: none,
 * as before the end of the first pass. Walks over a bit for each record. */
uint32_t survey_choice_next_group(const struct survey *sv, uint32_t number);
uint32_t survey_choice_next_stream(const struct survey *sv, uint32_t number);

#endif
