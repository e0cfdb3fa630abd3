/* Those who wait for keys: first come, first served. A wait keeps a copy of the command; when
 * one of its keys becomes ready the whole command runs again, and either answers or goes on waiting
 * in its place. Serving happens between commands, never inside one. */
#ifndef ENGINE_BLOCK_H
#define ENGINE_BLOCK_H

#include "engine/call.h"

enum block_null {
    BLOCK_NULL,
    BLOCK_NULL_ARRAY,
    BLOCK_AGAIN /* the command runs once more, and has to answer (block_has_ended()) */
};

/* A place in the line of those who wait for a key. */
struct block_link {
    struct dlist_node node;
    struct block_wait *wait; /* NULL: of a struct block_stay */
    struct wait_key *key;    /* NULL: in no line */
};

enum block_visit {
    BLOCK_VISIT_NOTHING, /* there is nothing for it; others may find something */
    BLOCK_VISIT_EMPTY,   /* it has taken what there was: nobody of the same source finds anything */
    BLOCK_VISIT_SERVED,  /* it got as much as one visit gives, or could not be served now: its line
                            has to be gone through again */
};

/* Who waits for a key and is not gone when it has been served: a subscription of a module above. It
 * stands in one line with blocked clients. Zeroed but for source and visit: it waits for nothing.
 */
struct block_stay {
    struct block_link link;
    struct engine *engine;
    uint64_t source; /* as in struct block_options, never 0 for who takes something away */
    /* The key is ready, and no command runs. May end this and others; who has ended itself says
     * BLOCK_VISIT_NOTHING. */
    enum block_visit (*visit)(struct block_stay *s);
};

struct block_options {
    const struct bytes *argv; /* what runs again; NULL: as the call's */
    int argc;
    const struct bytes *keys;
    int key_count;
    int64_t deadline_ms;  /* by the steady clock; 0: never */
    enum value_type type; /* of keys that can serve it */
    enum block_null null; /* the answer at the deadline */
    bool group;           /* waits for a stream's group: hears when key or group vanish */
    int pattern;          /* the word of argv that keys it waits for match, when it names none */
    int64_t wake_ms;      /* also run again at this time, by the same clock; 0: no */
    uint64_t readers;     /* names whose readers these are (a group's), for block_count_readers() */
    uint64_t source; /* names what it waits for in its only key, for block_found_empty(); or 0 */
};

/* False inside EXEC and replay: the handler then answers at once. */
bool block_allowed(const struct call *call);
void block_on(struct call *call, const struct block_options *o);
/* The handler found nothing in `source`, and nobody else would: those who wait for the same behind
 * it are not run while this key is served. */
void block_found_empty(struct call *call, uint64_t source);
/* The command runs for the last time: its deadline has come. */
bool block_has_ended(const struct call *call);
/* The client's command runs again: what it waits for, without a key, may have come. */
void block_again(struct client *c);
/* The pattern of the client, which waits with one. Valid while it waits. */
struct bytes block_pattern(const struct client *c);
/* Those who stay and take nothing (source 0) hear now of keys that are ready, while a command runs.
 */
void block_visit_marks(struct engine *engine);
/* Clients in engine.clients.confirming: what they wait for may have come. */
void block_serve_confirming(struct engine *engine);
/* A key that someone may wait for changed. */
void block_key_ready(struct engine *engine, struct db *db, struct bytes key);
/* All waited-for keys of a database may have changed. */
void block_db_ready(struct engine *engine, struct db *db);
/* Keys are ready, and it is a time for serving: serving is writing, so not within a script nor
 * during a pause. */
static inline bool block_has_work(const struct engine *e)
{
    return !dlist_empty(&e->blocking.ready) &&
           !(e->slow_path & (ENGINE_BUSY | ENGINE_PAUSED | ENGINE_MOVING));
}
/* Serves until nothing is ready: of those who stay only as many as find nothing, and the first that
 * finds something. The rest is for block_serve_stays(). */
void block_serve(struct engine *engine);
/* Lines in which somebody who stays has more to get, in turn, until the monotonic clock shows
 * until_us and what one visit takes beyond. */
void block_serve_stays(struct engine *engine, int64_t until_us);
bool block_stays_have_work(const struct engine *engine);
/* From now on it is visited whenever the key is ready, behind those who wait already. */
void block_stay(struct engine *engine, struct db *db, struct bytes key, struct block_stay *s);
/* It waits no more; also within its visit. Of one that does not wait: nothing. */
void block_stay_end(struct block_stay *s);
/* It got something, and goes behind all others. */
void block_stay_behind(struct block_stay *s);
/* It waits for something else under the same key. */
void block_stay_for(struct block_stay *s, uint64_t source);
static inline bool block_stay_waits(const struct block_stay *s)
{
    return s->link.key != NULL;
}
/* Keys that are ready are served no more: the end of the engine. */
void block_forget_ready(struct engine *engine);
/* Ends waits whose deadline has come, and runs commands again that asked for this time: a phase of
 * the turn, after the timers. */
void block_run_due(struct engine *engine);
/* Ends a wait as its deadline would, or with an error. False: the client did not wait. */
bool block_end(struct client *c, bool with_error);
/* Ends all waits with an error, and closes those who waited and those to whom streams are pushed:
 * the server becomes a replica. */
void block_end_all(struct engine *engine);
/* Forgets the wait; for a client that goes away. */
void block_forget(struct client *c);
/* Whether anybody waits for the key. */
bool block_is_awaited(const struct engine *engine, const struct db *db, struct bytes key);
/* Waits for the key that were told to be of these readers. */
size_t block_count_readers(const struct engine *engine, const struct db *db, struct bytes key,
                           uint64_t readers);
/* The same of waits that name no keys, but a pattern, which the key matches. O(such waits). */
size_t block_count_matching(const struct engine *engine, const struct db *db, struct bytes key,
                            uint64_t readers);
/* All waits for the key; type: those for one of this type only, or -1. */
size_t block_waiting_on(const struct engine *engine, const struct db *db, struct bytes key,
                        int type);

#endif
