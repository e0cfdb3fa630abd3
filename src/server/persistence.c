/* The data set is kept in two places: the snapshot (dbfilename) and the append-only file. When both
 * exist, the append-only file is loaded. At most one child writes at a time, a snapshot or the base
 * of a rewrite; requests that come meanwhile are scheduled.
 *
 *   startup   The loader reads what exists. With appendonly yes and no append-only file yet, its
 *             base is written before the first request is served.
 *   the tick  Collects a child that has exited. Then, unless work is in progress, starts one thing,
 *             in this order: what was scheduled, a rewrite because of growth, a save point. Then
 *             retries on a failed disk.
 *   shutdown  Syncs the append-only file, and writes a snapshot if there are save points.
 *
 * Nothing is saved in the middle of a transaction or a script (state_is_torn()): the file would
 * hold half of it. Commands that replace all data (FLUSHALL, DEBUG RELOAD) first kill a child that
 * would write the old data. After a failed snapshot writes are refused
 * (stop-writes-on-bgsave-error, ENGINE_SAVE_FAILED) until one succeeds; save points keep trying. */
#include "server/persistence.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state.h"
#include "io/file.h"
#include "persist/aof.h"
#include "replica/replica.h"
#include "script/scripting.h"
#include "server/data_lock.h"
#include "server/durability.h"
#include "server/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct persistence {
    struct persistence_parts parts;
    struct save_record save;
    bool save_scheduled;
    bool loads_copy;      /* persistence_load_copy() */
    bool closed_for_copy; /* the append-only file: persistence_copy_ended() opens it */
    bool flushed;         /* FLUSHALL inside a transaction: save the empty data set at its end */
};

struct persistence *persistence_new(const struct persistence_parts *parts)
{
    struct persistence *p = mem_zalloc(sizeof(*p));
    p->parts = *parts;
    save_record_begin(&p->save, clock_steady_ms(), clock_wall_ms());
    return p;
}

void persistence_free(struct persistence *p)
{
    mem_free(p);
}

static bool is_loading(const struct persistence *p)
{
    return (p->parts.engine->slow_path & ENGINE_LOADING) != 0;
}

/* ---- Startup */

static void log_swept(const char *name)
{
    log_line(LOG_NOTICE, "Removing temporary file %s", name);
}

static void sweep_one(void *context, const char *name)
{
    (void)context;
    size_t n = strlen(name);
    if (strncmp(name, "temp-", 5) != 0 || n < 9 ||
        (strcmp(name + n - 4, ".rdb") != 0 && strcmp(name + n - 4, ".aof") != 0))
        return;
    log_swept(name);
    file_remove(name);
}

/* existed: the append-only file was loaded, and is continued. */
static bool open_aof(struct persistence *p, bool existed)
{
    if (!existed && !rewrite_create_first(p->parts.rewrite))
        return false;
    int error = existed ? aof_open_last(p->parts.aof) : 0;
    if (error) {
        log_line(LOG_WARNING, "Can't open the append-only file: %s", strerror(-error));
        return false;
    }
    aof_sweep(p->parts.aof, log_swept);
    return true;
}

bool persistence_load(struct persistence *p)
{
    const struct engine *e = p->parts.engine;
    int64_t start_us = clock_mono_us();
    file_list(".", sweep_one, NULL);
    if (!loader_start(p->parts.loader))
        return false;
    const struct loader_figures *loaded = loader_figures(p->parts.loader);
    bool existed = aof_manifest(p->parts.aof)->n > 0;
    snapshot_begin_after(p->parts.snapshot, loaded->generation);
    p->save.saved_dirty = e->store->dirty;
    struct stream_end *end = loader_stream_end(p->parts.loader);
    stream_end_prepare(end, p->parts.engine);
    if (e->settings->appendonly && !open_aof(p, existed))
        return false;
    stream_end_resume(end, p->parts.engine, p->parts.replication);
    double seconds = (double)(clock_mono_us() - start_us) / 1e6;
    if (e->settings->appendonly && existed)
        log_line(LOG_NOTICE, "DB loaded from append only file: %.3f seconds", seconds);
    else if (!e->settings->appendonly && loaded->keys)
        log_line(LOG_NOTICE, "DB loaded from disk: %.3f seconds", seconds);
    durability_configure(p->parts.durability);
    return true;
}

