#include "server/saver.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/keys.h"
#include "engine/block.h"
#include "engine/observe.h"
#include "engine/state.h"
#include "io/file.h"
#include "persist/aof.h"
#include "proto/request.h"
#include "script/scripting.h"
#include "server/data_lock.h"
#include "server/link.h"
#include "server/loader.h"
#include "server/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DROP_HELD_MS  5000 /* replies that a broken disk holds back are given up after this */
#define RETRY_SAVE_MS 5000 /* between attempts to save after a failure */
#define RECOVER_MS    1000 /* between looks at a disk that failed, and at first between new bases */
#define RECOVER_MOST  32000
#define LOOK_MS       1000 /* between looks at the files */

struct saver {
    struct server *server;
    struct aof *aof;
    struct loader *loader;
    struct snapshot *snapshot;
    uint64_t confirmed_at;      /* gate.moves when WAITAOF was looked at last */
    int64_t rewrite_started_ms; /* its child was forked */
    bool finishing;             /* the manifest of a rewrite is being written */
    bool save_scheduled, rewrite_scheduled;
    bool rewrite_wanted;                                 /* a segment is being prepared for it */
    enum { SEAL_NONE, SEAL_WANTED, SEAL_SWITCHED } seal; /* saver_seal() */
    uint64_t seal_offset;
    int64_t first_try_ms;
    bool first_wanted; /* CONFIG SET appendonly yes within a transaction */
    bool flush_wanted; /* FLUSHALL within a transaction: the empty data are saved behind it */
    /* What came of earlier ones. */
    long long saved_dirty; /* store.dirty that the last snapshot holds */
    int64_t last_save_ms;  /* by the wall clock */
    int64_t saved_at_ms, last_try_ms;
    bool last_save_ok, last_rewrite_ok, last_write_ok;
    int64_t last_save_s, last_rewrite_s; /* how long they took */
    size_t save_cow, rewrite_cow;        /* bytes that their children did not share with us */
    uint64_t saves, rewrites, rewrite_failures; /* failures: since the last that was good */
    int64_t failed_since_ms;                    /* the disk; 0: it has not */
    int64_t looked_ms;                          /* at the files */
    int64_t recover_ms, base_tried_ms, base_wait_ms;
};

struct saver *saver_new(struct server *s)
{
    struct saver *v = mem_zalloc(sizeof(*v));
    v->server = s;
    v->last_save_ok = v->last_rewrite_ok = v->last_write_ok = true;
    v->last_save_s = v->last_rewrite_s = -1;
    v->last_save_ms = clock_wall_ms();
    v->saved_at_ms = clock_steady_ms();
    v->aof = aof_new(s->disk, s->writer, s->engine.journal, s->settings->appenddirname,
                     s->settings->appendfilename);
    v->loader = loader_new(s, v->aof);
    v->snapshot = snapshot_new(s, v->aof);
    return v;
}

void saver_free(struct saver *v)
{
    snapshot_free(v->snapshot);
    worker_drain(v->server->writer);
    worker_drain(v->server->disk);
    aof_free(v->aof);
    loader_free(v->loader);
    mem_free(v);
}

/* ---- Loading */

static bool is_loading(const struct saver *v)
{
    return loader_figures(v->loader)->loading;
}

/* A child process is at work. */
static bool is_child(const struct saver *v)
{
    return snapshot_child(v->snapshot) != SNAPSHOT_NONE;
}

static bool is_saving(const struct saver *v)
{
    return snapshot_child(v->snapshot) == SNAPSHOT_DUMP;
}

/* From the preparation of its segment to the new manifest. */
static bool is_rewriting(const struct saver *v)
{
    return v->rewrite_wanted || v->finishing || snapshot_child(v->snapshot) == SNAPSHOT_BASE;
}

/* The data is not whole: a transaction or a script has begun and not ended. A snapshot would hold
 * half of it. */
static bool is_torn(const struct saver *v)
{
    const struct engine *e = &v->server->engine;
    return e->journal->depth > 1 || (e->slow_path & ENGINE_BUSY);
}

