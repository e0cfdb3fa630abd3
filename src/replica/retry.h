/* How long a replica waits before it tries its primary again. Times are of the steady clock. */
#ifndef REPLICA_RETRY_H
#define REPLICA_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_LAST_MS                                                                              \
    1000 /* the longest delay; and that after an answer that will not change soon */

struct retry {
    int64_t down_ms; /* since when there is no link */
    unsigned asked;  /* how often a primary has answered that it should be asked again */
};

/* The link is lost, or the primary is another one. */
void retry_begin(struct retry *r, int64_t now_ms);
/* The primary serves us. */
void retry_end(struct retry *r);
/* An attempt has failed. Returns the delay before the next one: a tenth of a second for the first
 * ten seconds, as a primary that restarts gives no sign. */
int64_t retry_failed(const struct retry *r, int64_t now_ms);
/* It was answered, and refused for now. soon: by a primary on its way to its confirmation, which
 * may have changed its proposal just then, or fetches a few bytes from us: it is asked again at
 * once, then after 20, 40 and 80 ms. */
int64_t retry_asked(struct retry *r, bool soon, int64_t now_ms);

#endif
