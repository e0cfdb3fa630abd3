/* Steps of loading a primary's snapshot:
 *
 *   read       all keys go into a store: the server's, which is empty, or one beside it. Every so
 *              many bytes the server has a turn, under ENGINE_LOADING or (if our data are served
 *              meanwhile) ENGINE_ASYNC_LOADING.
 *   effects    what the snapshot holds as commands (libraries, policies, scheduled messages ...)
 *              refers to keys in the server's store: in place it runs as it is read, beside it is
 *              kept until after the exchange. Nothing expires or is due meanwhile.
 *   exchange   a store beside changes places with the server's, in one step; libraries are dropped.
 *   tidy       the former data are freed, for a quarter of a millisecond a turn: freed pages return
 *              to the system at once, which takes longer than the freeing.
 *
 * If loading fails, it leaves part of the data in place, or nothing if read beside. Nothing is
 * journalled. */
#include "server/copy_loader.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state.h"
#include "engine/tracking.h"
#include "io/file.h"
#include "persist/aof_parse.h"
#include "persist/rdb_read.h"
#include "replica/replica.h"
#include "script/scripting.h"
#include "server/replay.h"
#include "type/value.h"

#define SERVING_EVERY ((uint64_t)256 << 10) /* bytes between turns of the server */
#define SERVING_US    1000                  /* or so much time */
#define GIVEN_BACK    ((uint64_t)1 << 20)   /* bytes of a file in memory freed at a time */
#define KEPT          ((size_t)1 << 20)     /* bytes of effects per piece */
#define TIDY_US       250                   /* for freeing the former data, per turn */

/* Commands from the snapshot, with a SELECT before those of another database. */
struct piece {
    struct piece *next;
    struct buf commands;
};

struct copy_loader {
    struct engine *engine;
    bool (*serve)(void *context);
    void *context;
    struct loader_figures figures;
    bool ended;     /* serve() has returned false */
    bool in_memory; /* the file, which is not needed afterwards */
    const char *path;
    struct bytes map;
    uint64_t given_back;        /* bytes of the map already freed */
    struct piece *first, *last; /* kept effects; NULL: none */
    int kept_db;                /* of the last kept effect; -1: none */
    struct replay replay;
    struct store *former; /* the data being freed after the exchange, or NULL */
    int former_db;        /* index of the database being freed */
    bool former_walked;   /* its keys are freed; its tables are next */
    struct table_walk former_keys;
};

struct copy_loader *copy_loader_new(struct engine *e, bool (*serve)(void *context), void *context)
{
    struct copy_loader *l = mem_zalloc(sizeof(*l));
    l->engine = e;
    l->serve = serve;
    l->context = context;
    return l;
}

bool copy_loader_has_work(const struct copy_loader *l)
{
    return l->former != NULL;
}

static void begin_database(struct copy_loader *l, int db)
{
    l->former_db = db;
    l->former_walked = false;
    if (db < l->former->count)
        table_walk_start(&l->former_keys, &l->former->dbs[db].keys);
}

/* A step of clearing the tables of a database whose keys were freed one by one: emptying them key
 * by key would follow the stale pointers. */
static bool clear_some(struct db *db)
{
    return table_clear_some(&db->keys) || table_clear_some(&db->keys_with_ttl) ||
           noted_clear_some(&db->noted);
}

/* Large values are freed by another thread. */
static void discard(const struct copy_loader *l, struct entry *e)
{
    const struct store_events *events = &l->engine->store->events;
    if (events->discard)
        events->discard(events->context, e);
    else
        value_free(e);
}

/* Frees one key, or does one step of clearing the tables. */
static void free_some(struct copy_loader *l)
{
    if (l->former_db == l->former->count) {
        db_store_free(l->former);
        mem_shrink_end();
        l->former = NULL;
        return;
    }
    struct entry *e = l->former_walked ? NULL : table_walk_next(&l->former_keys);
    l->former_walked = !e;
    if (e)
        discard(l, e);
    else if (!clear_some(&l->former->dbs[l->former_db]))
        begin_database(l, l->former_db + 1);
}

