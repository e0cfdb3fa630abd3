#include "server/saver.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/keys.h"
#include "engine/block.h"
#include "engine/exec.h"
#include "engine/feed.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/session.h"
#include "io/child.h"
#include "io/file.h"
#include "persist/aof.h"
#include "persist/aof_read.h"
#include "persist/cut.h"
#include "persist/rdb_read.h"
#include "persist/rdb_write.h"
#include "proto/request.h"
#include "script/scripting.h"
#include "server/link.h"
#include "server/now.h"
#include "type/stream/stream_cache.h"

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
#define LOOK_MS       1000        /* between looks at the files */
#define MUCH_TO_LOAD  (32u << 20) /* bytes of files from which on memory is taken in large steps */

enum work { WORK_NONE, WORK_SAVE, WORK_REWRITE };

struct saver {
    struct server *server;
    struct aof *aof;
    char replication_id[41];
    uint64_t *written; /* for store.written */
    /* The child at work. */
    pid_t child;
    enum work work;
    int64_t child_started_ms;
    char temp[PATH_MAX];
    bool finishing; /* the manifest of a rewrite is being written */
    bool save_scheduled, rewrite_scheduled;
    bool rewrite_wanted;                                 /* a segment is being prepared for it */
    enum { SEAL_NONE, SEAL_WANTED, SEAL_SWITCHED } seal; /* saver_seal() */
    uint64_t seal_offset;
    bool first_wanted; /* CONFIG SET appendonly yes waits for a child to end */
    int64_t first_try_ms;
    long long dirty_at_fork;
    /* What came of earlier ones. */
    long long saved_dirty; /* store.dirty that the last snapshot holds */
    int64_t last_save_ms;  /* by the wall clock */
    int64_t saved_at_ms, last_try_ms;
    bool last_save_ok, last_rewrite_ok, last_write_ok;
    int64_t last_save_s, last_rewrite_s; /* how long they took */
    uint64_t saves, rewrites, forks, fork_us;
    int64_t failed_since_ms; /* the disk; 0: it has not */
    int64_t looked_ms;       /* at the files */
    int64_t recover_ms, base_tried_ms, base_wait_ms;
    /* Loading. */
    bool loading, starting; /* the latter: no command has run yet */
    int64_t load_started_ms;
    uint64_t load_total, load_done, load_base;
    uint64_t loaded_keys, loaded_expired, cut_bytes;
    struct client *replay;
    uint64_t replay_errors;
};

struct saver *saver_new(struct server *s)
{
    struct saver *v = mem_zalloc(sizeof(*v));
    v->server = s;
    v->last_save_ok = v->last_rewrite_ok = v->last_write_ok = true;
    v->last_save_s = v->last_rewrite_s = -1;
    v->last_save_ms = clock_wall_ms();
    v->saved_at_ms = clock_steady_ms();
    v->written = mem_zalloc(STORE_WRITTEN_SLOTS * sizeof(*v->written));
    memcpy(v->replication_id, s->run_id, 41);
    v->aof = aof_new(s->disk, s->writer, s->engine.journal, s->settings->appenddirname,
                     s->settings->appendfilename, v->replication_id);
    return v;
}

void saver_free(struct saver *v)
{
    if (v->child)
        child_kill(v->child);
    worker_drain(v->server->writer);
    worker_drain(v->server->disk);
    aof_free(v->aof);
    mem_free(v->written);
    mem_free(v);
}

static struct bytes library_at(void *context, size_t i)
{
    return scripting_library(context, i);
}

static struct rdb_write_options write_options(const struct saver *v, bool aof_base)
{
    const struct settings *s = v->server->settings;
    return (struct rdb_write_options){.version = (int)s->rdb_compat,
                                      .checksum = s->rdbchecksum,
                                      .compress = s->rdbcompression,
                                      .aof_base = aof_base,
                                      .key_delay_us = s->rdb_key_save_delay,
                                      .journal_offset = v->server->engine.journal->offset,
                                      .replication_id = v->replication_id,
                                      .library = library_at,
                                      .context = v->server->engine.scripting};
}

/* What another server would not find in the file. */
static void tell_asides(const struct rdb_write_result *r, int version)
{
    if (r->streams_aside)
        log_line(
            LOG_NOTICE,
            "%llu streams have message ids of producers, released entries or settings of their "
            "own, kept in fields beside their values: Redis skips these",
            (unsigned long long)r->streams_aside);
    if (r->hashes_aside)
        log_line(LOG_NOTICE,
                 "%llu hashes have fields with deadlines, kept in fields beside their values "
                 "(rdb-compat %d): Redis skips these",
                 (unsigned long long)r->hashes_aside, version);
}

/* Writes the data set to a new file, syncs it and reads it back. 0 or -errno. */
static int write_file(struct saver *v, const char *path, bool aof_base)
{
    struct rdb_write_options o = write_options(v, aof_base);
    struct rdb_write_result r;
    int fd = file_create(path);
    if (fd < 0)
        return fd;
    int error = rdb_write(fd, v->server->engine.store, &o, &r);
    if (!error)
        error = file_sync(fd);
    file_close(fd);
    if (!error)
        error = rdb_write_verify(path, &r);
    if (error == -EBADMSG)
        log_line(LOG_WARNING, "What was written to %s reads back otherwise", path);
    if (error)
        file_remove(path);
    else
        tell_asides(&r, o.version);
    return error;
}

