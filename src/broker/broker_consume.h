/* Push: a subscriber of a group is sent its messages as they become ready, as XREADGROUP with ">"
 * would deliver them. Independent of the protocol: a front (commands/stream/xconsume.c for RESP)
 * turns messages into frames and reports when its connection can take no more.
 *
 * A subscription belongs to a subscriber, which is one connection, and to a group with a policy,
 * and ends with either. The front is notified when the group, its policy or its key is removed. */
#ifndef BROKER_BROKER_CONSUME_H
#define BROKER_BROKER_CONSUME_H

#include "broker/broker_presence.h"
#include "engine/block.h"

#define BROKER_CONSUME_VISIT    16      /* messages at most per visit */
#define BROKER_CONSUME_PREFETCH 1000000 /* highest PREFETCH */

struct broker_subscriber;
struct broker_subscription;

/* Callbacks of a protocol. */
struct broker_front {
    /* Sends one message; deliveries includes this one. */
    void (*deliver)(struct broker_subscription *s, struct stream_entry *e, uint64_t deliveries);
    /* The subscription has ended without a request; it is freed after the call. */
    void (*ended)(struct broker_subscription *s, enum broker_watch_end why);
    /* False: the connection has to drain first. Asked before each message. */
    bool (*takes)(const struct broker_subscriber *s);
};

/* One connection. Owned by the front; freed after broker_consume_leave(). */
struct broker_subscriber {
    const struct broker_front *front;
    struct client *client;
    struct dict subscriptions; /* database, key and group to struct broker_subscription */
    struct dlist_node stalled; /* in broker.stalled while some of them are stalled */
};

enum broker_subscription_state {
    BROKER_SUBSCRIPTION_WAITS,   /* among the waiters of its key */
    BROKER_SUBSCRIPTION_FULL,    /* until the consumer has fewer entries pending */
    BROKER_SUBSCRIPTION_STALLED, /* until its connection has drained */
};

/* Fronts may read it. */
struct broker_subscription {
    struct block_stay stay;
    struct broker_subscriber *subscriber;
    struct broker_watch *watch; /* NULL: it has ended */
    struct db *db;
    struct str *key, *group, *consumer;
    struct broker_attachment *attachment; /* NULL: the consumer was deleted */
    bool visited;                         /* a visit is in progress */
    enum broker_subscription_state state;
    int64_t prefetch;           /* pending entries at most; the policy's limit may be lower */
    uint64_t owner;             /* the front's */
    struct dlist_node of_watch; /* in watch.subscribed or watch.full */
    struct dlist_node of_full;  /* while it is full: in presence.full of its consumer */
};

void broker_consume_init(struct broker *b);
/* Called within a command, for a group with a policy on a server that acts. Creates the consumer
 * when absent; entries it already has are released, unless another connection is attached to it
 * (broker U4). If the connection has subscribed to the group already, consumer and prefetch are
 * replaced. */
struct broker_subscription *broker_consume_start(const struct broker_group *x,
                                                 struct broker_subscriber *to,
                                                 struct bytes consumer, int64_t prefetch);
/* NULL: there is none. */
struct broker_subscription *broker_consume_find(const struct broker_subscriber *of,
                                                const struct db *db, struct bytes key,
                                                struct bytes group);
/* Frees s. Pending entries stay with the consumer. */
void broker_consume_stop(struct broker_subscription *s);
/* The connection closes: ends all of its subscriptions. The entries that it was sent are released
 * when the consumer's last connection has closed (broker_presence.h). */
void broker_consume_leave(struct broker_subscriber *of);
/* The consumer is about to be deleted: its subscriptions continue with a new consumer of that name.
 */
void broker_consume_forget(const struct stream_group *g, const struct stream_consumer *c);
/* Makes subscriptions wait again that can take more: full ones whose consumers have fewer entries
 * pending, stalled ones whose connections have drained. A phase of each turn. */
void broker_consume_wake(struct broker *b);
bool broker_consume_has_work(const struct broker *b);

#endif
