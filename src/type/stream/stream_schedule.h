/* A schedule: when a stream gets which message, and how far that has come. Moments are milliseconds
 * of the wall clock, which is an argument: nothing here knows what time it is. Stored are the
 * rules, the moment that was the last to bring a message, and how many did. */
#ifndef TYPE_STREAM_STREAM_SCHEDULE_H
#define TYPE_STREAM_STREAM_SCHEDULE_H

#include "base/cron.h"
#include "base/str.h"
#include "ds/heap.h"

#define STREAM_SCHEDULE_MOMENT_MOST 253402300799999 /* the year 9999: what is later never comes */
#define STREAM_SCHEDULE_EVERY_LEAST 100
#define STREAM_SCHEDULE_EVERY_MOST  31536000000
#define STREAM_SCHEDULE_LIMIT_MOST  1000000000000000

/* What becomes of moments that were missed. */
enum stream_catchup { STREAM_CATCHUP_NONE, STREAM_CATCHUP_ONE, STREAM_CATCHUP_ALL };

/* What a schedule is told; all borrowed. */
struct stream_schedule_rules {
    struct bytes cron, zone; /* an expression and a zone's name; */
    struct cron_fields fields;
    const struct zone *in; /* NULL: the zone is not known on this machine, and no moment comes */
    int64_t every_ms;      /* or a span; 0: an expression */
    int64_t start_ms; /* expression: no moment before it; span: moments are so many spans behind */
    int64_t until_ms; /* no moment behind it; 0: no end */
    int64_t limit;    /* messages from now on; -1: no limit */
    enum stream_catchup catchup;
    const struct bytes *pairs; /* the message: names and values in turn */
    size_t pairs_n;
};

struct stream_schedule {
    struct stream_schedule_rules rules; /* points into `memory`; limit counts from the first message
                                         * on: the schedule ends when so many were fired */
    struct heap_node due;               /* of whoever keeps it (stream_schedules.h) */
    struct str *name;
    int64_t last_ms;      /* the moment that brought a message last; 0: none did */
    int64_t passed_ms;    /* moments up to here are done with: they brought one, or never will */
    int64_t next_ms;      /* INT64_MAX: none is left */
    int64_t few_until_ms; /* whoever catches up: moments to come up to here are few enough */
    uint64_t fired;
    uint64_t missed; /* since the start; at most 1,000 are counted at once */
    size_t held;     /* bytes of memory */
    char *memory;
};

/* Without rules yet. */
struct stream_schedule *stream_schedule_new(struct bytes name);
void stream_schedule_free(struct stream_schedule *x);
/* Other rules, copied: what it has fired stays, and moments go on behind the last. */
void stream_schedule_set_rules(struct stream_schedule *x,
                               const struct stream_schedule_rules *rules);
/* What it has fired, and when last. */
void stream_schedule_mark(struct stream_schedule *x, int64_t last_ms, uint64_t fired);
/* Moments up to this one bring nothing. */
void stream_schedule_pass(struct stream_schedule *x, int64_t until_ms);
size_t stream_schedule_memory(const struct stream_schedule *x);
bool stream_schedule_is_sound(const struct stream_schedule *x);

/* The first moment behind ms by these rules, LIMIT apart; INT64_MAX: there is none. */
int64_t stream_schedule_rules_next(const struct stream_schedule_rules *r, int64_t ms);
/* The two say the same, LIMIT and the start apart. */
bool stream_schedule_rules_equal(const struct stream_schedule_rules *a,
                                 const struct stream_schedule_rules *b);
/* Its zone is known, or it needs none. */
bool stream_schedule_is_timed(const struct stream_schedule *x);
/* No moment is left: nothing keeps it alive. */
bool stream_schedule_is_over(const struct stream_schedule *x);
/* Its next moment; of one that is over, when it was. */
int64_t stream_schedule_due_ms(const struct stream_schedule *x);
/* Messages to come; -1: no limit. */
int64_t stream_schedule_left(const struct stream_schedule *x);
/* The last moment at or before until_ms; the next one is not later than that. Cost: O(log of the
 * time in between) searches for a moment. */
int64_t stream_schedule_last_until(const struct stream_schedule *x, int64_t until_ms);
/* How many moments are to come up to until_ms, but at most so many. */
uint64_t stream_schedule_count_until(const struct stream_schedule *x, int64_t until_ms,
                                     uint64_t most);
/* The moment behind which no more than n are to come up to until_ms. */
int64_t stream_schedule_before_last(const struct stream_schedule *x, int64_t until_ms, uint64_t n);

#endif
