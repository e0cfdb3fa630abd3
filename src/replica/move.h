/* Keys that go to another server (MIGRATE): their values are sent there, and each key is deleted
 * here when the other side has said that it has it. Only the client who asked waits. Until the end
 * nobody writes to the keys here (engine/pause: PAUSE_MOVE), so what is deleted is what was sent.
 */
#ifndef REPLICA_MOVE_H
#define REPLICA_MOVE_H

#include "engine/engine.h"
#include "io/conn.h"
#include "io/loop.h"

struct move;
struct moves;

struct move_order {
    struct db *db;
    const struct bytes *keys;
    int key_n;
    struct bytes host;
    int port;              /* not 1 to 65535: nobody is there */
    long long to_db;       /* there */
    int64_t timeout_ms;    /* for all of it */
    bool copy;             /* nothing is deleted here */
    bool replace;          /* the other side may have such keys */
    struct bytes user;     /* p NULL: the default one */
    struct bytes password; /* p NULL: no AUTH */
};

/* All borrowed. tls(): a context for outgoing connections, or NULL. engine.moves is this one until
 * move_all_free(), which gives up what is under way; before the clients go. */
struct moves *move_all_new(struct engine *e, struct loop *l,
                           struct tls_context *(*tls)(void *context), void *context);
void move_all_free(struct moves *all);

/* NULL: none of the keys exists. Cost: the values are written once into memory. waits: a client who
 * is blocked gets its command run again at the end; it may leave, the move goes on. Else
 * move_finish() follows in the same command. */
struct move *move_begin(struct moves *all, const struct move_order *o, const struct client *waits);
/* Everybody waits, as long as the order's timeout. */
void move_finish(struct move *m);
/* The one that this client waits for; NULL: none. */
struct move *move_of(const struct moves *all, const struct client *c);
bool move_is_over(const struct move *m);
/* Of one that is over: NULL, or an error in the words of MIGRATE that says where the keys are. */
const char *move_error(const struct move *m);
/* Of one that is over: it is gone. Else nobody waits for it any more. */
void move_let_go(struct move *m);
/* Connections that are kept for the next move; NULL has none. */
size_t move_kept(const struct moves *all);
/* What connections have to say, and time that has passed: a phase of the turn. */
void move_run_all(struct moves *all);
/* It has something to do. */
bool move_is_any_due(const struct moves *all);

#endif
