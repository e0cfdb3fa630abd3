/* An engine with a survey, whose clock the test advances. */
#ifndef SUPPORT_SURVEY_H
#define SUPPORT_SURVEY_H

#include "broker.h"
#include "broker/broker_stats.h"
#include "survey/survey.h"

static inline struct bench *survey_bench(struct client **c)
{
    struct bench *b = broker_bench();
    b->engine.survey = survey_new(&b->engine);
    b->engine.survey->subscriptions = broker_stats_subscriptions;
    *c = bench_client(b);
    return b;
}

static inline void survey_bench_end(struct bench *b)
{
    survey_free(b->engine.survey);
    broker_bench_end(b);
}

/* Advances the clock, and takes a turn. */
static inline void survey_bench_turn(struct bench *b, int64_t ms)
{
    broker_bench_wait(b, ms);
    survey_turn(b->engine.survey);
}

/* Queries the survey each second, until it has ended n passes. */
static inline void survey_bench_passes(struct bench *b, int n)
{
    struct survey *sv = b->engine.survey;
    for (uint64_t last = sv->number; n > 0; n -= sv->number != last, last = sv->number) {
        survey_look(sv);
        survey_bench_turn(b, 1000);
    }
}

/* The reply as text, NUL-terminated; freed by the caller. */
static inline struct buf survey_answer(struct client *c, const char *line)
{
    struct buf raw = {0}, text = {0};
    bench_says(c, line);
    broker_drain(c, &raw);
    buf_add_char(&raw, '\0');
    broker_text(raw.p, &text);
    buf_add_char(&text, '\0');
    buf_free(&raw);
    return text;
}

/* Whether the reply contains this part. */
static inline bool survey_shows(struct client *c, const char *line, const char *part)
{
    struct buf text = survey_answer(c, line);
    bool found = strstr(text.p, part) != NULL;
    buf_free(&text);
    return found;
}

/* Whether the reply contains this part, and ends like this: what is between varies with the time.
 */
static inline bool survey_tells(struct client *c, const char *line, const char *part,
                                const char *last)
{
    struct buf text = survey_answer(c, line);
    size_t n = strlen(text.p), m = strlen(last);
    bool good = n >= m && strstr(text.p, part) && strcmp(text.p + n - m, last) == 0;
    if (!good)
        printf("# %s: no <%s> ... <%s> in <%.300s>\n", line, part, last, text.p);
    buf_free(&text);
    return good;
}

#endif
