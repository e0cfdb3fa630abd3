/* Fires schedules. The schedules of a stream, and when they are due, are part of the stream
 * (type/stream/stream_schedules.h). */
#ifndef BROKER_BROKER_SCHEDULE_H
#define BROKER_BROKER_SCHEDULE_H

#include "broker/broker_act.h"

/* Handles the first due moment: one message at most. Effects XADD and XCRON MARK, or XCRON DEL
 * after the last one; XCRON MARK alone if it brings none; events xadd, xcron-fired, xcron-del. */
void broker_schedule_do_due(const struct broker_group *x);
/* Whether there is memory for a message; evicts if that helps. */
bool broker_schedule_has_room(const struct engine *e);
/* Postpones the stream's schedules by a second. */
void broker_schedule_postpone(const struct broker_group *x);
/* Appends a schedule's message now, independently of its moments and LIMIT. Effect XADD, events
 * xadd and xcron-fired. False: *why is the client's error. */
bool broker_schedule_run(const struct broker_group *x, const struct stream_schedule *s,
                         struct stream_id *id, struct buf *why);
/* Removes the schedule: event xcron-del. */
void broker_schedule_remove(const struct broker_group *x, struct stream_schedule *s);
/* Journals its present rules: XCRON SET. */
void broker_schedule_journal(const struct broker_group *x, const struct stream_schedule *s);

#endif
