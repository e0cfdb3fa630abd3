/* What is due in a group with a policy: deferrals and leases that end. */
#ifndef BROKER_BROKER_WORK_GROUP_H
#define BROKER_BROKER_WORK_GROUP_H

#include "broker/broker_watch.h"

/* Does what is due in the group until the monotonic clock shows until_us; the action under way then
 * is finished. A group with nothing left to do leaves the line. watch may be freed with its key. */
void broker_work_group(struct broker_watch *watch, int64_t until_us);

#endif
