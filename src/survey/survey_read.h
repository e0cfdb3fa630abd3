/* Reading one stream into its records. */
#ifndef SURVEY_SURVEY_READ_H
#define SURVEY_SURVEY_READ_H

#include "survey/survey_record.h"

/* e: of a stream that has not expired. All of it, groups included, but for one with many groups:
 * that one is appended to survey.large. */
void survey_read_stream(struct survey *sv, struct db *db, struct entry *e);
/* Some groups of the first of survey.large; when it is done, or gone, it leaves that list. */
void survey_read_large(struct survey *sv);
/* Frees the records' own memory and gives the slots back. */
void survey_read_drop_stream(struct survey *sv, uint32_t number);
void survey_read_drop_group(struct survey *sv, uint32_t number);
void survey_read_drop_schedule(struct survey *sv, uint32_t number);
/* The record of a stream, or of a group of it (group not NULL); 0: the survey has not met it.
 * False: there is no such stream or group. */
bool survey_read_find(struct survey *sv, struct db *db, struct bytes key, const struct bytes *group,
                      uint32_t *out);
/* None is left in survey.large. */
void survey_read_forget_large(struct survey *sv);

#endif