static void say_swept(const char *name)
{
    log_line(LOG_NOTICE, "Removing the leftover file %s", name);
}

static void sweep_one(void *context, const char *name)
{
    (void)context;
    size_t n = strlen(name);
    if (strncmp(name, "temp-", 5) != 0 || n < 9 ||
        (strcmp(name + n - 4, ".rdb") != 0 && strcmp(name + n - 4, ".aof") != 0))
        return;
    say_swept(name);
    file_remove(name);
}

/* The first base of a server that had no append-only file. */
static bool create_aof(struct saver *v)
{
    char temp[64];
    snprintf(temp, sizeof(temp), "temp-rewriteaof-%d.aof", (int)getpid());
    int error = file_make_directory(v->server->settings->appenddirname);
    if (!error)
        error = snapshot_write(v->snapshot, temp, SNAPSHOT_BASE);
    if (!error)
        error = aof_create(v->aof, temp, v->server->settings->aof_use_rdb_preamble);
    if (!error)
        return true;
    log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-error));
    return false;
}

bool saver_load(struct saver *v)
{
    struct server *s = v->server;
    int64_t start_us = clock_mono_us();
    file_list(".", sweep_one, NULL);
    if (!loader_start(v->loader))
        return false;
    bool existed = aof_manifest(v->aof)->n > 0;
    snapshot_begin_after(v->snapshot, loader_figures(v->loader)->generation);
    v->saved_dirty = s->engine.store->dirty;
    if (s->settings->appendonly) {
        if (!existed && !create_aof(v))
            return false;
        int error = existed ? aof_open_last(v->aof) : 0;
        if (error) {
            log_line(LOG_WARNING, "Can't open the append-only file: %s", strerror(-error));
            return false;
        }
        aof_sweep(v->aof, say_swept);
        if (existed)
            log_line(LOG_NOTICE, "DB loaded from append only file: %.3f seconds",
                     (double)(clock_mono_us() - start_us) / 1e6);
    } else if (loader_figures(v->loader)->keys) {
        log_line(LOG_NOTICE, "DB loaded from disk: %.3f seconds",
                 (double)(clock_mono_us() - start_us) / 1e6);
    }
    saver_policy_changed(v);
    return true;
}

/* ---- The turn */

static struct gate_promise promise(const struct saver *v)
{
    return (struct gate_promise){.armed = aof_gates(v->aof),
                                 .open = aof_is_open(v->aof),
                                 .durable = saver_has_base(v),
                                 .released = aof_released(v->aof),
                                 .synced = saver_has_base(v) ? aof_synced(v->aof) : 0};
}

void saver_tell_gate(struct saver *v)
{
    struct gate_promise p = promise(v);
    gate_tell(&v->server->engine, &p);
}

void saver_policy_changed(struct saver *v)
{
    const struct settings *s = v->server->settings;
    aof_set_policy(v->aof, (enum aof_policy)s->appendfsync,
                   s->no_appendfsync_on_rewrite && is_child(v) && s->appendfsync != AOF_NO);
    aof_set_timestamps(v->aof, s->aof_timestamp_enabled);
    aof_keep_replaced(v->aof, s->aof_disable_auto_gc);
    aof_set_reserve(v->aof, (uint64_t)s->aof_disk_reserve);
    saver_tell_gate(v);
}

