#include "type/stream/stream_policy.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>

struct stream_policy *stream_policy_new(struct bytes dead_letter)
{
    struct stream_policy *p = mem_zalloc(sizeof(*p));
    p->factor = 2;
    p->dead_letter = str_new(dead_letter);
    p->order_by = str_new(BYTES(""));
    return p;
}

void stream_policy_free(struct stream_policy *p)
{
    if (!p)
        return;
    mem_free(p->retry_ms);
    str_unref(p->dead_letter);
    str_unref(p->order_by);
    mem_free(p);
}

struct stream_policy *stream_policy_copy(const struct stream_policy *p)
{
    struct stream_policy *copy = mem_alloc(sizeof(*copy));
    *copy = *p;
    copy->retry = STREAM_RETRY_NONE;
    copy->retry_n = 0;
    copy->retry_ms = NULL;
    stream_policy_set_retry(copy, p->retry, p->retry_ms, p->retry_n, p->factor);
    copy->dead_letter = str_new(str_bytes(p->dead_letter));
    copy->order_by = str_new(str_bytes(p->order_by));
    copy->counts = (struct stream_policy_counts){0};
    copy->watch = NULL;
    return copy;
}

void stream_policy_jobs(struct stream_policy *p)
{
    static const int64_t bounds[] = {1000, 600000};
    p->lease_ms = 30000;
    p->max_deliver = 16;
    p->prefetch = p->max_pending = 0;
    p->jitter = 20;
    p->delete_acked = true;
    p->paused = false;
    stream_policy_set_order(p, BYTES(""), false);
    stream_policy_set_rate(p, 0, 0);
    p->release_on_close = false;
    p->single_ms = p->consumer_ttl_ms = p->group_ttl_ms = 0;
    stream_policy_set_retry(p, STREAM_RETRY_EXP, bounds, 2, 2);
}

void stream_policy_set_retry(struct stream_policy *p, enum stream_retry retry,
                             const int64_t *retry_ms, unsigned n, double factor)
{
    ASSERT(retry == STREAM_RETRY_NONE    ? n == 0
           : retry == STREAM_RETRY_FIXED ? n == 1
           : retry == STREAM_RETRY_EXP   ? n == 2
                                         : n >= 1 && n <= STREAM_POLICY_BACKOFFS_MOST);
    int64_t *mine = n ? mem_alloc(n * sizeof(*mine)) : NULL;
    if (n)
        memcpy(mine, retry_ms, n * sizeof(*mine));
    mem_free(p->retry_ms);
    p->retry = retry;
    p->retry_n = n;
    p->retry_ms = mine;
    p->factor = retry == STREAM_RETRY_EXP ? factor : 2;
}

void stream_policy_set_dead_letter(struct stream_policy *p, struct bytes key)
{
    struct str *old = p->dead_letter;
    p->dead_letter = str_new(key);
    str_unref(old);
}

void stream_policy_set_order(struct stream_policy *p, struct bytes field, bool skips)
{
    struct str *old = p->order_by;
    p->order_by = str_new(field);
    p->order_skips = skips;
    str_unref(old);
}

void stream_policy_set_rate(struct stream_policy *p, int64_t n, int64_t ms)
{
    ASSERT(n == 0 || ms > 0);
    p->rate = n;
    p->rate_ms = n ? ms : 0;
}

bool stream_policy_equal(const struct stream_policy *a, const struct stream_policy *b)
{
    return a->lease_ms == b->lease_ms && a->max_deliver == b->max_deliver &&
           a->prefetch == b->prefetch && a->max_pending == b->max_pending && a->retry == b->retry &&
           a->retry_n == b->retry_n &&
           (!a->retry_n || memcmp(a->retry_ms, b->retry_ms, a->retry_n * sizeof(int64_t)) == 0) &&
           a->factor == b->factor && a->jitter == b->jitter &&
           bytes_equal(str_bytes(a->dead_letter), str_bytes(b->dead_letter)) &&
           a->delete_acked == b->delete_acked && a->paused == b->paused && a->rate == b->rate &&
           a->rate_ms == b->rate_ms &&
           bytes_equal(str_bytes(a->order_by), str_bytes(b->order_by)) &&
           a->order_skips == b->order_skips && a->single_ms == b->single_ms &&
           a->release_on_close == b->release_on_close && a->consumer_ttl_ms == b->consumer_ttl_ms &&
           a->group_ttl_ms == b->group_ttl_ms;
}

size_t stream_policy_memory(const struct stream_policy *p)
{
    return mem_block_size(p) + (p->retry_ms ? mem_block_size(p->retry_ms) : 0) +
           mem_block_size(p->dead_letter) + mem_block_size(p->order_by);
}

bool stream_policy_dead_letter_name(struct bytes key, struct buf *out)
{
    const char *open = key.n ? memchr(key.p, '{', key.n) : NULL;
    const char *close = open ? memchr(open, '}', (size_t)(key.p + key.n - open)) : NULL;
    bool tagged = close && close > open + 1;
    if (!tagged && key.n && memchr(key.p, '}', key.n))
        return false; /* it would end the hash tag too early */
    if (!tagged)
        buf_add_char(out, '{');
    buf_add(out, key);
    buf_add_text(out, tagged ? ":dlq" : "}:dlq");
    return true;
}

static int64_t whole_backoff(const struct stream_policy *p, uint64_t count)
{
    uint64_t nth = count ? count - 1 : 0;
    double ms;
    switch (p->retry) {
    case STREAM_RETRY_FIXED:
        return p->retry_ms[0];
    case STREAM_RETRY_EXP:
        ms = (double)p->retry_ms[0] * pow(p->factor, (double)nth);
        /* 0 stays 0, even times an infinite factor. */
        if (p->retry_ms[0] == 0)
            return 0;
        return ms < (double)p->retry_ms[1] ? (int64_t)ms : p->retry_ms[1];
    case STREAM_RETRY_LIST:
        return p->retry_ms[nth < p->retry_n ? nth : p->retry_n - 1];
    default:
        return 0;
    }
}

int64_t stream_policy_backoff(const struct stream_policy *p, uint64_t count, double chance)
{
    ASSERT(chance >= 0 && chance < 1);
    int64_t most = whole_backoff(p, count);
    int64_t least = (most * (100 - (int64_t)p->jitter) + 99) / 100;
    int64_t ms = least + (int64_t)(chance * (double)(most - least + 1));
    return ms < most ? ms : most;
}

bool stream_policy_is_used_up(const struct stream_policy *p, uint64_t count)
{
    return count >= INT64_MAX || (p->max_deliver && count >= (uint64_t)p->max_deliver);
}

void stream_policy_print_retry(const struct stream_policy *p, struct buf *out)
{
    static const char *const names[] = {"NONE", "FIXED", "EXP", "LIST"};
    char text[NUM_DOUBLE_MAX];
    buf_add_text(out, names[p->retry]);
    for (unsigned i = 0; i < p->retry_n; i++) {
        buf_add_char(out, ' ');
        buf_add_int(out, p->retry_ms[i]);
    }
    if (p->retry == STREAM_RETRY_EXP) {
        buf_add_char(out, ' ');
        buf_add(out, bytes_of(text, num_print_double(text, p->factor)));
    }
}
