/* Connections that are attached to the consumers of a group. An attachment is found from its client
 * and its group; its consumer only has counts. It is
 *
 *   present   its client is connected
 *   leaving   its client was the consumer's last one and is gone; broker_work_group() releases the
 *             consumer's entries, then drops the attachment
 *
 * Neither clock nor policy matter here: broker_presence.h decides what follows. 80 bytes each,
 * counted as memory of the client while it is connected. */
#ifndef BROKER_BROKER_ATTACHMENT_H
#define BROKER_BROKER_ATTACHMENT_H

#include "engine/client.h"
#include "type/stream/stream_group.h"

struct broker_attachments {
    struct dlist_node present, leaving; /* oldest first */
    size_t waiting;                     /* present ones whose clients wait */
};

struct broker_attachment {
    struct dlist_node of_client; /* a ring of the client's; client.attached is in it */
    struct dlist_node of_wait;   /* a ring of those its client is blocked for; client.awaiting */
    struct dlist_node of_group;  /* in `present` or `leaving` */
    struct broker_attachments *group;
    struct client *client; /* NULL: leaving */
    struct stream_consumer *consumer;
    bool waits;      /* the client is blocked in a read of the group, or has subscribed */
    bool subscribed; /* messages are pushed to it */
    bool releases;   /* the consumer's entries are released when its last connection closes,
                        whatever the policy says */
};

void broker_attachment_init(struct broker_attachments *g);
/* NULL: the client is not attached to the consumer, which belongs to the group. The search starts
 * behind the last hit: a client that reads the same groups in the same order costs O(1), others
 * O(the client's attachments or the group's, whichever are fewer). */
struct broker_attachment *broker_attachment_find(const struct broker_attachments *g,
                                                 struct client *c,
                                                 const struct stream_consumer *consumer);
/* The client must not be attached to the consumer yet; the consumer belongs to the group. */
struct broker_attachment *broker_attachment_add(struct broker_attachments *g, struct client *c,
                                                struct stream_consumer *consumer);
/* Sets whether the client is waiting for messages of this consumer. Attachments of a client that is
 * blocked in a read, not subscribed, are also in the ring client.awaiting, so that unblocking the
 * client visits only these. */
void broker_attachment_set_waiting(struct broker_attachment *a, bool waits);
/* The stream leaves its key. Blocked clients wait for a key, not for a stream, so they no longer
 * wait here. */
void broker_attachment_stop_waiting(struct broker_attachments *g);
/* Its client is gone, and the consumer's entries are to be released. */
void broker_attachment_leave(struct broker_attachment *a);
/* Ends an attachment, present or leaving. */
void broker_attachment_drop(struct broker_attachment *a);
/* Ends all attachments of a consumer that is about to be deleted. O(the group's attachments), or
 * O(1) when the consumer has none. */
void broker_attachment_drop_consumer(struct broker_attachments *g,
                                     const struct stream_consumer *consumer);
/* Ends all of the group's attachments. */
void broker_attachment_drop_all(struct broker_attachments *g);
/* NULL: none. */
struct broker_attachment *broker_attachment_first_leaving(const struct broker_attachments *g);

#endif
