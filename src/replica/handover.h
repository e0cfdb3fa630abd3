/* Waiting until replicas have everything: before one of them takes over (FAILOVER), and before the
 * server ends. Writes are paused meanwhile (engine/pause). */
#ifndef REPLICA_HANDOVER_H
#define REPLICA_HANDOVER_H

#include "replica/replication.h"

struct handover_order {
    struct bytes host; /* p NULL: the first replica that has everything */
    int port;
    int64_t timeout_ms; /* 0: none */
    bool force;         /* at the timeout the target takes over with what it has */
};

/* FAILOVER. NULL: it has begun; else the error reply. */
const char *handover_begin(struct replication *r, const struct handover_order *o);
/* FAILOVER ABORT: cancels the fail-over under way, so that this server remains the primary. Returns
 * NULL, or the error reply if there is none to cancel. */
const char *handover_cancel(struct replication *r);
/* Each turn during a fail-over: acts on ACKs of replicas, the answer of the target, and the
 * timeout. */
void handover_run(struct replication *r);
/* For INFO. */
const char *handover_state_name(const struct replication *r);

/* Every replica has acknowledged all effects up to the end of the last turn. */
bool handover_all_have_all(const struct replication *r);
/* Logs whether this is so, and which replicas lag behind. */
void handover_tell(const struct replication *r);

#endif
