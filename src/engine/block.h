/* Blocking on keys, first come, first served. A wait keeps a copy of the command; when one of its
 * keys becomes ready the whole command runs again, and either replies or keeps waiting in its
 * place. Waits are served between commands, never inside one. */
#ifndef ENGINE_BLOCK_H
#define ENGINE_BLOCK_H

#include "base/hash.h"
#include "engine/block_link.h"
#include "engine/call.h"

enum block_visit {
    BLOCK_VISIT_NOTHING, /* nothing for this one; others may find something */
    BLOCK_VISIT_EMPTY,   /* it took all there was: nobody with the same source finds anything */
    BLOCK_VISIT_SERVED,  /* it got as much as one visit gives, or could not be served now: the queue
                            has to be walked again */
};

/* A wait that stays after it was served: a subscription of a higher module, in one queue with
 * blocked clients. Zeroed except for source and visit, it is in no queue. */
struct block_stay {
    struct block_link link;
    struct engine *engine;
    uint64_t source; /* as in struct block_options; never 0 if its visits take something away */
    /* The key is ready, and no command runs. May end this and other waits; one that ended itself
     * returns BLOCK_VISIT_NOTHING. */
    enum block_visit (*visit)(struct block_stay *s);
};

struct block_options {
    const struct bytes *argv; /* to run again; NULL: those of the call */
    int argc;
    const struct bytes *keys;
    int key_count;
    int64_t deadline_ms;  /* steady clock; 0: none */
    enum value_type type; /* of keys that can serve it */
    enum block_null null; /* the reply at the deadline */
    bool group;           /* waits for a stream's group: also woken when key or group vanish */
    int pattern;          /* index in argv of the pattern of keys waited for, if it names none */
    int64_t wake_ms;      /* also run again at this time, by the steady clock; 0: no */
    uint64_t readers; /* identifies the group whose readers these are, for block_count_readers() */
    uint64_t source;  /* what it waits for in its only key, for block_found_empty(); 0: none */
};

/* False inside EXEC and replay, where the handler replies at once. */
bool block_allowed(const struct call *call);
void block_on(struct call *call, const struct block_options *o);
/* The handler found nothing in `source`, and nobody else would: later waits with the same source
 * are skipped while this key is served. */
void block_found_empty(struct call *call, uint64_t source);
/* True while the command runs for the last time, at its deadline. */
bool block_has_ended(const struct call *call);
/* Runs the command of a client that is blocked without keys again: what it waits for may be there.
 */
void block_again(struct client *c);
/* The pattern that the client waits with. Valid while it is blocked. */
struct bytes block_pattern(const struct client *c);
/* Visits the block_stay of source 0, which take nothing away, for keys that are ready; called while
 * a command runs. */
void block_visit_marks(struct engine *engine);
/* Runs the commands of engine.clients.confirming again: what they wait for may have come. */
void block_serve_confirming(struct engine *engine);
/* A key that someone may wait for changed. */
void block_key_ready(struct engine *engine, struct db *db, struct bytes key);
/* All waited-for keys of a database may have changed. */
void block_db_ready(struct engine *engine, struct db *db);
/* Keys are ready and may be served. Serving writes, so not within a script nor during a pause. */
static inline bool block_has_work(const struct engine *e)
{
    return !dlist_empty(&e->blocking.ready) &&
           !(e->slow_path & (ENGINE_BUSY | ENGINE_PAUSED | ENGINE_MOVING));
}
/* Serves until no key is ready. Of the waits that stay, it visits those that find nothing, up to
 * the first that finds something; the rest is left to block_serve_stays(). */
void block_serve(struct engine *engine);
/* Visits the waits that stay in queues where more can be had, in turn, until the monotonic clock
 * reaches until_us; the last visit may overrun it. */
void block_serve_stays(struct engine *engine, int64_t until_us);
bool block_stays_have_work(const struct engine *engine);
/* From now on s is visited whenever the key is ready, after those who wait already. */
void block_stay(struct engine *engine, struct db *db, struct bytes key, struct block_stay *s);
/* Ends the wait; allowed within its own visit. Does nothing if it does not wait. */
void block_stay_end(struct block_stay *s);
/* Moves it to the end of the queue, after it got something. */
void block_stay_behind(struct block_stay *s);
/* Changes the source, under the same key. */
void block_stay_for(struct block_stay *s, uint64_t source);
static inline bool block_stay_waits(const struct block_stay *s)
{
    return s->link.key != NULL;
}
/* Drops all ready keys, at the end of the engine. */
void block_forget_ready(struct engine *engine);
/* Ends waits whose deadline has passed, and runs the commands again that asked for this time
 * (wake_ms): a phase of the turn, after the timers. */
void block_run_due(struct engine *engine);
/* Ends a wait as its deadline would, or with an error. False: the client was not blocked. */
bool block_end(struct client *c, bool with_error);
/* Ends all waits with an error, and closes blocked clients and those with stream subscriptions: the
 * server becomes a replica. */
void block_end_all(struct engine *engine);
/* Drops the wait of a client that is closed. */
void block_forget(struct client *c);
/* Whether anybody waits for the key. */
bool block_is_awaited(const struct engine *engine, const struct db *db, struct bytes key);
/* The `readers` of a group with this name: a number that is never 0. */
static inline uint64_t block_readers(struct bytes group)
{
    return hash_key(group) | 1;
}
/* Waits for the key that have the group's `readers` in their options. matching: also those whose
 * pattern matches the key (MATCH reads only groups with a policy), O(waits with a pattern). */
size_t block_count_readers(const struct engine *engine, const struct db *db, struct bytes key,
                           struct bytes group, bool matching);
/* Waits for the key; type: only those for this type, or -1. */
size_t block_waiting_on(const struct engine *engine, const struct db *db, struct bytes key,
                        int type);

#endif
