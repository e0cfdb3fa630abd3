/* Features that streams of Redis do not have, behind one pointer: limits, scheduled work on the
 * wall clock, copies to other streams, captures of channels. Streams without any pay one
 * comparison. */
#ifndef TYPE_STREAM_STREAM_EXTRA_H
#define TYPE_STREAM_STREAM_EXTRA_H

#include "type/stream/stream_bindings.h"
#include "type/stream/stream_captures.h"
#include "type/stream/stream_expiry.h"
#include "type/stream/stream_limits.h"
#include "type/stream/stream_schedules.h"

#include <stddef.h>

struct stream_extra {
    struct stream_limits limits;
    /* Of broker_limits: where a trim by ACKED goes on at an append, and where by age; 0-0: at the
     * oldest. How many the round by age has looked at, and when the next one begins. */
    struct stream_id looked, aged;
    uint64_t aged_looks;
    int64_t age_look_ms;
    struct stream_future future; /* scheduled messages */
    struct stream_expiry expiry; /* of scheduled and present messages */
    struct stream_schedules schedules;
    struct stream_bindings *bindings; /* owned; NULL: none */
    struct stream_captures captures;
    void *watch; /* the broker's, not owned; NULL: none */
};

/* Without limits, and empty. */
struct stream_extra *stream_extra_new(void);
/* NULL: nothing. */
void stream_extra_free(struct stream_extra *x);
/* Leaves out schedules and captures, which would act twice; watch is NULL. */
struct stream_extra *stream_extra_copy(const struct stream_extra *x);
/* The bindings, made when absent. */
struct stream_bindings *stream_extra_need_bindings(struct stream_extra *x);
/* Frees the bindings if they are empty. */
void stream_extra_tidy_bindings(struct stream_extra *x);
/* Whether it equals having no extras. */
bool stream_extra_is_empty(const struct stream_extra *x);
/* An estimate of the number of allocations (value_free_effort()). */
size_t stream_extra_free_effort(const struct stream_extra *x);
size_t stream_extra_memory(const struct stream_extra *x);
/* Walks everything, for tests. */
bool stream_extra_is_sound(const struct stream_extra *x);

#endif