/* ---- Snapshots */

int persistence_background_save(struct persistence *p, bool schedule)
{
    const struct engine *e = p->parts.engine;
    enum rewrite_work work = rewrite_work(p->parts.rewrite);
    bool torn = state_is_torn(e);
    if (work == REWRITE_WORK_SAVE)
        return -EALREADY;
    /* A transaction only delays it, so that no client gets an error because of another's MULTI. */
    if (work == REWRITE_WORK_REWRITE && !schedule && !torn)
        return -EBUSY;
    if (work == REWRITE_WORK_REWRITE || torn) {
        p->save_scheduled = true;
        return 1;
    }
    p->save.tried_ms = e->steady_ms;
    pid_t pid = snapshot_fork(p->parts.snapshot, SNAPSHOT_DUMP);
    if (pid < 0) {
        p->save.ok = false;
        return (int)pid;
    }
    log_line(LOG_NOTICE, "Background saving started by pid %d", (int)pid);
    return 0;
}

static void save_ended(struct persistence *p, const struct snapshot_end *end)
{
    const struct engine *e = p->parts.engine;
    p->save.last_s = end->took_ms / 1000;
    p->save.cow = end->cow;
    if (end->good) {
        p->save.count++;
        save_record_saved(&p->save, end->dirty, e->steady_ms, e->now_ms);
        log_line(LOG_NOTICE, "Background saving terminated with success");
        return;
    }
    /* A child that was told to stop does not mean a failed disk. */
    if (end->signal != SIGUSR1)
        p->save.ok = false;
    if (end->signal)
        log_line(LOG_WARNING, "Background saving terminated by signal %d", end->signal);
    else
        log_line(LOG_WARNING, "Background saving error");
}

static int save_now(struct persistence *p, bool interruptible)
{
    const struct engine *e = p->parts.engine;
    if (rewrite_work(p->parts.rewrite) == REWRITE_WORK_SAVE || state_is_torn(e))
        return -EBUSY;
    int error = snapshot_save(p->parts.snapshot, interruptible);
    if (error) {
        log_line(LOG_WARNING, "Error saving DB on disk: %s", strerror(-error));
        return error;
    }
    save_record_saved(&p->save, e->store->dirty, e->steady_ms, e->now_ms);
    log_line(LOG_NOTICE, "DB saved on disk");
    return 0;
}

int persistence_save(struct persistence *p)
{
    return save_now(p, false);
}

int64_t persistence_last_save(const struct persistence *p)
{
    return p->save.saved_wall_ms / 1000;
}

/* ---- The tick */

static void pipe_ended(const struct snapshot_end *end)
{
    if (end->good)
        log_line(LOG_NOTICE, "Background RDB transfer terminated with success");
    else if (end->signal)
        log_line(LOG_WARNING, "Background transfer terminated by signal %d", end->signal);
    else
        log_line(LOG_WARNING, "Background transfer error");
}

static void collect_child(struct persistence *p)
{
    struct snapshot_end end;
    if (!snapshot_ended(p->parts.snapshot, &end))
        return;
    if (end.kind == SNAPSHOT_DUMP)
        save_ended(p, &end);
    else if (end.kind == SNAPSHOT_PIPE)
        pipe_ended(&end);
    else
        rewrite_child_ended(p->parts.rewrite, &end);
    if (end.for_replicas)
        p->parts.copy_ended(p->parts.context, end.good);
}

bool persistence_may_fork(const struct persistence *p)
{
    return rewrite_work(p->parts.rewrite) == REWRITE_WORK_NONE && !state_is_torn(p->parts.engine);
}

