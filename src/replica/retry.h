/* How long a replica waits before it contacts its primary again. Times are of the steady clock. */
#ifndef REPLICA_RETRY_H
#define REPLICA_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_LAST_MS 1000 /* the longest delay */

struct retry {
    int64_t down_ms; /* since when there is no link */
    unsigned asked;  /* short delays used up by retry_asked() */
};

/* The link was lost, or a new primary was set. */
void retry_begin(struct retry *r, int64_t now_ms);
/* The link is established. */
void retry_end(struct retry *r);
/* An attempt has failed. Returns the delay before the next one: a tenth of a second for the first
 * ten seconds, as a primary that restarts gives no sign. */
int64_t retry_failed(const struct retry *r, int64_t now_ms);
/* The primary has refused for now; returns the delay as retry_failed(). soon: it is being
 * confirmed, which is a matter of milliseconds, so the first delays are 0, 20, 40 and 80 ms. */
int64_t retry_asked(struct retry *r, bool soon, int64_t now_ms);

#endif
