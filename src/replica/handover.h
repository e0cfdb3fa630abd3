/* Waiting until replicas have everything: before one of them takes over (FAILOVER), and before the
 * server ends. Writes are paused meanwhile (engine/pause). */
#ifndef REPLICA_HANDOVER_H
#define REPLICA_HANDOVER_H

#include "replica/replication.h"

struct handover_order {
    struct bytes host; /* p NULL: whichever replica is the first to have everything */
    int port;
    int64_t timeout_ms; /* 0: as long as it takes */
    bool force;         /* when the time is up it takes over with what it has */
};

/* FAILOVER. NULL: it has begun; else why not, as an error reply. */
const char *handover_begin(struct replication *r, const struct handover_order *o);
/* This server is the primary again, or still. One is under way. */
void handover_abort(struct replication *r, const char *why);
/* What replicas have told, what the one that takes over has answered, and time that has passed:
 * each turn, while one is under way. */
void handover_run(struct replication *r);
/* As INFO shows it. */
const char *handover_state_name(const struct replication *r);

/* Every replica has told that it has all effects, as far as they are known by a turn's end. */
bool handover_all_have_all(const struct replication *r);
/* The same in the log, with those who lack something. */
void handover_tell(const struct replication *r);

#endif
