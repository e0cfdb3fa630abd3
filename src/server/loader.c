/* What is loaded at startup (a primary's snapshot is loaded by server/copy_loader):
 *
 *   appendonly yes  The base and the increments that the manifest names, in order of their numbers.
 *                   The base is RDB or commands; increments are commands in frames
 *                   (persist/aof_read). Without a manifest, a single append-only file as Redis had
 *                   before 7.0 is adopted as the base; without that the snapshot is loaded. A
 *                   snapshot that is newer than the base, because appendonly was off meanwhile, is
 *                   loaded instead (docs/decisions/0022).
 *   appendonly no   The snapshot, if it exists.
 *
 * Commands run as server/replay says. Nothing expires meanwhile (ENGINE_LOADING), because a later
 * command may rename or persist a key that is past its TTL.
 *
 * What can fail:
 *
 *   unreadable, or damaged where it had been synced   The server does not start.
 *   the end of the last file is torn by a crash       It is cut off and kept in another file
 *                                                     (aof-load-truncated).
 *   a command replies with an error                   Logged; loading continues.
 *   a command is unknown, or changes no data          The server does not start.
 *   shutdown                                          serve() returns false; the readers stop. */
#include "server/loader.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state.h"
#include "io/file.h"
#include "persist/aof.h"
#include "persist/aof_frame.h"
#include "persist/aof_read.h"
#include "persist/cut.h"
#include "persist/rdb_head.h"
#include "persist/rdb_read.h"
#include "server/replay.h"

#include <limits.h>
#include <stdio.h>

struct loader {
    struct engine *engine;
    struct aof *aof;
    bool (*serve)(void *context);
    void *context;
    struct loader_figures figures;
    enum loader_how how;
    bool starting;      /* at startup, not inside a command */
    bool ended;         /* serve() has returned false */
    uint64_t base_done; /* bytes of the files already read */
    struct replay replay;
    struct stream_end end;
};

struct loader *loader_new(struct engine *e, struct aof *aof, bool (*serve)(void *context),
                          void *context)
{
    struct loader *l = mem_zalloc(sizeof(*l));
    l->engine = e;
    l->aof = aof;
    l->serve = serve;
    l->context = context;
    return l;
}

void loader_free(struct loader *l)
{
    if (!l)
        return;
    stream_end_free(&l->end);
    mem_free(l);
}

struct stream_end *loader_stream_end(struct loader *l)
{
    return &l->end;
}

const struct loader_figures *loader_figures(const struct loader *l)
{
    return &l->figures;
}

static bool load_progress(void *context, uint64_t bytes)
{
    struct loader *l = context;
    l->figures.done = l->base_done + bytes;
    /* Inside a command (DEBUG RELOAD) nothing else may run. */
    if (!l->starting)
        return true;
    l->ended = !l->serve(l->context);
    return !l->ended;
}

static bool replay(void *context, const struct bytes *argv, int argc)
{
    struct loader *l = context;
    return replay_command(&l->replay, argv, argc);
}

static bool replay_effect(void *context, int db, const struct bytes *argv, int argc)
{
    struct loader *l = context;
    return replay_command_in(&l->replay, db, argv, argc);
}

static void look_ahead(void *context, const struct aof_read_command *commands, unsigned n)
{
    struct loader *l = context;
    replay_look_ahead(&l->replay, commands, n);
}

static void load_warning(void *context, const char *text)
{
    (void)context;
    log_line(LOG_WARNING, "Loading the RDB file: %s", text);
}

static void log_left_out(const char *path, const struct rdb_read_result *r)
{
    if (r->left_out)
        log_line(LOG_WARNING,
                 "%llu keys of %s were skipped (rdb-skip-unknown): the types of their values are "
                 "not supported",
                 (unsigned long long)r->left_out, path);
    if (r->imported)
        log_line(LOG_WARNING,
                 "%llu keys of %s were skipped: their slots were being imported by that node, "
                 "which did not own them yet",
                 (unsigned long long)r->imported, path);
    if (r->warnings > RDB_READ_WARNINGS)
        log_line(LOG_WARNING, "Loading the RDB file: %llu further warnings are not shown",
                 (unsigned long long)(r->warnings - RDB_READ_WARNINGS));
}

