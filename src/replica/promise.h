/* The part of confirmation (replica/confirm.h) that primaries and replicas share: how far this
 * server's data reach, and which ID it has promised to follow. State: replication.confirmation. */
#ifndef REPLICA_PROMISE_H
#define REPLICA_PROMISE_H

#include "replica/replication.h"

/* Where somebody's data end. */
struct promise_place {
    const char *id; /* the replication ID of the last byte; "" when there are no data */
    uint64_t offset;
};
struct promise_place promise_our_place(const struct replication *r);
/* GENERATION: a greater generation of the last byte's ID, then a greater offset. */
bool promise_is_ahead(struct promise_place a, struct promise_place b);
/* Whether an ID ("": none) is our business: of our family, or we have nothing and are of none yet.
 */
bool promise_is_related(const struct replication *r, const char *id);

/* PROMISE: the primary has told this ID and offset ("": nothing), and what we hold is its history.
 * Due: we hold it as far as that, and have not promised it yet. */
bool promise_is_due(const struct replication *r, const char *id, uint64_t offset);
/* Promises it when that is due. False: another promise is in the way. */
bool promise_give(struct replication *r, const char *id, uint64_t offset);

/* The primary that has told this ID ("": none) does not write under it yet, as far as we know. */
bool promise_is_open(const struct replication *r, const char *id);

/* The data are gone; or data have come from somebody else. */
void promise_data_lost(struct replication *r);
void promise_data_came(struct replication *r);

#endif
