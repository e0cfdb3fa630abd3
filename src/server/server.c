/* Creates the parts of the server, bottom up, and frees them in reverse. A part that has to call
 * one above it gets a callback, defined here.
 *
 * Calls go down (docs/decisions/0028):
 *
 *     services, apply, info          for commands, settings and INFO
 *     cron
 *     turn
 *     persistence, backup            listeners, console_link
 *     durability, rewrite            replica, link
 *     snapshot, loader, shutdown     memory, admit, lazy
 */
#include "server/server.h"

#include "acl/users.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/words.h"
#include "broker/broker.h"
#include "broker/broker_stats.h"
#include "commands/families.h"
#include "config/config_file.h"
#include "engine/assemble.h"
#include "engine/rights.h"
#include "engine/state.h"
#include "io/file.h"
#include "persist/aof.h"
#include "replica/move.h"
#include "replica/replica.h"
#include "replica/role.h"
#include "script/scripting.h"
#include "server/admit.h"
#include "server/apply.h"
#include "server/backup.h"
#include "server/console_link.h"
#include "server/cron.h"
#include "server/durability.h"
#include "server/info.h"
#include "server/lazy.h"
#include "server/link.h"
#include "server/listeners.h"
#include "server/loader.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/persistence.h"
#include "server/rewrite.h"
#include "server/services.h"
#include "server/shutdown.h"
#include "server/snapshot.h"
#include "server/turn.h"
#include "survey/survey.h"
#include "type/value.h"

#include <signal.h>
#include <string.h>

struct server {
    struct settings *settings;
    struct data_lock lock; /* on `dir` */
    struct engine engine;
    struct loop *loop;
    struct worker *disk;   /* syncs files and installs new ones */
    struct worker *writer; /* writes during a sync */
    struct worker *freer;  /* frees large values, returns pages to the system */
    struct lazy *lazy;
    struct memory *memory;
    struct admit *admit;
    struct link_set *links;
    struct listeners *listeners;
    struct console_link *console;
    struct shutdown *shutdown;
    struct aof *aof;
    struct loader *loader;
    struct copy_loader *copies;
    struct snapshot *snapshot;
    struct durability *durability;
    struct rewrite *rewrite;
    struct persistence *persistence;
    struct backup *backup;
    struct turn *turn;
    struct replication *replication;
    struct cron *cron;
    struct apply_parts apply;
    struct services_parts services;
    struct info_parts info;
    struct loop_signal *sigterm, *sigint;
};

/* ---- Callbacks from parts to those above them */

static bool serve_while_loading(void *context)
{
    const struct server *s = context;
    return turn_in_loading(s->turn);
}

static struct conn *connection_of(void *context, const struct client *c)
{
    (void)context;
    return link_connection(c);
}

static bool may_fork(void *context)
{
    const struct server *s = context;
    return persistence_may_fork(s->persistence);
}

static struct tls_context *client_tls(void *context)
{
    const struct server *s = context;
    return listeners_client_tls(s->listeners);
}

static pid_t fork_copy(void *context, const struct replication_snapshot *q)
{
    const struct server *s = context;
    return snapshot_fork_copy(s->snapshot, q);
}

static void kill_copy(void *context)
{
    const struct server *s = context;
    snapshot_kill(s->snapshot);
}

static void copy_ended(void *context, bool good)
{
    const struct server *s = context;
    replica_copy_ended(s->replication, good);
}

static enum replication_load load_copy(void *context, const char *path, enum replication_how how,
                                       int *db)
{
    static const enum copy_loader_how hows[] = {[REPLICATION_IN_PLACE] = COPY_LOADER_IN_PLACE,
                                                [REPLICATION_BESIDE] = COPY_LOADER_BESIDE,
                                                [REPLICATION_BESIDE_SERVING] =
                                                    COPY_LOADER_BESIDE_SERVING};
    const struct server *s = context;
    enum copy_loader_end end = persistence_load_copy(s->persistence, path, hows[how], db);
    return end == COPY_LOADER_LOADED     ? REPLICATION_LOADED
           : end == COPY_LOADER_STOPPED  ? REPLICATION_STOPPED
           : how == REPLICATION_IN_PLACE ? REPLICATION_LOAD_FAILED
                                         : REPLICATION_KEPT;
}

