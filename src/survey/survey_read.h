/* Reading one stream into its records. */
#ifndef SURVEY_SURVEY_READ_H
#define SURVEY_SURVEY_READ_H

#include "survey/survey_record.h"

/* Reads a stream that has not expired, with its groups; one with many groups is appended to
 * survey.large instead. */
void survey_read_stream(struct survey *sv, struct db *db, struct entry *e);
/* Reads some groups of the first of survey.large, which leaves that list when it is done or
 * removed. */
void survey_read_large(struct survey *sv);
/* Frees the records' memory and slots. */
void survey_read_drop_stream(struct survey *sv, uint32_t number);
void survey_read_drop_group(struct survey *sv, uint32_t number);
void survey_read_drop_schedule(struct survey *sv, uint32_t number);
/* Finds the record of a stream, or of a group of it (group not NULL); 0: the survey has not met it.
 * False: there is no such stream or group. */
bool survey_read_find(struct survey *sv, struct db *db, struct bytes key, const struct bytes *group,
                      uint32_t *out);
/* Empties survey.large. */
void survey_read_forget_large(struct survey *sv);

#endif
