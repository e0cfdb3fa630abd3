/* Which replicas are whole: have lost nothing since they were last known to have everything. Only
 * these count for min-replicas-to-ack and for a confirmation (replica/confirm.h).
 *
 * A start ends it, whatever the files hold: they may lack what was acknowledged, and the promise is
 * forgotten (WHOLE). A confirmed primary makes a replica whole again once it has acknowledged a
 * byte that was written after it came (BEHIND), and with it N others that are whole or all 2N - 1
 * others (WITNESS); or nobody else has been attached for repl-timeout. It is told so in the stream:
 *
 *   PING <REPLCONF WHOLE run ID>    stream-only, wrapped as persist/wrap.h says
 *
 * and counts from the ACK of that on. */
#ifndef REPLICA_WHOLE_H
#define REPLICA_WHOLE_H

#include "replica/replication.h"

/* Behind the effects of a turn, outside of any group: tells whom that is due. Cheap while
 * confirmation.whole_due is not set. */
void whole_update(struct replication *r);
/* What the primary's stream says inside of PING: true when it is this word; if it is about us, we
 * are whole. */
bool whole_hear(struct replication *r, const struct bytes *argv, int argc);

#endif
