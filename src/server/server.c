#include "server/server.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "commands/families.h"
#include "config/config_file.h"
#include "engine/assemble.h"
#include "engine/block.h"
#include "engine/rights.h"
#include "engine/state.h"
#include "engine/tracking.h"
#include "io/file.h"
#include "script/scripting.h"
#include "server/apply.h"
#include "server/backup.h"
#include "server/cron.h"
#include "server/info.h"
#include "server/link.h"
#include "server/listeners.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/saver.h"
#include "server/shutdown.h"
#include "server/watchdog.h"
#include "store/evict.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define TURN_BUFFER ((size_t)FEED_GROUP * (65536 + 64))

/* ---- What the store tells */

static bool on_holds(void *context, const struct db *db, const struct entry *e)
{
    const struct engine *engine = context;
    return memory_holds(engine->services.context, db, e);
}

/* Large values are freed on the other thread. */
struct lazy_free {
    struct worker_job job;
    struct entry *entry;
    struct server *server;
    size_t bytes; /* about */
};

static void free_lazily(struct worker_job *job)
{
    value_free(((struct lazy_free *)job)->entry);
}

static void freed(struct worker_job *job)
{
    struct lazy_free *f = (struct lazy_free *)job;
    f->server->lazy_pending--;
    f->server->lazy_freed++;
    f->server->lazy_bytes -= f->bytes;
    mem_free(f);
}

#define LAZY_EFFORT 256

static void on_discard(void *context, struct entry *e)
{
    struct engine *engine = context;
    struct server *s = engine->services.context;
    if (value_free_effort(e) < LAZY_EFFORT || !s->lazy) {
        value_free(e);
        return;
    }
    size_t bytes = value_memory(e, 5);
    value_leave_thread(e);
    struct lazy_free *f = mem_zalloc(sizeof(*f));
    f->job = (struct worker_job){.run = free_lazily, .done = freed};
    f->entry = e;
    f->server = s;
    f->bytes = bytes;
    s->lazy_bytes += bytes;
    s->lazy_pending++;
    worker_submit(s->lazy, &f->job);
}

/* ---- What commands ask for */

static bool service_shutdown(void *context, unsigned how)
{
    return shutdown_now(context, how);
}

static int service_background_save(void *context, bool schedule)
{
    struct server *s = context;
    return saver_background_save(s->saver, schedule);
}

static void service_backup(void *context, struct call *call)
{
    struct server *s = context;
    struct bytes what = call->argv[1];
    struct bytes name = call->argc > 2 ? call->argv[2] : bytes_of("", 0);
    if (call->argc > 3)
        reply_errorf(call->reply, "ERR syntax error");
    else if (bytes_is(what, "start"))
        backup_start(s->backup, name, call->reply);
    else if (bytes_is(what, "seal"))
        backup_seal(s->backup, call->reply);
    else if (bytes_is(what, "status"))
        backup_status(s->backup, call->reply);
    else if (bytes_is(what, "list"))
        backup_list(s->backup, call->reply);
    else if (bytes_is(what, "abort"))
        backup_abort(s->backup, call->reply);
    else
        backup_cleanup(s->backup, name, call->reply);
}

static int service_rewrite(void *context)
{
    struct server *s = context;
    return saver_rewrite(s->saver);
}

static bool service_rewrite_prepares(void *context)
{
    struct server *s = context;
    return saver_rewrite_prepares(s->saver);
}

static int service_foreground_save(void *context)
{
    struct server *s = context;
    return saver_save(s->saver);
}

static int64_t service_last_save(void *context)
{
    struct server *s = context;
    return saver_last_save(s->saver);
}

static void service_info(void *context, struct buf *out, const struct bytes *sections, int n)
{
    info_print(context, out, sections, n);
}

static int service_config_rewrite(void *context, bool all)
{
    struct server *s = context;
    return config_file_rewrite(s->settings, all);
}

static int service_reload(void *context, bool save, bool flush, bool merge)
{
    struct server *s = context;
    return saver_reload(s->saver, save, flush, merge);
}

static void service_all_flushed(void *context)
{
    struct server *s = context;
    saver_all_flushed(s->saver);
}

static int service_load_aof(void *context)
{
    struct server *s = context;
    return saver_load_aof_again(s->saver);
}

static void service_reset_statistics(void *context)
{
    struct server *s = context;
    s->commands = s->net_in = s->net_out = (struct rate){0};
    s->lazy_freed = 0;
    s->turns = 0;
    s->times = (struct turn_times){0};
    s->cycles = s->cycle_ticks = (struct rate){0};
    s->expire_us = s->expire_capped = 0;
    s->over_limit_ms = 0;
    s->over_limit_since_ms = s->over_limit_since_ms ? s->engine.steady_ms : 0;
    s->evict_longest_us = s->evict_longest_cpu_us = 0;
    saver_reset_statistics(s->saver);
}

