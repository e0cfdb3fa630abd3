/* A rewrite gives the append-only file a new base. BGREWRITEAOF, step by step:
 *
 *   IDLE         rewrite_start() asks the disk thread for a new, empty increment.
 *   PREPARING    Once it exists, rewrite_end_turn() forks and switches to it, between two batches:
 *                the child sees exactly the data that the older increments describe.
 *   FORKED       The child writes the base; the server's effects go to the new increment.
 *                rewrite_child_ended() hands the finished base to the disk thread.
 *   INSTALLING   The disk thread renames the base, replaces the manifest and removes the old files,
 *                then installed() returns to IDLE. Until the manifest is replaced, a restart loads
 *                the old base and all increments.
 *
 * A failure at any step returns to IDLE with the old base and all increments still valid. The next
 * attempt comes from a request, from growth, or from durability_wants_base() on a failed disk.
 *
 * With appendonly no there is no increment: IDLE, FORKED, INSTALLING. Turning the file on takes the
 * same path, except that the first increment is opened at once.
 *
 * Sealing for a backup uses the same switch, without a fork:
 *
 *   SEAL_PREPARING   A new increment is being prepared; rewrite_end_turn() switches to it.
 *   SEAL_SYNCING     The previous increment is not fully synced yet; rewrite_seal() polls for that.
 *   SEAL_DROPPED     The seal was cancelled in SEAL_PREPARING. The switch is made all the same: no
 *                    other increment can be prepared before.
 *
 * One state covers both because only one increment can be prepared at a time. */
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

#define RETRY_FIRST_MS 5000 /* between attempts to write the first base */

/* States of a rewrite, then those of a seal: rewrite_work() relies on the order. */
enum state { IDLE, PREPARING, FORKED, INSTALLING, SEAL_PREPARING, SEAL_SYNCING, SEAL_DROPPED };

struct rewrite {
    struct engine *engine;
    struct worker *disk;
    struct aof *aof;
    struct snapshot *snapshot;
    enum state state;
    int64_t forked_ms;
    uint64_t seal_offset; /* journal offset at which the sealed increments end */
    int64_t first_tried_ms;
    int first_error; /* why the latest attempt to turn the file on has failed; 0: it has not */
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
    if (child == SNAPSHOT_DUMP || child == SNAPSHOT_PIPE)
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

/* With appendonly no: writes a base only, for when the file is turned on (docs/decisions/0022). */
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

/* True when the prepared increment is ready: the caller has to switch to it in this turn. *error:
 * it could not be prepared. */
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
        /* Fork before the switch: the child must see what the older increments hold, no more. */
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

/* ---- Cancelling */

void rewrite_kill_child(struct rewrite *r)
{
    if (r->state != FORKED)
        return;
    r->state = IDLE;
    snapshot_kill(r->snapshot);
}

static void kill_and_log(struct rewrite *r)
{
    if (r->state == FORKED)
        log_line(LOG_NOTICE, "Killing running AOF rewrite child: %d",
                 (int)snapshot_pid(r->snapshot));
    rewrite_kill_child(r);
}

void rewrite_cancel(struct rewrite *r)
{
    r->figures.scheduled = r->figures.first_wanted = false;
    kill_and_log(r);
    /* The disk thread can't be stopped in the middle of installing. */
    if (r->state != INSTALLING)
        r->state = IDLE;
}

void rewrite_begin_anew(struct rewrite *r)
{
    if (r->state != FORKED)
        return;
    kill_and_log(r);
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
    /* A finished base may be on its way into place. */
    worker_drain(r->disk);
    return !aof_has_no_base_yet(r->aof) || rewrite_create_first(r);
}

/* Files of an earlier append-only file do not describe the present data: they are marked as
 * history. */
static int open_first_increment(struct rewrite *r)
{
    char why[MANIFEST_ERROR];
    manifest_free(aof_manifest(r->aof));
    if (aof_read_manifest(r->aof, why) < 0) {
        log_line(LOG_WARNING, "Can't create the append-only file: %s", why);
        return -EIO;
    }
    int error = aof_open_first(r->aof);
    if (error)
        log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-error));
    return error;
}

static bool open_first(struct rewrite *r)
{
    /* A child forked without the file lacks what was written since, as does any increment. */
    kill_and_log(r);
    worker_drain(r->disk);
    r->first_error = open_first_increment(r);
    if (r->first_error)
        return false;
    if (rewrite_work(r) != REWRITE_WORK_NONE) {
        log_line(LOG_NOTICE,
                 "AOF was enabled but there is already another background operation. An "
                 "AOF background was scheduled to start when possible.");
        r->figures.scheduled = true;
        return true;
    }
    r->first_error = fork_child(r);
    if (r->first_error) {
        aof_close(r->aof);
        return false;
    }
    log_line(LOG_NOTICE, "Creating the append-only file, its base is written by pid %d",
             (int)snapshot_pid(r->snapshot));
    return true;
}

void rewrite_want_first(struct rewrite *r)
{
    r->figures.first_wanted = true;
}

void rewrite_forget_first(struct rewrite *r)
{
    r->figures.first_wanted = false;
}

int rewrite_first_error(const struct rewrite *r)
{
    return r->figures.first_wanted ? r->first_error : 0;
}

bool rewrite_open_first(struct rewrite *r)
{
    if (state_is_torn(r->engine)) {
        r->first_error = 0;
        r->figures.first_wanted = true;
        return true;
    }
    return open_first(r);
}

/* ---- The tick */

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
        log_line(LOG_NOTICE, "The append-only file has no base yet: retrying");
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
    log_line(LOG_NOTICE, "Retrying to write a new base of the append-only file");
    file_make_directory(r->engine->settings->appenddirname); /* it may have been removed */
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