static void save_if_due(struct persistence *p)
{
    const struct engine *e = p->parts.engine;
    if (rewrite_work(p->parts.rewrite) != REWRITE_WORK_NONE)
        return;
    int due = save_record_due(&p->save, e->settings, e->store->dirty, e->steady_ms);
    if (due < 0)
        return;
    log_line(LOG_NOTICE, "%lld changes in %lld seconds. Saving...",
             e->settings->save_points[due].changes, e->settings->save_points[due].seconds);
    persistence_background_save(p, false);
}

static void refuse_writes_if_failed(const struct persistence *p)
{
    const struct settings *c = p->parts.engine->settings;
    bool refuse = !p->save.ok && c->stop_writes_on_bgsave_error && c->save_point_n;
    state_set(p->parts.engine, ENGINE_SAVE_FAILED, refuse);
}

void persistence_tick(struct persistence *p)
{
    struct rewrite *r = p->parts.rewrite;
    struct durability *d = p->parts.durability;
    if (is_loading(p))
        return;
    collect_child(p);
    rewrite_start_wanted(r);
    durability_lacks_file(d, rewrite_first_error(r));
    if (p->save_scheduled && rewrite_work(r) == REWRITE_WORK_NONE) {
        p->save_scheduled = false;
        persistence_background_save(p, false);
    }
    rewrite_start_if_grown(r);
    save_if_due(p);
    refuse_writes_if_failed(p);
    bool idle = rewrite_work(r) == REWRITE_WORK_NONE;
    durability_tick(d, idle);
    if (idle && durability_wants_base(d))
        rewrite_repair(r);
}

/* ---- All data are replaced */

/* A child that is still writing the old data would bring them back. in_journal: the change is in
 * the append-only file, so that a base of the old data plus the increment is right. */
static void end_old_child(struct persistence *p, bool in_journal)
{
    struct snapshot *n = p->parts.snapshot;
    if (snapshot_child(n) == SNAPSHOT_DUMP) {
        bool for_replicas = snapshot_is_for_replicas(n);
        log_line(LOG_NOTICE, "Killing running saving child: %d", (int)snapshot_pid(n));
        snapshot_kill(n);
        if (for_replicas)
            p->parts.copy_ended(p->parts.context, false);
    } else if (!in_journal) {
        rewrite_begin_anew(p->parts.rewrite);
    }
}

/* The snapshot on disk would bring back the flushed data. */
static void save_empty(struct persistence *p)
{
    p->flushed = false;
    if (p->parts.engine->settings->save_point_n)
        persistence_save(p);
}

void persistence_all_flushed(struct persistence *p)
{
    if (is_loading(p))
        return;
    end_old_child(p, aof_is_open(p->parts.aof));
    /* Inside a transaction or a script the data are in an intermediate state. */
    if (state_is_torn(p->parts.engine))
        p->flushed = true;
    else
        save_empty(p);
}

void persistence_save_flushed(struct persistence *p)
{
    const struct engine *e = p->parts.engine;
    if (p->flushed && e->journal->depth == 0 && !state_is_torn(e))
        save_empty(p);
}

static void empty(struct engine *e)
{
    for (int i = 0; i < e->store->count; i++)
        db_flush(&e->store->dbs[i]);
    scripting_flush_functions(e->scripting);
}

int persistence_reload(struct persistence *p, bool save, bool flush, bool merge)
{
    struct engine *e = p->parts.engine;
    end_old_child(p, false);
    int error = save ? snapshot_save(p->parts.snapshot, false) : 0;
    if (error)
        return error;
    if (flush)
        empty(e);
    bool good = loader_snapshot(p->parts.loader, e->settings->dbfilename,
                                flush   ? LOADER_EMPTY
                                : merge ? LOADER_MERGE
                                        : LOADER_ADD);
    p->save.saved_dirty = e->store->dirty;
    /* The append-only file does not describe what was loaded. */
    if (aof_is_open(p->parts.aof) && !(save && flush))
        rewrite_schedule(p->parts.rewrite);
    return good ? 0 : -EIO;
}

