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
/* None is left in survey.large. */
void survey_read_forget_large(struct survey *sv);

#endif
