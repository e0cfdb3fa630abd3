/* Removal of unused consumers and groups (broker S5, S6). A scan of a group's consumers now and
 * then deletes those not seen for CONSUMERTTL, and destroys the group when none was seen for
 * GROUPTTL and no reader waits. A consumer is seen when it reads or claims, and all the time while
 * it is blocked in a read. Time in which this server could not act does not count: spans restart
 * when it can act again, and at a start. */
#ifndef BROKER_BROKER_IDLE_H
#define BROKER_BROKER_IDLE_H

#include "broker/broker_watch.h"

enum broker_idle_end {
    BROKER_IDLE_DONE, /* w->idle.look_ms is the time of the next scan */
    BROKER_IDLE_MORE, /* time is up */
    BROKER_IDLE_GONE, /* group and watch are destroyed */
};

/* Called in the broker's turn; works until the monotonic clock shows until_us, plus one action. */
enum broker_idle_end broker_idle_work(const struct broker_group *x, struct broker_watch *w,
                                      int64_t until_us);

#endif