int persistence_load_aof_again(struct persistence *p)
{
    struct engine *e = p->parts.engine;
    if (!aof_is_open(p->parts.aof))
        return -ENOENT;
    int error = aof_sync_now(p->parts.aof);
    if (error)
        return error;
    if (!rewrite_need_base(p->parts.rewrite))
        return -EIO;
    end_old_child(p, true);
    empty(e);
    bool good = loader_aof(p->parts.loader);
    p->save.saved_dirty = e->store->dirty;
    return good ? 0 : -EIO;
}

/* ---- Shutdown */

/* Returns false when a sync failed. */
static bool finish_aof(struct persistence *p)
{
    struct aof *a = p->parts.aof;
    if (!aof_is_open(a))
        return true;
    log_line(LOG_NOTICE, "Calling fsync() on the AOF file.");
    int error = aof_sync_now(a);
    if (error)
        log_line(LOG_WARNING, "The append-only file could not be synced: %s", strerror(-error));
    return !error;
}

static bool finish_base(struct persistence *p)
{
    if (aof_is_open(p->parts.aof) && aof_has_no_base_yet(p->parts.aof))
        log_line(LOG_NOTICE, "Writing initial AOF, can't exit before it is in place.");
    return rewrite_need_base(p->parts.rewrite);
}

bool persistence_shutdown(struct persistence *p, unsigned how)
{
    const struct settings *c = p->parts.engine->settings;
    bool force = how & ENGINE_SHUTDOWN_FORCE;
    if (snapshot_child(p->parts.snapshot) != SNAPSHOT_NONE) {
        log_line(LOG_WARNING, "There is a child saving an .rdb or rewriting the AOF. Killing it!");
        rewrite_kill_child(p->parts.rewrite);
        snapshot_kill(p->parts.snapshot);
    }
    if (!finish_aof(p) && !force)
        return false;
    if (state_is_torn(p->parts.engine)) {
        log_line(LOG_WARNING, "Terminating a running script: its writes are discarded.");
        return true;
    }
    if (!finish_base(p) && !force)
        return false;
    bool save =
        (c->save_point_n > 0 && !(how & ENGINE_SHUTDOWN_NOSAVE)) || (how & ENGINE_SHUTDOWN_SAVE);
    if (!save || is_loading(p))
        return true;
    log_line(LOG_NOTICE, "Saving the final RDB snapshot before exiting.");
    return save_now(p, how & ENGINE_SHUTDOWN_SIGNAL) == 0;
}

/* ---- Settings */

/* Why the directory can't change now; NULL: it can. */
static const char *why_not_move(const struct persistence *p)
{
    if (is_loading(p))
        return "the data is being loaded";
    if (aof_is_open(p->parts.aof))
        return "the append-only file is open in the present directory";
    if (snapshot_child(p->parts.snapshot) != SNAPSHOT_NONE)
        return "a child process writes into the present directory";
    if (replica_receives_file(p->parts.replication))
        return "a snapshot of the master is being received into the present directory";
    return NULL;
}

bool persistence_change_directory(struct persistence *p, const char **reason)
{
    char here[PATH_MAX];
    struct settings *c = p->parts.engine->settings;
    struct data_lock *held = p->parts.lock, lock;
    if (!data_lock_take_next(held, c->dir, &lock, reason))
        return false;
    bool same = lock.fd == held->fd && held->fd >= 0;
    const char *why = same ? NULL : why_not_move(p);
    if (!why && chdir(c->dir) < 0)
        why = strerror(errno);
    if (why) {
        if (!same)
            data_lock_release(&lock);
        *reason = why;
        return false;
    }
    if (!same) {
        data_lock_release(held);
        *held = lock;
    }
    if (getcwd(here, sizeof(here))) {
        mem_free(c->dir);
        c->dir = mem_copy_text(here, strlen(here));
    }
    return true;
}

