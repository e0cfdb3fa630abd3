/* Every file is written in the same steps: create, write, sync, read back and compare (disks and
 * memory do fail silently), and only then rename. The child does all of that for a dump. For a base
 * the parent finishes the job (server/rewrite), because the manifest has to name it.
 *
 * The child is a copy of the process. It closes what it must not keep open (sockets, the lock),
 * writes the file, and exits without running any of the server's cleanup. Its progress is visible
 * to the parent in a shared page. It dies with its parent.
 *
 * Each file gets a generation greater than that of every earlier file, so that a restart can tell
 * whether the snapshot or the append-only file is newer (docs/decisions/0022).
 *
 * What can fail: the fork (returned as -errno); writing or verifying (the file is removed, the
 * child exits with 1); the child by a signal (the parent removes its file). */
#include "server/snapshot.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/observe.h"
#include "io/child.h"
#include "io/file.h"
#include "io/interrupt.h"
#include "persist/aof.h"
#include "persist/command_base.h"
#include "persist/rdb_write.h"
#include "persist/stream_rebuild.h"
#include "script/scripting.h"
#include "server/data_lock.h"
#include "server/process.h"
#include "server/progress.h"
#include "server/watchdog.h"
#include "type/stream/stream_context.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct snapshot {
    struct engine *engine;
    struct aof *aof;
    const struct data_lock *lock;
    struct snapshot_hooks hooks;
    uint64_t generation; /* of the last file written */
    pid_t child;         /* 0: none */
    enum snapshot_kind kind;
    uint64_t child_generation;
    bool as_rdb;
    struct progress *progress;               /* of the child */
    bool is_child;                           /* this process */
    bool for_replicas;                       /* what the child writes */
    const struct replication_snapshot *copy; /* while forking, and in the child: what it writes */
    int64_t started_ms;                      /* by the steady clock */
    long long dirty;
    char temp[64];
    uint64_t forks, fork_us;
};

struct snapshot *snapshot_new(struct engine *e, struct aof *aof, const struct data_lock *lock,
                              const struct snapshot_hooks *hooks)
{
    struct snapshot *n = mem_zalloc(sizeof(*n));
    n->engine = e;
    n->aof = aof;
    n->lock = lock;
    n->hooks = *hooks;
    n->progress = progress_new();
    return n;
}

static void end_child(struct snapshot *n)
{
    child_kill(n->child);
    if (n->kind != SNAPSHOT_PIPE)
        file_remove(n->temp);
    n->child = 0;
}

void snapshot_free(struct snapshot *n)
{
    if (n->child)
        end_child(n);
    progress_free(n->progress);
    mem_free(n);
}

static struct bytes library_at(void *context, size_t i)
{
    const struct snapshot *n = context;
    return scripting_library(n->engine->scripting, i);
}

static void note_progress(void *context, uint64_t keys)
{
    const struct snapshot *n = context;
    if (n->is_child)
        progress_key(n->progress, keys);
}

static struct rdb_write_options write_options(const struct snapshot *n, bool aof_base)
{
    const struct settings *s = n->engine->settings;
    const struct journal *j = n->engine->journal;
    /* Without a reader of the journal, ID and offset mean nothing. */
    bool counted = j->on || aof_base;
    return (struct rdb_write_options){
        .version = n->copy ? n->copy->version : (int)s->rdb_compat,
        .checksum = s->rdbchecksum,
        .compress = s->rdbcompression,
        .aof_base = aof_base,
        .key_delay_us = s->rdb_key_save_delay,
        .generation = n->generation,
        .aof = aof_has_base(n->aof),
        .replication_id = counted ? history_id_of_data(&j->history, j->offset) : NULL,
        .journal_offset = j->offset,
        .stream_db = j->db,
        .replicas = j->streamed,
        .library = library_at,
        .progress = note_progress,
        .context = (void *)(uintptr_t)n};
}

/* Logs what Redis would not read from the file. */
static void log_left_out(const struct rdb_write_result *r, int version)
{
    struct buf kinds = {0};
    for (unsigned i = 0; i < STREAM_REBUILD_KINDS; i++)
        if (r->stream_kinds >> i & 1)
            buf_printf(&kinds, "%s%s", kinds.n ? ", " : "",
                       stream_rebuild_kind_name((enum stream_rebuild_kind)i));
    if (r->streams_aside)
        log_line(LOG_NOTICE,
                 "%llu streams have %.*s, kept in fields beside their values: Redis skips these. "
                 "Scheduled messages among them: %llu",
                 (unsigned long long)r->streams_aside, (int)kinds.n, kinds.p ? kinds.p : "",
                 (unsigned long long)r->scheduled);
    buf_free(&kinds);
    if (r->hashes_aside)
        log_line(LOG_NOTICE,
                 "%llu hashes have fields with deadlines, kept in fields beside their values "
                 "(rdb-compat %d): Redis skips these",
                 (unsigned long long)r->hashes_aside, version);
}