static void service_limit_clients(void *context)
{
    memory_limit_clients(context);
}

static bool service_make_room(void *context)
{
    return memory_make_room(context);
}

static void service_memory(void *context, struct engine_memory *out)
{
    memory_report(context, out);
}

/* The journal's effects, then the replies that may leave. */
static void write_all(struct server *s)
{
    struct engine *e = &s->engine;
    client_order_output(e);
    uint64_t began = clock_ticks();
    if (__builtin_expect(e->flush_sleep_us != 0, 0) && e->journal->pending.n)
        clock_delay(e->flush_sleep_us, 0);
    saver_flush(s->saver);
    s->times.files += clock_ticks() - began;
    gate_before_sending(e);
    if (!dlist_empty(&e->outgoing) || !dlist_empty(&s->held))
        link_write_all(s);
}

/* A script takes long. What may be done without touching data: reading requests, most of which are
 * told so, and sending what the gate has released. */
static bool service_busy_turn(void *context)
{
    struct server *s = context;
    struct engine *e = &s->engine;
    if (!s->busy_feed) {
        s->busy_feed = feed_new();
        s->busy_buffer = mem_alloc_aligned(64, TURN_BUFFER);
    }
    struct feed *feed = s->feed;
    char *buffer = s->turn_buffer;
    feed_let_go(feed);
    s->clock_is_old = true;
    s->feed = s->busy_feed;
    s->turn_buffer = s->busy_buffer;
    loop_turn(s->loop, 1);
    if (!dlist_empty(&s->readable))
        link_read_all(s);
    if (!dlist_empty(&e->resuming))
        link_resume_all(s);
    memory_limit_clients(s);
    write_all(s);
    link_close_all(s);
    s->feed = feed;
    s->turn_buffer = buffer;
    s->abandoned = s->stopping;
    return !s->stopping;
}

/* ---- Making it */

static void say_inert_settings(const struct settings *s)
{
    size_t count;
    const struct setting *all = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((all[i].flags & (SETTING_INERT | SETTING_LATER)) && !settings_is_default(s, &all[i]))
            log_line(LOG_NOTICE, "Setting '%s' is accepted but has no effect in this version",
                     all[i].name);
    for (struct bytes at = buf_bytes(&s->obsolete); at.n;) {
        size_t n = (size_t)((const char *)memchr(at.p, '\n', at.n) - at.p);
        log_line(LOG_NOTICE, "Setting '%.*s' is of older versions and has no effect", (int)n, at.p);
        at = bytes_of(at.p + n + 1, at.n - n - 1);
    }
}

/* The names of rename-command: they were checked when they were read. */
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

struct server *server_new(struct settings *settings)
{
    struct server *s = mem_zalloc(sizeof(*s));
    struct engine *e = &s->engine;
    uint64_t seed;
    mem_thread_begin();
    rng_system(&seed, sizeof(seed));
    crc_init();
    hash_init(NULL, 0);
    clock_ticks_per_us();
    s->settings = settings;
    s->data_lock = -1;
    s->started_ms = clock_steady_ms();
    s->started_mono_us = clock_mono_us();
    rng_hex(s->run_id, 40);
    dlist_init(&s->readable);
    s->turn_buffer = mem_alloc_aligned(64, TURN_BUFFER);
    s->loop = loop_new();
    s->disk = worker_new(s->loop, "disk");
    s->writer = worker_new(s->loop, "writer");
    s->lazy = worker_new(s->loop, "lazy");
    s->feed = feed_new();

    struct registry *registry = registry_new(families_all());
    rename_commands(registry, settings);
    assemble_begin(e, settings, registry, seed);
    dlist_init(&s->held);
    e->services = (struct engine_services){
        .context = s,
        .shutdown = service_shutdown,
        .background_save = service_background_save,
        .rewrite = service_rewrite,
        .rewrite_prepares = service_rewrite_prepares,
        .backup = service_backup,
        .foreground_save = service_foreground_save,
        .last_save = service_last_save,
        .info = service_info,
        .config_rewrite = service_config_rewrite,
        .reload = service_reload,
        .load_aof = service_load_aof,
        .all_flushed = service_all_flushed,
        .limit_clients = service_limit_clients,
        .make_room = service_make_room,
        .reset_statistics = service_reset_statistics,
        .memory = service_memory,
        .busy_turn = service_busy_turn,
    };
    e->store->events.holds = on_holds;
    e->store->events.discard = on_discard;
    settings->changed = apply_settings;
    settings->context = s;
    e->scripting = scripting_new(e);
    s->saver = saver_new(s);
    s->backup = backup_new(s);
    s->cron = loop_timer_new(s->loop, cron_period_ms(s), cron_due, s);
    s->signals[0] = loop_signal_new(s->loop, SIGTERM, shutdown_on_signal, s);
    s->signals[1] = loop_signal_new(s->loop, SIGINT, shutdown_on_signal, s);
    now_read(s);
    s->evict = evict_new();
    memory_configure(s);
    state_count_replicas(e);
    memory_tick(s);
    s->startup_memory = mem_used();
    say_inert_settings(settings);
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
        log_line(LOG_WARNING, "Aborting because of wrong users: %.*s", (int)error.n, error.p);
    buf_free(&text);
    buf_free(&error);
    return good;
}

