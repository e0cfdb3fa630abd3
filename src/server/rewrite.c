/* BGREWRITEAOF from above:
 *
 *   IDLE         rewrite_start(): a new increment is prepared by the disk thread.
 *   PREPARING    rewrite_end_turn(), once it is ready: the server forks and switches to the new
 *                increment, between two batches. So the child's data are exactly what the older
 *                increments hold.
 *   FORKED       the child writes a base; what happens meanwhile goes to the new increment.
 *                rewrite_child_ended(): the base becomes part of a new manifest.
 *   INSTALLING   the disk thread renames the base, replaces the manifest and removes the old files.
 *                installed(): IDLE again. Until the manifest is replaced a start finds the old base
 *                and all increments.
 *
 * Whatever fails leaves the old base and all increments in force: the state is IDLE, INFO tells,
 * and the next attempt is made by growth, by request, or by durability when the disk had failed.
 * Without an append-only file (appendonly no) there is no increment: IDLE, FORKED, INSTALLING. The
 * first append-only file goes the same way, but its increment is opened at once.
 *
 * The seal of a backup uses the same switch without a fork:
 *
 *   SEAL_PREPARING   an increment is being prepared; rewrite_end_turn() switches to it.
 *   SEAL_SYNCING     the one before it is not synced yet; rewrite_seal() asks.
 *   SEAL_DROPPED     the backup was aborted while the increment was being prepared: it is switched
 *                    to all the same, since only then another can be prepared.
 *
 * One state for both: only one increment can be prepared at a time. */
#include "server/rewrite.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state.h"
#include "io/file.h"
#include "persist/aof.h"
#include "server/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RETRY_FIRST_MS 5000 /* between attempts to make the first base */

/* In this order: a rewrite's, a seal's. */
enum state { IDLE, PREPARING, FORKED, INSTALLING, SEAL_PREPARING, SEAL_SYNCING, SEAL_DROPPED };

struct rewrite {
    struct engine *engine;
    struct worker *disk;
    struct aof *aof;
    struct snapshot *snapshot;
    enum state state;
    int64_t forked_ms;
    uint64_t seal_offset; /* of the journal: what is sealed ends there */
    int64_t first_tried_ms;
    struct rewrite_figures figures;
};

struct rewrite *rewrite_new(struct engine *e, struct worker *disk, struct aof *aof,
                            struct snapshot *snapshot)
{
    struct rewrite *r = mem_zalloc(sizeof(*r));
    r->engine = e;
    r->disk = disk;
    r->aof = aof;
    r->snapshot = snapshot;
    r->figures = (struct rewrite_figures){.last_s = -1, .last_ok = true};
    return r;
}

void rewrite_free(struct rewrite *r)
{
    mem_free(r);
}

enum rewrite_work rewrite_work(const struct rewrite *r)
{
    enum snapshot_kind child = snapshot_child(r->snapshot);
    ASSERT((child == SNAPSHOT_BASE) == (r->state == FORKED));
    if (child == SNAPSHOT_DUMP)
        return REWRITE_WORK_SAVE;
    if (r->state == IDLE)
        return REWRITE_WORK_NONE;
    return r->state < SEAL_PREPARING ? REWRITE_WORK_REWRITE : REWRITE_WORK_SEAL;
}

bool rewrite_prepares(const struct rewrite *r)
{
    return r->state == PREPARING;
}

const struct rewrite_figures *rewrite_figures(const struct rewrite *r)
{
    return &r->figures;
}

static void failed(struct rewrite *r)
{
    r->state = IDLE;
    r->figures.last_ok = false;
    r->figures.failures++;
}

/* ---- BGREWRITEAOF */

static int fork_child(struct rewrite *r)
{
    pid_t pid = snapshot_fork(r->snapshot, SNAPSHOT_BASE);
    if (pid < 0)
        return (int)pid;
    r->state = FORKED;
    r->forked_ms = r->engine->steady_ms;
    r->figures.count++;
    return 0;
}

static int fork_for_rewrite(struct rewrite *r)
{
    int error = fork_child(r);
    if (error)
        failed(r);
    else
        log_line(LOG_NOTICE, "Background append only file rewriting started by pid %d",
                 (int)snapshot_pid(r->snapshot));
    return error;
}

/* appendonly no: a base for the day on which it is turned on (docs/decisions/0022). */
static int start_without_file(struct rewrite *r)
{
    char why[MANIFEST_ERROR];
    int error = aof_begin_base_only(r->aof, why);
    if (error) {
        log_line(LOG_WARNING, "Can't write an append-only file: %s", why);
        return error;
    }
    return fork_for_rewrite(r);
}

