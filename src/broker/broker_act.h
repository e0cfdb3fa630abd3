/* Where the broker acts, and how that gets into the journal. Within a command, what it does is
 * among the command's effects; by itself, it is in a group of its own (engine/act.h). */
#ifndef BROKER_BROKER_ACT_H
#define BROKER_BROKER_ACT_H

#include "engine/act.h"
#include "engine/call.h"
#include "type/stream/stream.h"

/* A group of a stream, for the length of one action. All borrowed. */
struct broker_group {
    struct engine *engine;
    struct db *db;
    struct call *call; /* of the command that acts; NULL: the server does, after act_begin() */
    struct bytes key;
    struct stream *stream; /* fetched for change */
    struct stream_group *group;
};

/* Within a command. */
static inline struct broker_group broker_act_in(struct call *call, struct bytes key,
                                                struct stream *s, struct stream_group *g)
{
    return (struct broker_group){
        .engine = call->engine, .db = call->db, .call = call, .key = key, .stream = s, .group = g};
}

/* Of the commands that are ours, for those who read the journal (persist/wrap.h). */
#define BROKER_ACT_SINCE "0.2.0"

/* Whether an effect has a reader; if not, none needs to be put together. */
bool broker_act_is_told(const struct broker_group *x);
/* What happened, for the journal; since: the version of Redis that knows the command, or NULL. */
void broker_act_effect(const struct broker_group *x, const char *since, const struct bytes *argv,
                       int argc);
/* The stream was just made, and has nothing yet that Redis knows (limits, scheduled messages, ...).
 * A Redis that reads the effects makes it as well, empty: what is done to the key later finds it.
 */
void broker_act_effect_made(const struct broker_group *x);
/* An ID as text in memory of the caller, STREAM_ID_TEXT_MAX bytes. */
struct bytes broker_act_id(const struct broker_group *x, char *to, struct stream_id id);
/* The command with these IDs behind its words: one effect. */
void broker_act_effect_ids(const struct broker_group *x, const struct bytes *words, int words_n,
                           const struct stream_id *ids, size_t n);
/* Of entries without an owner that have all but the ID in common. */
struct broker_act_nack {
    const struct stream_id *ids;
    size_t n;
    uint64_t count;
    int64_t due_ms;      /* 0: released */
    struct bytes reason; /* empty: none */
    bool force;          /* they were not pending before */
};
/* XNACK ... FAIL with all of that: what a group with a policy does with an entry is told so. */
void broker_act_effect_nack(const struct broker_group *x, const struct broker_act_nack *nack);
/* The time that deliveries of the group are stamped with and that its spans (lease, back-off) count
 * by: the steady clock's, so that a step of the wall clock ends no lease (broker G6). */
static inline int64_t broker_act_now(const struct broker_group *x)
{
    return x->engine->steady_ms;
}
/* The time that moments count by (when a message is due, or expires): the wall clock's. */
static inline int64_t broker_act_wall(const struct broker_group *x)
{
    return x->engine->now_ms;
}
/* The time that deliveries are stamped with: as in Redis by the wall clock where there is no
 * policy.
 */
static inline int64_t broker_act_stamp(const struct broker_group *x)
{
    if (__builtin_expect(x->group->policy != NULL, 0))
        return broker_act_now(x);
    return x->call ? x->call->now_ms : x->engine->now_ms;
}
/* Within a transaction or a script, where nothing happens by itself (broker G4, X2). */
static inline bool broker_act_time_stands(const struct broker_group *x)
{
    return x->engine->frozen_us != 0;
}
/* n pending entries have another owner, or are gone: counted as changes. As in Redis, WATCH and
 * client caches do not hear of it: no message has changed. */
void broker_act_changed(const struct broker_group *x, uint64_t n);

#endif