bool server_listen(struct server *s)
{
    return listeners_open(s);
}

bool server_load(struct server *s)
{
    backup_sweep(s->backup);
    return saver_load(s->saver);
}

/* ---- The turn */

/* How long the loop may sleep; -1: until something happens. */
static int64_t sleep_ms(struct server *s)
{
    struct engine *e = &s->engine;
    if (!dlist_empty(&e->resuming) || !dlist_empty(&s->readable) || !dlist_empty(&e->closing) ||
        block_has_work(e))
        return 0;
    int64_t most = saver_gathers(s->saver) ? 1 : -1;
    struct heap_node *n = heap_first(&e->timeouts);
    if (!n)
        return most;
    int64_t left = n->at - clock_steady_ms();
    if (left <= 0)
        return 0;
    return left < most || most < 0 ? left : most;
}

static void count_turn(struct server *s, uint64_t began, uint64_t commands)
{
    uint64_t took = clock_ticks() - began, ran = s->engine.total_commands - commands;
    s->turns++;
    s->times.all += took;
    if (took > s->times.longest)
        s->times.longest = took;
    if (ran > s->times.most_commands && ran <= s->engine.total_commands)
        s->times.most_commands = ran;
}

/* One turn of the loop; the order of its phases is the gate (ARCHITECTURE.md). */
static void turn(struct server *s)
{
    struct engine *e = &s->engine;
    watchdog_end();
    loop_turn(s->loop, sleep_ms(s));
    watchdog_begin();
    now_read(s);
    uint64_t began = e->began_ticks, commands = e->total_commands;
    saver_begin_turn(s->saver);
    if (s->stopping)
        return;
    memory_begin_turn(s);
    block_run_timeouts(e, e->steady_ms);
    /* What was kept came before what is there to be read; one budget a turn for each client. */
    bool resumed = !dlist_empty(&e->resuming);
    if (resumed)
        link_resume_all(s);
    if (!dlist_empty(&s->readable))
        link_read_all(s);
    if (!resumed && !dlist_empty(&e->resuming))
        link_resume_all(s);
    if (block_has_work(e))
        block_serve(e);
    /* The script was ended half-way: what it did is not written. All before it has been. */
    if (s->abandoned)
        return;
    tracking_broadcast(e);
    memory_limit_clients(s);
    write_all(s);
    if (!dlist_empty(&e->closing))
        link_close_all(s);
    saver_end_turn(s->saver);
    count_turn(s, began, commands);
}

int server_run(struct server *s)
{
    while (!s->stopping)
        turn(s);
    /* Replies that the gate has released still go out. */
    client_order_output(&s->engine);
    saver_tell_gate(s->saver);
    link_write_all(s);
    log_line(LOG_WARNING, "Millrace is now ready to exit, bye bye...");
    return s->exit_code;
}

void server_free(struct server *s)
{
    struct engine *e = &s->engine;
    while (!dlist_empty(&e->clients)) {
        struct client *c = dlist_item(e->clients.next, struct client, all);
        client_close(c);
        link_close_all(s);
    }
    listeners_close(s);
    tls_context_free(s->tls);
    saver_free(s->saver);
    backup_free(s->backup);
    loop_timer_free(s->cron);
    for (int i = 0; i < 8; i++)
        loop_signal_free(s->signals[i]);
    worker_free(s->writer);
    worker_free(s->disk);
    struct worker *lazy = s->lazy;
    s->lazy = NULL;
    worker_free(lazy);
    feed_free(s->feed);
    feed_free(s->busy_feed);
    mem_free(s->busy_buffer);
    scripting_free(e->scripting);
    evict_free(s->evict);
    assemble_end(e);
    dict_clear(&s->peers);
    loop_free(s->loop);
    mem_free(s->turn_buffer);
    settings_free(s->settings);
    file_close(s->data_lock);
    mem_free(s);
}
