/* Consumers and groups that nobody uses go (broker S5, S6). The consumers of a group are looked
 * through now and then: who was not seen for CONSUMERTTL is deleted, and when none was for
 * GROUPTTL, and nobody waits, the group is destroyed. Seen are those who read or claim, and the
 * whole time those who are blocked in a read. As long as this server could not act nobody could be
 * seen: spans begin anew when it can again, and at a start. */
#ifndef BROKER_BROKER_IDLE_H
#define BROKER_BROKER_IDLE_H

#include "broker/broker_watch.h"

enum broker_idle_end {
    BROKER_IDLE_DONE, /* w->idle.look_ms says when to look again */
    BROKER_IDLE_MORE, /* the time is over */
    BROKER_IDLE_GONE, /* the group, and its watch */
};

/* Within the broker's turn; until the monotonic clock shows until_us, and what one action takes
 * beyond. */
enum broker_idle_end broker_idle_work(const struct broker_group *x, struct broker_watch *w,
                                      int64_t until_us);

#endif