static void take_stream(void *context, struct bytes kept, uint64_t skipped)
{
    struct loader *l = context;
    stream_end_take(&l->end, kept, skipped);
}

static void take_expired(void *context, int db, struct bytes key)
{
    struct loader *l = context;
    stream_end_expired(&l->end, db, key);
}

/* Whether expired keys are dropped. Replicas leave expiry to their primary; a primary that needs
 * confirmation drops them when it is confirmed. A primary with replicas drops them and replicates
 * that. */
static void choose_expiry(const struct loader *l, const char *path, struct rdb_read_options *o)
{
    struct rdb_head head;
    if (!l->starting || !o->drop_expired)
        return;
    if (*l->engine->settings->replicaof || l->engine->settings->min_replicas_to_ack)
        o->drop_expired = false;
    else if (rdb_head_read(path, &head) && head.replicas)
        o->expired = take_expired;
}

/* Takes over the snapshot's offset in the stream. */
static void take_place(struct loader *l, const char *path, const struct rdb_read_result *r)
{
    struct rdb_head head;
    struct journal *j = l->engine->journal;
    journal_continue(j, r->replication_id, r->journal_offset);
    if (!l->starting)
        return;
    l->end.found = history_is_id(r->replication_id);
    l->end.replicas = l->end.found && rdb_head_read(path, &head) && head.replicas;
    l->end.db = r->stream_db;
    stream_end_at(&l->end, j->offset);
    if (r->stream_db >= 0)
        replay_select(&l->replay, r->stream_db);
}

static bool load_rdb(struct loader *l, const char *path, bool is_base, struct bytes *tail)
{
    struct engine *e = l->engine;
    const struct settings *c = e->settings;
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
                                 .merge = l->how == LOADER_MERGE,
                                 .keep_libraries = l->how == LOADER_ADD,
                                 .skip_unknown = c->rdb_skip_unknown,
                                 .warn = load_warning,
                                 .now_ms = e->now_ms,
                                 .values = rdb_get_options_from(c, e->store->streams),
                                 .apply = replay_effect,
                                 .progress = load_progress,
                                 .progress_every =
                                     (uint64_t)c->loading_process_events_interval_bytes,
                                 .key_delay_us = &c->key_load_delay,
                                 .context = l};
    choose_expiry(l, path, &o);
    bool good = rdb_read(e->store, map, &o, &r);
    l->figures.keys += r.keys;
    l->figures.expired += r.expired;
    if (good)
        log_left_out(path, &r);
    if (good) {
        char empty[64] = "";
        if (r.empty)
            snprintf(empty, sizeof(empty), ", empty keys skipped: %llu",
                     (unsigned long long)r.empty);
        log_line(LOG_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu%s.",
                 (unsigned long long)r.keys, (unsigned long long)r.expired, empty);
        take_place(l, path, &r);
        if (tail && r.length < map.n) {
            struct aof_read_options ao = {.apply = replay, .context = l};
            struct aof_read_result ar;
            e->replaying_foreign = true;
            aof_read(bytes_of(map.p + r.length, map.n - r.length), &ao, &ar);
            e->replaying_foreign = false;
            good = ar.status == AOF_READ_GOOD;
            if (ar.commands)
                stream_end_lost(&l->end);
            if (!good)
                log_line(LOG_WARNING, "Invalid commands after the RDB preamble of %s: %s", path,
                         ar.error);
        }
    } else {
        log_line(LOG_WARNING, "Fatal error loading the DB: %s: %s.%s", path, r.error,
                 l->starting ? " Terminating server after rdb file reading failure." : "");
    }
    file_unmap(map);
    return good;
}

