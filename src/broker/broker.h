/* What streams do by themselves, between commands: leases that end, retries that fall due, dead
 * letters that nobody reads for; what the wall clock brings to streams. One for the engine. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/broker_moments.h"
#include "broker/broker_watch.h"

/* Of an engine whose store is there: fills the store's events. Freed before the store is. */
struct broker *broker_new(struct engine *e);
void broker_free(struct broker *b);
/* The policy of a group has been made or changed, or has gone (g NULL: with its group): e is the
 * stream's entry. What follows from it is done in the next turn. look_again: leases may end at
 * other times, or mean death now. b NULL: nothing acts. */
void broker_policy_changed(struct broker *b, struct db *db, struct entry *e, struct stream_group *g,
                           bool look_again);
/* Something is due and may be done: the loop must not sleep. */
bool broker_has_work(const struct broker *b);
/* A phase of the turn, after the timers: does what is due, the oldest first, for broker-turn-us and
 * what one action takes beyond. Nothing while a client's write would not run (engine/act.h). */
void broker_turn(struct broker *b);
/* A phase of the turn, after those who wait for keys were served: subscriptions that can be given
 * something again, and those with more to get, for broker-turn-us and what one visit takes. */
void broker_serve(struct broker *b);
/* How late the earliest due action is now; 0: none is due. A replica is never late: its primary
 * acts. */
int64_t broker_late_ms(const struct broker *b);

#endif