void saver_begin_turn(struct saver *v)
{
    struct engine *e = &v->server->engine;
    struct gate_promise p = promise(v);
    gate_begin_turn(e, &p);
    if (v->confirmed_at != e->gate.moves) {
        v->confirmed_at = e->gate.moves;
        block_serve_waitaof(e);
    }
    int error = aof_error(v->aof);
    if (error && !v->failed_since_ms) {
        v->failed_since_ms = e->steady_ms;
        v->last_write_ok = false;
        snprintf(v->server->settings->disk_error, sizeof(v->server->settings->disk_error), "%s",
                 strerror(-error));
        log_line(LOG_WARNING,
                 aof_needs_base(v->aof)
                     ? "The append-only file can't be synced: %s. What it holds is not known any "
                       "more: writes are refused and replies that depend on it are held until a "
                       "new base has taken its place."
                     : "The append-only file can't be written: %s. Writes are refused until the "
                       "disk takes them again.",
                 strerror(-error));
        v->recover_ms = e->steady_ms;
        v->base_tried_ms = 0;
        v->base_wait_ms = RECOVER_MS;
        state_set(e, ENGINE_DISK_FAILED, true);
    } else if (!error && v->failed_since_ms) {
        v->failed_since_ms = 0;
        v->last_write_ok = true;
        state_set(e, ENGINE_DISK_FAILED, false);
        log_line(LOG_WARNING, "The append-only file is good again, writes are accepted.");
    }
}

static void save_flushed(struct saver *v);

void saver_flush(struct saver *v)
{
    struct engine *e = &v->server->engine;
    if (v->flush_wanted && e->journal->depth == 0 && !is_torn(v))
        save_flushed(v);
    if (e->gate.sync_wanted) {
        e->gate.sync_wanted = false;
        aof_want_sync(v->aof);
    }
    aof_flush(v->aof, e->steady_ms, e->gate.held_count);
    saver_tell_gate(v);
}

bool saver_gathers(const struct saver *v)
{
    return aof_waits_for_group(v->aof);
}

/* ---- Children */

static void kill_child(struct saver *v)
{
    log_line(LOG_NOTICE,
             is_saving(v) ? "Killing running saving child: %d"
                          : "Killing running AOF rewrite child: %d",
             (int)snapshot_pid(v->snapshot));
    snapshot_kill(v->snapshot);
    saver_policy_changed(v);
}

/* The data are being replaced as a whole: a child that still writes the old ones would bring them
 * back. in_journal: the append-only file hears of it, so that an old base with what follows is
 * right. */
static void end_old_child(struct saver *v, bool in_journal)
{
    bool rewriting = snapshot_child(v->snapshot) == SNAPSHOT_BASE;
    if (!is_child(v) || (rewriting && in_journal))
        return;
    kill_child(v);
    v->rewrite_scheduled = v->rewrite_scheduled || rewriting;
}

static void rewrite_failed(struct saver *v)
{
    v->last_rewrite_ok = false;
    v->rewrite_failures++;
}

static pid_t fork_child(struct saver *v, enum snapshot_kind kind)
{
    pid_t pid = snapshot_fork(v->snapshot, kind);
    if (pid > 0) {
        if (kind == SNAPSHOT_BASE) {
            v->rewrite_started_ms = v->server->engine.steady_ms;
            v->rewrites++;
        }
        saver_policy_changed(v);
    }
    return pid;
}

int saver_background_save(struct saver *v, bool schedule)
{
    if (is_child(v) || v->rewrite_wanted || v->finishing || is_torn(v)) {
        if (is_saving(v))
            return -EALREADY;
        if (!schedule && !is_torn(v))
            return -EBUSY;
        v->save_scheduled = true;
        return 1;
    }
    v->last_try_ms = v->server->engine.steady_ms;
    pid_t pid = fork_child(v, SNAPSHOT_DUMP);
    if (pid < 0) {
        v->last_save_ok = false;
        return (int)pid;
    }
    log_line(LOG_NOTICE, "Background saving started by pid %d", (int)pid);
    return 0;
}

/* appendonly no: a base for the day on which it is turned on (docs/decisions/0022). */
static int rewrite_without(struct saver *v)
{
    char error[MANIFEST_ERROR];
    int failed = aof_begin_base_only(v->aof, error);
    if (failed) {
        log_line(LOG_WARNING, "Can't write an append-only file: %s", error);
        return failed;
    }
    pid_t pid = fork_child(v, SNAPSHOT_BASE);
    if (pid < 0) {
        rewrite_failed(v);
        return (int)pid;
    }
    log_line(LOG_NOTICE, "Background append only file rewriting started by pid %d", (int)pid);
    return 0;
}