int rewrite_start(struct rewrite *r)
{
    enum rewrite_work work = rewrite_work(r);
    if (work == REWRITE_WORK_REWRITE)
        return -EALREADY;
    if (work != REWRITE_WORK_NONE || state_is_torn(r->engine)) {
        r->figures.scheduled = true;
        return 1;
    }
    if (!aof_is_open(r->aof))
        return start_without_file(r);
    int error = aof_prepare_switch(r->aof);
    if (!error)
        r->state = PREPARING;
    return error;
}

/* True once the increment that was prepared has to be switched to, now. *error: it can't be. */
static bool is_prepared(struct rewrite *r, int *error)
{
    *error = aof_switch_error(r->aof);
    if (!*error)
        return aof_switch_ready(r->aof);
    aof_clear_switch_error(r->aof);
    log_line(LOG_WARNING, "Can't prepare a new segment of the append-only file: %s",
             strerror(-*error));
    return false;
}

static void end_preparing(struct rewrite *r)
{
    int error;
    if (is_prepared(r, &error)) {
        /* The child sees exactly what the increments before the new one hold. */
        fork_for_rewrite(r);
        aof_switch(r->aof);
    } else if (error) {
        failed(r);
    }
}

static void end_seal_preparing(struct rewrite *r)
{
    int error;
    if (is_prepared(r, &error)) {
        r->state = r->state == SEAL_DROPPED ? IDLE : SEAL_SYNCING;
        r->seal_offset = r->engine->journal->offset;
        aof_switch(r->aof);
    } else if (error) {
        r->state = IDLE; /* rewrite_seal() tries again */
    }
}

void rewrite_end_turn(struct rewrite *r)
{
    if (r->state == PREPARING)
        end_preparing(r);
    else if (r->state == SEAL_PREPARING || r->state == SEAL_DROPPED)
        end_seal_preparing(r);
}

static void installed(void *context, int error)
{
    struct rewrite *r = context;
    ASSERT(r->state == INSTALLING);
    r->state = IDLE;
    r->figures.last_s = (r->engine->steady_ms - r->forked_ms) / 1000;
    if (error) {
        failed(r);
        log_line(LOG_WARNING, "The rewritten append-only file could not be put in place: %s",
                 strerror(-error));
        return;
    }
    r->figures.last_ok = true;
    r->figures.failures = 0;
    log_line(LOG_NOTICE, "Background AOF rewrite finished successfully");
}

void rewrite_child_ended(struct rewrite *r, const struct snapshot_end *end)
{
    ASSERT(r->state == FORKED);
    r->figures.cow = end->cow;
    if (end->good) {
        log_line(LOG_NOTICE, "Background AOF rewrite terminated with success");
        r->state = INSTALLING;
        aof_finish_rewrite(r->aof, end->temp, end->as_rdb, installed, r);
        return;
    }
    failed(r);
    r->figures.last_s = end->took_ms / 1000;
    if (end->signal)
        log_line(LOG_WARNING, "Background AOF rewrite terminated by signal %d", end->signal);
    else
        log_line(LOG_WARNING, "Background AOF rewrite terminated with error");
}

/* ---- Ending one early */

void rewrite_kill_child(struct rewrite *r)
{
    if (r->state != FORKED)
        return;
    r->state = IDLE;
    snapshot_kill(r->snapshot);
}

static void kill_and_say(struct rewrite *r)
{
    if (r->state == FORKED)
        log_line(LOG_NOTICE, "Killing running AOF rewrite child: %d",
                 (int)snapshot_pid(r->snapshot));
    rewrite_kill_child(r);
}

void rewrite_cancel(struct rewrite *r)
{
    r->figures.scheduled = r->figures.first_wanted = false;
    kill_and_say(r);
    /* What the disk thread installs it installs to the end. */
    if (r->state != INSTALLING)
        r->state = IDLE;
}

void rewrite_begin_anew(struct rewrite *r)
{
    if (r->state != FORKED)
        return;
    kill_and_say(r);
    r->figures.scheduled = true;
}

void rewrite_schedule(struct rewrite *r)
{
    r->figures.scheduled = true;
}

/* ---- The first append-only file */

bool rewrite_create_first(struct rewrite *r)
{
    const struct settings *c = r->engine->settings;
    char temp[64];
    snprintf(temp, sizeof(temp), "temp-rewriteaof-%d.aof", (int)getpid());
    int error = file_make_directory(c->appenddirname);
    if (!error)
        error = snapshot_write(r->snapshot, temp, SNAPSHOT_BASE);
    if (!error)
        error = aof_create(r->aof, temp, c->aof_use_rdb_preamble);
    if (error)
        log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-error));
    return !error;
}

