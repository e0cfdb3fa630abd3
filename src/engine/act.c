#include "engine/act.h"

#include "base/assert.h"
#include "engine/exec.h"
#include "engine/gate.h"
#include "engine/state.h"
#include "persist/wrap.h"

bool act_may(const struct engine *e)
{
    return state_takes_writes(e) && e->journal->depth == 0;
}

bool act_may_for_itself(const struct engine *e)
{
    return state_may_evict(e) && !(e->slow_path & ENGINE_MOVING) && e->journal->depth == 0;
}

bool act_begin(struct engine *e)
{
    struct engine_act *a = &e->act;
    ASSERT(!a->open);
    if (!act_may(e))
        return false;
    a->open = true;
    a->touched = e->store->touched;
    a->dirty = e->store->dirty;
    gate_group_begin(e);
    db_command_begins(e->store);
    return true;
}

void act_end(struct engine *e)
{
    struct engine_act *a = &e->act;
    ASSERT(a->open && e->journal->depth == 1);
    if (e->captured.waits)
        e->captured.run(e);
    a->open = false;
    db_command_ends(e->store);
    /* As for a command: one change, if it did not count its changes itself. */
    if (e->store->touched != a->touched)
        db_command_changed(e->store, a->dirty);
    gate_group_end(e);
}

static const struct command *find(const struct engine *e, const struct bytes *argv, int argc)
{
    const struct command *k = registry_find_original(e->registry, argv[0]);
    if (k && k->subcommands && argc > 1)
        k = registry_subcommand(k, argv[1]);
    ASSERT(k && k->handler && command_arity_fits(k, argc));
    return k;
}

enum act_result act_run(struct engine *e, struct db *db, const struct bytes *argv, int argc)
{
    if (!e->act.open && !act_may(e))
        return ACT_NOT_NOW;
    struct client *c = e->act.client;
    struct chain nowhere = {.lost = true};
    struct exec_request q = {.argv = argv, .argc = argc};
    unsigned errors = c->reply.errors;
    c->db = db;
    c->reply.out = &nowhere;
    exec_internal(c, find(e, argv, argc), &q);
    chain_free(&nowhere);
    c->reply.out = &c->out;
    e->stats.acts++;
    return c->reply.errors == errors ? ACT_DONE : ACT_FAILED;
}

void act_effect(struct engine *e, const struct db *db, const struct bytes *argv, int argc)
{
    act_effect_since(e, db, NULL, argv, argc);
}

void act_effect_since(struct engine *e, const struct db *db, const char *since,
                      const struct bytes *argv, int argc)
{
    struct journal *j = e->journal;
    ASSERT(argc > 0);
    journal_group_begin(j);
    if (wrap_is_needed(since, e->settings->rdb_compat))
        wrap_add(j, db->id, argv, argc, bytes_of(NULL, 0));
    else
        journal_add(j, db->id, argv, argc, bytes_of(NULL, 0));
    journal_group_end(j);
    e->store->written_now = j->effects_end; /* for keys whose changes are signalled after this */
}
