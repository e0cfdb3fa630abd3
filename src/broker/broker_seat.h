/* The seat of a group with SINGLE: one consumer has it, and only that one is served (broker S3,
 * S4).
 *
 *   free    --a reader that has waited for it, or anyone while nobody waits-->  taken
 *   taken   --its holder is gone, deleted, or was not seen for SINGLE ms-->     free
 *
 * Whoever takes it finds first what all others have pending: that is released in the order of IDs,
 * within the read that takes the seat, or, if that is too much for one call, by the turns that
 * follow; until then the holder gets nothing. A holder is seen when it reads or claims, and the
 * whole time that one of its connections is blocked in a read of the group.
 *
 * The seat is in no file and on no replica. */
#ifndef BROKER_BROKER_SEAT_H
#define BROKER_BROKER_SEAT_H

#include "broker/broker_watch.h"

/* Whether the reader is served: the group has no seat, or it has it, or takes it now. waited: its
 * turn has come; who only comes along does not take what others wait for. */
bool broker_seat_serves(const struct broker_group *x, const struct stream_consumer *reader,
                        bool waited);
/* Names what a reader of the group waits for (struct block_options): when one of those who wait for
 * the same found nothing, nobody of them would. */
uint64_t broker_seat_queue(const struct broker_group *x, bool served);
/* Somebody waits: is to be woken when the seat is free. */
void broker_seat_is_awaited(struct broker_watch *w);
/* All who wait for the group are run once, whatever they were told before. */
void broker_seat_ask_anew(struct broker_watch *w);
/* It is free; those who wait are woken. */
void broker_seat_free(struct broker_watch *w);
/* One step of what is to be done: it is free when its time is over, and others' entries are
 * released. Within the broker's turn. True: there is more. */
bool broker_seat_work(const struct broker_group *x, struct broker_watch *w);

#endif