/* While the first base of an append-only file is being written, snapshots may be saved, each with
 * the next generation. They must not look newer than that base plus its increments. */
#define AHEAD ((uint64_t)1 << 20)

static uint64_t next_generation(const struct snapshot *n, enum snapshot_kind kind)
{
    return n->generation + (kind == SNAPSHOT_BASE && aof_is_open(n->aof) ? AHEAD : 1);
}

void snapshot_begin_after(struct snapshot *n, uint64_t generation)
{
    if (generation > n->generation)
        n->generation = generation;
}

static bool writes_rdb(const struct snapshot *n, enum snapshot_kind kind)
{
    return kind != SNAPSHOT_BASE || n->engine->settings->aof_use_rdb_preamble;
}

static int write_file(struct snapshot *n, const char *path, enum snapshot_kind kind)
{
    struct rdb_write_options o = write_options(n, kind == SNAPSHOT_BASE);
    struct rdb_write_result r;
    int fd = file_create(path);
    if (fd < 0)
        return fd;
    bool as_rdb = writes_rdb(n, kind);
    int error = as_rdb ? rdb_write(fd, n->engine->store, &o, &r)
                       : command_base_write(fd, n->engine->store, &o, &r);
    if (!error)
        error = file_sync(fd);
    file_close(fd);
    if (!error)
        error = as_rdb ? rdb_write_verify(path, &r) : command_base_verify(path, &r);
    if (error == -EBADMSG)
        log_line(LOG_WARNING, "Verification failed: %s does not match what was written", path);
    if (error)
        file_remove(path);
    else
        log_left_out(&r, o.version);
    return error;
}

int snapshot_write(struct snapshot *n, const char *path, enum snapshot_kind kind)
{
    n->generation = next_generation(n, kind);
    return write_file(n, path, kind);
}

int snapshot_save(struct snapshot *n, bool interruptible)
{
    char temp[64];
    snprintf(temp, sizeof(temp), "temp-%d.rdb", (int)getpid());
    if (interruptible)
        interrupt_arm(temp);
    int error = snapshot_write(n, temp, SNAPSHOT_DUMP);
    if (!error)
        error = file_rename(temp, n->engine->settings->dbfilename);
    if (interruptible)
        interrupt_disarm();
    return error;
}

/* ---- Children */

static void name_temp(char to[64], enum snapshot_kind kind, pid_t pid)
{
    snprintf(to, 64, kind == SNAPSHOT_DUMP ? "temp-%d.rdb" : "temp-rewriteaof-bg-%d.aof", (int)pid);
}

/* The mark at its end makes it valid: without that no replica uses it. */
static int write_pipe(const struct snapshot *n)
{
    struct rdb_write_options o = write_options(n, false);
    struct rdb_write_result r;
    size_t written;
    int fd = n->copy->pipe[1];
    o.generation = 0; /* it is not a file of this server */
    o.no_keys = n->copy->no_keys;
    if (n->copy->no_libraries)
        o.library = NULL;
    file_close(n->copy->pipe[0]);
    int error = rdb_write(fd, n->engine->store, &o, &r);
    if (!error)
        error = file_write_all(fd, bytes_text(n->copy->mark), &written);
    return error;
}

static int write_kind(struct snapshot *n, enum snapshot_kind kind)
{
    char temp[64];
    if (kind == SNAPSHOT_PIPE)
        return write_pipe(n);
    name_temp(temp, kind, getpid());
    n->generation = next_generation(n, kind);
    int error = write_file(n, temp, kind);
    if (!error && kind == SNAPSHOT_DUMP) {
        error = file_rename(temp, n->engine->settings->dbfilename);
        if (!error)
            log_line(LOG_NOTICE, "DB saved on disk");
    }
    if (error)
        log_line(LOG_WARNING, "Write error saving DB on disk: %s", strerror(-error));
    return error;
}