/* Cuts off the torn end of a file and keeps it in another one. */
static bool cut(struct loader *l, const char *path, struct bytes map, uint64_t good)
{
    char aside[PATH_MAX + 64];
    int error = cut_tail(path, map, good, aside, sizeof(aside));
    if (error) {
        log_line(LOG_WARNING, "The incomplete end of %s could not be truncated: %s", path,
                 strerror(-error));
        return false;
    }
    l->figures.cut_bytes += map.n - good;
    log_line(LOG_WARNING, "!!! Warning: short read while loading the AOF file %s!!!", path);
    log_line(LOG_WARNING,
             "AOF %s loaded anyway because aof-load-truncated is enabled: cut at byte %llu, the "
             "%llu bytes behind it are kept in %s",
             path, (unsigned long long)good, (unsigned long long)(map.n - good), aside);
    return true;
}

/* Tools look for the first words, as in Redis. */
static void log_refusal(struct loader *l, const char *path, const struct aof_read_result *r,
                        bool last)
{
    if (l->replay.unknown[0])
        log_line(LOG_WARNING, "Unknown command '%s' reading the append only file %s: %s",
                 l->replay.unknown, path, r->error);
    else if (r->status == AOF_READ_TORN && !last)
        log_line(LOG_WARNING,
                 "Unexpected end of file reading the append only file %s: %s: the truncated file "
                 "is not the last file, the ones behind it go on from what it lacks",
                 path, r->error);
    else if (r->status == AOF_READ_TORN)
        log_line(LOG_WARNING,
                 "Unexpected end of file reading the append only file %s: %s. You can: 1) "
                 "Make a backup of your AOF file, then use millrace-check-aof --fix "
                 "<filename.manifest>. 2) Alternatively you can set the "
                 "'aof-load-truncated' configuration option to yes and restart the server.",
                 path, r->error);
    else
        log_line(LOG_WARNING,
                 "Bad file format reading the append only file %s: %s. Make a backup of "
                 "your AOF file, then use millrace-check-aof --fix <filename.manifest>",
                 path, r->error);
}

/* Sets where the journal continues after the file. Commands of a base do not advance it: its header
 * has the offset. */
static void follow_stream(struct loader *l, const struct aof_read_result *r,
                          const struct aof_frame_header *base)
{
    struct journal *j = l->engine->journal;
    struct stream_end *x = &l->end;
    if (r->framed && history_is_id(r->replication_id)) {
        uint64_t offset = base ? base->offset : r->offset > j->offset ? r->offset : j->offset;
        journal_continue(j, r->replication_id, offset);
    }
    if (!l->starting)
        return;
    x->db = replay_database(&l->replay);
    if (!r->framed) {
        if (r->commands)
            stream_end_lost(x);
        return;
    }
    x->found = true;
    x->replicas = x->replicas || r->skipped;
    if (base)
        stream_end_at(x, base->offset);
    else
        x->offset = r->offset;
}

static bool load_aof_file(struct loader *l, const char *path, bool is_base, bool last)
{
    struct engine *e = l->engine;
    struct bytes map;
    int error = file_map(path, &map);
    if (error) {
        log_line(LOG_WARNING, "Fatal error: can't open the append log file %s: %s", path,
                 strerror(-error));
        return false;
    }
    struct aof_read_options o = {
        .apply = replay,
        .ahead = look_ahead,
        .progress = load_progress,
        .progress_every = (uint64_t)l->engine->settings->loading_process_events_interval_bytes,
        .ours = last && !is_base && aof_manifest(l->aof)->checked,
        .context = l};
    struct aof_read_result r;
    struct aof_frame_header head;
    size_t head_n;
    e->replaying_foreign = !aof_frame_parse_header(map, &head, &head_n);
    if (l->starting && !is_base && !e->replaying_foreign) {
        stream_end_at(&l->end, head.offset);
        o.stream = take_stream;
        o.stream_most = l->end.most;
    }
    aof_read(map, &o, &r);
    e->replaying_foreign = false;
    bool good = r.status == AOF_READ_GOOD;
    follow_stream(l, &r, is_base ? &head : NULL);
    if (r.status == AOF_READ_TORN && last && e->settings->aof_load_truncated) {
        good = cut(l, path, map, r.good);
        replay_forget_transaction(&l->replay);
    } else if (!good) {
        log_refusal(l, path, &r, last);
    }
    l->base_done += map.n;
    file_unmap(map);
    return good;
}

