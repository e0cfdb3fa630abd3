/* Confirmation (min-replicas-to-ack N >= 1): a new primary first catches up, and accepts no writes
 * until enough other servers have promised to follow it. Without this, a lagging successor, or a
 * primary restarted without its data, would lose writes that clients were told are safe.
 *
 *   unconfirmed   It proposes an ID of a generation above all it knows. Writes are held, nothing
 *                 goes into the stream; reads are served. Replicas attach, promise the ID, and
 *                 report their offsets. One that is ahead is not served: we fetch from it.
 *   confirmed     Enough whole servers hold exactly our data and have promised: it writes under the
 *                 new ID, starting with a PING. A server with a promise or with bytes of another ID
 *                 of no lower generation makes it unconfirmed again.
 *
 * The rules, and their names in the code, are those of docs/decisions/0039; their model is
 * docs/models/confirmation.pml. "Ahead" means a greater generation of the last byte's ID, then a
 * greater offset (GENERATION). None of this applies to servers of another family
 * (persist/history.h).
 *
 * The struct is part of struct replication. Times are by the steady clock. */
#ifndef REPLICA_CONFIRM_H
#define REPLICA_CONFIRM_H

#include "replica/replication.h"

struct peer;

/* The server has become a primary with its present data: proposes an ID, or with N = 0 is confirmed
 * at once. */
void confirm_begin(struct replication *r);
/* The server is no primary any more. */
void confirm_end(struct replication *r);
/* What to tell a replica: the ID to promise, and the offset up to which it must hold our history
 * before. False: nothing, since N = 0 or this server is a replica. */
bool confirm_tell(const struct replication *r, struct peer *p, uint64_t *offset);
/* A replica asks for the stream from byte `next` of the history `id` ("?": for everything). NULL:
 * it may be served; else the error reply, after which it will ask again. */
const char *confirm_judge(struct replication *r, struct peer *p, const char *id, uint64_t next);
/* To be called when replicas have reported, come or gone, when settings change, and regularly:
 * confirms when possible. No command may be running. */
void confirm_update(struct replication *r);
/* Before a turn's requests: adapts the journal to an unconfirmed primary. No group may be open. */
void confirm_settle(struct replication *r);
/* To be called after the link for fetching was read. */
void confirm_look_at_fetch(struct replication *r);
/* The address it fetches from, "host:port"; "": it does not. Valid until the next call. */
const char *confirm_fetches_from(const struct replication *r);

#endif
