/* Due work of a group with a policy. */
#ifndef BROKER_BROKER_WORK_GROUP_H
#define BROKER_BROKER_WORK_GROUP_H

#include "broker/broker_watch.h"

/* Works until the monotonic clock shows until_us, and finishes the action under way. A group
 * without remaining work leaves the queue. watch may be freed, with its key. */
void broker_work_group(struct broker_watch *watch, int64_t until_us);

#endif
