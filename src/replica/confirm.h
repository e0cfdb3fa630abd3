/* Confirmation (min-replicas-to-ack N >= 1): who becomes primary catches up first, and writes
 * nothing before enough others have promised to follow it. Without it a successor that lags, or a
 * primary that has restarted without its data, would lose what clients were told is safe.
 *
 *   unconfirmed   It proposes an ID of a generation above all that it knows of. Writes are held,
 *                 nothing is put into the stream; reads are served. Replicas attach, promise the
 *                 ID, and tell how far they are. Who is ahead is not served: we fetch from it.
 *   confirmed     Enough whole servers hold exactly what it holds and have promised: it writes
 *                 under the new ID, from a PING on. Somebody with a promise or with bytes of no
 *                 lower generation makes it unconfirmed again.
 *
 * The rules are those of docs/decisions/0039; their names stand where each is kept. Their proof is
 * docs/models/confirmation.pml. Ahead is a greater generation of the last byte's ID, then a greater
 * offset (GENERATION). Servers of another family (persist/history.h) are strangers, to whom none of
 * this applies.
 *
 * The struct lies in struct replication. Times are those of the steady clock. */
#ifndef REPLICA_CONFIRM_H
#define REPLICA_CONFIRM_H

#include "replica/replication.h"

struct peer;

/* The server becomes one, and holds what it holds: it proposes an ID, or with N = 0 is confirmed as
 * it is. */
void confirm_begin(struct replication *r);
/* It is one no longer. */
void confirm_end(struct replication *r);
/* What it tells a replica, which remembers it: the ID to promise, and the offset up to which one
 * has to hold our history for that. False: nothing; N = 0, or it is a replica. */
bool confirm_tell(const struct replication *r, struct peer *p, uint64_t *offset);
/* Somebody asks for the stream from the byte `next` of the history `id` on ("?": for everything).
 * NULL: it may be served; else what it is answered, and it asks again. */
const char *confirm_judge(struct replication *r, struct peer *p, const char *id, uint64_t next);
/* Replicas have told something, have come or gone; settings have changed; time has passed: confirms
 * when it may. No command runs. */
void confirm_update(struct replication *r);
/* In front of the requests of a turn: what the journal does about an unconfirmed primary. No group
 * is open. */
void confirm_settle(struct replication *r);
/* Behind what the link has read on which it fetches. */
void confirm_look_at_fetch(struct replication *r);
/* The address from which it fetches, "host:port"; "": it does not. Valid until the next call. */
const char *confirm_fetches_from(const struct replication *r);

#endif
