#include "engine/assemble.h"

#include "acl/users.h"
#include "base/assert.h"
#include "base/mem.h"
#include "engine/act.h"
#include "engine/block.h"
#include "engine/deliver.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/rights.h"
#include "engine/tracking.h"
#include "engine/txn.h"

/* ---- Events of the store */

static void on_touched(void *context, struct db *db, struct bytes key)
{
    txn_touch(context, db, key);
    tracking_changed(context, key);
}

static void on_ready(void *context, struct db *db, struct bytes key)
{
    block_key_ready(context, db, key);
}

static void on_event(void *context, struct db *db, unsigned class_, const char *name,
                     struct bytes key)
{
    (void)class_;
    deliver_event(context, db, name, key);
}

static void on_fields(void *context, struct db *db, const char *name, struct bytes key,
                      struct db_fields fields)
{
    deliver_fields(context, db, name, key, fields);
}

static void on_expired(void *context, struct db *db, struct bytes key)
{
    const struct bytes argv[] = {BYTES("DEL"), key};
    act_effect(context, db, argv, 2);
}

static void on_fields_expired(void *context, struct db *db, struct bytes key,
                              struct str *const *names, size_t n)
{
    struct bytes *argv = mem_alloc((n + 2) * sizeof(*argv));
    argv[0] = BYTES("HDEL");
    argv[1] = key;
    for (size_t i = 0; i < n; i++)
        argv[2 + i] = str_bytes(names[i]);
    act_effect(context, db, argv, (int)n + 2);
    mem_free(argv);
}

static void on_replacing(void *context, struct db *db, struct db *other)
{
    txn_touch_db(context, db, other);
    if (!other)
        tracking_flushed(context);
}

static void on_replaced(void *context, struct db *db)
{
    block_db_ready(context, db);
}

void assemble_begin(struct engine *e, struct settings *settings, struct registry *registry,
                    uint64_t seed)
{
    e->settings = settings;
    e->store = db_store_new((int)settings->databases, seed);
    e->registry = registry;
    e->commands_renamed = registry_has_renames(registry);
    e->stats.of_command = mem_zalloc(registry_count(registry) * sizeof(*e->stats.of_command));
    e->journal = journal_new();
    e->pubsub = pubsub_new(deliver_message);
    gate_init(&e->gate);
    e->debug.active_expire = true;
    struct dlist_node *const lists[] = {
        &e->clients.all,     &e->clients.outgoing,  &e->clients.replying,   &e->clients.resuming,
        &e->clients.closing, &e->clients.anonymous, &e->clients.confirming, &e->blocking.ready,
        &e->blocking.later,  &e->blocking.due,      &e->blocking.patterns,  &e->pause.clients,
        &e->denials.entries};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        dlist_init(lists[i]);
    e->store->events = (struct store_events){
        .context = e,
        .touched = on_touched,
        .ready = on_ready,
        .event = on_event,
        .fields = on_fields,
        .expired = on_expired,
        .fields_expired = on_fields_expired,
        .replacing = on_replacing,
        .replaced = on_replaced,
    };
    e->store->notify = settings->notify_flags;
    e->users = users_new(registry, settings->acl_pubsub_default == 1);
    e->observe = mem_zalloc(sizeof(*e->observe));
    observe_init(e->observe);
    observe_configure(e);
    e->tracking = mem_zalloc(sizeof(*e->tracking));
    tracking_init(e->tracking);
    e->act.client = client_new_internal(e, CLIENT_ACT);
    e->act.client->user = e->users->default_user;
}

void assemble_end(struct engine *e)
{
    ASSERT(e->clients.count == 0 && e->clients.held == 0 && e->clients.input == 0);
    ASSERT(e->blocking.count == 0 && e->gate.held_count == 0 && e->watched.used == 0);
    ASSERT(e->journal->depth == 0 && !e->running && !e->act.open);
    client_free(e->act.client);
    block_forget_ready(e);
    rights_forget_denials(e);
    tracking_free(e->tracking);
    mem_free(e->tracking);
    observe_free(e->observe);
    mem_free(e->observe);
    for (unsigned i = 0; i < registry_count(e->registry); i++)
        mem_free(e->stats.of_command[i].times);
    users_free(e->users);
    gate_free(&e->gate);
    db_store_free(e->store);
    registry_free(e->registry);
    journal_free(e->journal);
    pubsub_free(e->pubsub);
    dict_clear(&e->stats.errors);
    chain_pool_free(&e->clients.blocks);
    timer_stop(&e->timers, &e->pause.timer);
    timer_free(&e->timers);
    mem_free(e->stats.of_command);
}
