/* The schedules of a stream, by name and in a heap by their next moments: finding the first costs
 * one comparison. */
#ifndef TYPE_STREAM_STREAM_SCHEDULES_H
#define TYPE_STREAM_STREAM_SCHEDULES_H

#include "ds/dict.h"
#include "type/stream/stream_schedule.h"

/* Zeroed: empty and valid. */
struct stream_schedules {
    struct dict by_name;
    struct heap due;
    int64_t not_before_ms; /* none fires before this */
};

static inline size_t stream_schedules_count(const struct stream_schedules *s)
{
    return s->by_name.used;
}

void stream_schedules_free(struct stream_schedules *s);
/* NULL: none has that name. */
struct stream_schedule *stream_schedules_find(const struct stream_schedules *s, struct bytes name);
/* Creates a schedule or replaces its rules. What has fired stays, and moments continue after the
 * last. */
struct stream_schedule *stream_schedules_set(struct stream_schedules *s, struct bytes name,
                                             const struct stream_schedule_rules *rules);
void stream_schedules_remove(struct stream_schedules *s, struct stream_schedule *x);
/* Sets how often it has fired, and the last moment that did. */
void stream_schedules_mark(struct stream_schedules *s, struct stream_schedule *x, int64_t last_ms,
                           uint64_t fired);
/* Passes moments up to until_ms, which will not fire. */
void stream_schedules_pass(struct stream_schedules *s, struct stream_schedule *x, int64_t until_ms);
/* The one due first (stream_schedule_due_ms()); NULL: none. */
struct stream_schedule *stream_schedules_first(const struct stream_schedules *s);
/* When that one is due, not before not_before_ms; INT64_MAX: never. */
int64_t stream_schedules_due_ms(const struct stream_schedules *s);
/* Sorted by name; the caller frees the array. */
struct stream_schedule **stream_schedules_sorted(const struct stream_schedules *s, size_t *n);
size_t stream_schedules_memory(const struct stream_schedules *s);
/* Walks everything, for tests. */
bool stream_schedules_is_sound(const struct stream_schedules *s);

#endif
