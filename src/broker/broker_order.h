/* Order by a field (ORDERBY): of all entries with one value only one is being worked on at a time,
 * and the others come after it, in the order of IDs. A read passes over unread entries whose value
 * is taken: they become pending without an owner, and are held until it is their turn.
 *
 * Which entries have which value is not stored: it is found out from the pending list once this
 * server acts (after a start, a promotion, or when ORDERBY is set), in steps where the list is
 * long. Until that is done the group delivers nothing. From then on each change of an entry is
 * followed (stream_turn.h). */
#ifndef BROKER_BROKER_ORDER_H
#define BROKER_BROKER_ORDER_H

#include "broker/broker_act.h"

#define BROKER_ORDER_PASSED 1000 /* unread entries that one read passes over */

struct broker_watch;

/* Looks at up to `most` pending entries more; when all are known, readers are woken. True: so it
 * is, or the group has no order. */
bool broker_order_look(const struct broker_group *x, uint64_t most);
/* Whether the group may deliver by its order. Looks at a few entries for that; if that is not
 * enough, the next turns do the rest, and wake readers. */
bool broker_order_is_ready(const struct broker_group *x);
/* The entry is about to become pending, by force. */
void broker_order_learn(const struct broker_group *x, struct stream_id id);

/* More may be held than before (broker-order-ahead), or less: readers of the group who were stopped
 * by that are woken. */
void broker_order_ahead_changed(struct broker_watch *w);

/* Whether a pending entry may be given: it leads its value, and what else takes that is not being
 * worked on. */
bool broker_order_may_give(const struct broker_group *x, struct stream_id id);
/* Pending entries that may not, released or with leases that have ended, are held from now on
 * (those for which that no longer holds stay released). Effects XNACK for those that had an owner.
 */
void broker_order_hold(const struct broker_group *x, const struct stream_pending_entry *list,
                       size_t n);

/* One read that goes over unread entries in a group with an order. To be zeroed but for the first.
 */
struct broker_order_read {
    const struct broker_group *at;
    size_t passed;
    bool too_many;   /* there is more to pass over than one read does */
    struct buf held; /* struct stream_id each: those that became pending */
};
enum broker_order_verdict {
    BROKER_ORDER_GIVE, /* the entry may be delivered */
    BROKER_ORDER_PASS, /* it is passed over: pending and held, if it was not pending already */
    BROKER_ORDER_STOP, /* it stays unread, and what follows as well */
};
/* The next entry that the group has not read. */
enum broker_order_verdict broker_order_judge(struct broker_order_read *r,
                                             const struct stream_entry *e);
/* Effect XNACK for what was passed over. */
void broker_order_end(struct broker_order_read *r);

#endif