int saver_rewrite(struct saver *v)
{
    if (is_rewriting(v))
        return -EALREADY;
    /* A transaction is not torn: its end comes first. */
    if (is_child(v) || v->seal != SEAL_NONE || is_torn(v)) {
        v->rewrite_scheduled = true;
        return 1;
    }
    if (!aof_is_open(v->aof))
        return rewrite_without(v);
    int error = aof_prepare_switch(v->aof);
    if (error)
        return error;
    v->rewrite_wanted = true;
    return 0;
}

bool saver_rewrite_prepares(const struct saver *v)
{
    return v->rewrite_wanted;
}

const struct manifest *saver_manifest(const struct saver *v)
{
    return aof_manifest(v->aof);
}

bool saver_has_base(const struct saver *v)
{
    return aof_is_open(v->aof) && !aof_has_no_base_yet(v->aof);
}

int saver_seal(struct saver *v)
{
    if (!saver_has_base(v) || aof_error(v->aof)) {
        v->seal = SEAL_NONE;
        return aof_error(v->aof) ? aof_error(v->aof) : -ENOENT;
    }
    if (v->seal == SEAL_SWITCHED && aof_synced(v->aof) >= v->seal_offset &&
        !aof_sync_in_flight(v->aof)) {
        v->seal = SEAL_NONE;
        return 1;
    }
    if (v->seal != SEAL_NONE || is_rewriting(v))
        return 0;
    int error = aof_prepare_switch(v->aof);
    if (error)
        return error;
    v->seal = SEAL_WANTED;
    return 0;
}

/* The switch of a backup: nothing is forked. */
static void seal_at_end_of_turn(struct saver *v)
{
    int error = aof_switch_error(v->aof);
    if (error) {
        v->seal = SEAL_NONE; /* another attempt follows */
        aof_clear_switch_error(v->aof);
        log_line(LOG_WARNING, "Can't prepare a new segment of the append-only file: %s",
                 strerror(-error));
    } else if (aof_switch_ready(v->aof)) {
        v->seal = SEAL_SWITCHED;
        v->seal_offset = v->server->engine.journal->offset;
        aof_switch(v->aof);
    }
}

void saver_end_turn(struct saver *v)
{
    if (v->seal == SEAL_WANTED)
        seal_at_end_of_turn(v);
    if (!v->rewrite_wanted)
        return;
    int error = aof_switch_error(v->aof);
    if (error) {
        v->rewrite_wanted = false;
        rewrite_failed(v);
        aof_clear_switch_error(v->aof);
        log_line(LOG_WARNING, "Can't prepare a new segment of the append-only file: %s",
                 strerror(-error));
        return;
    }
    if (!aof_switch_ready(v->aof))
        return;
    /* The fork sees exactly what the segments before the new one hold. */
    v->rewrite_wanted = false;
    pid_t pid = fork_child(v, SNAPSHOT_BASE);
    aof_switch(v->aof);
    if (pid < 0) {
        rewrite_failed(v);
        return;
    }
    log_line(LOG_NOTICE, "Background append only file rewriting started by pid %d", (int)pid);
}

static void rewrite_finished(void *context, int error)
{
    struct saver *v = context;
    v->finishing = false;
    v->last_rewrite_ok = true;
    v->rewrite_failures = error ? v->rewrite_failures : 0;
    if (error)
        rewrite_failed(v);
    v->last_rewrite_s = (v->server->engine.steady_ms - v->rewrite_started_ms) / 1000;
    if (error)
        log_line(LOG_WARNING, "The rewritten append-only file could not be put in place: %s",
                 strerror(-error));
    else
        log_line(LOG_NOTICE, "Background AOF rewrite finished successfully");
}

