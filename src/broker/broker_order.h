/* The order by a field (ORDERBY): of all entries with one value only one is worked on at a time,
 * and the others follow in the order of IDs. A read passes over unread entries whose value is
 * taken: they become pending without an owner, and are held until their turn.
 *
 * The order is not persisted: it is built from the pending list when this server starts to act (a
 * start, a promotion, ORDERBY is set), in steps for long lists. Until then the group delivers
 * nothing. Afterwards each change of an entry updates it (stream_turn.h). */
#ifndef BROKER_BROKER_ORDER_H
#define BROKER_BROKER_ORDER_H

#include "broker/broker_act.h"

#define BROKER_ORDER_PASSED 1000 /* unread entries that one read may pass over */

struct broker_watch;

/* Examines up to `most` more pending entries; wakes readers when all are known. True: they are, or
 * the group has no order. */
bool broker_order_look(const struct broker_group *x, uint64_t most);
/* Whether the order is known, so that the group may deliver. Examines some entries for that; if
 * more are left, the next turns continue, and wake readers. */
bool broker_order_is_ready(const struct broker_group *x);
/* Called before an entry becomes pending by force. */
void broker_order_learn(const struct broker_group *x, struct stream_id id);

/* broker-order-ahead has changed: wakes readers of the group that it had stopped. */
void broker_order_ahead_changed(struct broker_watch *w);

/* Whether a pending entry may be delivered: it leads its value, and no other that takes the value
 * is being worked on. */
bool broker_order_may_give(const struct broker_group *x, struct stream_id id);
/* Holds pending entries that may not be delivered, released or with ended leases (those that may be
 * by now stay released). Effects XNACK for those that had an owner. */
void broker_order_hold(const struct broker_group *x, const struct stream_pending_entry *list,
                       size_t n);

/* One read of unread entries in a group with an order. Set `at`, and zero the rest. */
struct broker_order_read {
    const struct broker_group *at;
    size_t passed;
    bool too_many;   /* there were more to pass over than one read may */
    struct buf held; /* struct stream_id each: those made pending */
};
enum broker_order_verdict {
    BROKER_ORDER_GIVE, /* the entry may be delivered */
    BROKER_ORDER_PASS, /* passed over: it is pending and held */
    BROKER_ORDER_STOP, /* it stays unread, with all that follow */
};
/* Judges the next unread entry. */
enum broker_order_verdict broker_order_judge(struct broker_order_read *r,
                                             const struct stream_entry *e);
/* Journals XNACK for entries passed over. */
void broker_order_end(struct broker_order_read *r);

#endif