static int save_now(struct saver *v)
{
    char temp[64];
    snprintf(temp, sizeof(temp), "temp-%d.rdb", (int)getpid());
    int error = write_file(v, temp, false);
    if (!error)
        error = file_rename(temp, v->server->settings->dbfilename);
    return error;
}

/* ---- Loading */

static bool load_progress(void *context, uint64_t bytes)
{
    struct saver *v = context;
    struct server *s = v->server;
    v->load_done = v->load_base + bytes;
    /* Within a command (DEBUG RELOAD) nothing else may run. */
    if (!v->starting)
        return true;
    loop_turn(s->loop, 0);
    if (s->stopping)
        return false;
    now_read(s);
    if (!dlist_empty(&s->readable))
        link_read_all(s);
    link_write_all(s, UINT64_MAX);
    link_close_all(s);
    return true;
}

static bool replay(void *context, const struct bytes *argv, int argc)
{
    struct saver *v = context;
    struct exec_request q = {.argv = argv, .argc = argc};
    unsigned errors = v->replay->reply.errors;
    q.command = registry_find(v->server->engine.registry, argv[0]);
    if (!q.command)
        return false;
    exec_request(v->replay, &q);
    if (v->replay->reply.errors != errors && v->replay_errors++ < 10)
        log_line(LOG_WARNING, "Replaying '%.*s' gave an error: %s", (int)argv[0].n, argv[0].p,
                 v->replay->reply.error_code);
    return true;
}

static void look_ahead(void *context, const struct aof_read_command *commands, unsigned n)
{
    struct saver *v = context;
    struct feed_key keys[AOF_READ_AHEAD];
    for (unsigned i = 0; i < n; i++) {
        const struct bytes *argv = commands[i].argv;
        keys[i] = feed_key(v->replay, registry_find(v->server->engine.registry, argv[0]), argv,
                           commands[i].argc);
    }
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_entry(v->replay, &keys[i]);
    for (unsigned i = 0; i < n; i++)
        feed_prefetch_value(v->replay, &keys[i]);
}

static bool replay_effect(void *context, int db, const struct bytes *argv, int argc)
{
    struct saver *v = context;
    struct db *before = v->replay->db;
    v->replay->db = &v->server->engine.store->dbs[db];
    bool good = replay(context, argv, argc);
    v->replay->db = before;
    return good;
}

static bool load_rdb(struct saver *v, const char *path, bool is_base, struct bytes *tail)
{
    struct server *s = v->server;
    const struct settings *c = s->settings;
    struct bytes map;
    struct rdb_read_result r;
    int error = file_map(path, &map);
    if (error) {
        log_line(LOG_WARNING, "Fatal error loading the DB, check server logs. Can't open %s: %s",
                 path, strerror(-error));
        return false;
    }
    struct rdb_read_options o = {.verify = c->rdbchecksum,
                                 .drop_expired = !is_base,
                                 .now_ms = s->engine.now_ms,
                                 .values = rdb_get_options_from(c),
                                 .apply = replay_effect,
                                 .progress = load_progress,
                                 .context = v};
    bool good = rdb_read(s->engine.store, map, &o, &r);
    v->loaded_keys += r.keys;
    v->loaded_expired += r.expired;
    if (good && r.module_fields)
        log_line(LOG_WARNING, "%s holds %llu fields of modules, which are left out", path,
                 (unsigned long long)r.module_fields);
    if (good) {
        log_line(LOG_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu.",
                 (unsigned long long)r.keys, (unsigned long long)r.expired);
        if (r.replication_id[0]) {
            memcpy(v->replication_id, r.replication_id, 41);
            s->engine.journal->offset = r.journal_offset;
        }
        if (tail && r.length < map.n) {
            struct aof_read_options ao = {.apply = replay, .context = v};
            struct aof_read_result ar;
            s->engine.replaying_foreign = true;
            aof_read(bytes_of(map.p + r.length, map.n - r.length), &ao, &ar);
            s->engine.replaying_foreign = false;
            good = ar.status == AOF_READ_GOOD;
            if (!good)
                log_line(LOG_WARNING, "Bad tail behind the RDB preamble of %s: %s", path, ar.error);
        }
    } else {
        log_line(LOG_WARNING, "Fatal error loading the DB: %s: %s. Exiting.", path, r.error);
    }
    file_unmap(map);
    return good;
}

/* Keeps the torn end of a file aside and cuts it off. */
static bool cut(struct saver *v, const char *path, struct bytes map, uint64_t good)
{
    char aside[PATH_MAX + 64];
    int error = cut_tail(path, map, good, aside, sizeof(aside));
    if (error) {
        log_line(LOG_WARNING, "The torn end of %s could not be cut: %s", path, strerror(-error));
        return false;
    }
    v->cut_bytes += map.n - good;
    log_line(LOG_WARNING, "!!! Warning: short read while loading the AOF file %s!!!", path);
    log_line(LOG_WARNING,
             "AOF %s loaded anyway because aof-load-truncated is enabled: cut at byte %llu, the "
             "%llu bytes behind it are kept in %s",
             path, (unsigned long long)good, (unsigned long long)(map.n - good), aside);
    return true;
}