static void save_ended(struct saver *v, const struct snapshot_end *end)
{
    v->last_save_s = end->took_ms / 1000;
    v->save_cow = end->cow;
    if (end->good) {
        v->saves++;
        v->saved_dirty = end->dirty;
        v->last_save_ms = v->server->engine.now_ms;
        v->saved_at_ms = v->server->engine.steady_ms;
        v->last_save_ok = true;
        log_line(LOG_NOTICE, "Background saving terminated with success");
        return;
    }
    /* A child that was told to stop is no sign of a broken disk. */
    if (end->signal != SIGUSR1)
        v->last_save_ok = false;
    if (end->signal)
        log_line(LOG_WARNING, "Background saving terminated by signal %d", end->signal);
    else
        log_line(LOG_WARNING, "Background saving error");
}

static void rewrite_ended(struct saver *v, const struct snapshot_end *end)
{
    v->rewrite_cow = end->cow;
    if (end->good) {
        log_line(LOG_NOTICE, "Background AOF rewrite terminated with success");
        v->finishing = true;
        aof_finish_rewrite(v->aof, end->temp, end->as_rdb, rewrite_finished, v);
        return;
    }
    rewrite_failed(v);
    v->last_rewrite_s = end->took_ms / 1000;
    if (end->signal)
        log_line(LOG_WARNING, "Background AOF rewrite terminated by signal %d", end->signal);
    else
        log_line(LOG_WARNING, "Background AOF rewrite terminated with error");
}

static void reap(struct saver *v)
{
    struct snapshot_end end;
    if (!snapshot_ended(v->snapshot, &end))
        return;
    saver_policy_changed(v);
    if (end.kind == SNAPSHOT_DUMP)
        save_ended(v, &end);
    else
        rewrite_ended(v, &end);
}

static bool save_is_due(const struct saver *v)
{
    const struct server *s = v->server;
    long long changes = s->engine.store->dirty - v->saved_dirty;
    int64_t since_ms = s->engine.steady_ms - v->saved_at_ms;
    if (!v->last_save_ok && s->engine.steady_ms - v->last_try_ms < RETRY_SAVE_MS)
        return false;
    for (int i = 0; i < s->settings->save_point_n; i++)
        if (changes >= s->settings->save_points[i].changes && changes > 0 &&
            since_ms > s->settings->save_points[i].seconds * 1000) {
            log_line(LOG_NOTICE, "%lld changes in %lld seconds. Saving...",
                     s->settings->save_points[i].changes, s->settings->save_points[i].seconds);
            return true;
        }
    return false;
}

static bool rewrite_is_due(const struct saver *v)
{
    const struct settings *s = v->server->settings;
    uint64_t size = aof_size(v->aof), base = aof_base_size(v->aof);
    if (!aof_is_open(v->aof) || !s->auto_aof_rewrite_percentage ||
        size < (uint64_t)s->auto_aof_rewrite_min_size)
        return false;
    uint64_t growth = (size - base) * 100 / (base ? base : 1);
    if (growth < (uint64_t)s->auto_aof_rewrite_percentage)
        return false;
    log_line(LOG_NOTICE, "Starting automatic rewriting of AOF on %llu%% growth",
             (unsigned long long)growth);
    return true;
}

/* Turns the append-only file on: what there is goes into a base from a child process, what happens
 * from now on into an increment. */
static bool open_first_aof(struct saver *v)
{
    char error[MANIFEST_ERROR];
    /* What an older append-only file held is not what we hold: it is replaced as a whole. */
    manifest_free(aof_manifest(v->aof));
    if (aof_read_manifest(v->aof, error) < 0) {
        log_line(LOG_WARNING, "Can't create the append-only file: %s", error);
        return false;
    }
    int failed = aof_open_first(v->aof);
    if (failed) {
        log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-failed));
        return false;
    }
    saver_policy_changed(v);
    if (is_child(v)) {
        log_line(LOG_NOTICE,
                 "AOF was enabled but there is already another background operation. An "
                 "AOF background was scheduled to start when possible.");
        v->rewrite_scheduled = true;
        return true;
    }
    pid_t pid = fork_child(v, SNAPSHOT_BASE);
    if (pid < 0) {
        aof_close(v->aof);
        return false;
    }
    log_line(LOG_NOTICE, "The append-only file begins, process %d writes its base", (int)pid);
    return true;
}