static void tidy_for(struct copy_loader *l, int64_t us)
{
    uint64_t end = clock_ticks() + (uint64_t)((double)us * clock_ticks_per_us());
    while (l->former) {
        free_some(l);
        if (clock_ticks() >= end)
            break;
    }
}

void copy_loader_tidy(struct copy_loader *l)
{
    tidy_for(l, TIDY_US);
}

static void free_former(struct copy_loader *l)
{
    while (l->former)
        free_some(l);
}

void copy_loader_free(struct copy_loader *l)
{
    free_former(l);
    mem_free(l);
}

const struct loader_figures *copy_loader_figures(const struct copy_loader *l)
{
    return &l->figures;
}

/* Frees a file in memory while it is read: freeing all of it at once would block the server. */
static void give_back(struct copy_loader *l, uint64_t bytes)
{
    if (!l->in_memory || bytes < l->given_back + GIVEN_BACK)
        return;
    uint64_t to = bytes / GIVEN_BACK * GIVEN_BACK;
    file_give_back(l->path, l->map, (size_t)l->given_back, (size_t)to);
    l->given_back = to;
}

static bool progress(void *context, uint64_t bytes)
{
    struct copy_loader *l = context;
    l->figures.done = bytes;
    give_back(l, bytes);
    l->ended = !l->serve(l->context);
    return !l->ended && !replica_has_lost_load(l->engine->replication);
}

static void warn(void *context, const char *text)
{
    (void)context;
    log_line(LOG_WARNING, "Loading the RDB file: %s", text);
}

/* In place: the keys are where the commands look for them. */
static bool run_effect(void *context, int db, const struct bytes *argv, int argc)
{
    struct copy_loader *l = context;
    journal_pause(l->engine->journal);
    replay_command_in(&l->replay, db, argv, argc);
    journal_resume(l->engine->journal);
    return true;
}

static void add_piece(struct copy_loader *l)
{
    struct piece *p = mem_zalloc(sizeof(*p));
    *(l->last ? &l->last->next : &l->first) = p;
    l->last = p;
}

/* Beside: the keys are not there yet. Keeps effects in pieces, so that memory grows and shrinks in
 * small steps. */
static bool keep_effect(void *context, int db, const struct bytes *argv, int argc)
{
    struct copy_loader *l = context;
    char text[NUM_INT_MAX];
    if (!l->last || l->last->commands.n >= KEPT)
        add_piece(l);
    if (db != l->kept_db) {
        struct bytes select[] = {BYTES("SELECT"), bytes_of(text, num_print_int(text, db))};
        journal_format(&l->last->commands, select, 2);
        l->kept_db = db;
    }
    journal_format(&l->last->commands, argv, argc);
    return true;
}

static void forget_first(struct copy_loader *l)
{
    struct piece *p = l->first;
    l->first = p->next;
    if (!l->first)
        l->last = NULL;
    buf_free(&p->commands);
    mem_free(p);
}

static void run_piece(struct copy_loader *l, struct bytes all, int *db)
{
    struct aof_parse_room room = {0};
    long long number;
    for (size_t at = 0; at < all.n;) {
        struct aof_parsed c = aof_parse(all, at, &room);
        ASSERT(c.item == AOF_PARSE_COMMAND); /* keep_effect() has written it */
        if (bytes_is(room.argv[0], "SELECT") && num_parse_int(room.argv[1], &number))
            *db = (int)number;
        else
            replay_command_in(&l->replay, *db, room.argv, c.argc);
        at = c.next;
    }
    aof_parse_free(&room);
}

static void run_kept(struct copy_loader *l)
{
    for (int db = 0; l->first; forget_first(l))
        run_piece(l, buf_bytes(&l->first->commands), &db);
}