bool rewrite_need_base(struct rewrite *r)
{
    if (!aof_is_open(r->aof) || !aof_has_no_base_yet(r->aof))
        return true;
    rewrite_kill_child(r);
    /* It may be about to be installed. */
    worker_drain(r->disk);
    return !aof_has_no_base_yet(r->aof) || rewrite_create_first(r);
}

/* What an older append-only file held is not what we hold: it is replaced as a whole. */
static bool open_first_increment(struct rewrite *r)
{
    char why[MANIFEST_ERROR];
    manifest_free(aof_manifest(r->aof));
    if (aof_read_manifest(r->aof, why) < 0) {
        log_line(LOG_WARNING, "Can't create the append-only file: %s", why);
        return false;
    }
    int error = aof_open_first(r->aof);
    if (error)
        log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-error));
    return !error;
}

static bool open_first(struct rewrite *r)
{
    /* A base that is being written without it does not hold what happened since its fork, and no
     * increment does. */
    kill_and_say(r);
    worker_drain(r->disk);
    if (!open_first_increment(r))
        return false;
    if (rewrite_work(r) != REWRITE_WORK_NONE) {
        log_line(LOG_NOTICE,
                 "AOF was enabled but there is already another background operation. An "
                 "AOF background was scheduled to start when possible.");
        r->figures.scheduled = true;
        return true;
    }
    if (fork_child(r) < 0) {
        aof_close(r->aof);
        return false;
    }
    log_line(LOG_NOTICE, "The append-only file begins, process %d writes its base",
             (int)snapshot_pid(r->snapshot));
    return true;
}

void rewrite_forget_first(struct rewrite *r)
{
    r->figures.first_wanted = false;
}

bool rewrite_open_first(struct rewrite *r)
{
    if (state_is_torn(r->engine)) {
        r->figures.first_wanted = true;
        return true;
    }
    return open_first(r);
}

/* ---- The clock */

void rewrite_start_wanted(struct rewrite *r)
{
    int64_t now_ms = r->engine->steady_ms;
    bool try_first = now_ms - r->first_tried_ms >= RETRY_FIRST_MS;
    if (r->figures.first_wanted && !state_is_torn(r->engine) && try_first) {
        r->first_tried_ms = now_ms;
        r->figures.first_wanted = !open_first(r);
    }
    if (rewrite_work(r) != REWRITE_WORK_NONE)
        return;
    if (r->figures.scheduled) {
        r->figures.scheduled = false;
        rewrite_start(r);
    } else if (aof_is_open(r->aof) && aof_has_no_base_yet(r->aof) && try_first) {
        log_line(LOG_NOTICE, "The append-only file has no base yet: another attempt");
        r->first_tried_ms = now_ms;
        rewrite_start(r);
    }
}

void rewrite_start_if_grown(struct rewrite *r)
{
    const struct settings *c = r->engine->settings;
    uint64_t size = aof_size(r->aof), base = aof_base_size(r->aof);
    if (rewrite_work(r) != REWRITE_WORK_NONE || r->engine->disk_error || !aof_is_open(r->aof) ||
        !c->auto_aof_rewrite_percentage || size < (uint64_t)c->auto_aof_rewrite_min_size)
        return;
    uint64_t growth = (size - base) * 100 / (base ? base : 1);
    if (growth < (uint64_t)c->auto_aof_rewrite_percentage)
        return;
    log_line(LOG_NOTICE, "Starting automatic rewriting of AOF on %llu%% growth",
             (unsigned long long)growth);
    rewrite_start(r);
}

void rewrite_repair(struct rewrite *r)
{
    log_line(LOG_NOTICE, "A new base for the append-only file is tried");
    file_make_directory(r->engine->settings->appenddirname); /* somebody may have removed it */
    rewrite_start(r);
}

/* ---- Sealing */

int rewrite_seal(struct rewrite *r)
{
    int error = aof_error(r->aof);
    if (!aof_has_base(r->aof) || error) {
        rewrite_unseal(r);
        return error ? error : -ENOENT;
    }
    switch (r->state) {
    case IDLE:
        error = aof_prepare_switch(r->aof);
        if (!error)
            r->state = SEAL_PREPARING;
        return error;
    case SEAL_SYNCING:
        if (aof_synced(r->aof) < r->seal_offset || aof_sync_in_flight(r->aof))
            return 0;
        r->state = IDLE;
        return 1;
    default:
        return 0;
    }
}

void rewrite_unseal(struct rewrite *r)
{
    if (r->state == SEAL_PREPARING)
        r->state = SEAL_DROPPED;
    else if (r->state == SEAL_SYNCING)
        r->state = IDLE;
}
