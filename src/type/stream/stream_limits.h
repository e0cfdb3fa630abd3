/* The limits of a stream. */
#ifndef TYPE_STREAM_STREAM_LIMITS_H
#define TYPE_STREAM_STREAM_LIMITS_H

#include "type/stream/stream_strategy.h"

#include <stdbool.h>
#include <stdint.h>

#define STREAM_LIMITS_NONE (-1)

struct stream_limits {
    int64_t max_entries, max_bytes, max_age_ms; /* STREAM_LIMITS_NONE, or at least 0 */
    bool refuses;                               /* OVERFLOW REJECT: appends are refused */
    enum stream_strategy strategy;              /* OVERFLOW DROP: how the oldest are deleted */
};

/* Those of a stream without any. */
struct stream_limits stream_limits_none(void);
bool stream_limits_equal(const struct stream_limits *a, const struct stream_limits *b);

#endif
