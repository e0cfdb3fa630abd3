/* The survey's data: a record of each stream, one of each group, and totals.
 *
 * A record shows its stream at the last visit, so records are of the pass under way or the previous
 * one, and the record of a removed stream stays until the end of the pass. A record may outlive its
 * stream and is never used to reach it: it is found by the number in the stream (stream.surveyed),
 * and trusted if it refers back to that stream. */
#ifndef SURVEY_SURVEY_RECORD_H
#define SURVEY_SURVEY_RECORD_H

#include "base/str.h"
#include "ds/dlist.h"
#include "engine/timer.h"
#include "store/db.h"
#include "survey/slots.h"
#include "survey/survey_names.h"
#include "survey/walk.h"
#include "type/stream/stream.h"

struct alarms;
struct engine;
struct keep;
struct rows_page;
struct stream;
struct stream_group;
struct vitals;

enum survey_flag {
    SURVEY_POLICY = 1 << 0,
    SURVEY_BINDINGS = 1 << 1,
    SURVEY_SCHEDULES = 1 << 2,
    SURVEY_CAPTURES = 1 << 3,
    SURVEY_DEAD_LETTERS = 1 << 4, /* its newest entry is a dead letter */
    SURVEY_PAUSED = 1 << 5,
    SURVEY_ABOUT = 1 << 6, /* rates are estimated from entries-read and pending */
};

struct survey_counts {
    uint64_t delivered, redelivered, acked, failed, leases_ended, dead, discarded, lost;
};

/* Kept apart from struct survey_stream to save memory: most streams have none of it
 * (survey_more.h). */
struct survey_stream_more {
    struct stream_outcomes outcomes; /* a copy */
    uint64_t scheduled, expiries;
    int64_t maxlen;          /* -1: none */
    uint64_t deferred, dead; /* over its groups, as the next one */
    double failed_rate;
    int64_t read_ms;    /* by the wall clock; of one that holds dead letters, as the next one */
    uint64_t newest_ms; /* of the ID of the newest entry; 0: none */
    uint32_t kept;      /* its history (keep.h); 0: none */
    uint32_t message;   /* record of its next scheduled message; 0: none */
    uint32_t named_by_policy; /* last pass in which a policy named it as dead-letter stream */
    uint32_t since_added;     /* rated_ms, if it was read again before a rate could be formed */
};

/* Members are ordered to avoid padding, since every stream has one. A rate is kept as events and
 * milliseconds of the interval that it is formed of, in 32 bits (events: that many or more), and
 * moments of the steady clock as their low 32 bits: differences are right for 49 days. */
struct survey_stream {
    struct slot slot;
    uint8_t flags;
    bool complete;           /* a pass has read it with all its groups, so its sums are right */
    bool refuses;            /* messages, when it is full */
    bool is_new : 1;         /* first read under this name and database by its last pass; see
                                survey_record_waits() */
    bool is_again : 1;       /* its last pass read it more than once, e.g. after a rename */
    const struct stream *of; /* compared only */
    struct str *key;
    struct survey_stream_more *more; /* owned; NULL: all its values are the default */
    int32_t db;
    uint32_t groups, consumers;     /* how many groups; consumers of all of them together */
    uint32_t rated_ms;              /* start of the next interval of rates */
    uint32_t interval_ms, in_added; /* the last interval; messages added in it */
    uint64_t length, bytes, added;
    struct stream_id first, last; /* last: the last ID given */
    uint64_t ready, leased;       /* these and what follows: over its groups */
    int64_t oldest_ready_ms;      /* -1: none */
};

/* What few groups have, or none without a policy. */
struct survey_group_more {
    uint64_t released, overdue, deferred, held, blocked;
    struct survey_counts counts; /* of one with a policy */
    uint32_t kept;               /* as a stream's */
    uint32_t letters;            /* number of its dead-letter stream's record; 0: no such stream is
                                    configured, or it does not exist */
    uint32_t subscribers;
    uint32_t in_redelivered, in_failed; /* in the last interval */
    uint32_t since_redelivered, since_failed;
    uint32_t unused; /* no padding: it is compared as a whole */
};

struct survey_group {
    struct slot slot;
    uint8_t flags;
    bool counted;                  /* false: deliveries are unknown */
    bool is_new;                   /* as a stream's */
    const struct stream_group *of; /* compared only */
    struct str *name;
    struct survey_group_more *more; /* owned; NULL: all its values are the default */
    uint32_t stream;                /* its record */
    uint32_t consumers, waiting;
    uint32_t quiet_ms; /* since when nothing was delivered and no reader waits although messages are
                          ready, but at most ALARMS_QUIET_MS ago */
    uint32_t rated_ms, interval_ms;
    uint32_t in_delivered, in_acked; /* in the last interval */
    uint64_t unread, leased;
    int64_t oldest_ready_ms, oldest_leased_ms; /* -1: none */
    union {
        struct { /* counted; without a policy this is derived from entries-read */
            uint64_t delivered;
            uint32_t since_delivered, since_acked; /* rated_ms */
        };
        struct stream_id position; /* not counted: the last ID delivered */
    };
};

