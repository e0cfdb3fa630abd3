/* The metrics as text for Prometheus (format 0.0.4), in parts: the metric tables, totals over all
 * streams, then each number of all groups, streams and lists that have lines of their own
 * (survey_choice.h). Unknown numbers have no line. */
#ifndef SURVEY_EXPOSITION_H
#define SURVEY_EXPOSITION_H

#include "base/buf.h"
#include "survey/survey_record.h"

/* Appends the part at the cursor (0: the first); *next is the cursor of the next one, 0 at the end.
 * False: no such cursor. match: only lines of groups and streams with matching keys; NULL:
 * everything. Takes about 0.15 ms, or what the metric tables take. */
bool exposition_part(struct survey *sv, uint64_t cursor, const struct bytes *match, struct buf *out,
                     uint64_t *next);

#endif
