/* Presence: connections attached to the consumers that they read as (broker S1).
 *
 * A connection is attached from its first read until it closes or says RESET. Closing only takes a
 * note: if it was the consumer's last connection and the consumer's entries are to be released, the
 * attachment remains as leaving, and the next broker turn that may act releases them
 * (broker_work_group.h). Until then a reader of that name gets nothing (broker_seat_serves()),
 * since new entries would be released as well.
 *
 * Attachments end with the consumer, group, policy or key, and when the server becomes a replica.
 * They are not persisted.
 *
 *   XREADGROUP    broker_presence_reads() when it is served, broker_presence_waits() when it blocks
 *   subscription  broker_presence_attach() and broker_presence_subscribe(); at its end, unless the
 *                 attachment has ended already, broker_presence_unsubscribe() */
#ifndef BROKER_BROKER_PRESENCE_H
#define BROKER_BROKER_PRESENCE_H

#include "broker/broker_watch.h"

/* Registers for the engine's client events. */
void broker_presence_init(struct broker *b);
void broker_presence_end(struct broker *b);
/* Attaches the client (of a script: its caller) to the consumer, if it is not yet; the group has a
 * policy. NULL: a client that cannot be attached (replay, the server itself), or nothing acts here.
 * Valid until the client, consumer, policy or key goes. Cost: broker_attachment_find(). */
struct broker_attachment *broker_presence_attach(const struct broker_group *x, struct client *c,
                                                 struct stream_consumer *reader);
/* The number of connections attached to the consumer, not counting c. */
size_t broker_presence_others(const struct stream_group *g, const struct stream_consumer *consumer,
                              struct client *c);
/* The client reads with ">" as the consumer: attaches it if the policy depends on presence. */
void broker_presence_reads(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader);
/* The same for a read that found nothing and blocks; it counts as present until the engine ends the
 * wait. */
void broker_presence_waits(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader);
/* The same for a blocked MATCH read: the client counts as present as the consumer, wherever it is
 * attached in that database. O(the client's attachments). */
void broker_presence_waits_anywhere(struct client *c, const struct db *db, struct bytes group,
                                    struct bytes consumer);
/* A subscriber counts as present like a blocked reader, until it unsubscribes. When the consumer's
 * last connection closes its entries are released, whatever the policy says (broker U4). */
void broker_presence_subscribe(struct broker_attachment *a);
/* The client remains attached, as one that has read: at its close the policy decides. */
void broker_presence_unsubscribe(struct broker_attachment *a);
/* The server became a replica: ends all attachments and frees all seats. */
void broker_presence_forget_all(struct broker *b);
/* The consumer is about to be deleted. */
void broker_presence_forget(const struct stream_group *g, const struct stream_consumer *c);

#endif