static bool load_aof_file(struct saver *v, const char *path, bool last)
{
    struct server *s = v->server;
    struct bytes map;
    int error = file_map(path, &map);
    if (error) {
        log_line(LOG_WARNING, "Fatal error: can't open the append log file %s: %s", path,
                 strerror(-error));
        return false;
    }
    struct aof_read_options o = {
        .apply = replay, .ahead = look_ahead, .progress = load_progress, .context = v};
    struct aof_read_result r;
    struct aof_read_head head;
    size_t head_n;
    s->engine.replaying_foreign = !aof_read_head(map, &head, &head_n);
    aof_read(map, &o, &r);
    s->engine.replaying_foreign = false;
    bool good = r.status == AOF_READ_GOOD;
    if (r.framed && r.offset > s->engine.journal->offset)
        s->engine.journal->offset = r.offset;
    if (r.status == AOF_READ_TORN && last && s->settings->aof_load_truncated) {
        good = cut(v, path, map, r.good);
        session_reset(v->replay); /* a transaction that never ended */
        client_set_anonymous(v->replay, false);
        v->replay->flags |= CLIENT_REPLAY;
    } else if (!good) {
        log_line(LOG_WARNING,
                 r.status == AOF_READ_TORN && last
                     ? "Unexpected end of file reading the append only file %s: %s. You can: 1) "
                       "Make a backup of your AOF file, then use ./redis-check-aof --fix "
                       "<filename.manifest>. 2) Alternatively you can set the "
                       "'aof-load-truncated' configuration option to yes and restart the server."
                     : "Bad file format reading the append only file %s: %s. Make a backup of "
                       "your AOF file, then use ./redis-check-aof --fix <filename.manifest>",
                 path, r.error);
    }
    v->load_base += map.n;
    file_unmap(map);
    return good;
}

static bool load_base(struct saver *v, const char *path, bool last)
{
    char start[5];
    struct bytes tail;
    int n = file_read_start(path, start, 5);
    if (n < 0) {
        log_line(LOG_WARNING, "Fatal error: can't open the append log file %s: %s", path,
                 strerror(-n));
        return false;
    }
    return n == 5 && memcmp(start, "REDIS", 5) == 0 ? load_rdb(v, path, true, &tail)
                                                    : load_aof_file(v, path, last);
}

/* Small files are not worth a step of memory that may be left over. */
static void expect_much(const struct saver *v)
{
    if (v->load_total >= MUCH_TO_LOAD)
        mem_grow_begin();
}

static bool load_aof(struct saver *v)
{
    struct manifest *m = aof_manifest(v->aof);
    char path[PATH_MAX];
    uint64_t last = manifest_last_seq(m, MANIFEST_INCREMENT),
             used = manifest_last_in_use(m, v->server->settings->appenddirname);
    for (size_t i = 0; i < m->n; i++) {
        aof_path(v->aof, m->files[i].name, path, sizeof(path));
        int64_t n = file_size_of(path);
        v->load_total += n > 0 && m->files[i].type != MANIFEST_HISTORY ? (uint64_t)n : 0;
    }
    expect_much(v);
    const struct manifest_file *base = manifest_base(m);
    int64_t start_us = clock_mono_us();
    if (base) {
        aof_path(v->aof, base->name, path, sizeof(path));
        if (!load_base(v, path, last == 0))
            return false;
        log_line(LOG_NOTICE, "DB loaded from base file %s: %.3f seconds", base->name,
                 (double)(clock_mono_us() - start_us) / 1e6);
    }
    /* In order of their numbers. */
    for (uint64_t seq = 1; seq <= last; seq++)
        for (size_t i = 0; i < m->n; i++) {
            if (m->files[i].type != MANIFEST_INCREMENT || m->files[i].seq != seq)
                continue;
            start_us = clock_mono_us();
            aof_path(v->aof, m->files[i].name, path, sizeof(path));
            if (!load_aof_file(v, path, seq == used))
                return false;
            log_line(LOG_NOTICE, "DB loaded from incr file %s: %.3f seconds", m->files[i].name,
                     (double)(clock_mono_us() - start_us) / 1e6);
        }
    return true;
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

static void begin_load(struct saver *v)
{
    struct engine *e = &v->server->engine;
    v->loading = true;
    v->load_started_ms = e->now_ms;
    v->load_total = v->load_done = v->load_base = 0;
    v->replay_errors = 0;
    v->replay = client_new(e);
    rights_begin(v->replay);
    v->replay->flags |= CLIENT_REPLAY;
    client_set_anonymous(v->replay, false);
    e->special |= ENGINE_LOADING;
    e->store->expiry_ignored = true;
    e->replaying = true;
}

static void end_load(struct saver *v)
{
    struct engine *e = &v->server->engine;
    mem_grow_end();
    session_close(v->replay);
    v->replay = NULL;
    v->loading = false;
    e->special &= ~(unsigned)ENGINE_LOADING;
    e->store->expiry_ignored = false;
    e->replaying = false;
    v->saved_dirty = e->store->dirty;
}

/* The first base of a server that had no append-only file. */
static bool create_aof(struct saver *v)
{
    char temp[64];
    snprintf(temp, sizeof(temp), "temp-rewriteaof-%d.aof", (int)getpid());
    int error = file_make_directory(v->server->settings->appenddirname);
    if (!error)
        error = write_file(v, temp, true);
    if (!error)
        error = aof_create(v->aof, temp, true);
    if (!error)
        return true;
    log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-error));
    return false;
}