/* Reads a file with a verified checksum into a store. */
static bool read_file(struct copy_loader *l, const char *path, struct store *to, bool serving,
                      int *db)
{
    const struct settings *c = l->engine->settings;
    struct bytes map;
    struct rdb_read_result r;
    int error = file_map(path, &map);
    if (error) {
        log_line(LOG_WARNING, "Can't open the snapshot of the master: %s", strerror(-error));
        return false;
    }
    uint64_t every = (uint64_t)c->loading_process_events_interval_bytes;
    struct rdb_read_options o = {.skip_unknown = c->rdb_skip_unknown,
                                 .warn = warn,
                                 .now_ms = l->engine->now_ms,
                                 .values = rdb_get_options_from(c, to->streams),
                                 .apply = to == l->engine->store ? run_effect : keep_effect,
                                 .progress = progress,
                                 .progress_every =
                                     serving && every > SERVING_EVERY ? SERVING_EVERY : every,
                                 .progress_us = SERVING_US,
                                 .key_delay_us = &c->key_load_delay,
                                 .context = l};
    l->figures.total = map.n;
    l->in_memory = file_is_in_memory(path);
    l->path = path;
    l->map = map;
    l->given_back = 0;
    mem_grow_begin(map.n, serving ? MEM_GROW_STEP_SERVING : MEM_GROW_STEP);
    bool good = rdb_read(to, map, &o, &r);
    l->figures.keys = r.keys;
    *db = r.stream_db < 0 ? 0 : r.stream_db;
    if (good)
        log_line(LOG_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu.",
                 (unsigned long long)r.keys, (unsigned long long)r.expired);
    else
        log_line(LOG_WARNING, "Failed loading the snapshot of the master: %s", r.error);
    file_unmap(map);
    return good;
}

static void begin(struct copy_loader *l, enum slow_path_reason state)
{
    struct engine *e = l->engine;
    l->figures = (struct loader_figures){.started_ms = e->now_ms};
    l->ended = false;
    l->kept_db = -1;
    replay_begin(&l->replay, e);
    state_set(e, state, true);
}

static void end(struct copy_loader *l, enum slow_path_reason state)
{
    mem_grow_end();
    replay_end(&l->replay);
    while (l->first)
        forget_first(l);
    state_set(l->engine, state, false);
}

/* The loaded data become the served ones. */
static void exchange(struct copy_loader *l, struct store *beside)
{
    struct engine *e = l->engine;
    db_exchange(e->store, beside);
    tracking_flushed(e);
    scripting_flush_functions(e->scripting);
}

/* A snapshot came before the former data were freed: frees them first, with turns in between, so
 * that there are never three data sets. False: the load has been ended. */
static bool tidy_first(struct copy_loader *l)
{
    while (l->former) {
        tidy_for(l, SERVING_US);
        l->ended = !l->serve(l->context);
        if (l->ended || replica_has_lost_load(l->engine->replication))
            return false;
    }
    return true;
}

enum copy_loader_end copy_loader_run(struct copy_loader *l, const char *path,
                                     enum copy_loader_how how, int *db)
{
    struct engine *e = l->engine;
    bool serving = how == COPY_LOADER_BESIDE_SERVING;
    enum slow_path_reason state = serving ? ENGINE_ASYNC_LOADING : ENGINE_LOADING;
    begin(l, state);
    if (!tidy_first(l)) {
        end(l, state);
        return l->ended ? COPY_LOADER_STOPPED : COPY_LOADER_FAILED;
    }
    struct store *beside = how == COPY_LOADER_IN_PLACE ? NULL : db_store_beside(e->store);
    bool good = read_file(l, path, beside ? beside : e->store, serving, db);
    if (good && beside) {
        journal_pause(e->journal);
        state_set(e, ENGINE_LOADING, true); /* nothing expires while effects run */
        exchange(l, beside);
        run_kept(l);
        state_set(e, ENGINE_LOADING, false);
        journal_resume(e->journal);
    }
    end(l, state);
    if (beside) {
        l->former = beside;
        mem_shrink_begin();
        begin_database(l, 0);
    }
    return l->ended ? COPY_LOADER_STOPPED : good ? COPY_LOADER_LOADED : COPY_LOADER_FAILED;
}
