/* BGREWRITEAOF, and all else that gives the append-only file a new base or closes its increments:
 * the first append-only file of a server that had none, and the seal of a backup. Decides when
 * these steps happen; aof and snapshot do them. */
#ifndef SERVER_REWRITE_H
#define SERVER_REWRITE_H

#include "engine/engine.h"
#include "io/worker.h"

struct aof;
struct rewrite;
struct snapshot;
struct snapshot_end;

/* disk: the worker of the append-only file. All stay the caller's. */
struct rewrite *rewrite_new(struct engine *e, struct worker *disk, struct aof *aof,
                            struct snapshot *snapshot);
void rewrite_free(struct rewrite *r);

/* What is under way with the files, and keeps other work from beginning. */
enum rewrite_work {
    REWRITE_WORK_NONE,
    REWRITE_WORK_SAVE,    /* a child writes a snapshot */
    REWRITE_WORK_REWRITE, /* from the preparation of its increment to the new manifest */
    REWRITE_WORK_SEAL
};
enum rewrite_work rewrite_work(const struct rewrite *r);

/* BGREWRITEAOF. 0: it has begun; 1: it is scheduled; or -errno, -EALREADY: one is under way. */
int rewrite_start(struct rewrite *r);
/* It has begun, its child is not there yet. */
bool rewrite_prepares(const struct rewrite *r);
/* What only may happen between two batches: the switch to a new increment, and the fork. */
void rewrite_end_turn(struct rewrite *r);
/* The child that wrote a base has ended by itself. */
void rewrite_child_ended(struct rewrite *r, const struct snapshot_end *end);
/* Ends what is under way and forgets what was asked for. */
void rewrite_cancel(struct rewrite *r);
/* Ends the child that writes a base, if there is one. */
void rewrite_kill_child(struct rewrite *r);
/* The data are being replaced as a whole: a child that still writes the old ones ends, and the
 * rewrite begins anew. */
void rewrite_begin_anew(struct rewrite *r);
/* As soon as nothing stands in its way. */
void rewrite_schedule(struct rewrite *r);

/* By the clock. What was asked for, or a base that is missing; and by growth. Each begins nothing
 * while something is under way. */
void rewrite_start_wanted(struct rewrite *r);
void rewrite_start_if_grown(struct rewrite *r);
/* The only thing that makes a failed disk good (durability_wants_base()). */
void rewrite_repair(struct rewrite *r);

/* The first append-only file: what there is goes into a base that a child writes, what happens from
 * now on into an increment. Within a transaction or a script that happens behind its end. False:
 * the log says why. */
bool rewrite_open_first(struct rewrite *r);
/* That is not asked for any more. */
void rewrite_forget_first(struct rewrite *r);
/* Makes its base before it returns: the server waits. */
bool rewrite_create_first(struct rewrite *r);
/* An append-only file that was turned on and has no base yet gets one before this returns. False:
 * the log says why. */
bool rewrite_need_base(struct rewrite *r);

/* Rotates and syncs so that everything written before the first call is in closed increments.
 * Returns 1 when that is so, 0 to be called again, or -errno. Nothing is rewritten meanwhile. */
int rewrite_seal(struct rewrite *r);
/* It is not asked for any more. */
void rewrite_unseal(struct rewrite *r);

struct rewrite_figures {
    int64_t last_s;    /* how long the last one took; -1: there was none */
    uint64_t count;    /* since the start */
    uint64_t failures; /* since the last that was good */
    size_t cow;        /* bytes that the last child did not share with us */
    bool scheduled;    /* one waits */
    bool first_wanted; /* the first append-only file waits for the end of a transaction */
    bool last_ok;
};
const struct rewrite_figures *rewrite_figures(const struct rewrite *r);

#endif
