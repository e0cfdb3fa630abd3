/* What few streams and groups have: a record of its own, which is there while it says something. To
 * change it, change a copy and put that. */
#ifndef SURVEY_SURVEY_MORE_H
#define SURVEY_SURVEY_MORE_H

#include "survey/survey_record.h"

/* Of one that has none: a record that says nothing. */
const struct survey_stream_more *survey_more_nothing_of_stream(void);
const struct survey_group_more *survey_more_nothing_of_group(void);

static inline const struct survey_stream_more *survey_more_of_stream(const struct survey_stream *x)
{
    return x->more ? x->more : survey_more_nothing_of_stream();
}
static inline const struct survey_group_more *survey_more_of_group(const struct survey_group *x)
{
    return x->more ? x->more : survey_more_nothing_of_group();
}

void survey_more_put_of_stream(struct survey_stream *x, const struct survey_stream_more *more);
void survey_more_put_of_group(struct survey_group *x, const struct survey_group_more *more);

/* Events in a second. */
static inline double survey_more_rate(uint32_t events, uint32_t ms)
{
    return ms ? (double)events * 1000 / (double)ms : 0;
}
static inline uint64_t survey_more_ready(const struct survey_group *x)
{
    const struct survey_group_more *more = survey_more_of_group(x);
    return x->unread + more->released + more->overdue;
}
/* Acknowledged messages; without a policy derived, else counted. */
uint64_t survey_more_acked(const struct survey_group *x);
/* Whether the stream holds dead letters: a policy names it, or its newest entry is one. */
bool survey_more_holds_letters(const struct survey *sv, const struct survey_stream *x);

#endif
