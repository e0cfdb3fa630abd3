/* MIGRATE: sends the values of keys to another server, and deletes each key here once the other
 * side has confirmed it. Only the client that asked waits. Meanwhile writes to the keys are held
 * (engine/pause: PAUSE_MOVE), so what is deleted is what was sent. */
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
    int port;              /* any number: outside 1 to 65535 the target counts as unreachable */
    long long to_db;       /* its database */
    int64_t timeout_ms;    /* for the whole move */
    bool copy;             /* delete nothing here */
    bool replace;          /* overwrite keys there */
    struct bytes user;     /* p NULL: the default user */
    struct bytes password; /* p NULL: no AUTH */
};

/* All arguments are borrowed. tls(): a context for outgoing connections, or NULL. Sets engine.moves
 * until move_all_free(), which gives up moves in progress; to be called before the clients are
 * freed. */
struct moves *move_all_new(struct engine *e, struct loop *l,
                           struct tls_context *(*tls)(void *context), void *context);
void move_all_free(struct moves *all);

/* NULL: none of the keys exists. Copies all values into memory. waits: a blocked client, whose
 * command runs again at the end; if it is closed, the move goes on. waits NULL: call
 * move_finish() in the same command. */
struct move *move_begin(struct moves *all, const struct move_order *o, const struct client *waits);
/* Blocks the server until the move is over, at most for its timeout. */
void move_finish(struct move *m);
/* The client's move; NULL: none. */
struct move *move_of(const struct moves *all, const struct client *c);
bool move_is_over(const struct move *m);
/* For a move that is over: NULL, or MIGRATE's error, which says where the keys are. */
const char *move_error(const struct move *m);
/* Frees a move that is over. Else it goes on without a waiting client. */
void move_let_go(struct move *m);
/* Number of connections kept for later moves; all may be NULL. */
size_t move_kept(const struct moves *all);
/* Handles connections and timeouts: a phase of the turn. */
void move_run_all(struct moves *all);
/* The loop must not sleep. */
bool move_is_any_due(const struct moves *all);

#endif
