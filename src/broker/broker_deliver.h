/* What XREADGROUP with ">" gives to a reader of a group with a policy: released entries first, then
 * those whose leases have ended, then unread ones, as far as caps allow. */
#ifndef BROKER_BROKER_DELIVER_H
#define BROKER_BROKER_DELIVER_H

#include "broker/broker_act.h"

#define BROKER_DELIVER_DEAD 128  /* dead entries that one read moves on its way */
#define BROKER_DELIVER_LOST 1000 /* references to messages that are gone that it drops */

struct broker_reading {
    struct broker_group at;
    const struct stream_consumer *reader;
    int64_t claim_ms; /* CLAIM: also what has been pending for so long; -1: no */
    int64_t prefetch; /* a cap of the reader's own; 0: the policy's alone */
    bool noack;       /* what it gets does not become pending */
    bool waited;      /* its turn has come: it may take a seat that others wait for as well */
    /* Results. */
    bool served; /* it has the seat, or there is none */
    /* Both caps are judged by counts from before dead and lost entries are cleared: the room that
     * clearing makes is for released entries, not for unread ones (broker L4). */
    uint64_t mine;  /* pending entries of the reader */
    uint64_t gains; /* chosen entries that were not the reader's */
    uint64_t owned; /* entries of the group with an owner, chosen ones included */
    bool held_back; /* by the reader's own cap: others may find something */
    bool stopped;   /* nothing is delivered now */
    uint64_t most;  /* deliveries that are left by the rate */
};

/* Chooses pending entries, at most `most` > 0, in the order in which they are to be given. The dead
 * that are in the way are moved, and references to what is gone dropped; when there were too many
 * of these, readers are woken in the next turn. The array belongs to the caller. */
struct stream_pending_entry *broker_deliver_pending(struct broker_reading *r, uint64_t most,
                                                    size_t *n);
/* How many unread entries may follow what broker_deliver_pending() chose, at most `most`. */
uint64_t broker_deliver_unread(struct broker_reading *r, uint64_t most);
/* Whether there may be anything to give, to whoever: released, with an ended lease, or unread. Asks
 * for no cap. O(1) but for what fell due since the last turn. */
bool broker_deliver_may_give(const struct broker_group *x);
/* So many were given, of which redelivered had been given before. */
void broker_deliver_done(const struct broker_group *x, uint64_t delivered, uint64_t redelivered);
/* Somebody waits for the group: it is to hear of leases that end. */
void broker_deliver_wait(const struct broker_group *x);
/* Somebody may have been given less for lack of a token: the group hears of the next one when there
 * is none. */
void broker_deliver_wait_for_token(const struct broker_group *x);

/* When the first entry will have been pending for as long as CLAIM asks for, by the steady clock;
 * INT64_MAX: none that is not kept back for other reasons. Looks at 1,000 at most. */
int64_t broker_deliver_claimable_ms(const struct broker_group *x, int64_t claim_ms);

#endif
