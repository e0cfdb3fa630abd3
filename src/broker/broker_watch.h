/* Each group with a policy has a watch, which holds its timer: it is set for whatever comes first,
 * the end of a lease, a deferred entry that falls due, the next token of a rate. So a group costs
 * one node in the engine's heap, however many entries are pending.
 *
 * A watch belongs to the database's key and lives while that key holds the stream and the group its
 * policy: store events and the commands that change policies say so. stream_policy.watch leads to
 * it. */
#ifndef BROKER_BROKER_WATCH_H
#define BROKER_BROKER_WATCH_H

#include "broker/broker_attachment.h"
#include "broker/broker_bucket.h"
#include "broker/broker_due.h"
#include "broker/broker_rate.h"

/* Who is served, where that is one consumer at a time (broker_seat.h). */
struct broker_seat {
    const struct stream_consumer *holder; /* NULL: it is free */
    bool moves;                           /* others' entries are to be released, from moved_to on */
    struct stream_id moved_to;
    uint64_t changes; /* of its holder, and of the policy: who waited before is asked anew */
};

/* The look through the consumers, for those that nobody uses (broker_idle.h). */
struct broker_idle {
    int64_t seen_ms; /* when one that was deleted since was seen, the latest */
    int64_t look_ms; /* when to begin; 0: at once */
    bool under_way;
    uint32_t at;                     /* under way: the next consumer, */
    int64_t latest_ms, first_end_ms; /* when one was seen, the latest; when the first is idle for
                                        too long */
};

struct broker_mark;

struct broker_watch {
    struct broker_due due;
    struct broker *broker;
    struct db *db;
    struct str *key, *group; /* key NULL: between two keys (broker_watch_uproot()) */
    struct stream_group *of; /* the group itself */
    struct broker_attachments attachments;
    struct broker_mark *mark; /* in the ring of its group's name; NULL: there is no ring */
    struct broker_seat seat;
    struct broker_idle idle;
    int64_t since_ms;                   /* when it was made, by the steady clock */
    struct dlist_node subscribed, full; /* subscriptions: in line or stalled; with as much pending
                                           as they may have (broker_consume.h) */
    struct dlist_node roomy;            /* in broker.roomy */
    bool rouses;                        /* all full ones are to look, whatever they have */
    size_t subscriptions;               /* of both lists */
    struct timer timer;
    struct dlist_node all; /* in broker.watches */
    int64_t logged_ms;     /* the last line about a dead letter that could not be moved; 0: none */
    bool wakes;            /* readers went away from work that was too much for one call */
    bool checked;          /* for times in the future */
    struct stream_id checked_to;
    struct broker_rate rate;
    struct broker_bucket bucket; /* of RATE */
    bool lacks_token;            /* readers went away from a bucket that was empty */
};

/* A key holds a stream with policies: its groups get what watches they lack, and those that have
 * moved with it are set. */
void broker_watch_link(struct broker *b, struct db *db, struct entry *e);
/* The stream is about to be linked to another key: its watches move with it. */
void broker_watch_uproot(struct entry *e);
/* It no longer does. */
void broker_watch_unlink(struct entry *e);
/* The group's policy is about to go. */
void broker_watch_drop(struct stream_group *g, enum broker_watch_end why);
/* Something is no longer pending, or has another owner: subscriptions that were full may be given
 * something. all: also those whose consumers have as much as before (they may have their own again,
 * or may have more). w may be NULL. */
static inline void broker_watch_room(struct broker_watch *w, bool all)
{
    if (!w || dlist_empty(&w->full))
        return;
    w->rouses |= all;
    if (!dlist_linked(&w->roomy))
        dlist_append(&w->broker->roomy, &w->roomy);
}
/* NULL: the group has no policy, or lies where nothing acts (another copy of the data). */
static inline struct broker_watch *broker_watch_of(const struct stream_group *g)
{
    return g->policy ? g->policy->watch : NULL;
}
/* There is something to do now. */
void broker_watch_note(struct broker_watch *w);
/* There will be something to do at at_ms, by the steady clock: the timer moves there unless it is
 * set for earlier. w may be NULL. */
void broker_watch_sooner(struct broker_watch *w, int64_t at_ms);
/* The bucket is empty: readers are woken when the next token is there. */
void broker_watch_token(struct broker_watch *w);
/* The policy is about to have another rate: the bucket is full, and lacks nothing. */
void broker_watch_refill(struct broker_watch *w);
/* An entry's delivery time is time_ms now: the timer goes off when its lease ends, in the next turn
 * if that has passed (XCLAIM IDLE). A time in the future, which only a primary whose clock is ahead
 * can tell, is corrected when this server acts again. */
void broker_watch_leased(const struct broker_group *x, int64_t time_ms);
/* Counters of the group's policy are about to change. */
void broker_watch_sample(const struct broker_group *x);
/* Those that rates are made of, in the order of enum broker_rated. */
enum broker_rated { BROKER_ADDED, BROKER_DELIVERED, BROKER_ACKED, BROKER_FAILED };
void broker_watch_counts(const struct stream *s, const struct stream_group *g,
                         uint64_t out[BROKER_RATE_KINDS]);
/* When the seat becomes free since its holder was not seen, by the steady clock; INT64_MAX: it is
 * free, or its holder waits. */
int64_t broker_watch_seat_ends_ms(const struct broker_watch *w);
/* Sets the timer for what comes first. */
void broker_watch_arm(struct broker_watch *w, const struct broker_group *x);
/* Watches are all gone. */
void broker_watch_free_all(struct broker *b);

#endif
