/* The part of confirmation (replica/confirm.h) that primaries and replicas share: how far our data
 * reach, and the ID we have promised to follow. The state is replication.confirmation. */
#ifndef REPLICA_PROMISE_H
#define REPLICA_PROMISE_H

#include "replica/replication.h"

/* The end of a server's data. */
struct promise_place {
    const char *id; /* ID of the last byte; "" without data */
    uint64_t offset;
};
struct promise_place promise_our_place(const struct replication *r);
/* GENERATION: a greater generation of the last byte's ID, then a greater offset. */
bool promise_is_ahead(struct promise_place a, struct promise_place b);
/* Whether an ID ("": none) concerns us: it is of our family, or we have no data and no family yet.
 */
bool promise_is_related(const struct replication *r, const char *id);

/* PROMISE: the primary has told us this ID and offset ("": nothing), and our data are of its
 * history. Due: we hold that offset, and have not promised yet. */
bool promise_is_due(const struct replication *r, const char *id, uint64_t offset);
/* Promises the ID when that is due. False: an earlier promise forbids it. */
bool promise_give(struct replication *r, const char *id, uint64_t offset);

/* Whether the primary that told us this ID ("": none) is not yet writing under it, as far as we
 * know. */
bool promise_is_open(const struct replication *r, const char *id);

/* Our data were lost; data of another server have come. */
void promise_data_lost(struct replication *r);
void promise_data_came(struct replication *r);

#endif
