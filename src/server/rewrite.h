/* BGREWRITEAOF, and everything else that gives the append-only file a new base or closes its
 * current increment: turning the file on, and sealing it for a backup. Decides when each step runs;
 * persist/aof and server/snapshot do the work. */
#ifndef SERVER_REWRITE_H
#define SERVER_REWRITE_H

#include "engine/engine.h"
#include "io/worker.h"

struct aof;
struct rewrite;
struct snapshot;
struct snapshot_end;

/* disk: the worker that installs new files. All arguments are borrowed. */
struct rewrite *rewrite_new(struct engine *e, struct worker *disk, struct aof *aof,
                            struct snapshot *snapshot);
void rewrite_free(struct rewrite *r);

/* The background work in progress. Callers decide which kinds they have to wait for. */
enum rewrite_work {
    REWRITE_WORK_NONE,
    REWRITE_WORK_SAVE,    /* a child writes a snapshot */
    REWRITE_WORK_REWRITE, /* from preparing the new increment to installing the manifest */
    REWRITE_WORK_SEAL     /* for a backup */
};
enum rewrite_work rewrite_work(const struct rewrite *r);

/* BGREWRITEAOF. Returns 0 when it has started, 1 when it is scheduled, or -errno; -EALREADY: a
 * rewrite is in progress. */
int rewrite_start(struct rewrite *r);
/* Started, but the child has not been forked yet. */
bool rewrite_prepares(const struct rewrite *r);
/* Call between batches: switches to the new increment and forks, when it is ready. */
void rewrite_end_turn(struct rewrite *r);
/* The child that wrote a base has exited. */
void rewrite_child_ended(struct rewrite *r, const struct snapshot_end *end);
/* Stops the rewrite in progress and drops scheduled ones: the file is being turned off. */
void rewrite_cancel(struct rewrite *r);
/* Kills the child that writes a base, if there is one. */
void rewrite_kill_child(struct rewrite *r);
/* All data are being replaced: kills a child that still writes the old data and schedules another
 * rewrite in its place. */
void rewrite_begin_anew(struct rewrite *r);
/* Starts a rewrite as soon as no other work is in progress. */
void rewrite_schedule(struct rewrite *r);

/* From the tick: start a rewrite that is scheduled or whose base is missing, or one that is due
 * because the file has grown. Neither does anything while other work is in progress. */
void rewrite_start_wanted(struct rewrite *r);
void rewrite_start_if_grown(struct rewrite *r);
/* A sync has failed, and only a new base makes the file trustworthy again
 * (durability_wants_base()). */
void rewrite_repair(struct rewrite *r);

/* Turns the append-only file on: a child writes the present data as its base, an increment takes
 * everything from now on. Inside a transaction or a script this waits for its end. Returns false
 * when it failed; the log says why. */
bool rewrite_open_first(struct rewrite *r);
/* Turns it on later: the server's tick tries until it succeeds. */
void rewrite_want_first(struct rewrite *r);
/* Cancels turning it on, if that still waits for the end of a transaction or for the next try. */
void rewrite_forget_first(struct rewrite *r);
/* Why the latest try of what is wanted failed: -errno; 0: nothing is wanted, or nothing failed. */
int rewrite_first_error(const struct rewrite *r);
/* Creates the append-only file with its base before it returns. Blocks. */
bool rewrite_create_first(struct rewrite *r);
/* Makes sure that an open append-only file has a base, writing one if need be. Blocks. Returns
 * false when it failed; the log says why. */
bool rewrite_need_base(struct rewrite *r);

/* Rotates and syncs so that everything written before the first call is in closed increments.
 * Returns 1 when that is so, 0 to be called again, or -errno. Nothing is rewritten meanwhile. */
int rewrite_seal(struct rewrite *r);
/* Cancels a seal. */
void rewrite_unseal(struct rewrite *r);

struct rewrite_figures {
    int64_t last_s;    /* duration of the last one; -1: none yet */
    uint64_t count;    /* started since the server started */
    uint64_t failures; /* since the last success */
    size_t cow;        /* bytes that the last child did not share with its parent */
    bool scheduled;    /* one waits for other work to end */
    bool first_wanted; /* the file is to be turned on: after a transaction, or at the next try */
    bool last_ok;
};
const struct rewrite_figures *rewrite_figures(const struct rewrite *r);

#endif