static bool load_base(struct loader *l, const char *path, bool last)
{
    char start[6];
    struct bytes tail;
    int n = file_read_start(path, start, sizeof(start));
    if (n < 0) {
        log_line(LOG_WARNING, "Fatal error: can't open the append log file %s: %s", path,
                 strerror(-n));
        return false;
    }
    return rdb_read_is_snapshot(bytes_of(start, (size_t)n)) ? load_rdb(l, path, true, &tail)
                                                            : load_aof_file(l, path, true, last);
}

static bool load_aof(struct loader *l)
{
    struct manifest *m = aof_manifest(l->aof);
    char path[PATH_MAX];
    uint64_t last = manifest_last_seq(m, MANIFEST_INCREMENT),
             used = manifest_last_in_use(m, l->engine->settings->appenddirname);
    for (size_t i = 0; i < m->n; i++) {
        aof_path(l->aof, m->files[i].name, path, sizeof(path));
        int64_t n = file_size_of(path);
        l->figures.total += n > 0 && m->files[i].type != MANIFEST_HISTORY ? (uint64_t)n : 0;
    }
    mem_grow_begin(l->figures.total, MEM_GROW_STEP);
    const struct manifest_file *base = manifest_base(m);
    int64_t start_us = clock_mono_us();
    if (base) {
        aof_path(l->aof, base->name, path, sizeof(path));
        if (!load_base(l, path, last == 0))
            return false;
        log_line(LOG_NOTICE, "DB loaded from base file %s: %.3f seconds", base->name,
                 (double)(clock_mono_us() - start_us) / 1e6);
    }
    /* In order of their numbers. */
    for (size_t i = 0; i < m->n; i++) {
        if (m->files[i].type != MANIFEST_INCREMENT)
            continue;
        start_us = clock_mono_us();
        aof_path(l->aof, m->files[i].name, path, sizeof(path));
        if (!load_aof_file(l, path, false, m->files[i].seq == used))
            return false;
        log_line(LOG_NOTICE, "DB loaded from incr file %s: %.3f seconds", m->files[i].name,
                 (double)(clock_mono_us() - start_us) / 1e6);
    }
    return true;
}

static void begin_load(struct loader *l)
{
    struct engine *e = l->engine;
    l->figures.started_ms = e->now_ms;
    l->figures.total = l->figures.done = l->base_done = 0;
    replay_begin(&l->replay, e);
    state_set(e, ENGINE_LOADING, true);
}

static void end_load(struct loader *l)
{
    struct engine *e = l->engine;
    mem_grow_end();
    replay_end(&l->replay);
    state_set(e, ENGINE_LOADING, false);
}

/* An append-only file of Redis before 7.0 is one file in `dir`: it becomes the base. */
static bool adopt_old_aof(struct loader *l, int *have)
{
    const char *name = l->engine->settings->appendfilename;
    const struct manifest_file *base = manifest_base(aof_manifest(l->aof));
    char path[PATH_MAX];
    aof_path(l->aof, name, path, sizeof(path));
    if (!file_exists(name) ||
        (*have && (!base || strcmp(base->name, name) != 0 || file_exists(path))))
        return true;
    int error = aof_adopt(l->aof);
    if (error) {
        log_line(LOG_WARNING, "The append-only file %s can't be moved into %s: %s", name,
                 l->engine->settings->appenddirname, strerror(-error));
        return false;
    }
    log_line(LOG_NOTICE,
             "Successfully migrated an old-style AOF configuration (%s) into the AOF "
             "directory (%s).",
             name, l->engine->settings->appenddirname);
    *have = 1;
    return true;
}

/* True when the snapshot is newer than the append-only file: written after its base, while the file
 * was off (docs/decisions/0022). */
