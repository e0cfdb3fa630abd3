/* What is due in a stream with extras: messages, expiry, limits of age, schedules. */
#ifndef BROKER_BROKER_WORK_STREAM_H
#define BROKER_BROKER_WORK_STREAM_H

#include "broker/broker_moments.h"

/* Does what is due in the stream until the monotonic clock shows until_us; the action under way
 * then is finished. A stream with nothing left to do leaves the line. m may be freed with its key.
 */
void broker_work_stream(struct broker_moments *m, int64_t until_us);

#endif
