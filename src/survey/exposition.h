/* The metrics as text for Prometheus (format 0.0.4), part by part: the tables of metrics, sums over
 * all streams, then each number of all groups and streams that have lines of their own
 * (survey_choice.h). What is not known has no line. */
#ifndef SURVEY_EXPOSITION_H
#define SURVEY_EXPOSITION_H

#include "base/buf.h"
#include "survey/survey_record.h"

/* Adds the part that begins at the cursor (0: the first); *next is where the next one does, 0 at
 * the end. False: there is no such cursor. match: only lines of groups and streams with such keys;
 * NULL: everything. At most 0.5 ms, or what the tables of metrics take. */
bool exposition_part(struct survey *sv, uint64_t cursor, const struct bytes *match, struct buf *out,
                     uint64_t *next);

#endif
