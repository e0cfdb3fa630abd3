/* Where the broker acts, and how that becomes known. It acts within a command, whose effects what
 * it does belong to, or by itself, within a group of the journal of its own (engine/act.h). */
#ifndef BROKER_BROKER_ACT_H
#define BROKER_BROKER_ACT_H

#include "engine/act.h"
#include "engine/call.h"
#include "type/stream/stream.h"

/* A group of a stream, for the length of one action. All borrowed. */
struct broker_group {
    struct engine *engine;
    struct db *db;
    struct call *call; /* NULL: the server by itself, between act_begin() and act_end() */
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

/* What happened, for the journal; since: the version of Redis that knows the command, or NULL. */
void broker_act_effect(const struct broker_group *x, const char *since, const struct bytes *argv,
                       int argc);
/* An ID as text in memory of the caller, STREAM_ID_TEXT_MAX bytes. */
struct bytes broker_act_id(const struct broker_group *x, char *to, struct stream_id id);
/* The command with these IDs behind its words: one effect. */
void broker_act_effect_ids(const struct broker_group *x, const struct bytes *words, int words_n,
                           const struct stream_id *ids, size_t n);
/* The time by which deliveries of the group are stamped and spans of its policy are counted: the
 * steady clock (broker G6). */
static inline int64_t broker_act_now(const struct broker_group *x)
{
    return x->engine->steady_ms;
}
/* n entries of the group have changed hands or gone; who watches the key is not told. */
void broker_act_changed(const struct broker_group *x, uint64_t n);

#endif