/* A schedule, or the next scheduled message of a stream, whose name is its ID. */
struct survey_schedule {
    struct slot slot;
    uint32_t stream; /* its record */
    struct str *name;
    const char *kind;        /* "cron", "every", "message" */
    int64_t next_ms;         /* -1: none */
    long long fired, missed; /* -1: of a message */
};

/* Totals over all streams. */
struct survey_totals {
    uint64_t streams, groups;
    uint64_t unread, released, overdue, leased, deferred, held, blocked, scheduled;
    uint64_t letters;        /* in streams that hold dead letters */
    int64_t oldest_ready_ms; /* -1: none */
    double added_rate, delivered_rate, redelivered_rate, acked_rate, failed_rate;
};

/* Over the groups of one stream. */
struct survey_sums {
    unsigned flags;
    uint32_t consumers;
    uint64_t ready, leased, deferred, dead;
    double failed_rate;
    int64_t oldest_ready_ms; /* -1: none */
};

/* A stream of many groups, read in several steps. */
struct survey_large {
    struct dlist_node node; /* in survey.large */
    struct db *db;
    struct str *key;
    size_t bucket, mask; /* where reading its groups goes on; the dictionary's mask when it stopped,
                            as buckets move when it is resized */
    bool schedules;      /* the groups were read: bucket and mask are of the schedules */
    struct survey_sums sums; /* so far */
};

/* Which streams, or groups, get lines of their own in the metrics: all of them or, if there are
 * more than the limit, those selected in the last pass. */
struct survey_choice {
    bool all;
    uint32_t left_out;
    uint64_t *chosen; /* owned bitmap: bit i is record i + 1 */
    uint32_t words;
    uint32_t *heap; /* while choosing: numbers of records, the last in order on top */
    uint32_t n, most;
};

struct survey {
    struct engine *engine;
    /* How many subscriptions a group has. Set by who makes the survey; NULL: none. */
    size_t (*subscriptions)(const struct stream_group *g);
    /* Set while SURVEY runs for a caller that writes rows in parts: a subcommand that lists rows
     * stores its page here, for the caller to own, instead of replying. NULL: it replies. */
    struct rows_page **hands_to;
    struct slots streams, groups, schedules;
    struct survey_names names;             /* of groups */
    struct dict schedule_names;            /* stream and name to record of schedules */
    struct survey_totals totals, counting; /* of the last pass; of the one under way */
    uint64_t *db_groups, *db_counting;     /* groups by database, likewise */
    enum survey_phase {
        SURVEY_RESTS,
        SURVEY_VISITS,
        SURVEY_SWEEPS_SCHEDULES,
        SURVEY_SWEEPS_GROUPS, /* frees records that the pass has not met; groups before streams,
                                 since a group's record refers to its stream's */
        SURVEY_SWEEPS_STREAMS,
        SURVEY_CHOOSES_GROUPS, /* chooses those with lines of their own, when there are too many */
        SURVEY_CHOOSES_STREAMS,
    } phase;
    uint32_t pass;   /* the current or last one; at most one a second, so it does not wrap */
    uint32_t number; /* the last complete pass; 0: none since the survey rested */
    int db;          /* its position */
    uint64_t cursor;
    uint32_t swept;                                     /* records checked by a sweep */
    bool forgets;                                       /* frees all records, since nobody has
                                                           looked */
    struct survey_choice groups_chosen, streams_chosen; /* which records get metrics */
    bool choice_is_due;         /* records changed: the next pass selects again */
    struct dlist_node large;    /* of struct survey_large; the first is being read */
    struct walk walk;           /* over all keys */
    unsigned turns_taken;       /* steps of passes since the last step of the walk */
    struct vitals *vitals;      /* owned */
    struct alarms *alarms;      /* owned */
    struct keep *keep;          /* histories; owned */
    struct timer timer, second; /* for the next step; for the next reading of vitals */
    bool is_due, is_second_due;
    int64_t looked_ms, began_ms, ended_ms; /* by the steady clock; looked_ms 0: never */
    int64_t pass_ms;                       /* how long the last pass took */
    uint64_t ticks;                        /* processor time spent in total */
};

/* Whether a new record stays hidden until its pass ends: until then the record of a stream that was
 * deleted or renamed may still have the same name, which would be listed twice. */
static inline bool survey_record_waits(const struct survey *sv, bool is_new, const struct slot *x)
{
    return is_new && x->seen == sv->pass && sv->number != sv->pass;
}
/* Whether the record is shown: its stream exists, or did when the previous pass began, and no other
 * record that is shown has this name. */
static inline bool survey_record_shows_stream(const struct survey *sv,
                                              const struct survey_stream *x)
{
    return x->slot.seen && x->complete && !survey_record_waits(sv, x->is_new, &x->slot);
}
static inline const struct survey_stream *survey_record_stream(const struct survey *sv,
                                                               uint32_t number)
{
    return slots_at(&sv->streams, number);
}
static inline const struct survey_group *survey_record_group(const struct survey *sv,
                                                             uint32_t number)
{
    return slots_at(&sv->groups, number);
}
static inline bool survey_record_shows_group(const struct survey *sv, const struct survey_group *g)
{
    return g->slot.seen && !survey_record_waits(sv, g->is_new, &g->slot) &&
           survey_record_shows_stream(sv, survey_record_stream(sv, g->stream));
}
#endif
