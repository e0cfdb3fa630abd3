/* What a stream has that streams of Redis have not, behind one pointer: limits, what is to happen
 * at moments of the wall clock, and what goes to other streams or comes from channels. A stream
 * that has nothing of it has no such thing at all, so that it costs the others a comparison. */
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
    struct stream_expiry expiry; /* of those, and of present ones */
    struct stream_schedules schedules;
    struct stream_bindings *bindings; /* owned; NULL: there is none */
    struct stream_captures captures;
    void *watch; /* somebody else's, not owned; NULL: none */
};

/* Without limits, and empty. */
struct stream_extra *stream_extra_new(void);
/* NULL: nothing. */
void stream_extra_free(struct stream_extra *x);
/* Without schedules and captures, which act by themselves and would act twice; watch is NULL. */
struct stream_extra *stream_extra_copy(const struct stream_extra *x);
/* The bindings there are, or new ones. */
struct stream_bindings *stream_extra_need_bindings(struct stream_extra *x);
/* Some have been removed: NULL takes the place of none. */
void stream_extra_tidy_bindings(struct stream_extra *x);
/* Nothing of it differs from a stream without one. */
bool stream_extra_is_empty(const struct stream_extra *x);
/* About how many allocations it has (value_free_effort()). */
size_t stream_extra_free_effort(const struct stream_extra *x);
size_t stream_extra_memory(const struct stream_extra *x);
/* Walks everything, for tests. */
bool stream_extra_is_sound(const struct stream_extra *x);

#endif
