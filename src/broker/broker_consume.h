/* Push: who subscribes to a group is sent its messages as they become ready, as XREADGROUP with ">"
 * would give them. Knows no protocol: a front (commands/stream/xconsume.c for RESP) makes frames of
 * messages, and says when its connection can take no more.
 *
 * A subscription belongs to a subscriber, which is one connection, and to a group with a policy. It
 * ends with either; when the group, its policy or its key go, the front hears of it. */
#ifndef BROKER_BROKER_CONSUME_H
#define BROKER_BROKER_CONSUME_H

#include "broker/broker_presence.h"
#include "engine/block.h"

#define BROKER_CONSUME_VISIT    16      /* messages at most before others have their turn */
#define BROKER_CONSUME_PREFETCH 1000000 /* at most */

struct broker_subscriber;
struct broker_subscription;

/* What a protocol does. */
struct broker_front {
    /* One message goes to the subscriber; deliveries: with this one. */
    void (*deliver)(struct broker_subscription *s, struct stream_entry *e, uint64_t deliveries);
    /* The subscription has ended by itself, and is freed behind this. */
    void (*ended)(struct broker_subscription *s, enum broker_watch_end why);
    /* False: what was sent waits to be taken; asked before each message. */
    bool (*takes)(const struct broker_subscriber *s);
};

/* One connection. Memory of the front; freed after broker_consume_leave(). */
struct broker_subscriber {
    const struct broker_front *front;
    struct client *client;
    struct dict subscriptions; /* database, key and group to struct broker_subscription */
    struct dlist_node stalled; /* in broker.stalled: some of them wait until it takes */
};

enum broker_subscription_state {
    BROKER_SUBSCRIPTION_WAITS,   /* in the line of its key */
    BROKER_SUBSCRIPTION_FULL,    /* until the consumer has less pending */
    BROKER_SUBSCRIPTION_STALLED, /* until its subscriber takes */
};

/* To be read by fronts. */
struct broker_subscription {
    struct block_stay stay;
    struct broker_subscriber *subscriber;
    struct broker_watch *watch; /* NULL: it has ended */
    struct db *db;
    struct str *key, *group, *consumer;
    struct broker_attachment *attachment; /* NULL: the consumer was deleted */
    uint32_t number;                      /* of the consumer, when it was last looked at */
    bool visited;                         /* right now */
    enum broker_subscription_state state;
    int64_t prefetch;           /* at most so many pending; the policy's may be lower */
    uint64_t owner;             /* the front's */
    struct dlist_node of_watch; /* in subscribed or full of the watch */
};

void broker_consume_init(struct broker *b);
/* Within a command. x: a group with a policy, on a server that acts. The consumer is made when
 * absent; what it has from before is released when no other connection is attached to it (broker
 * U4). Who has subscribed to the group changes consumer and prefetch. */
struct broker_subscription *broker_consume_start(const struct broker_group *x,
                                                 struct broker_subscriber *to,
                                                 struct bytes consumer, int64_t prefetch);
/* NULL: there is none. */
struct broker_subscription *broker_consume_find(const struct broker_subscriber *of,
                                                const struct db *db, struct bytes key,
                                                struct bytes group);
/* What is pending stays with the consumer. Frees s. */
void broker_consume_stop(struct broker_subscription *s);
/* The connection goes: all end. What they were sent is released when the consumer's last connection
 * has gone (broker_presence.h). */
void broker_consume_leave(struct broker_subscriber *of);
/* The consumer is about to be deleted: who has subscribed as it goes on with a new one of that
 * name. */
void broker_consume_forget(const struct stream_group *g, const struct stream_consumer *c);
/* Those who can be given something again are put in line: full ones whose consumers have less
 * pending, stalled ones whose connections take. A part of each turn. */
void broker_consume_wake(struct broker *b);
bool broker_consume_has_work(const struct broker *b);

#endif
