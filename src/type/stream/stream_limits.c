#include "type/stream/stream_limits.h"

struct stream_limits stream_limits_none(void)
{
    return (struct stream_limits){.max_entries = STREAM_LIMITS_NONE,
                                  .max_bytes = STREAM_LIMITS_NONE,
                                  .max_age_ms = STREAM_LIMITS_NONE};
}

bool stream_limits_equal(const struct stream_limits *a, const struct stream_limits *b)
{
    return a->max_entries == b->max_entries && a->max_bytes == b->max_bytes &&
           a->max_age_ms == b->max_age_ms && a->refuses == b->refuses && a->strategy == b->strategy;
}
