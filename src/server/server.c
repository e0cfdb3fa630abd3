#include "server/server.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
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
#include "server/lazy.h"
#include "server/link.h"
#include "server/listeners.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/saver.h"
#include "server/shutdown.h"
#include "server/turn.h"
#include "store/evict.h"
#include "type/value.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- What the store tells */

static bool on_holds(void *context, const struct db *db, const struct entry *e)
{
    const struct engine *engine = context;
    return memory_holds(engine->services.context, db, e);
}

static void on_discard(void *context, struct entry *e)
{
    const struct engine *engine = context;
    const struct server *s = engine->services.context;
    lazy_discard(s->lazy, e);
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
        reply_error(call->reply, ERR_SYNTAX);
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
    struct server *s = context;
    info_print(s->engine.metrics, out, sections, n);
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
    s->cron_ticks = 0;
    lazy_reset_statistics(s->lazy);
    turn_reset_statistics(s->turn);
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

static bool run_nested_turn(void *context)
{
    const struct server *s = context;
    return turn_in_script(s->turn);
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
    s->freer = worker_new(s->loop, "lazy");
    s->lazy = lazy_new(s->freer);
    s->feed = feed_new();
    s->turn = turn_new(s);

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
        .busy_turn = run_nested_turn,
    };
    e->store->events.holds = on_holds;
    e->store->events.discard = on_discard;
    settings->changed = apply_settings;
    settings->context = s;
    e->scripting = scripting_new(e);
    s->saver = saver_new(s);
    e->metrics = info_new(s);
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

int server_run(struct server *s)
{
    while (!s->stopping)
        turn_run(s->turn);
    turn_last_replies(s->turn);
    log_line(LOG_WARNING, "Millrace is now ready to exit, bye bye...");
    return s->exit_code;
}

void server_free(struct server *s)
{
    struct engine *e = &s->engine;
    while (!dlist_empty(&e->clients.all)) {
        struct client *c = dlist_item(e->clients.all.next, struct client, all);
        client_close(c);
        link_close_all(s);
    }
    listeners_close(s);
    tls_context_free(s->tls);
    metric_set_free(e->metrics);
    saver_free(s->saver);
    backup_free(s->backup);
    loop_timer_free(s->cron);
    for (int i = 0; i < 8; i++)
        loop_signal_free(s->signals[i]);
    worker_free(s->writer);
    worker_free(s->disk);
    lazy_stop(s->lazy);
    worker_free(s->freer);
    s->freer = NULL;
    feed_free(s->feed);
    turn_free(s->turn);
    scripting_free(e->scripting);
    evict_free(s->evict);
    assemble_end(e);
    lazy_free(s->lazy);
    dict_clear(&s->peers);
    loop_free(s->loop);
    mem_free(s->turn_buffer);
    settings_free(s->settings);
    file_close(s->data_lock);
    mem_free(s);
}
