/* Connections that are attached to the consumers of a group. An attachment is found from its
 * client, from its group and, by counts alone, from its consumer:
 *
 *   present   its client is there
 *   leaving   its client is gone, and was the consumer's last one: what the consumer has is to be
 *             released, by broker_work_group(), after which the attachment goes
 *
 * Knows no clock, and neither groups nor what follows from anything: broker_presence.h does. 64
 * bytes each, counted as the client's memory while that is there. */
#ifndef BROKER_BROKER_ATTACHMENT_H
#define BROKER_BROKER_ATTACHMENT_H

#include "engine/client.h"
#include "type/stream/stream_group.h"

struct broker_attachments {
    struct dlist_node present, leaving; /* the longest first */
    size_t waiting;                     /* of the present ones: those whose clients wait */
};

struct broker_attachment {
    struct dlist_node of_client; /* a ring of all that its client has; client.attached is in it */
    struct dlist_node of_group;  /* in `present` or `leaving` */
    struct broker_attachments *group;
    struct client *client; /* NULL: leaving */
    struct stream_consumer *consumer;
    bool waits;      /* the client is blocked in a read of the group, or has subscribed */
    bool subscribed; /* it is sent what comes */
    bool releases;   /* what the consumer has is released when its last connection closes, whatever
                        the policy says */
};

void broker_attachment_init(struct broker_attachments *g);
/* NULL: the client is not attached to the consumer. It is looked for behind the one found last:
 * whoever reads the same groups in the same order has it at once, else O(those of the client). */
struct broker_attachment *broker_attachment_find(struct client *c,
                                                 const struct stream_consumer *consumer);
/* The client is not attached to the consumer, which is one of the group's. */
struct broker_attachment *broker_attachment_add(struct broker_attachments *g, struct client *c,
                                                struct stream_consumer *consumer);
void broker_attachment_set_waiting(struct broker_attachment *a, bool waits);
/* Blocked clients wait for names: for another stream, if this one goes elsewhere. */
void broker_attachment_stop_waiting(struct broker_attachments *g);
/* Its client is gone, and what the consumer has is to be released. */
void broker_attachment_leave(struct broker_attachment *a);
/* It ends, present or leaving. */
void broker_attachment_drop(struct broker_attachment *a);
/* All of a consumer end; it is about to go. O(those of the group), or O(1) when it has none. */
void broker_attachment_drop_consumer(struct broker_attachments *g,
                                     const struct stream_consumer *consumer);
/* All of the group end. */
void broker_attachment_drop_all(struct broker_attachments *g);
/* NULL: none. */
struct broker_attachment *broker_attachment_first_leaving(const struct broker_attachments *g);

#endif