static _Noreturn void be_child(struct snapshot *n, enum snapshot_kind kind)
{
    struct engine *e = n->engine;
    n->hooks.in_child(n->hooks.context);
    log_set_role('C');
    watchdog_set_period(0);
    process_is_child(e->settings, kind == SNAPSHOT_DUMP   ? "millrace-rdb-bgsave"
                                  : kind == SNAPSHOT_PIPE ? "millrace-rdb-to-slaves"
                                                          : "millrace-aof-rewrite");
    /* The child reads each block once, and each page it modifies is copied. */
    stream_cache_limit(e->store->streams->cache, 0);
    n->is_child = true;
    int error = write_kind(n, kind);
    progress_end(n->progress);
    child_exit(error ? 1 : 0);
}

pid_t snapshot_fork(struct snapshot *n, enum snapshot_kind kind)
{
    struct engine *e = n->engine;
    ASSERT(!n->child);
    uint64_t keys = 0;
    for (int i = 0; i < e->store->count; i++)
        keys += e->store->dbs[i].keys.used;
    progress_begin(n->progress, keys, e->settings->rdb_key_save_delay != 0);
    int64_t start_us = clock_mono_us();
    pid_t pid = child_start(n->lock->fd);
    if (pid == 0)
        be_child(n, kind);
    if (pid > 0)
        observe_latency(e, "fork", (clock_mono_us() - start_us) / 1000);
    n->fork_us = (uint64_t)(clock_mono_us() - start_us);
    if (pid < 0) {
        log_line(LOG_WARNING, "Can't save in background: fork: %s", strerror((int)-pid));
        return pid;
    }
    n->forks++;
    n->child = pid;
    n->child_generation = next_generation(n, kind);
    if (kind == SNAPSHOT_DUMP || (kind == SNAPSHOT_BASE && !aof_is_open(n->aof)))
        n->generation = n->child_generation;
    n->kind = kind;
    n->as_rdb = writes_rdb(n, kind);
    n->started_ms = e->steady_ms;
    n->dirty = e->store->dirty;
    n->for_replicas = n->copy != NULL;
    name_temp(n->temp, kind, pid);
    n->hooks.child_changed(n->hooks.context);
    return pid;
}

pid_t snapshot_fork_copy(struct snapshot *n, const struct replication_snapshot *s)
{
    n->copy = s;
    pid_t pid = snapshot_fork(n, s->pipe ? SNAPSHOT_PIPE : SNAPSHOT_DUMP);
    n->copy = NULL;
    return pid;
}

bool snapshot_is_for_replicas(const struct snapshot *n)
{
    return n->child && n->for_replicas;
}

enum snapshot_kind snapshot_child(const struct snapshot *n)
{
    return n->child ? n->kind : SNAPSHOT_NONE;
}

pid_t snapshot_pid(const struct snapshot *n)
{
    return n->child;
}

void snapshot_kill(struct snapshot *n)
{
    if (!n->child)
        return;
    end_child(n);
    n->hooks.child_changed(n->hooks.context);
}

bool snapshot_ended(struct snapshot *n, struct snapshot_end *end)
{
    int code, number;
    if (!n->child || !child_ended(n->child, &code, &number))
        return false;
    n->child = 0;
    if (code == 0 && number == 0 && n->kind != SNAPSHOT_PIPE)
        snapshot_begin_after(n, n->child_generation);
    struct progress_state progress;
    progress_read(n->progress, &progress);
    *end = (struct snapshot_end){.kind = n->kind,
                                 .good = code == 0 && number == 0,
                                 .for_replicas = n->for_replicas,
                                 .signal = number,
                                 .as_rdb = n->as_rdb,
                                 .cow = progress.cow,
                                 .took_ms = n->engine->steady_ms - n->started_ms,
                                 .dirty = n->dirty,
                                 .temp = n->temp};
    if (!end->good && n->kind != SNAPSHOT_PIPE)
        file_remove(n->temp);
    n->hooks.child_changed(n->hooks.context);
    return true;
}

void snapshot_progress(const struct snapshot *n, struct progress_state *out)
{
    *out = (struct progress_state){0};
    if (n->child)
        progress_read(n->progress, out);
}

int64_t snapshot_running_ms(const struct snapshot *n, enum snapshot_kind kind)
{
    return n->child && n->kind == kind ? n->engine->steady_ms - n->started_ms : -1;
}

uint64_t snapshot_forks(const struct snapshot *n, uint64_t *last_us)
{
    *last_us = n->fork_us;
    return n->forks;
}

void snapshot_forget_forks(struct snapshot *n)
{
    n->fork_us = n->forks = 0;
}