static void load_ended(void *context)
{
    const struct server *s = context;
    persistence_copy_ended(s->persistence);
}

/* In a forked child. */
static void leave_sockets(void *context)
{
    const struct server *s = context;
    listeners_close_copies(s->listeners);
    console_link_close_copies(s->console);
}

static void child_changed(void *context)
{
    const struct server *s = context;
    durability_configure(s->durability);
}

static bool apply_changed(void *context, const struct setting *const *changed, int n, int *failed,
                          const char **reason)
{
    const struct server *s = context;
    return apply_settings(&s->apply, changed, n, failed, reason);
}

/* Progress of loading at startup or of a primary's snapshot; -1: loaded. */
static int loading_percent(void *context)
{
    const struct server *s = context;
    struct persistence_figures f;
    if (!(s->engine.slow_path & ENGINE_LOADING))
        return -1;
    persistence_figures(s->persistence, &f);
    return f.is_loading && f.loading->total ? (int)(f.loading->done * 100 / f.loading->total) : 0;
}

static bool save_before_end(void *context, unsigned how)
{
    const struct server *s = context;
    return persistence_shutdown(s->persistence, how);
}

static void stop_listening(void *context)
{
    const struct server *s = context;
    listeners_close(s->listeners);
    console_link_close(s->console);
}

/* ---- Construction */

static void log_inert_settings(const struct settings *s)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((all[i].flags & (SETTING_INERT | SETTING_LATER)) && !settings_is_default(s, &all[i]))
            log_line(LOG_NOTICE, "Setting '%s' is accepted but has no effect in this version",
                     all[i].name);
    for (struct bytes at = buf_bytes(&s->obsolete); at.n;) {
        size_t n = (size_t)((const char *)memchr(at.p, '\n', at.n) - at.p);
        log_line(LOG_NOTICE, "Setting '%.*s' is obsolete and has no effect", (int)n, at.p);
        at = bytes_of(at.p + n + 1, at.n - n - 1);
    }
}

/* Applies rename-command; the names were checked when they were read. */
static void rename_commands(struct registry *r, const struct settings *s)
{
    for (struct bytes at = buf_bytes(&s->renames); at.n;) {
        size_t n = (size_t)((const char *)memchr(at.p, '\n', at.n) - at.p);
        struct bytes words[2];
        char *text;
        if (words_split(bytes_of(at.p, n), words, 2, &text) == 2)
            registry_rename(r, words[0], words[1]);
        mem_free(text);
        at = bytes_of(at.p + n + 1, at.n - n - 1);
    }
}