/* The disk has failed: what may help is tried until it does. */
static void recover(struct saver *v, bool busy)
{
    int64_t now_ms = v->server->engine.steady_ms;
    if (now_ms - v->recover_ms < RECOVER_MS)
        return;
    v->recover_ms = now_ms;
    aof_retry_batch(v->aof);
    if (busy || !aof_needs_base(v->aof) || now_ms - v->base_tried_ms < v->base_wait_ms)
        return;
    if (v->base_tried_ms && v->base_wait_ms < RECOVER_MOST)
        v->base_wait_ms *= 2;
    v->base_tried_ms = now_ms;
    log_line(LOG_NOTICE, "A new base for the append-only file is tried");
    file_make_directory(v->server->settings->appenddirname); /* somebody may have removed it */
    saver_rewrite(v);
}

/* A file may change underneath: what the next start would find is not what was acknowledged. */
static void look_at_files(struct saver *v)
{
    char what[PATH_MAX + 64];
    v->looked_ms = v->server->engine.steady_ms;
    if (!aof_is_intact(v->aof, what, sizeof(what)))
        log_line(LOG_WARNING, "The append-only file is not what it was: %s", what);
}

void saver_tick(struct saver *v)
{
    struct engine *e = &v->server->engine;
    if (is_loading(v))
        return;
    reap(v);
    bool busy = is_child(v) || is_rewriting(v) || v->seal != SEAL_NONE;
    bool retry = e->steady_ms - v->first_try_ms >= RETRY_SAVE_MS;
    if (v->first_wanted && !is_torn(v) && retry) {
        v->first_try_ms = e->steady_ms;
        v->first_wanted = !open_first_aof(v);
        busy = is_child(v);
    }
    if (!busy && !v->rewrite_scheduled && aof_has_no_base_yet(v->aof) && aof_is_open(v->aof) &&
        retry) {
        log_line(LOG_NOTICE, "The append-only file has no base yet: another attempt");
        v->first_try_ms = e->steady_ms;
        busy = saver_rewrite(v) == 0;
    }
    if (!busy && v->rewrite_scheduled) {
        v->rewrite_scheduled = false;
        busy = saver_rewrite(v) == 0;
    }
    if (!busy && v->save_scheduled) {
        v->save_scheduled = false;
        busy = saver_background_save(v, false) == 0;
    }
    if (!busy && !(e->slow_path & ENGINE_DISK_FAILED) && rewrite_is_due(v))
        busy = saver_rewrite(v) == 0;
    if (!busy && save_is_due(v))
        saver_background_save(v, false);
    state_set(e, ENGINE_SAVE_FAILED,
              !v->last_save_ok && v->server->settings->stop_writes_on_bgsave_error &&
                  v->server->settings->save_point_n > 0);
    if (!busy && !v->failed_since_ms && e->steady_ms - v->looked_ms >= LOOK_MS)
        look_at_files(v);
    if (v->failed_since_ms)
        recover(v, busy);
    if (v->failed_since_ms && e->steady_ms - v->failed_since_ms > DROP_HELD_MS)
        gate_give_up(e, false);
    /* A batch that waited for a sync, or a sync that is due, though no request came. */
    aof_flush(v->aof, e->steady_ms, e->gate.held_count);
}

static int save_dump(struct saver *v, bool interruptible)
{
    if (is_saving(v) || is_torn(v))
        return -EBUSY;
    int error = snapshot_save(v->snapshot, interruptible);
    if (error) {
        log_line(LOG_WARNING, "Error saving DB on disk: %s", strerror(-error));
        return error;
    }
    v->saved_dirty = v->server->engine.store->dirty;
    v->last_save_ms = v->server->engine.now_ms;
    v->saved_at_ms = v->server->engine.steady_ms;
    v->last_save_ok = true;
    log_line(LOG_NOTICE, "DB saved on disk");
    return 0;
}

int saver_save(struct saver *v)
{
    return save_dump(v, false);
}

