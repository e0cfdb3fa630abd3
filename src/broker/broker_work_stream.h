/* Due work of a stream with extras: scheduled messages, expiry, limits, schedules. */
#ifndef BROKER_BROKER_WORK_STREAM_H
#define BROKER_BROKER_WORK_STREAM_H

#include "broker/broker_moments.h"

/* Works until the monotonic clock shows until_us, and finishes the action under way. A stream
 * without remaining work leaves the queue. m may be freed, with its key. */
void broker_work_stream(struct broker_moments *m, int64_t until_us);

#endif