bool persistence_switch_aof(struct persistence *p, bool on, const char **reason)
{
    struct rewrite *r = p->parts.rewrite;
    if (is_loading(p)) {
        *reason = "the data is being loaded";
        return false;
    }
    rewrite_forget_first(r);
    durability_lacks_file(p->parts.durability, 0);
    if (on == aof_is_open(p->parts.aof))
        return true;
    if (!on) {
        rewrite_cancel(r);
        aof_sync_now(p->parts.aof);
        durability_close(p->parts.durability);
        return true;
    }
    *reason = "Unable to turn on AOF. Check server logs.";
    return rewrite_open_first(r);
}

/* ---- A primary's snapshot */

/* Neither the append-only file nor a child's output describes the new data. */
static void leave_old_files(struct persistence *p)
{
    const char *reason;
    /* The setting, not whether the file is open: it may be closed because creating it has failed
     * and is to be tried again, a request that the next line cancels. */
    p->closed_for_copy = p->parts.engine->settings->appendonly;
    persistence_switch_aof(p, false, &reason);
    end_old_child(p, true);
}

enum copy_loader_end persistence_load_copy(struct persistence *p, const char *path,
                                           enum copy_loader_how how, int *db)
{
    struct engine *e = p->parts.engine;
    bool beside = how != COPY_LOADER_IN_PLACE;
    if (!beside) {
        leave_old_files(p);
        log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Flushing old data");
        empty(e);
    }
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Loading DB in memory");
    p->loads_copy = true;
    enum copy_loader_end end = copy_loader_run(p->parts.copies, path, how, db);
    p->loads_copy = false;
    if (beside && end != COPY_LOADER_LOADED)
        return end;
    if (beside)
        leave_old_files(p);
    else if (end == COPY_LOADER_FAILED)
        empty(e);
    p->save.saved_dirty = e->store->dirty;
    return end;
}

void persistence_copy_ended(struct persistence *p)
{
    const char *reason;
    if (p->closed_for_copy && !persistence_switch_aof(p, true, &reason)) {
        log_line(LOG_WARNING, "The append-only file stays closed until it can be created");
        rewrite_want_first(p->parts.rewrite);
        durability_lacks_file(p->parts.durability, rewrite_first_error(p->parts.rewrite));
    }
    p->closed_for_copy = false;
}

/* ---- Figures */

static int64_t saving_ms(const struct snapshot *n)
{
    int64_t disk = snapshot_running_ms(n, SNAPSHOT_DUMP);
    return disk >= 0 ? disk : snapshot_running_ms(n, SNAPSHOT_PIPE);
}

void persistence_figures(const struct persistence *p, struct persistence_figures *out)
{
    const struct snapshot *n = p->parts.snapshot;
    *out = (struct persistence_figures){
        .aof = p->parts.aof,
        .loading =
            p->loads_copy ? copy_loader_figures(p->parts.copies) : loader_figures(p->parts.loader),
        .save = &p->save,
        .rewrite = rewrite_figures(p->parts.rewrite),
        .changes = p->parts.engine->store->dirty - p->save.saved_dirty,
        .saving_ms = saving_ms(n),
        .rewriting_ms = snapshot_running_ms(n, SNAPSHOT_BASE),
        .is_loading = is_loading(p),
        .is_async_loading = (p->parts.engine->slow_path & ENGINE_ASYNC_LOADING) != 0,
        .is_rewriting = rewrite_work(p->parts.rewrite) == REWRITE_WORK_REWRITE,
        .unwritten = p->parts.engine->journal->pending.n,
        .write_ok = !p->parts.engine->disk_error,
    };
    snapshot_progress(n, &out->progress);
    out->forks = snapshot_forks(n, &out->last_fork_us);
}

void persistence_reset_statistics(struct persistence *p)
{
    snapshot_forget_forks(p->parts.snapshot);
    save_record_reset_statistics(&p->save);
}