static bool snapshot_is_newer(struct loader *l, const char *dump)
{
    struct rdb_head d, b;
    char path[PATH_MAX];
    const struct manifest_file *base = manifest_base(aof_manifest(l->aof));
    if (!base || !rdb_head_read(dump, &d))
        return false;
    aof_path(l->aof, base->name, path, sizeof(path));
    rdb_head_read(path, &b);
    return b.generation && !d.aof && d.generation > b.generation;
}

/* Finds the greatest generation of all files, loaded or not: new files must look newer. */
static void find_generation(struct loader *l)
{
    struct rdb_head h;
    char path[PATH_MAX], error[MANIFEST_ERROR];
    const struct manifest_file *base = NULL;
    bool unread = aof_manifest(l->aof)->n == 0;
    if (!unread || aof_read_manifest(l->aof, error) > 0)
        base = manifest_base(aof_manifest(l->aof));
    if (base) {
        aof_path(l->aof, base->name, path, sizeof(path));
        if (rdb_head_read(path, &h))
            l->figures.generation = h.generation;
    }
    if (rdb_head_read(l->engine->settings->dbfilename, &h) && h.generation > l->figures.generation)
        l->figures.generation = h.generation;
    if (unread)
        manifest_free(aof_manifest(l->aof));
}

static bool load_dump(struct loader *l)
{
    const char *dump = l->engine->settings->dbfilename;
    int64_t n = file_size_of(dump);
    l->figures.total = n > 0 ? (uint64_t)n : 0;
    mem_grow_begin(l->figures.total, MEM_GROW_STEP);
    return load_rdb(l, dump, false, NULL);
}

/* Loads the snapshot instead of an older append-only file, which is renamed and kept. */
static bool load_newer_dump(struct loader *l)
{
    const char *dump = l->engine->settings->dbfilename;
    char aside[MANIFEST_ERROR];
    log_line(LOG_WARNING,
             "The append-only file is older than %s, which was saved after appendonly had been "
             "disabled: loading the snapshot",
             dump);
    if (!load_dump(l))
        return false;
    int error = aof_move_aside(l->aof, aside);
    if (error)
        log_line(LOG_WARNING, "The old append-only file can't be renamed: %s", strerror(-error));
    else
        log_line(LOG_NOTICE, "The old append-only file is kept in %s", aside);
    return error == 0;
}

static bool load_existing(struct loader *l)
{
    struct engine *e = l->engine;
    const char *dump = e->settings->dbfilename;
    char error[MANIFEST_ERROR];
    int have = 0;
    if (e->settings->appendonly) {
        have = aof_read_manifest(l->aof, error);
        if (have < 0) {
            log_line(LOG_WARNING, "Fatal error loading the append-only file: %s", error);
            return false;
        }
        if (!adopt_old_aof(l, &have))
            return false;
    }
    find_generation(l);
    if (have)
        return snapshot_is_newer(l, dump) ? load_newer_dump(l) : load_aof(l);
    if (!file_exists(dump))
        return true;
    if (e->settings->appendonly)
        log_line(LOG_NOTICE, "There is no append-only file yet: creating it from %s", dump);
    return load_dump(l);
}

bool loader_start(struct loader *l)
{
    stream_end_begin(&l->end, l->engine->settings);
    begin_load(l);
    l->starting = true;
    bool good = load_existing(l);
    l->starting = false;
    end_load(l);
    return good && !l->ended;
}

bool loader_snapshot(struct loader *l, const char *path, enum loader_how how)
{
    l->how = how;
    struct journal *j = l->engine->journal;
    journal_pause(j);
    begin_load(l);
    bool good = load_rdb(l, path, true, NULL);
    l->how = LOADER_EMPTY;
    end_load(l);
    journal_resume(j);
    return good;
}

bool loader_aof(struct loader *l)
{
    struct journal *j = l->engine->journal;
    journal_pause(j);
    begin_load(l);
    bool good = load_aof(l);
    end_load(l);
    journal_resume(j);
    return good;
}