int64_t saver_last_save(const struct saver *v)
{
    return v->last_save_ms / 1000;
}

/* Nothing of what was flushed may come back, by a child that still writes it or with the snapshot
 * that there is. */
static void save_flushed(struct saver *v)
{
    v->flush_wanted = false;
    if (v->server->settings->save_point_n)
        saver_save(v);
}

void saver_all_flushed(struct saver *v)
{
    if (is_loading(v))
        return;
    end_old_child(v, aof_is_open(v->aof));
    /* Within a transaction or a script the data may be of any state. */
    if (is_torn(v))
        v->flush_wanted = true;
    else
        save_flushed(v);
}

static void empty(struct saver *v)
{
    struct store *s = v->server->engine.store;
    for (int i = 0; i < s->count; i++)
        db_flush(&s->dbs[i]);
    scripting_flush_functions(v->server->engine.scripting);
}

int saver_reload(struct saver *v, bool save, bool flush, bool merge)
{
    end_old_child(v, false);
    int error = save ? snapshot_save(v->snapshot, false) : 0;
    if (error)
        return error;
    if (flush)
        empty(v);
    bool good = loader_snapshot(v->loader, v->server->settings->dbfilename,
                                flush   ? LOADER_EMPTY
                                : merge ? LOADER_MERGE
                                        : LOADER_ADD);
    v->saved_dirty = v->server->engine.store->dirty;
    /* What was loaded is not what the append-only file tells. */
    if (aof_is_open(v->aof) && !(save && flush))
        v->rewrite_scheduled = true;
    return good ? 0 : -EIO;
}

/* An append-only file that was turned on gets its base at once, whatever a child was about to do.
 * False: the log says why. */
static bool need_base(struct saver *v)
{
    if (!aof_is_open(v->aof) || !aof_has_no_base_yet(v->aof))
        return true;
    if (snapshot_child(v->snapshot) == SNAPSHOT_BASE)
        snapshot_kill(v->snapshot);
    worker_drain(v->server->disk);
    return !aof_has_no_base_yet(v->aof) || create_aof(v);
}

int saver_load_aof_again(struct saver *v)
{
    if (!aof_is_open(v->aof))
        return -ENOENT;
    int error = aof_sync_now(v->aof);
    if (error)
        return error;
    if (!need_base(v))
        return -EIO;
    end_old_child(v, true);
    empty(v);
    bool good = loader_aof(v->loader);
    v->saved_dirty = v->server->engine.store->dirty;
    return good ? 0 : -EIO;
}

bool saver_shutdown(struct saver *v, unsigned how)
{
    const struct settings *s = v->server->settings;
    if (is_child(v)) {
        log_line(LOG_WARNING, "There is a child saving an .rdb or rewriting the AOF. Killing it!");
        snapshot_kill(v->snapshot);
    }
    if (aof_is_open(v->aof)) {
        log_line(LOG_NOTICE, "Calling fsync() on the AOF file.");
        int error = aof_sync_now(v->aof);
        if (error) {
            log_line(LOG_WARNING, "The append-only file could not be synced: %s", strerror(-error));
            if (!(how & ENGINE_SHUTDOWN_FORCE))
                return false;
        }
    }
    if (is_torn(v)) {
        log_line(LOG_WARNING, "A script is ended half-way: nothing that it did is saved.");
        return true;
    }
    if (aof_is_open(v->aof) && aof_has_no_base_yet(v->aof))
        log_line(LOG_NOTICE, "Writing initial AOF, can't exit before it is in place.");
    if (!need_base(v) && !(how & ENGINE_SHUTDOWN_FORCE))
        return false;
    bool save =
        (s->save_point_n > 0 && !(how & ENGINE_SHUTDOWN_NOSAVE)) || (how & ENGINE_SHUTDOWN_SAVE);
    if (!save || is_loading(v))
        return true;
    log_line(LOG_NOTICE, "Saving the final RDB snapshot before exiting.");
    return save_dump(v, how & ENGINE_SHUTDOWN_SIGNAL) == 0;
}