/* An append-only file of Redis before 7.0 is one file in `dir`: it becomes the base. */
static bool adopt_old_aof(struct saver *v, int *have)
{
    const char *name = v->server->settings->appendfilename;
    const struct manifest_file *base = manifest_base(aof_manifest(v->aof));
    char path[PATH_MAX];
    aof_path(v->aof, name, path, sizeof(path));
    if (!file_exists(name) ||
        (*have && (!base || strcmp(base->name, name) != 0 || file_exists(path))))
        return true;
    int error = aof_adopt(v->aof);
    if (error) {
        log_line(LOG_WARNING, "The append-only file %s can't be moved into %s: %s", name,
                 v->server->settings->appenddirname, strerror(-error));
        return false;
    }
    log_line(LOG_NOTICE,
             "Successfully migrated an old-style AOF configuration (%s) into the AOF "
             "directory (%s).",
             name, v->server->settings->appenddirname);
    *have = 1;
    return true;
}

static bool load_all(struct saver *v)
{
    struct server *s = v->server;
    const char *dump = s->settings->dbfilename;
    char error[160];
    int have = 0;
    if (s->settings->appendonly) {
        have = aof_read_manifest(v->aof, error);
        if (have < 0) {
            log_line(LOG_WARNING, "Fatal error loading the append-only file: %s", error);
            return false;
        }
        if (!adopt_old_aof(v, &have))
            return false;
    }
    if (have)
        return load_aof(v);
    if (!file_exists(dump))
        return true;
    if (s->settings->appendonly)
        log_line(LOG_NOTICE, "There is no append-only file yet: it begins with what %s holds",
                 dump);
    int64_t n = file_size_of(dump);
    v->load_total = n > 0 ? (uint64_t)n : 0;
    expect_much(v);
    return load_rdb(v, dump, false, NULL);
}

bool saver_load(struct saver *v)
{
    struct server *s = v->server;
    int64_t start_us = clock_mono_us();
    file_list(".", sweep_one, NULL);
    begin_load(v);
    v->starting = true;
    bool good = load_all(v);
    v->starting = false;
    bool existed = aof_manifest(v->aof)->n > 0;
    end_load(v);
    if (!good || s->stopping)
        return false;
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
    } else if (v->loaded_keys) {
        log_line(LOG_NOTICE, "DB loaded from disk: %.3f seconds",
                 (double)(clock_mono_us() - start_us) / 1e6);
    }
    saver_policy_changed(v);
    return true;
}

/* ---- The turn */

void saver_policy_changed(struct saver *v)
{
    const struct settings *s = v->server->settings;
    aof_set_policy(v->aof, (enum aof_policy)s->appendfsync,
                   s->no_appendfsync_on_rewrite && v->child && s->appendfsync != AOF_NO);
    aof_set_timestamps(v->aof, s->aof_timestamp_enabled);
    aof_set_reserve(v->aof, (uint64_t)s->aof_disk_reserve);
}

void saver_begin_turn(struct saver *v)
{
    struct engine *e = &v->server->engine;
    e->gate_on = aof_gates(v->aof);
    e->store->written = e->gate_on ? v->written : NULL;
    e->durable_on = aof_is_open(v->aof);
    uint64_t synced = e->durable_on ? aof_synced(v->aof) : UINT64_MAX;
    bool further = synced != e->durable_offset;
    e->durable_offset = synced;
    if (further && !dlist_empty(&e->confirming))
        block_confirm(e);
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
        e->special |= ENGINE_DISK_FAILED;
    } else if (!error && v->failed_since_ms) {
        v->failed_since_ms = 0;
        v->last_write_ok = true;
        e->special &= ~(unsigned)ENGINE_DISK_FAILED;
        log_line(LOG_WARNING, "The append-only file is good again, writes are accepted.");
    }
}

void saver_flush(struct saver *v)
{
    if (v->server->engine.sync_wanted) {
        v->server->engine.sync_wanted = false;
        aof_want_sync(v->aof);
    }
    aof_flush(v->aof, v->server->engine.steady_ms, v->server->engine.held_count);
}

bool saver_gathers(const struct saver *v)
{
    return aof_gathers(v->aof);
}

/* The keys of the effects that are not written: what writes of this turn would have noted, had the
 * gate been on from its beginning. */
