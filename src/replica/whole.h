/* Which replicas are whole: have lost nothing since they were last known to have everything. Only
 * these count for min-replicas-to-ack and for a confirmation (replica/confirm.h).
 *
 * A restart ends it, whatever the files hold: they may lack acknowledged data, and the promise is
 * forgotten (WHOLE). A confirmed primary makes a replica whole again once it has acknowledged a
 * byte written after it connected (BEHIND), and so have N others that are whole, or all 2N - 1
 * others (WITNESS); or if nobody else has been attached for repl-timeout. It is told so in the
 * stream:
 *
 *   PING <REPLCONF WHOLE run ID>    stream-only, wrapped as in persist/wrap.h
 *
 * and counts from its ACK of that on. */
#ifndef REPLICA_WHOLE_H
#define REPLICA_WHOLE_H

#include "replica/replication.h"

/* After a turn's effects, outside of any group: tells the replicas for which this is due. Cheap
 * while confirmation.whole_due is not set. */
void whole_update(struct replication *r);
/* Evaluates what PING in the primary's stream carries: true if it is this message; if it names us,
 * we are whole. */
bool whole_hear(struct replication *r, const struct bytes *argv, int argc);

#endif
