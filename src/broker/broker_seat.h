/* The seat of a group with SINGLE: only the consumer that holds it is served (broker S3, S4).
 *
 *   free    --a reader that queued for it, or any reader while none queues-->  taken
 *   taken   --its holder disconnects, is deleted, or was not seen for SINGLE ms-->  free
 *
 * Taking the seat releases what all other consumers have pending, in the order of IDs: within the
 * read that takes it, or, if that is too much for one call, in the following turns; until then the
 * holder gets nothing. A holder is seen when it reads or claims, and all the time while one of its
 * connections is blocked in a read of the group.
 *
 * The seat is neither persisted nor replicated. */
#ifndef BROKER_BROKER_SEAT_H
#define BROKER_BROKER_SEAT_H

#include "broker/broker_watch.h"

/* Whether the reader is served: the group has no seat, or the reader holds it or takes it now.
 * waited: the reader has queued; others do not take a seat that is queued for. */
bool broker_seat_serves(const struct broker_group *x, const struct stream_consumer *reader,
                        bool waited);
/* The queue that a waiting reader belongs to (struct block_options): readers in one queue would all
 * be refused for the same reason, so one fruitless run speaks for all. */
uint64_t broker_seat_queue(const struct broker_group *x, bool served);
/* A reader waits: wake it when the seat is free. */
void broker_seat_is_awaited(struct broker_watch *w);
/* Reruns all readers that wait for the group, whatever their last runs found. */
void broker_seat_ask_anew(struct broker_watch *w);
/* Frees the seat and wakes waiting readers. */
void broker_seat_free(struct broker_watch *w);
/* One step of pending work, in the broker's turn: frees the seat of a holder that was not seen, and
 * releases other consumers' entries. True: there is more. */
bool broker_seat_work(const struct broker_group *x, struct broker_watch *w);

#endif
