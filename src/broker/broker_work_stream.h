/* What is due in a stream with extras: messages, expiry, limits of age, schedules. */
#ifndef BROKER_BROKER_WORK_STREAM_H
#define BROKER_BROKER_WORK_STREAM_H

#include "broker/broker_moments.h"

/* Does it, until a moment of the monotonic clock and what one action takes beyond. The stream,
 * which is in line, leaves it when nothing is left. m may be gone then. */
void broker_work_stream(struct broker_moments *m, int64_t until_us);

#endif
