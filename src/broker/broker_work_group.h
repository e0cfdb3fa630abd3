/* What is due in a group with a policy: deferrals and leases that end. */
#ifndef BROKER_BROKER_WORK_GROUP_H
#define BROKER_BROKER_WORK_GROUP_H

#include "broker/broker_watch.h"

/* Does it, until a moment of the monotonic clock and what one action takes beyond. The group, which
 * is in line, leaves it when nothing is left. The watch may be gone when the key is. */
void broker_work_group(struct broker_watch *watch, int64_t until_us);

#endif