static void note_unwritten(struct saver *v)
{
    struct engine *e = &v->server->engine;
    struct buf *pending = &e->journal->pending;
    struct request_limits limits = {
        .bulk = INT32_MAX, .args = INT32_MAX, .inline_ = 1024, .authenticated = true};
    struct request q;
    request_init(&q);
    for (size_t at = 0; at < pending->n;) {
        struct key_at keys[16];
        if (request_parse(&q, pending->p + at, pending->n - at, &limits) != REQUEST_READY)
            break;
        const struct command *command = registry_find(e->registry, q.argv[0]);
        int n = command ? keys_find(command, q.argv, q.argc, keys, 16) : 0;
        bool writes = command && (command->flags & COMMAND_WRITE);
        for (int i = 0; i < n && n <= 16; i++)
            v->written[hash_key(q.argv[keys[i].index]) % STORE_WRITTEN_SLOTS] = e->journal->offset;
        if (writes && (n <= 0 || n > 16)) /* FLUSHALL and the like */
            for (unsigned i = 0; i < STORE_WRITTEN_SLOTS; i++)
                v->written[i] = e->journal->offset;
        at += q.at;
        request_reset(&q);
    }
    request_free(&q);
}

void saver_gate_again(struct saver *v)
{
    struct engine *e = &v->server->engine;
    if (e->gate_on || !aof_gates(v->aof))
        return;
    e->gate_on = true;
    e->store->written = v->written;
    note_unwritten(v);
}

bool saver_must_hold(struct saver *v)
{
    if (v->server->engine.gate_on || !aof_fails(v->aof))
        return false;
    note_unwritten(v);
    return true;
}

uint64_t saver_released(const struct saver *v)
{
    return aof_released(v->aof);
}

/* ---- Children */

static pid_t start_child(struct saver *v, enum work work)
{
    struct server *s = v->server;
    int64_t start_us = clock_mono_us();
    pid_t pid = child_start();
    if (pid > 0)
        observe_latency(&s->engine, "fork", (clock_mono_us() - start_us) / 1000);
    if (pid == 0) {
        for (int i = 0; i < s->listener_n; i++)
            close(s->listeners[i].fd);
        log_set_role('C');
        stream_cache_limit(0); /* what it reads it reads once, and its memory is a copy */
        char temp[64];
        snprintf(temp, sizeof(temp),
                 work == WORK_SAVE ? "temp-%d.rdb" : "temp-rewriteaof-bg-%d.aof", (int)getpid());
        int error = write_file(v, temp, work == WORK_REWRITE);
        if (!error && work == WORK_SAVE) {
            error = file_rename(temp, s->settings->dbfilename);
            if (!error)
                log_line(LOG_NOTICE, "DB saved on disk");
        }
        if (error)
            log_line(LOG_WARNING, "Write error saving DB on disk: %s", strerror(-error));
        child_exit(error ? 1 : 0);
    }
    v->fork_us = (uint64_t)(clock_mono_us() - start_us);
    if (pid < 0) {
        log_line(LOG_WARNING, "Can't save in background: fork: %s", strerror((int)-pid));
        return pid;
    }
    v->forks++;
    v->child = pid;
    v->work = work;
    v->child_started_ms = s->engine.steady_ms;
    v->dirty_at_fork = s->engine.store->dirty;
    snprintf(v->temp, sizeof(v->temp),
             work == WORK_SAVE ? "temp-%d.rdb" : "temp-rewriteaof-bg-%d.aof", (int)pid);
    saver_policy_changed(v);
    return pid;
}

static void drop_child(struct saver *v)
{
    child_kill(v->child);
    file_remove(v->temp);
    v->child = 0;
    v->work = WORK_NONE;
}

int saver_background_save(struct saver *v, bool schedule)
{
    if (v->child || v->rewrite_wanted || v->finishing) {
        if (v->work == WORK_SAVE && v->child)
            return -EALREADY;
        if (!schedule)
            return -EBUSY;
        v->save_scheduled = true;
        return 1;
    }
    v->last_try_ms = v->server->engine.steady_ms;
    pid_t pid = start_child(v, WORK_SAVE);
    if (pid < 0) {
        v->last_save_ok = false;
        return (int)pid;
    }
    log_line(LOG_NOTICE, "Background saving started by pid %d", (int)pid);
    return 0;
}

int saver_rewrite(struct saver *v)
{
    if (v->rewrite_wanted || v->finishing || (v->child && v->work == WORK_REWRITE))
        return -EALREADY;
    if (!aof_is_open(v->aof))
        return -ENOENT;
    if (v->child || v->seal != SEAL_NONE) {
        v->rewrite_scheduled = true;
        return 1;
    }
    int error = aof_begin_segment(v->aof);
    if (error)
        return error;
    v->rewrite_wanted = true;
    return 0;
}

const struct manifest *saver_manifest(const struct saver *v)
{
    return aof_manifest(v->aof);
}

