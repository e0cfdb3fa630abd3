#include "replica/retry.h"

#include <stddef.h>

#define FIRST_MS 100
#define EAGER_MS 10000 /* after the link was lost, FIRST_MS is the delay for so long */

void retry_begin(struct retry *r, int64_t now_ms)
{
    *r = (struct retry){.down_ms = now_ms};
}

void retry_end(struct retry *r)
{
    r->asked = 0;
}

int64_t retry_failed(const struct retry *r, int64_t now_ms)
{
    return now_ms - r->down_ms < EAGER_MS ? FIRST_MS : RETRY_LAST_MS;
}

int64_t retry_asked(struct retry *r, bool soon, int64_t now_ms)
{
    static const int64_t delays[] = {0, 20, 40, 80};
    if (!soon || r->asked == sizeof(delays) / sizeof(*delays))
        return retry_failed(r, now_ms);
    return delays[r->asked++];
}