/* Bottom up: each part is given those it calls. */
static void make_parts(struct server *s)
{
    struct engine *e = &s->engine;
    s->lazy = lazy_new(s->freer);
    s->memory = memory_new(e, s->lazy, s->freer);
    s->admit = admit_new(e);
    s->links = link_set_new(e, s->loop, s->admit, s->memory);
    s->listeners = listeners_new(s->settings, s->loop, s->links);
    s->console = console_link_new(e, s->loop, s->admit, loading_percent, s);
    s->shutdown = shutdown_new(e, &(struct shutdown_actions){.context = s,
                                                             .save = save_before_end,
                                                             .stop_listening = stop_listening});
    s->aof = aof_new(s->disk, s->writer, e->journal, s->settings->appenddirname,
                     s->settings->appendfilename);
    s->loader = loader_new(e, s->aof, serve_while_loading, s);
    s->copies = copy_loader_new(e, serve_while_loading, s);
    s->snapshot =
        snapshot_new(e, s->aof, &s->lock,
                     &(struct snapshot_hooks){
                         .context = s, .in_child = leave_sockets, .child_changed = child_changed});
    s->durability = durability_new(e, s->aof, s->snapshot);
    s->rewrite = rewrite_new(e, s->disk, s->aof, s->snapshot);
    s->replication = replica_new(e, s->loop,
                                 &(struct replication_services){.context = s,
                                                                .connection = connection_of,
                                                                .may_fork = may_fork,
                                                                .fork = fork_copy,
                                                                .kill = kill_copy,
                                                                .tls = client_tls,
                                                                .load = load_copy,
                                                                .load_ended = load_ended},
                                 s->info.process.run_id);
    s->persistence = persistence_new(&(struct persistence_parts){.engine = e,
                                                                 .aof = s->aof,
                                                                 .loader = s->loader,
                                                                 .copies = s->copies,
                                                                 .snapshot = s->snapshot,
                                                                 .durability = s->durability,
                                                                 .rewrite = s->rewrite,
                                                                 .replication = s->replication,
                                                                 .lock = &s->lock,
                                                                 .context = s,
                                                                 .copy_ended = copy_ended});
    s->backup = backup_new(e, s->disk, s->aof, s->rewrite);
    move_all_new(e, s->loop, client_tls, s);
    s->turn = turn_new(&(struct turn_parts){.engine = e,
                                            .loop = s->loop,
                                            .links = s->links,
                                            .console = s->console,
                                            .memory = s->memory,
                                            .durability = s->durability,
                                            .rewrite = s->rewrite,
                                            .replication = s->replication,
                                            .copies = s->copies,
                                            .persistence = s->persistence,
                                            .shutdown = s->shutdown});
    s->cron = cron_new(s->loop, &(struct cron_parts){.engine = e,
                                                     .links = s->links,
                                                     .listeners = s->listeners,
                                                     .console = s->console,
                                                     .memory = s->memory,
                                                     .persistence = s->persistence,
                                                     .backup = s->backup,
                                                     .shutdown = s->shutdown,
                                                     .replication = s->replication,
                                                     .turn = s->turn});
}

/* All ports use the same one. */
static int64_t certificate_ends_s(const void *context)
{
    const struct server *s = context;
    int64_t ends = listeners_certificate_ends_s(s->listeners);
    return ends >= 0 ? ends : console_link_certificate_ends_s(s->console);
}

static void fill_info(struct server *s, const char *executable)
{
    s->info = (struct info_parts){
        .engine = &s->engine,
        .aof = s->aof,
        .backup = s->backup,
        .persistence = s->persistence,
        .http = console_link_figures(s->console),
        .process = {.engine = &s->engine,
                    .listeners = s->listeners,
                    .certificate_ends_s = certificate_ends_s,
                    .context = s,
                    .started_ms = clock_steady_ms(),
                    .executable = executable},
        .memory = {.settings = s->settings, .memory = s->memory, .lazy = s->lazy},
        .turn = {.turn = s->turn, .cron = s->cron, .memory = s->memory}};
    rng_hex(s->info.process.run_id, 40);
    s->engine.metrics = info_new(&s->info);
}

/* Connects lower modules with the server. */
static void wire(struct server *s, const char *executable)
{
    struct engine *e = &s->engine;
    s->services = (struct services_parts){.engine = e,
                                          .shutdown = s->shutdown,
                                          .persistence = s->persistence,
                                          .rewrite = s->rewrite,
                                          .backup = s->backup,
                                          .memory = s->memory,
                                          .lazy = s->lazy,
                                          .turn = s->turn,
                                          .cron = s->cron};
    fill_info(s, executable);
    services_provide(e, &s->services);
    s->apply = (struct apply_parts){.engine = e,
                                    .listeners = s->listeners,
                                    .console = s->console,
                                    .memory = s->memory,
                                    .cron = s->cron,
                                    .durability = s->durability,
                                    .persistence = s->persistence};
    s->settings->changed = apply_changed;
    s->settings->context = s;
    s->sigterm = loop_signal_new(s->loop, SIGTERM, shutdown_on_signal, s->shutdown);
    s->sigint = loop_signal_new(s->loop, SIGINT, shutdown_on_signal, s->shutdown);
}

