/* The schedules of a stream, by name. They stand in a heap by their next moments, so that a stream
 * with many of them asks for the first by one comparison. */
#ifndef TYPE_STREAM_STREAM_SCHEDULES_H
#define TYPE_STREAM_STREAM_SCHEDULES_H

#include "ds/dict.h"
#include "type/stream/stream_schedule.h"

/* Zeroed: empty and valid. */
struct stream_schedules {
    struct dict by_name;
    struct heap due;
    int64_t not_before_ms; /* all of them wait until then */
};

static inline size_t stream_schedules_count(const struct stream_schedules *s)
{
    return s->by_name.used;
}

void stream_schedules_free(struct stream_schedules *s);
/* NULL: there is none of that name. */
struct stream_schedule *stream_schedules_find(const struct stream_schedules *s, struct bytes name);
/* Makes it, or gives it other rules: what it has fired stays, and moments go on behind the last. */
struct stream_schedule *stream_schedules_set(struct stream_schedules *s, struct bytes name,
                                             const struct stream_schedule_rules *rules);
void stream_schedules_remove(struct stream_schedules *s, struct stream_schedule *x);
/* What it has fired, and when last. */
void stream_schedules_mark(struct stream_schedules *s, struct stream_schedule *x, int64_t last_ms,
                           uint64_t fired);
/* Moments up to this one bring nothing. */
void stream_schedules_pass(struct stream_schedules *s, struct stream_schedule *x, int64_t until_ms);
/* The one to look at first (stream_schedule_due_ms()); NULL: nothing is to come. */
struct stream_schedule *stream_schedules_first(const struct stream_schedules *s);
/* And when, all waiting included; INT64_MAX: never. */
int64_t stream_schedules_due_ms(const struct stream_schedules *s);
/* By name; the array belongs to the caller. */
struct stream_schedule **stream_schedules_sorted(const struct stream_schedules *s, size_t *n);
size_t stream_schedules_memory(const struct stream_schedules *s);
/* Walks everything, for tests. */
bool stream_schedules_is_sound(const struct stream_schedules *s);

#endif
