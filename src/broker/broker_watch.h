/* Each group with a policy has a watch, which holds its timer: set for what comes first, the end of
 * a lease, a deferred entry, the next token of a rate. So a group costs one node in the engine's
 * heap, however many entries are pending.
 *
 * A watch belongs to the database's key and lives while that key holds the stream and the group its
 * policy, as store events and policy commands report. stream_policy.watch points to it. */
#ifndef BROKER_BROKER_WATCH_H
#define BROKER_BROKER_WATCH_H

#include "broker/broker_attachment.h"
#include "broker/broker_bucket.h"
#include "broker/broker_due.h"
#include "broker/broker_rate.h"

/* The seat of a group with SINGLE (broker_seat.h). */
struct broker_seat {
    const struct stream_consumer *holder; /* NULL: it is free */
    bool moves;                           /* others' entries are being released, from moved_to on */
    struct stream_id moved_to;
    uint64_t changes; /* counts changes of holder and policy: readers that waited before are
                         rerun */
};

/* The scan for unused consumers (broker_idle.h). */
struct broker_idle {
    int64_t seen_ms; /* when a since deleted consumer was last seen */
    int64_t look_ms; /* when to begin the next; 0: at once */
    bool under_way;
    uint32_t at;                     /* under way: the next consumer, */
    int64_t latest_ms, first_end_ms; /* the latest time a consumer was seen, and the earliest at
                                        which one expires */
};

struct broker_mark;

struct broker_watch {
    struct broker_due due;
    struct broker *broker;
    struct db *db;
    struct str *key, *group; /* key NULL: between two keys (broker_watch_uproot()) */
    struct stream_group *of; /* the group itself */
    struct broker_attachments attachments;
    struct broker_mark *mark; /* in the ring of its group's name; NULL: no ring */
    struct broker_seat seat;
    struct broker_idle idle;
    int64_t since_ms;                   /* when it was made, by the steady clock */
    struct dlist_node subscribed, full; /* subscriptions: waiting or stalled; at their limit of
                                           pending entries (broker_consume.h) */
    struct dlist_node roomy;            /* in broker.roomy */
    bool wakes_all;                     /* all full subscriptions are to wait again, whatever
                                        they have pending */
    size_t subscriptions;               /* of both lists */
    struct timer timer;
    struct dlist_node all; /* in broker.watches */
    int64_t logged_ms;     /* the last log line about a dead letter that could not be moved; 0:
                              none */
    bool wakes;            /* readers left because there was too much to do: wake them */
    bool checked;          /* delivery times in the future were corrected */
    struct stream_id checked_to;
    struct broker_rate rate;
    struct broker_bucket bucket; /* of RATE */
    bool lacks_token;            /* readers left because the bucket was empty */
};

/* A key now holds the stream: its groups with policies get the watches they lack, and watches that
 * moved with the stream are set. */
void broker_watch_link(struct broker *b, struct db *db, struct entry *e);
/* The stream is about to move to another key: its watches move with it. */
void broker_watch_uproot(struct entry *e);
/* The key no longer holds the stream. */
void broker_watch_unlink(struct entry *e);
/* The group's policy is about to be removed. */
void broker_watch_drop(struct stream_group *g, enum broker_watch_end why);
/* An entry left the pending list or changed owner: full subscriptions may be given something. all:
 * even those whose consumers have as many entries as before (they may be given their own again, or
 * may have a higher limit). w may be NULL. */
static inline void broker_watch_room(struct broker_watch *w, bool all)
{
    if (!w || dlist_empty(&w->full))
        return;
    w->wakes_all |= all;
    if (!dlist_linked(&w->roomy))
        dlist_append(&w->broker->roomy, &w->roomy);
}
/* NULL: the group has no policy, or is in a copy of the data that does not act. */
static inline struct broker_watch *broker_watch_of(const struct stream_group *g)
{
    return g->policy ? g->policy->watch : NULL;
}
/* There is work now. w may be NULL. */
void broker_watch_note(struct broker_watch *w);
/* The same, which wakes the group's readers. w may be NULL. */
void broker_watch_wake(struct broker_watch *w);
/* There will be work at at_ms (steady clock): moves the timer there, unless it is set for earlier.
 * w may be NULL. */
void broker_watch_sooner(struct broker_watch *w, int64_t at_ms);
/* The bucket is empty: readers are woken when the next token arrives. */
void broker_watch_token(struct broker_watch *w);
/* The rate is about to change: the bucket starts full. */
void broker_watch_refill(struct broker_watch *w);
/* An entry's delivery time was set: the timer fires when its lease ends, in the next turn if that
 * has passed (XCLAIM IDLE). A time in the future, which only a primary with a faster clock can set,
 * is corrected when this server acts again. */
void broker_watch_leased(const struct broker_group *x, int64_t time_ms);
/* The counters of the group's policy are about to change. */
void broker_watch_sample(const struct broker_group *x);
/* The counters that have rates, in the order of enum broker_rated. */
enum broker_rated { BROKER_ADDED, BROKER_DELIVERED, BROKER_ACKED, BROKER_FAILED };
void broker_watch_counts(const struct stream *s, const struct stream_group *g,
                         uint64_t out[BROKER_RATE_KINDS]);
/* When the seat becomes free because its holder was not seen, by the steady clock; INT64_MAX: it is
 * free, or its holder waits. */
int64_t broker_watch_seat_ends_ms(const struct broker_watch *w);
/* Sets the timer for what comes first. */
void broker_watch_arm(struct broker_watch *w, const struct broker_group *x);
/* Frees all watches. */
void broker_watch_free_all(struct broker *b);

#endif
