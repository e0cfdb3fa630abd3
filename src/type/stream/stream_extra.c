#include "type/stream/stream_extra.h"

#include "base/mem.h"

struct stream_extra *stream_extra_new(void)
{
    struct stream_extra *x = mem_zalloc(sizeof(*x));
    x->limits = stream_limits_none();
    stream_expiry_init(&x->expiry);
    return x;
}

void stream_extra_free(struct stream_extra *x)
{
    if (!x)
        return;
    stream_future_free(&x->future);
    stream_expiry_free(&x->expiry);
    stream_schedules_free(&x->schedules);
    stream_bindings_free(x->bindings);
    stream_captures_free(&x->captures);
    mem_free(x);
}

struct stream_extra *stream_extra_copy(const struct stream_extra *x)
{
    struct stream_extra *copy = stream_extra_new();
    copy->limits = x->limits;
    stream_future_copy(&copy->future, &x->future);
    stream_expiry_copy(&copy->expiry, &x->expiry);
    copy->bindings = x->bindings ? stream_bindings_copy(x->bindings) : NULL;
    return copy;
}

struct stream_bindings *stream_extra_need_bindings(struct stream_extra *x)
{
    if (!x->bindings)
        x->bindings = stream_bindings_new();
    return x->bindings;
}

void stream_extra_tidy_bindings(struct stream_extra *x)
{
    if (!x->bindings || x->bindings->count)
        return;
    stream_bindings_free(x->bindings);
    x->bindings = NULL;
}

bool stream_extra_is_empty(const struct stream_extra *x)
{
    struct stream_limits none = stream_limits_none();
    return !stream_future_count(&x->future) && !stream_expiry_count(&x->expiry) &&
           !stream_schedules_count(&x->schedules) && !x->bindings &&
           !stream_captures_count(&x->captures) && stream_limits_equal(&x->limits, &none);
}

size_t stream_extra_free_effort(const struct stream_extra *x)
{
    return stream_future_count(&x->future) + x->future.messages.n + x->expiry.moments.n +
           3 * stream_schedules_count(&x->schedules) +
           (x->bindings ? stream_bindings_free_effort(x->bindings) : 0) +
           stream_captures_count(&x->captures);
}

size_t stream_extra_memory(const struct stream_extra *x)
{
    return mem_block_size(x) + stream_future_memory(&x->future) + stream_expiry_memory(&x->expiry) +
           stream_schedules_memory(&x->schedules) +
           (x->bindings ? stream_bindings_memory(x->bindings) : 0) +
           stream_captures_memory(&x->captures);
}

bool stream_extra_is_sound(const struct stream_extra *x)
{
    return x->limits.max_entries >= STREAM_LIMITS_NONE &&
           x->limits.max_bytes >= STREAM_LIMITS_NONE &&
           x->limits.max_age_ms >= STREAM_LIMITS_NONE && stream_future_is_sound(&x->future) &&
           stream_expiry_is_sound(&x->expiry) && stream_schedules_is_sound(&x->schedules) &&
           dict_is_sound(&x->captures.patterns) &&
           (!x->bindings || (x->bindings->count && stream_bindings_is_sound(x->bindings)));
}