bool saver_change_directory(struct saver *v, const char **reason)
{
    char here[PATH_MAX];
    struct settings *s = v->server->settings;
    int held = v->server->data_lock, lock;
    const char *why = NULL;
    if (!data_lock_take_next(held, s->dir, &lock, reason))
        return false;
    bool same = lock == held && held >= 0;
    if (!same && (is_loading(v) || aof_is_open(v->aof) || is_child(v)))
        why = is_loading(v)         ? "the data is being loaded"
              : aof_is_open(v->aof) ? "the append-only file is open in the present directory"
                                    : "a child process writes into the present directory";
    else if (chdir(s->dir) < 0)
        why = strerror(errno);
    if (why) {
        if (!same)
            file_close(lock);
        *reason = why;
        return false;
    }
    if (!same) {
        file_close(held);
        v->server->data_lock = lock;
    }
    if (getcwd(here, sizeof(here))) {
        mem_free(s->dir);
        s->dir = mem_copy_text(here, strlen(here));
    }
    return true;
}

/* Who was promised the disk does not get it any more. */
static void close_aof(struct saver *v)
{
    struct engine *e = &v->server->engine;
    saver_tell_gate(v);
    gate_give_up(e, true);
    for (struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        struct client *c = dlist_item(n, struct client, all);
        if ((c->flags & CLIENT_DURABLE) && (c->flags & CLIENT_BLOCKED))
            block_end(c, true);
    }
    aof_close(v->aof);
    saver_tell_gate(v);
}

bool saver_switch_aof(struct saver *v, bool on, const char **reason)
{
    if (is_loading(v)) {
        *reason = "the data is being loaded";
        return false;
    }
    v->first_wanted = false;
    if (on == aof_is_open(v->aof))
        return true;
    if (!on) {
        v->rewrite_wanted = v->rewrite_scheduled = false;
        v->seal = SEAL_NONE;
        if (snapshot_child(v->snapshot) == SNAPSHOT_BASE)
            kill_child(v);
        aof_sync_now(v->aof);
        close_aof(v);
        return true;
    }
    if (is_torn(v)) {
        v->first_wanted = true; /* at its end */
        return true;
    }
    /* A base that was being written without it holds what there was before it began. */
    if (snapshot_child(v->snapshot) == SNAPSHOT_BASE)
        kill_child(v);
    worker_drain(v->server->disk);
    if (!open_first_aof(v)) {
        *reason = "Unable to turn on AOF. Check server logs.";
        return false;
    }
    return true;
}

void saver_reset_statistics(struct saver *v)
{
    snapshot_forget_forks(v->snapshot);
    v->saves = 0;
}

void saver_figures(const struct saver *v, struct saver_figures *out)
{
    *out = (struct saver_figures){
        .aof = v->aof,
        .loading = loader_figures(v->loader),
        .changes = v->server->engine.store->dirty - v->saved_dirty,
        .last_save_ms = v->last_save_ms,
        .last_save_s = v->last_save_s,
        .last_rewrite_s = v->last_rewrite_s,
        .saving_ms = snapshot_running_ms(v->snapshot, SNAPSHOT_DUMP),
        .rewriting_ms = snapshot_running_ms(v->snapshot, SNAPSHOT_BASE),
        .saves = v->saves,
        .rewrites = v->rewrites,
        .rewrite_failures = v->rewrite_failures,
        .save_cow = v->save_cow,
        .rewrite_cow = v->rewrite_cow,
        .unwritten = v->server->engine.journal->pending.n,
        .is_rewriting = is_rewriting(v),
        .rewrite_scheduled = v->rewrite_scheduled,
        .first_wanted = v->first_wanted,
        .last_save_ok = v->last_save_ok,
        .last_rewrite_ok = v->last_rewrite_ok,
        .last_write_ok = v->last_write_ok,
    };
    snapshot_progress(v->snapshot, &out->progress);
    out->forks = snapshot_forks(v->snapshot, &out->last_fork_us);
}
