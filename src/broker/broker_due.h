/* The queue of due work, and the state shared by the whole broker. Groups and streams have timers
 * on clocks of their own; once due, they stay in this queue, longest overdue first by the steady
 * clock, until the work is done. */
#ifndef BROKER_BROKER_DUE_H
#define BROKER_BROKER_DUE_H

#include "broker/broker_act.h"
#include "pubsub/pubsub.h"

struct broker_totals {
    uint64_t redelivered, dead, dead_blocked, discarded, lost, appended_scheduled, expired,
        cron_fired, cron_missed, rejected, routed, route_failures, captured, capture_failures;
};

struct broker_watch;

/* Why a watch ends. */
enum broker_watch_end { BROKER_WATCH_KEY_GOES, BROKER_WATCH_GROUP_GOES, BROKER_WATCH_POLICY_GOES };

struct broker {
    struct engine *engine;
    struct dlist_node watches;   /* of groups with a policy */
    struct dlist_node moments;   /* of streams */
    struct dlist_node capturing; /* of streams that capture channels */
    pubsub_capture *capture;     /* set in pubsub while any stream captures */
    struct dlist_node roomy;     /* watches whose full subscriptions may be given something again */
    struct dlist_node stalled;   /* subscribers whose connections have to drain
                                    (broker_consume.h) */
    struct heap due;             /* the queue */
    size_t policies, subscriptions;
    struct dict rings;      /* database and group name to struct broker_ring */
    struct dlist_node news; /* rings with fresh streams for their waiters */
    /* A watch was placed under its key; one with a mark is leaving its key (broker_match.h). */
    void (*watch_placed)(struct broker_watch *w);
    void (*watch_taken)(struct broker_watch *w);
    /* Ends the subscriptions of a watch that ends, or whose stream moves to another key. */
    void (*watch_ended)(struct broker_watch *w, enum broker_watch_end why);
    struct broker_totals totals;
    int64_t longest_us;        /* of a turn's own actions */
    int64_t longest_cpu_us;    /* the same, while latency-monitor-threshold is set */
    bool acts, follows;        /* in the latest turn: it may act; it is a replica */
    int64_t order_ahead;       /* broker-order-ahead in the latest turn */
    int64_t acts_since_ms;     /* since when it acts without a break, by the steady clock: before
                                  that no consumer could be seen */
    const struct stream *held; /* a stream whose letters are being moved: appends do not trim it;
                                  or NULL */
    int64_t route_logged_ms;   /* the last log line about a copy that was not made; 0: none */
    struct broker_captured *captured; /* publications to append at the end of the command; or
                                         NULL */
    bool brings_forward;  /* due messages of destinations are being appended, before a copy */
    bool capture_appends; /* publications now follow from a capture */
    bool trims_by_itself; /* publications now come from trimming in the server's own turn */
};

enum broker_due_kind { BROKER_DUE_GROUP, BROKER_DUE_STREAM };

/* A place in the queue, embedded in the queued item. Zeroed: not queued, a group's. */
struct broker_due {
    struct heap_node node;
    int64_t since_ms; /* since when it is due, by the steady clock */
    enum broker_due_kind kind;
};

static inline bool broker_due_is_in_line(const struct broker_due *d)
{
    return d->node.place != 0;
}
/* Queues an item that is due since a time of the steady clock; a queued one keeps its place. */
void broker_due_join(struct broker *b, struct broker_due *d, int64_t since_ms);
/* Moves it to the back of the queue when its share of the turn is used up and work is left, so that
 * it does not hold up the others. */
void broker_due_again(struct broker *b, struct broker_due *d);
/* Nothing if it is not queued. */
void broker_due_leave(struct broker *b, struct broker_due *d);
/* NULL: nothing is due. */
struct broker_due *broker_due_first(const struct broker *b);
/* For how long the oldest item has been due; 0: nothing is due. O(items). */
int64_t broker_due_late_ms(const struct broker *b);

#endif
