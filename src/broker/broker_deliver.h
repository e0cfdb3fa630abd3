/* Chooses what XREADGROUP with ">" delivers to a reader of a group with a policy: released entries
 * first, then those whose leases have ended, then unread ones, as far as the caps allow. */
#ifndef BROKER_BROKER_DELIVER_H
#define BROKER_BROKER_DELIVER_H

#include "broker/broker_act.h"

#define BROKER_DELIVER_DEAD 128  /* dead entries that one read moves */
#define BROKER_DELIVER_LOST 1000 /* references to deleted messages that it drops */

struct broker_reading {
    struct broker_group at;
    const struct stream_consumer *reader;
    int64_t claim_ms; /* CLAIM: also entries pending for this long; -1: no */
    int64_t prefetch; /* the reader's own limit; 0: only the policy's */
    bool noack;       /* entries do not become pending */
    bool waited;      /* the reader has queued: it may take a seat that others wait for */
    /* Results. */
    bool served; /* it holds the seat, or there is none */
    /* The caps compare with counts taken before dead and lost entries are cleared: the room that
     * clearing makes is for released entries, not for unread ones (broker L4). */
    uint64_t mine;  /* pending entries of the reader */
    uint64_t gains; /* chosen entries that were not the reader's */
    uint64_t owned; /* entries of the group with an owner, chosen ones included */
    bool held_back; /* the reader's own cap stopped it: other readers may be given more */
    bool stopped;   /* nothing may be delivered now */
    uint64_t most;  /* deliveries that the rate still allows */
};

/* Chooses up to `most` > 0 pending entries, in the order of delivery. Moves dead entries found on
 * the way and drops references to deleted messages; if there were too many of these, readers are
 * woken in the next turn. The caller frees the array. */
struct stream_pending_entry *broker_deliver_pending(struct broker_reading *r, uint64_t most,
                                                    size_t *n);
/* How many unread entries, up to `most`, may follow those that broker_deliver_pending() chose. */
uint64_t broker_deliver_unread(struct broker_reading *r, uint64_t most);
/* Whether any reader may find something, whatever its caps: released, overdue or unread. O(1), plus
 * what fell due since the last turn. */
bool broker_deliver_may_give(const struct broker_group *x);
/* Counts deliveries, of which `redelivered` were repeated. */
void broker_deliver_done(const struct broker_group *x, uint64_t delivered, uint64_t redelivered);
/* A reader waits for the group: sets the timer for the next lease end. */
void broker_deliver_wait(const struct broker_group *x);
/* A reader may have got less for lack of a token: sets the timer for the next one if there is none.
 */
void broker_deliver_wait_for_token(const struct broker_group *x);

/* When, by the steady clock, the first entry will have been pending for claim_ms; INT64_MAX: none
 * that could be delivered then. Looks at up to 1,000 entries, besides barred ones; if there are
 * more, earlier. */
int64_t broker_deliver_claimable_ms(const struct broker_group *x, int64_t claim_ms);

#endif
