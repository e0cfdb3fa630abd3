/* Channels, patterns and shard channels: who hears what. A publication is encoded once for each
 * protocol and each pattern it matches, and shared by all receivers. Knows no client: a subscriber
 * has an owner, and deliveries go through a callback. */
#ifndef PUBSUB_PUBSUB_H
#define PUBSUB_PUBSUB_H

#include "base/str.h"
#include "ds/dict.h"

enum pubsub_kind { PUBSUB_CHANNEL, PUBSUB_PATTERN, PUBSUB_SHARD, PUBSUB_KINDS };

struct pubsub;

struct subscriber {
    void *owner;
    struct dict names[PUBSUB_KINDS]; /* name to its place in the audience */
    size_t memory;                   /* of what it subscribed to */
};

/* One publication to one audience; encoded on demand. */
struct pubsub_message {
    enum pubsub_kind kind;
    struct bytes pattern, channel, payload;
    struct str *encoded[2]; /* RESP2, RESP3 */
};

/* False: the owner is on its way out and is not told. */
typedef bool pubsub_deliver(void *owner, struct pubsub_message *m);

/* Hears of every publication to a channel, before its receivers do; shard channels are not meant.
 */
typedef void pubsub_capture(void *context, struct bytes channel, struct bytes payload);

struct pubsub *pubsub_new(pubsub_deliver *deliver);
void pubsub_free(struct pubsub *p);
struct subscriber *pubsub_join(void *owner);
/* Takes the subscriber out of everything and frees it. */
void pubsub_leave(struct pubsub *p, struct subscriber *s);
/* False: it was subscribed already. */
bool pubsub_subscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                      struct bytes name);
/* False: it was not subscribed. */
bool pubsub_unsubscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                        struct bytes name);
/* One at a time; capture NULL: nobody. It counts as no receiver. */
void pubsub_capture_by(struct pubsub *p, pubsub_capture *capture, void *context);
/* Returns how many heard it. kind: PUBSUB_CHANNEL (patterns hear it too) or PUBSUB_SHARD. */
size_t pubsub_publish(struct pubsub *p, enum pubsub_kind kind, struct bytes channel,
                      struct bytes payload);
/* The message in RESP 2 or 3; belongs to the message. */
struct str *pubsub_encoded(struct pubsub_message *m, int resp);
/* Subscribers of one name. */
size_t pubsub_audience(const struct pubsub *p, enum pubsub_kind kind, struct bytes name);
/* Of all subscriptions. */
size_t pubsub_memory(const struct pubsub *p);
/* Names with at least one subscriber. */
const struct dict *pubsub_names(const struct pubsub *p, enum pubsub_kind kind);

static inline size_t pubsub_count(const struct subscriber *s, enum pubsub_kind kind)
{
    return s ? s->names[kind].used : 0;
}

#endif
