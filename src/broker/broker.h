/* What streams do on their own, between commands: leases end, retries fall due, scheduled messages
 * are appended, old entries are trimmed. There is one broker per engine. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/broker_moments.h"
#include "broker/broker_watch.h"

/* The engine's store must exist: its events are connected to the broker here. Free the broker
 * before the store. */
struct broker *broker_new(struct engine *e);
void broker_free(struct broker *b);
/* A group's policy was created, changed or removed; g NULL: removed with its group. e is the
 * stream's entry. The consequences follow in the next turn. look_again: ended leases have to be
 * examined again, since when they end, or what follows, may have changed. b NULL: only the stream
 * is marked. */
void broker_policy_changed(struct broker *b, struct db *db, struct entry *e, struct stream_group *g,
                           bool look_again);
/* Work is due and may be done now: the loop must not sleep. */
bool broker_has_work(const struct broker *b);
/* A phase of the turn, after the timers: does what is due, longest overdue first. Takes at most
 * broker-turn-us plus one action. Does nothing while a client's write would not run (engine/act.h).
 */
void broker_turn(struct broker *b);
/* A phase of the turn, after blocked clients were served: visits subscriptions that can be sent
 * more. Takes at most broker-turn-us plus one visit. */
void broker_serve(struct broker *b);
/* How long the earliest due action is overdue; 0: none is due. Always 0 on a replica, since its
 * primary acts. */
int64_t broker_late_ms(const struct broker *b);

#endif
