/* Who is there: connections are attached to the consumers that they read as (broker S1).
 *
 * A connection is attached from its first read on until it closes or says RESET. Closing does
 * nothing but note: when the last connection of a consumer is gone and what it has is to be
 * released, the attachment stays as leaving, and the next turn of the broker in which it may act
 * releases (broker_work_group.h). Until that is done who reads under that name gets nothing
 * (broker_seat_serves()): what it was given would be released as well.
 *
 * Attachments end with consumer, group, policy and key, and on a server that follows another. They
 * are in no file.
 *
 *   XREADGROUP    broker_presence_reads() when it serves, broker_presence_waits() when it blocks
 *   subscription  broker_presence_attach() and broker_presence_subscribe(); at its end, unless
 *                 the attachment has ended itself, broker_presence_unsubscribe() */
#ifndef BROKER_BROKER_PRESENCE_H
#define BROKER_BROKER_PRESENCE_H

#include "broker/broker_watch.h"

/* Of an engine with a broker: hears of clients that go. */
void broker_presence_init(struct broker *b);
void broker_presence_end(struct broker *b);
/* The client is attached to the consumer from now on, if it was not. The group has a policy. Cost:
 * broker_attachment_find(). NULL: it is none that can be attached (a script, replay, the server
 * itself), or nothing acts here. Valid until the client, consumer, policy or key goes. */
struct broker_attachment *broker_presence_attach(const struct broker_group *x, struct client *c,
                                                 struct stream_consumer *reader);
/* Connections that are attached to the consumer, but for this one. */
size_t broker_presence_others(const struct stream_consumer *consumer, struct client *c);
/* The client reads with ">" as the consumer: attaches it where the policy has a use for that. */
void broker_presence_reads(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader);
/* The same, and found nothing and blocks, until the engine says that its wait has ended. */
void broker_presence_waits(const struct broker_group *x, struct client *c,
                           struct stream_consumer *reader);
/* The same of a read of all streams of a database with a group of that name (MATCH): the client is
 * there as the consumer wherever it is attached. O(what it is attached to). */
void broker_presence_waits_anywhere(struct client *c, const struct db *db, struct bytes group,
                                    struct bytes consumer);
/* As a blocked reader until it ends: the consumer is there the whole time. When its last connection
 * closes what it has is released, whatever the policy says (broker U4). */
void broker_presence_subscribe(struct broker_attachment *a);
/* The client is attached still, as one that has read: closing releases what the policy says. */
void broker_presence_unsubscribe(struct broker_attachment *a);
/* This server follows another from now on: nobody is attached any more, and nobody has a seat. */
void broker_presence_forget_all(struct broker *b);
/* The consumer is about to be deleted. */
void broker_presence_forget(const struct stream_group *g, const struct stream_consumer *c);

#endif
