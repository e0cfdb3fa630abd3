/* Subscriptions to channels, patterns and shard channels. A message is encoded once for each
 * protocol and matching pattern, and shared by all receivers. Knows no client: a subscriber has an
 * owner, and messages are delivered through a callback. */
#ifndef PUBSUB_PUBSUB_H
#define PUBSUB_PUBSUB_H

#include "base/str.h"
#include "ds/dict.h"

enum pubsub_kind { PUBSUB_CHANNEL, PUBSUB_PATTERN, PUBSUB_SHARD, PUBSUB_KINDS };

struct pubsub;

struct subscriber {
    void *owner;
    struct dict names[PUBSUB_KINDS]; /* name to the subscriber's index in the audience */
    size_t memory;                   /* memory of its subscriptions */
};

/* A message for one audience; encoded on demand. */
struct pubsub_message {
    enum pubsub_kind kind;
    struct bytes pattern, channel, payload;
    struct str *encoded[2]; /* RESP2, RESP3 */
};

/* False: not delivered, because the owner is closing. */
typedef bool pubsub_deliver(void *owner, struct pubsub_message *m);

/* Called for each message to a channel, before it is delivered; not for shard channels. */
typedef void pubsub_capture(void *context, struct bytes channel, struct bytes payload);

struct pubsub *pubsub_new(pubsub_deliver *deliver);
void pubsub_free(struct pubsub *p);
struct subscriber *pubsub_join(void *owner);
/* Ends all its subscriptions and frees the subscriber. */
void pubsub_leave(struct pubsub *p, struct subscriber *s);
/* False: it was subscribed already. */
bool pubsub_subscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                      struct bytes name);
/* False: it was not subscribed. */
bool pubsub_unsubscribe(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                        struct bytes name);
/* Called for each name after its subscription has ended; name is valid during the call. */
typedef void pubsub_left(void *context, struct bytes name);
/* Ends all subscriptions of a kind. left may be NULL. O(its subscriptions). */
void pubsub_unsubscribe_all(struct pubsub *p, struct subscriber *s, enum pubsub_kind kind,
                            pubsub_left *left, void *context);
/* Sets the single capture, which does not count as receiver; NULL: none. */
void pubsub_capture_by(struct pubsub *p, pubsub_capture *capture, void *context);
/* Returns the number of receivers. kind: PUBSUB_CHANNEL (also matches patterns) or PUBSUB_SHARD. */
size_t pubsub_publish(struct pubsub *p, enum pubsub_kind kind, struct bytes channel,
                      struct bytes payload);
/* The message in RESP 2 or 3; owned by m. */
struct str *pubsub_encoded(struct pubsub_message *m, int resp);
/* The number of subscribers of a name. */
size_t pubsub_audience(const struct pubsub *p, enum pubsub_kind kind, struct bytes name);
/* Memory of all subscriptions. */
size_t pubsub_memory(const struct pubsub *p);
/* Names with at least one subscriber. */
const struct dict *pubsub_names(const struct pubsub *p, enum pubsub_kind kind);

static inline size_t pubsub_count(const struct subscriber *s, enum pubsub_kind kind)
{
    return s ? s->names[kind].used : 0;
}

#endif