struct server *server_new(struct settings *settings, struct data_lock lock, const char *executable)
{
    struct server *s = mem_zalloc(sizeof(*s));
    uint64_t seed;
    mem_thread_begin();
    rng_system(&seed, sizeof(seed));
    crc_init();
    hash_init(NULL, 0);
    clock_ticks_per_us();
    s->settings = settings;
    s->lock = lock;
    s->loop = loop_new();
    s->disk = worker_new(s->loop, "disk");
    s->writer = worker_new(s->loop, "writer");
    s->freer = worker_new(s->loop, "lazy");
    struct registry *registry = registry_new(families_all());
    rename_commands(registry, settings);
    assemble_begin(&s->engine, settings, registry, seed);
    s->engine.scripting = scripting_new(&s->engine);
    s->engine.broker = broker_new(&s->engine);
    s->engine.survey = survey_new(&s->engine);
    s->engine.survey->subscriptions = broker_stats_subscriptions;
    make_parts(s);
    wire(s, executable);
    now_read(&s->engine);
    state_compare_replicas(&s->engine);
    memory_begin(s->memory);
    log_inert_settings(settings);
    return s;
}

static void print_users(void *context, struct buf *out)
{
    struct server *s = context;
    users_print_lines(s->engine.users, out);
}

bool server_load_users(struct server *s)
{
    struct engine *e = &s->engine;
    struct settings *c = s->settings;
    struct buf text = {0}, error = {0};
    if (*c->aclfile && c->users.n) {
        log_line(LOG_WARNING, "Configuring users both in the configuration file and in an ACL file "
                              "is not possible: use one of them.");
        return false;
    }
    if (*c->aclfile) {
        int failed = file_read(c->aclfile, &text);
        if (failed)
            buf_printf(&error, "Error loading ACLs, opening file '%s': %s", c->aclfile,
                       strerror(-failed));
        else
            users_read_file(e->users, buf_bytes(&text), c->aclfile, &error);
    } else {
        c->print_users = print_users;
        users_read_lines(e->users, buf_bytes(&c->users), &error);
    }
    if (c->requirepass.n && !error.n)
        users_set_default_password(e->users, c->requirepass);
    bool good = error.n == 0;
    if (!good)
        log_line(LOG_WARNING, "Aborting because of invalid users: %.*s", (int)error.n, error.p);
    buf_free(&text);
    buf_free(&error);
    return good;
}

bool server_listen(struct server *s)
{
    return listeners_open(s->listeners) && console_link_open(s->console);
}

struct engine *server_engine(struct server *s)
{
    return &s->engine;
}

bool server_load(struct server *s)
{
    backup_sweep(s->backup);
    if (!persistence_load(s->persistence))
        return false;
    role_begin(s->replication);
    return true;
}

int server_run(struct server *s)
{
    while (!shutdown_is_stopping(s->shutdown))
        turn_run(s->turn);
    turn_last_replies(s->turn);
    log_line(LOG_WARNING, "Millrace is now ready to exit, bye bye...");
    return 0;
}

void server_free(struct server *s)
{
    struct engine *e = &s->engine;
    replica_part(s->replication);
    while (!dlist_empty(&e->clients.all)) {
        struct client *c = dlist_item(e->clients.all.next, struct client, all);
        client_close(c);
        link_close_all(s->links);
    }
    metric_set_free(e->metrics);
    loop_signal_free(s->sigterm);
    loop_signal_free(s->sigint);
    cron_free(s->cron);
    listeners_free(s->listeners);
    console_link_free(s->console);
    snapshot_free(s->snapshot);
    /* Jobs refer to the append-only file and to the backup: let them end first. */
    worker_drain(s->writer);
    worker_drain(s->disk);
    aof_free(s->aof);
    worker_free(s->writer);
    worker_free(s->disk);
    backup_free(s->backup);
    persistence_free(s->persistence);
    rewrite_free(s->rewrite);
    durability_free(s->durability);
    loader_free(s->loader);
    copy_loader_free(s->copies);
    turn_free(s->turn);
    move_all_free(e->moves);
    replica_free(s->replication);
    link_set_free(s->links);
    admit_free(s->admit);
    shutdown_free(s->shutdown);
    scripting_free(e->scripting);
    survey_free(e->survey);
    broker_free(e->broker);
    lazy_stop(s->lazy);
    worker_free(s->freer);
    assemble_end(e);
    lazy_free(s->lazy);
    memory_free(s->memory);
    loop_free(s->loop);
    settings_free(s->settings);
    data_lock_release(&s->lock);
    mem_free(s);
}