bool saver_has_base(const struct saver *v)
{
    return aof_is_open(v->aof) && !aof_is_baseless(v->aof);
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
    if (v->seal != SEAL_NONE || v->rewrite_wanted || v->finishing ||
        (v->child && v->work == WORK_REWRITE))
        return 0;
    int error = aof_begin_segment(v->aof);
    if (error)
        return error;
    v->seal = SEAL_WANTED;
    return 0;
}

/* The switch of a backup: nothing is forked. */
static void seal_at_end_of_turn(struct saver *v)
{
    int error = aof_segment_error(v->aof);
    if (error) {
        v->seal = SEAL_NONE; /* another attempt follows */
        aof_drop_segment(v->aof);
        log_line(LOG_WARNING, "Can't prepare a new segment of the append-only file: %s",
                 strerror(-error));
    } else if (aof_segment_ready(v->aof)) {
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
    int error = aof_segment_error(v->aof);
    if (error) {
        v->rewrite_wanted = false;
        v->last_rewrite_ok = false;
        aof_drop_segment(v->aof);
        log_line(LOG_WARNING, "Can't prepare a new segment of the append-only file: %s",
                 strerror(-error));
        return;
    }
    if (!aof_segment_ready(v->aof))
        return;
    /* The fork sees exactly what the segments before the new one hold. */
    v->rewrite_wanted = false;
    pid_t pid = start_child(v, WORK_REWRITE);
    aof_switch(v->aof);
    if (pid < 0) {
        v->last_rewrite_ok = false;
        return;
    }
    log_line(LOG_NOTICE, "Background append only file rewriting started by pid %d", (int)pid);
}

static void rewrite_finished(void *context, int error)
{
    struct saver *v = context;
    v->finishing = false;
    v->last_rewrite_ok = error == 0;
    v->rewrites++;
    v->last_rewrite_s = (v->server->engine.steady_ms - v->child_started_ms) / 1000;
    if (error)
        log_line(LOG_WARNING, "The rewritten append-only file could not be put in place: %s",
                 strerror(-error));
    else
        log_line(LOG_NOTICE, "Background AOF rewrite finished successfully");
}

static void save_ended(struct saver *v, bool good, int number)
{
    v->last_save_s = (v->server->engine.steady_ms - v->child_started_ms) / 1000;
    if (good) {
        v->saves++;
        v->saved_dirty = v->dirty_at_fork;
        v->last_save_ms = v->server->engine.now_ms;
        v->saved_at_ms = v->server->engine.steady_ms;
        v->last_save_ok = true;
        log_line(LOG_NOTICE, "Background saving terminated with success");
    } else {
        file_remove(v->temp);
        /* A child that was told to stop is no sign of a broken disk. */
        if (number != SIGUSR1)
            v->last_save_ok = false;
        if (number)
            log_line(LOG_WARNING, "Background saving terminated by signal %d", number);
        else
            log_line(LOG_WARNING, "Background saving error");
    }
}

static void reap(struct saver *v)
{
    int code, number;
    if (!v->child || !child_ended(v->child, &code, &number))
        return;
    bool good = code == 0 && number == 0;
    v->child = 0;
    saver_policy_changed(v);
    if (v->work == WORK_SAVE) {
        save_ended(v, good, number);
    } else if (good) {
        log_line(LOG_NOTICE, "Background AOF rewrite terminated with success");
        v->finishing = true;
        aof_finish_rewrite(v->aof, v->temp, true, rewrite_finished, v);
    } else {
        file_remove(v->temp);
        v->last_rewrite_ok = false;
        v->last_rewrite_s = (v->server->engine.steady_ms - v->child_started_ms) / 1000;
        if (number)
            log_line(LOG_WARNING, "Background AOF rewrite terminated by signal %d", number);
        else
            log_line(LOG_WARNING, "Background AOF rewrite terminated with error");
    }
    v->work = WORK_NONE;
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
    char error[160];
    /* What an older append-only file held is not what we hold: it is replaced as a whole. */
    manifest_free(aof_manifest(v->aof));
    aof_read_manifest(v->aof, error);
    int failed = aof_open_first(v->aof);
    if (failed) {
        log_line(LOG_WARNING, "Can't create the append-only file: %s", strerror(-failed));
        return false;
    }
    saver_policy_changed(v);
    if (start_child(v, WORK_REWRITE) < 0) {
        aof_close(v->aof);
        return false;
    }
    log_line(LOG_NOTICE, "The append-only file begins, process %d writes its base", (int)v->child);
    return true;
}

/* The disk has failed: what may help is tried until it does. */
static void recover(struct saver *v, bool busy)
{
    int64_t now_ms = v->server->engine.steady_ms;
    if (now_ms - v->recover_ms < RECOVER_MS)
        return;
    v->recover_ms = now_ms;
    aof_retry(v->aof);
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
    if (v->loading)
        return;
    reap(v);
    bool busy = v->child || v->rewrite_wanted || v->finishing || v->seal != SEAL_NONE;
    bool retry = e->steady_ms - v->first_try_ms >= RETRY_SAVE_MS;
    if (!busy && v->first_wanted && retry) {
        v->first_try_ms = e->steady_ms;
        v->first_wanted = !open_first_aof(v);
        busy = v->child != 0;
    }
    if (!busy && aof_is_baseless(v->aof) && aof_is_open(v->aof) && retry) {
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
    if (!busy && !(e->special & ENGINE_DISK_FAILED) && rewrite_is_due(v))
        busy = saver_rewrite(v) == 0;
    if (!busy && save_is_due(v))
        saver_background_save(v, false);
    if (!v->last_save_ok && v->server->settings->stop_writes_on_bgsave_error &&
        v->server->settings->save_point_n)
        e->special |= ENGINE_SAVE_FAILED;
    else
        e->special &= ~(unsigned)ENGINE_SAVE_FAILED;
    if (!busy && !v->failed_since_ms && e->steady_ms - v->looked_ms >= LOOK_MS)
        look_at_files(v);
    if (v->failed_since_ms)
        recover(v, busy);
    if (v->failed_since_ms && e->steady_ms - v->failed_since_ms > DROP_HELD_MS)
        link_drop_held(v->server);
    /* A batch that waited for a sync, or a sync that is due, though no request came. */
    aof_flush(v->aof, e->steady_ms, e->held_count);
}

int saver_save(struct saver *v)
{
    if (v->child && v->work == WORK_SAVE)
        return -EBUSY;
    int error = save_now(v);
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

int64_t saver_last_save(const struct saver *v)
{
    return v->last_save_ms / 1000;
}

static void empty(struct saver *v)
{
    struct store *s = v->server->engine.store;
    for (int i = 0; i < s->count; i++)
        db_flush(&s->dbs[i]);
}

int saver_reload(struct saver *v, bool save, bool flush)
{
    bool on = v->server->engine.journal->on;
    int error = save ? save_now(v) : 0;
    if (error)
        return error;
    if (flush)
        empty(v);
    /* What is loaded is no news for the journal. */
    uint64_t offset = v->server->engine.journal->offset;
    v->server->engine.journal->on = false;
    begin_load(v);
    bool good = load_rdb(v, v->server->settings->dbfilename, true, NULL);
    end_load(v);
    v->server->engine.journal->on = on;
    v->server->engine.journal->offset = offset;
    return good ? 0 : -EIO;
}

/* An append-only file that was turned on gets its base at once, whatever a child was about to do.
 * False: the log says why. */
static bool need_base(struct saver *v)
{
    if (!aof_is_open(v->aof) || !aof_is_baseless(v->aof))
        return true;
    if (v->child && v->work == WORK_REWRITE)
        drop_child(v);
    worker_drain(v->server->disk);
    return !aof_is_baseless(v->aof) || create_aof(v);
}

int saver_load_aof_again(struct saver *v)
{
    struct journal *j = v->server->engine.journal;
    if (!aof_is_open(v->aof))
        return -ENOENT;
    int error = aof_sync_now(v->aof);
    if (error)
        return error;
    if (!need_base(v))
        return -EIO;
    uint64_t offset = j->offset;
    empty(v);
    j->on = false;
    begin_load(v);
    bool good = load_aof(v);
    end_load(v);
    j->on = true;
    j->offset = offset;
    return good ? 0 : -EIO;
}

bool saver_shutdown(struct saver *v, unsigned how)
{
    const struct settings *s = v->server->settings;
    if (v->child) {
        log_line(LOG_WARNING, "There is a child saving an .rdb or rewriting the AOF. Killing it!");
        drop_child(v);
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
    if (!need_base(v) && !(how & ENGINE_SHUTDOWN_FORCE))
        return false;
    bool save =
        (s->save_point_n > 0 && !(how & ENGINE_SHUTDOWN_NOSAVE)) || (how & ENGINE_SHUTDOWN_SAVE);
    if (!save || v->loading)
        return true;
    log_line(LOG_NOTICE, "Saving the final RDB snapshot before exiting.");
    return saver_save(v) == 0;
}

bool saver_change_directory(struct saver *v, const char **reason)
{
    char here[PATH_MAX];
    struct settings *s = v->server->settings;
    if (v->loading || aof_is_open(v->aof)) {
        *reason = v->loading ? "the data is being loaded"
                             : "the append-only file is open in the present directory";
        return false;
    }
    if (chdir(s->dir) < 0) {
        *reason = strerror(errno);
        return false;
    }
    if (getcwd(here, sizeof(here))) {
        mem_free(s->dir);
        s->dir = mem_copy_text(here, strlen(here));
    }
    return true;
}

bool saver_switch_aof(struct saver *v, bool on, const char **reason)
{
    if (v->loading) {
        *reason = "the data is being loaded";
        return false;
    }
    v->first_wanted = false;
    if (on == aof_is_open(v->aof))
        return true;
    if (!on) {
        v->rewrite_wanted = false;
        v->seal = SEAL_NONE;
        aof_sync_now(v->aof);
        aof_close(v->aof);
        return true;
    }
    if (v->child || v->rewrite_wanted || v->finishing) {
        log_line(LOG_NOTICE, "The append-only file was turned on while a child process works: it "
                             "begins when that has ended");
        v->first_wanted = true;
        return true;
    }
    if (!open_first_aof(v)) {
        *reason = "Unable to turn on AOF. Check server logs.";
        return false;
    }
    return true;
}

uint64_t saver_forks(const struct saver *v, uint64_t *last_us)
{
    *last_us = v->fork_us;
    return v->forks;
}

void saver_info(const struct saver *v, struct buf *b)
{
    const struct server *s = v->server;
    int64_t now = s->engine.steady_ms;
    bool rewriting = v->rewrite_wanted || v->finishing || (v->child && v->work == WORK_REWRITE);
    bool saving = v->child && v->work == WORK_SAVE;
    buf_printf(b,
               "loading:%d\r\nasync_loading:0\r\ncurrent_cow_peak:0\r\ncurrent_cow_size:0\r\n"
               "current_cow_size_age:0\r\ncurrent_fork_perc:0.00\r\n"
               "current_save_keys_processed:0\r\ncurrent_save_keys_total:0\r\n",
               v->loading);
    buf_printf(b,
               "rdb_changes_since_last_save:%lld\r\nrdb_bgsave_in_progress:%d\r\n"
               "rdb_last_save_time:%lld\r\nrdb_last_bgsave_status:%s\r\n"
               "rdb_last_bgsave_time_sec:%lld\r\nrdb_current_bgsave_time_sec:%lld\r\n"
               "rdb_saves:%llu\r\nrdb_last_cow_size:0\r\nrdb_last_load_keys_expired:%llu\r\n"
               "rdb_last_load_keys_loaded:%llu\r\n",
               s->engine.store->dirty - v->saved_dirty, saving, (long long)v->last_save_ms / 1000,
               v->last_save_ok ? "ok" : "err", (long long)v->last_save_s,
               saving ? (long long)(now - v->child_started_ms) / 1000 : -1LL,
               (unsigned long long)v->saves, (unsigned long long)v->loaded_expired,
               (unsigned long long)v->loaded_keys);
    buf_printf(b,
               "aof_enabled:%d\r\naof_rewrite_in_progress:%d\r\naof_rewrite_scheduled:%d\r\n"
               "aof_last_rewrite_time_sec:%lld\r\naof_current_rewrite_time_sec:%lld\r\n"
               "aof_last_bgrewrite_status:%s\r\naof_rewrites:%llu\r\n"
               "aof_rewrites_consecutive_failures:0\r\naof_last_write_status:%s\r\n"
               "aof_last_cow_size:0\r\nmodule_fork_in_progress:0\r\n"
               "module_fork_last_cow_size:0\r\n",
               aof_is_open(v->aof), rewriting, v->rewrite_scheduled || v->first_wanted,
               (long long)v->last_rewrite_s,
               rewriting && v->child ? (long long)(now - v->child_started_ms) / 1000 : -1LL,
               v->last_rewrite_ok ? "ok" : "err", (unsigned long long)v->rewrites,
               v->last_write_ok ? "ok" : "err");
    if (aof_is_open(v->aof))
        buf_printf(b,
                   "aof_current_size:%llu\r\naof_base_size:%llu\r\n"
                   "aof_pending_rewrite:%d\r\naof_buffer_length:%zu\r\n"
                   "aof_pending_bio_fsync:%d\r\naof_delayed_fsync:%llu\r\n"
                   "aof_unsynced_bytes:%llu\r\naof_cut_bytes_at_load:%llu\r\n"
                   "aof_last_fsync_age_ms:%lld\r\n"
                   "aof_fsync_percentiles_usec:p50=%llu,p99=%llu,p99.9=%llu,max=%llu\r\n",
                   (unsigned long long)aof_size(v->aof), (unsigned long long)aof_base_size(v->aof),
                   v->rewrite_scheduled, s->engine.journal->pending.n, aof_sync_in_flight(v->aof),
                   (unsigned long long)aof_delayed_syncs(v->aof),
                   (unsigned long long)aof_unsynced(v->aof), (unsigned long long)v->cut_bytes,
                   aof_last_sync_ms(v->aof) ? (long long)(now - aof_last_sync_ms(v->aof)) : -1LL,
                   (unsigned long long)aof_sync_latency_us(v->aof, 0.5),
                   (unsigned long long)aof_sync_latency_us(v->aof, 0.99),
                   (unsigned long long)aof_sync_latency_us(v->aof, 0.999),
                   (unsigned long long)aof_sync_latency_us(v->aof, 1));
    if (v->loading) {
        double part = v->load_total ? (double)v->load_done / (double)v->load_total : 0;
        double seconds = (double)(clock_wall_ms() - v->load_started_ms) / 1000;
        buf_printf(b,
                   "loading_start_time:%lld\r\nloading_total_bytes:%llu\r\n"
                   "loading_rdb_used_mem:0\r\nloading_loaded_bytes:%llu\r\n"
                   "loading_loaded_perc:%.2f\r\nloading_eta_seconds:%.0f\r\n",
                   (long long)v->load_started_ms / 1000, (unsigned long long)v->load_total,
                   (unsigned long long)v->load_done, part * 100,
                   part > 0 ? seconds / part - seconds : 1.0);
    }
}
