/* What the broker acts on, and how its actions reach the journal. Within a command they are among
 * the command's effects; on the server's own initiative they form a group of their own
 * (engine/act.h). */
#ifndef BROKER_BROKER_ACT_H
#define BROKER_BROKER_ACT_H

#include "engine/act.h"
#include "engine/call.h"
#include "type/stream/stream.h"

/* A consumer group and its stream, for the duration of one action. All pointers are borrowed. */
struct broker_group {
    struct engine *engine;
    struct db *db;
    struct call *call; /* the command that acts; NULL: the server does, after act_begin() */
    struct bytes key;
    struct stream *stream; /* fetched by db_write() */
    struct stream_group *group;
};

/* The target of a command. */
static inline struct broker_group broker_act_in(struct call *call, struct bytes key,
                                                struct stream *s, struct stream_group *g)
{
    return (struct broker_group){
        .engine = call->engine, .db = call->db, .call = call, .key = key, .stream = s, .group = g};
}

/* The version given for commands that Redis does not have (persist/wrap.h). */
#define BROKER_ACT_SINCE "0.2.0"

/* Begins a group of the journal for the server's own change of the stream, in a turn in which it
 * may act. Ended by act_end(). */
void broker_act_begin(const struct broker_group *x);
/* Whether the journal is on; if not, effects need not be composed. */
bool broker_act_is_journalled(const struct broker_group *x);
/* Journals an effect. since: the first version of Redis that knows the command; NULL: all do. */
void broker_act_effect(const struct broker_group *x, const char *since, const struct bytes *argv,
                       int argc);
/* Journals the creation of a stream that holds only what Redis does not know (limits, scheduled
 * messages ...): a Redis that reads the effects creates it empty, so later effects on the key find
 * it. */
void broker_act_effect_made(const struct broker_group *x);
/* Prints an ID into the caller's buffer of STREAM_ID_TEXT_MAX bytes. */
struct bytes broker_act_id(const struct broker_group *x, char *to, struct stream_id id);
/* Journals one effect: the words of a command, followed by IDs. */
void broker_act_effect_ids(const struct broker_group *x, const struct bytes *words, int words_n,
                           const struct stream_id *ids, size_t n);
/* The same, followed by names and values in turn. */
void broker_act_effect_pairs(const struct broker_group *x, const char *since,
                             const struct bytes *words, int words_n, const struct bytes *pairs,
                             size_t fields);
/* Entries without an owner that share all but the ID. */
struct broker_act_nack {
    const struct stream_id *ids;
    size_t n;
    uint64_t count;
    int64_t due_ms;      /* 0: released at once */
    struct bytes reason; /* empty: none */
    bool force;          /* they were not pending before */
};
/* Journals XNACK ... FAIL with these values: how a group with a policy releases or defers entries.
 */
void broker_act_effect_nack(const struct broker_group *x, const struct broker_act_nack *nack);
/* The steady clock, which stamps deliveries of groups with a policy and measures their spans
 * (lease, back-off): a step of the wall clock ends no lease (broker G6). */
static inline int64_t broker_act_now(const struct broker_group *x)
{
    return x->engine->steady_ms;
}
/* The wall clock, for points in time: when a message is due, or expires. */
static inline int64_t broker_act_wall(const struct broker_group *x)
{
    return x->engine->now_ms;
}
/* The stamp of a delivery: the steady clock under a policy, else, as in Redis, the wall clock. */
static inline int64_t broker_act_stamp(const struct broker_group *x)
{
    if (__builtin_expect(x->group->policy != NULL, 0))
        return broker_act_now(x);
    return x->call ? x->call->now_ms : x->engine->now_ms;
}
/* Inside a transaction or a script, where time is frozen and nothing happens on its own (broker G4,
 * X2). */
static inline bool broker_act_time_stands(const struct broker_group *x)
{
    return x->engine->frozen_us != 0;
}
/* Counts n changes: pending entries changed owner or were removed. As in Redis, WATCH and client
 * caches are not notified, since no message changed. */
void broker_act_changed(const struct broker_group *x, uint64_t n);

#endif
