#include "server/services.h"

#include "config/config_file.h"
#include "engine/call.h"
#include "replica/replica.h"
#include "server/backup.h"
#include "server/cron.h"
#include "server/info.h"
#include "server/lazy.h"
#include "server/memory.h"
#include "server/persistence.h"
#include "server/rewrite.h"
#include "server/shutdown.h"
#include "server/turn.h"

/* The context of every service. */
#define PARTS ((const struct services_parts *)context)

static enum engine_shutdown end(void *context, unsigned how)
{
    return shutdown_ask(PARTS->shutdown, how);
}

static int background_save(void *context, bool schedule)
{
    return persistence_background_save(PARTS->persistence, schedule);
}

static int foreground_save(void *context)
{
    return persistence_save(PARTS->persistence);
}

static int64_t last_save(void *context)
{
    return persistence_last_save(PARTS->persistence);
}

static int reload(void *context, bool save, bool flush, bool merge)
{
    return persistence_reload(PARTS->persistence, save, flush, merge);
}

static int load_aof(void *context)
{
    return persistence_load_aof_again(PARTS->persistence);
}

static void all_flushed(void *context)
{
    persistence_all_flushed(PARTS->persistence);
}

static int start_rewrite(void *context)
{
    return rewrite_start(PARTS->rewrite);
}

static bool prepares_rewrite(void *context)
{
    return rewrite_prepares(PARTS->rewrite);
}

static void print_info(void *context, struct buf *out, const struct bytes *sections, int n)
{
    info_print(PARTS->engine->metrics, out, sections, n);
}

static int rewrite_config(void *context, bool all)
{
    return config_file_rewrite(PARTS->engine->settings, all);
}

static void limit_clients(void *context)
{
    memory_limit_clients(PARTS->memory);
}

static bool make_room(void *context)
{
    return memory_make_room(PARTS->memory);
}

static void report_memory(void *context, struct engine_memory *out)
{
    memory_report(PARTS->memory, out);
}

static bool run_nested_turn(void *context)
{
    return turn_in_script(PARTS->turn);
}

static void reset_statistics(void *context)
{
    const struct services_parts *p = context;
    cron_reset_statistics(p->cron);
    lazy_reset_statistics(p->lazy);
    turn_reset_statistics(p->turn);
    memory_reset_statistics(p->memory);
    persistence_reset_statistics(p->persistence);
    replica_reset_statistics(p->engine->replication);
}

static void run_backup(void *context, struct call *call)
{
    struct backup *b = PARTS->backup;
    struct bytes what = call->argv[1];
    struct bytes name = call->argc > 2 ? call->argv[2] : bytes_of("", 0);
    if (call->argc > 3)
        reply_error(call->reply, ERR_SYNTAX);
    else if (bytes_is(what, "start"))
        backup_start(b, name, call->reply);
    else if (bytes_is(what, "seal"))
        backup_seal(b, call->reply);
    else if (bytes_is(what, "status"))
        backup_status(b, call->reply);
    else if (bytes_is(what, "list"))
        backup_list(b, call->reply);
    else if (bytes_is(what, "abort"))
        backup_abort(b, call->reply);
    else
        backup_cleanup(b, name, call->reply);
}

/* Callbacks of the store get the engine. */
#define PARTS_OF_ENGINE                                                                            \
    ((const struct services_parts *)((const struct engine *)context)->services.context)

static bool on_holds(void *context, const struct db *db, const struct entry *e)
{
    return memory_holds(PARTS_OF_ENGINE->memory, db, e);
}

static void on_discard(void *context, struct entry *e)
{
    lazy_discard(PARTS_OF_ENGINE->lazy, e);
}

void services_provide(struct engine *e, const struct services_parts *parts)
{
    e->services = (struct engine_services){
        .context = (void *)(uintptr_t)parts,
        .shutdown = end,
        .background_save = background_save,
        .foreground_save = foreground_save,
        .last_save = last_save,
        .reload = reload,
        .load_aof = load_aof,
        .all_flushed = all_flushed,
        .rewrite = start_rewrite,
        .rewrite_prepares = prepares_rewrite,
        .backup = run_backup,
        .info = print_info,
        .config_rewrite = rewrite_config,
        .reset_statistics = reset_statistics,
        .limit_clients = limit_clients,
        .make_room = make_room,
        .memory = report_memory,
        .busy_turn = run_nested_turn,
    };
    e->store->events.holds = on_holds;
    e->store->events.discard = on_discard;
}
