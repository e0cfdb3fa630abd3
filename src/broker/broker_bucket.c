#include "broker/broker_bucket.h"

#include "base/assert.h"

uint64_t broker_bucket_tokens(struct broker_bucket *b, int64_t n, int64_t ms, int64_t now_ms)
{
    int64_t most = n * ms;
    ASSERT(n > 0 && ms > 0 && n <= INT64_MAX / 2 / ms);
    if (b->n != n || b->ms != ms) {
        *b = (struct broker_bucket){.n = n, .ms = ms, .level = most, .at_ms = now_ms};
    } else if (now_ms > b->at_ms) {
        int64_t passed = now_ms - b->at_ms;
        b->level += passed < ms ? passed * n : most;
        b->level = b->level < most ? b->level : most;
        b->at_ms = now_ms;
    }
    return (uint64_t)(b->level / ms);
}

void broker_bucket_take(struct broker_bucket *b, uint64_t tokens)
{
    ASSERT(tokens <= (uint64_t)(b->level / b->ms));
    b->level -= (int64_t)tokens * b->ms;
}

int64_t broker_bucket_next_ms(const struct broker_bucket *b)
{
    int64_t lacks = b->ms - b->level;
    ASSERT(b->n > 0);
    return b->at_ms + (lacks > 0 ? (lacks + b->n - 1) / b->n : 0);
}
