/* A schedule: when a stream gets which message, and how far that has come. Moments are wall-clock
 * milliseconds; the current time is an argument. Persisted are the rules, the last moment that
 * fired, how many did, and the position. */
#ifndef TYPE_STREAM_STREAM_SCHEDULE_H
#define TYPE_STREAM_STREAM_SCHEDULE_H

#include "base/cron.h"
#include "base/str.h"
#include "ds/heap.h"

#define STREAM_SCHEDULE_MOMENT_MOST 253402300799999 /* the year 9999: later moments never come */
#define STREAM_SCHEDULE_EVERY_LEAST 100
#define STREAM_SCHEDULE_EVERY_MOST  31536000000
#define STREAM_SCHEDULE_LIMIT_MOST  1000000000000000

/* How many of the missed moments fire. */
enum stream_catchup { STREAM_CATCHUP_NONE, STREAM_CATCHUP_ONE, STREAM_CATCHUP_ALL };

/* The rules of a schedule; all borrowed. */
struct stream_schedule_rules {
    struct bytes cron, zone; /* an expression and the name of a zone; */
    struct cron_fields fields;
    const struct zone *in; /* NULL: the zone is unknown on this machine, and no moment comes */
    int64_t every_ms;      /* or a span; 0: an expression */
    int64_t start_ms;      /* expression: no moment is earlier; span: moments are multiples of it
                              after this */
    int64_t until_ms;      /* no moment is later; 0: no end */
    int64_t limit;         /* messages from now on; -1: no limit */
    enum stream_catchup catchup;
    const struct bytes *pairs; /* the message: names and values in turn */
    size_t pairs_n;
};

struct stream_schedule {
    struct stream_schedule_rules rules; /* points into `memory`; limit counts from the first
                                           message: the schedule ends when so many have fired */
    struct heap_node due;               /* in the heap of stream_schedules.h */
    struct str *name;
    int64_t last_ms;      /* the moment that brought a message last; 0: none did */
    int64_t passed_ms;    /* moments up to here are done with: they brought one, or never will */
    int64_t next_ms;      /* INT64_MAX: none is left */
    int64_t few_until_ms; /* whoever catches up: moments to come up to here are few enough */
    uint64_t fired;
    uint64_t missed; /* since the server started; at most 1,000 are counted at once */
    size_t held;     /* bytes of memory */
    char *memory;
};

/* A schedule without rules yet. */
struct stream_schedule *stream_schedule_new(struct bytes name);
void stream_schedule_free(struct stream_schedule *x);
/* Copies new rules. What has fired stays, and moments continue after the last. */
void stream_schedule_set_rules(struct stream_schedule *x,
                               const struct stream_schedule_rules *rules);
/* Sets how often it has fired, and the last moment that did. */
void stream_schedule_mark(struct stream_schedule *x, int64_t last_ms, uint64_t fired);
/* Passes moments up to until_ms, which will not fire. */
void stream_schedule_pass(struct stream_schedule *x, int64_t until_ms);
size_t stream_schedule_memory(const struct stream_schedule *x);
bool stream_schedule_is_sound(const struct stream_schedule *x);

/* The first moment after ms by these rules, ignoring LIMIT; INT64_MAX: none. */
int64_t stream_schedule_rules_next(const struct stream_schedule_rules *r, int64_t ms);
/* Whether both are the same, ignoring LIMIT and the start. */
bool stream_schedule_rules_equal(const struct stream_schedule_rules *a,
                                 const struct stream_schedule_rules *b);
/* The value of START that gives the same moments again: none is earlier, and with EVERY the first
 * one is it. */
int64_t stream_schedule_rules_start(const struct stream_schedule_rules *r);
/* Whether its zone is known, or it needs none. */
bool stream_schedule_is_timed(const struct stream_schedule *x);
/* Whether no moment is left, so that it is to be removed. */
bool stream_schedule_is_over(const struct stream_schedule *x);
/* Its next moment; if it is over, when it ended. */
int64_t stream_schedule_due_ms(const struct stream_schedule *x);
/* Messages left; -1: no limit. */
int64_t stream_schedule_left(const struct stream_schedule *x);
/* The last moment at or before until_ms, where the next one must not be later. Cost: O(log of the
 * time in between) searches for a moment. */
int64_t stream_schedule_last_until(const struct stream_schedule *x, int64_t until_ms);
/* How many moments up to until_ms are left, counting at most `most`. */
uint64_t stream_schedule_count_until(const struct stream_schedule *x, int64_t until_ms,
                                     uint64_t most);
/* The moment after which at most n moments up to until_ms are left; passed_ms if there are no more
 * than n. *searches: number of searches for a moment, about n. */
int64_t stream_schedule_before_last(const struct stream_schedule *x, int64_t until_ms, uint64_t n,
                                    uint64_t *searches);

#endif
