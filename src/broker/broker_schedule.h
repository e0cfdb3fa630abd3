/* Schedules, as time makes them fire. What each stream has of them, and when they are due, are
 * facts in the stream (type/stream/stream_schedules.h). */
#ifndef BROKER_BROKER_SCHEDULE_H
#define BROKER_BROKER_SCHEDULE_H

#include "broker/broker_act.h"

/* Does what the first one has to do now: one message at most. Effects XADD and XCRON MARK, or XCRON
 * DEL when that was its last; events xadd, xcron-fired, xcron-del. */
void broker_schedule_do_due(const struct broker_group *x);
/* Whether a message may be brought as far as memory is concerned; evicts if that helps. */
bool broker_schedule_has_room(const struct engine *e);
/* The stream's schedules wait for a second. */
void broker_schedule_postpone(const struct broker_group *x);
/* A schedule's message now, beside its plan: neither its last moment nor LIMIT hear of it. Effect
 * XADD, events xadd and xcron-fired. False: *why gets what the client is told. */
bool broker_schedule_run(const struct broker_group *x, const struct stream_schedule *s,
                         struct stream_id *id, struct buf *why);
/* Takes the schedule away: event xcron-del. */
void broker_schedule_remove(const struct broker_group *x, struct stream_schedule *s);
/* Its rules for the journal, as they are now: XCRON SET. */
void broker_schedule_tell(const struct broker_group *x, const struct stream_schedule *s);

#endif
