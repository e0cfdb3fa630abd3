#include "engine/pause.h"

#include "base/assert.h"
#include "command/keys.h"
#include "engine/key_name.h"
#include "engine/state.h"

static bool is_on(const struct engine *e, enum pause_reason reason)
{
    return e->pause.reasons >> reason & 1;
}

static void resume(struct engine *e, struct client *c)
{
    ASSERT(c->flags & CLIENT_PAUSED);
    c->flags &= ~(unsigned)CLIENT_PAUSED;
    dlist_remove(&c->resuming);
    dlist_append(&e->clients.resuming, &c->resuming);
}

/* Resumes all clients, even if another reason remains: what that holds is held again, in the same
 * order and with its old held_since_ms. */
static void resume_all(struct engine *e)
{
    struct dlist_node *held = &e->pause.clients;
    while (!dlist_empty(held)) {
        struct client *c = dlist_item(held->next, struct client, resuming);
        resume(e, c);
        if (!e->pause.reasons)
            pause_forget(c);
    }
}

void pause_set(struct engine *e, enum pause_reason reason, bool on)
{
    const unsigned moving = 1u << PAUSE_MOVE;
    if (is_on(e, reason) == on)
        return;
    e->pause.reasons ^= 1u << reason;
    state_set(e, ENGINE_PAUSED, (e->pause.reasons & ~moving) != 0);
    state_set(e, ENGINE_MOVING, (e->pause.reasons & moving) != 0);
    if (!on)
        resume_all(e);
}

void pause_key(struct engine *e, const struct db *db, struct bytes key, bool on)
{
    struct buf name = {0};
    key_name(&name, db, key);
    if (on) {
        struct dict_node *n = dict_ensure(&e->pause.keys, buf_bytes(&name));
        ASSERT(!n->value); /* a second move of the key is held */
        n->value = e;
    } else {
        void *was = dict_remove(&e->pause.keys, buf_bytes(&name));
        ASSERT(was == e);
    }
    buf_free(&name);
    pause_set(e, PAUSE_MOVE, e->pause.keys.used > 0);
}

static void note_due(struct timer *t)
{
    struct engine_pause *p = dlist_item(t, struct engine_pause, timer);
    p->is_due = true;
}

void pause_begin(struct engine *e, int64_t until_ms, bool writes_only)
{
    struct engine_pause *p = &e->pause;
    if (is_on(e, PAUSE_CLIENT)) {
        ASSERT(timer_is_set(&p->timer) || p->is_due);
        if (p->until_ms > until_ms)
            until_ms = p->until_ms;
        writes_only = writes_only && p->writes_only;
    }
    p->until_ms = until_ms;
    p->writes_only = writes_only;
    p->is_due = false;
    timer_set(&e->timers, &p->timer, TIMER_STEADY, until_ms, note_due);
    pause_set(e, PAUSE_CLIENT, true);
}

void pause_end(struct engine *e)
{
    struct engine_pause *p = &e->pause;
    timer_stop(&e->timers, &p->timer);
    p->is_due = false;
    pause_set(e, PAUSE_CLIENT, false);
}

void pause_run_due(struct engine *e)
{
    if (e->pause.is_due)
        pause_end(e);
}

bool pause_is_moving(const struct engine *e, const struct db *db, struct bytes key)
{
    struct buf name = {0};
    bool found = dict_get(&e->pause.keys, key_name(&name, db, key)) != NULL;
    buf_free(&name);
    return found;
}

/* Writing to a stream that acts by itself may write to other keys: dead letters, copies. */
static bool may_write_elsewhere(struct db *db, struct bytes key)
{
    const struct entry *e = db_find_past(db, key);
    return e && value_type(e) == TYPE_STREAM && value_stream_acts(e);
}

/* A key of the request is being moved, or is one that the request may write to indirectly. */
static bool names_moving(const struct client *c, const struct command *command,
                         const struct exec_request *q)
{
    struct keys keys;
    bool found = false;
    keys_find(&keys, command, q->argv, q->argc);
    for (int i = 0; i < keys.n && !found; i++) {
        struct bytes key = q->argv[keys.at[i].index];
        found = pause_is_moving(c->engine, c->db, key) || may_write_elsewhere(c->db, key);
    }
    /* A write without keys may touch any. */
    found |= keys.n == 0 && !keys.misfit;
    keys_free(&keys);
    return found;
}

static bool move_holds(const struct client *c, const struct command *command,
                       const struct exec_request *q, unsigned flags)
{
    /* Scripts and queued transactions may write to keys that they do not name. */
    if (command->group == GROUP_SCRIPTING)
        return flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE);
    if (!(flags & COMMAND_WRITE))
        return false;
    return (command->flags & COMMAND_EXEC) || names_moving(c, command, q);
}

bool pause_holds(const struct client *c, const struct command *command,
                 const struct exec_request *q, unsigned flags)
{
    const struct engine *e = c->engine;
    unsigned others = e->pause.reasons & ~(1u << PAUSE_MOVE);
    if (is_on(e, PAUSE_MOVE) && move_holds(c, command, q, flags))
        return true;
    if (is_on(e, PAUSE_CLIENT) && !e->pause.writes_only)
        return !command->runs_in_pause;
    if (e->pause.reasons == 1u << PAUSE_MOVE)
        return false;
    if (flags & COMMAND_WRITE)
        return true;
    if (!(flags & COMMAND_MAY_REPLICATE))
        return false;
    /* Scripts may write unless declared read-only. */
    return others != 1u << PAUSE_REPLICAS || command->group == GROUP_SCRIPTING;
}

void pause_hold(struct client *c)
{
    struct engine *e = c->engine;
    ASSERT(e->slow_path & (ENGINE_PAUSED | ENGINE_MOVING));
    c->flags |= CLIENT_PAUSED;
    /* Keep the time when held again. */
    if (c->held_since_ms == 0)
        c->held_since_ms = e->steady_ms;
    dlist_remove(&c->resuming);
    dlist_append(&e->pause.clients, &c->resuming);
}

void pause_refuse_since(struct engine *e, int64_t since_ms)
{
    struct dlist_node *n = e->pause.clients.next;
    while (n != &e->pause.clients) {
        struct client *c = dlist_item(n, struct client, resuming);
        n = n->next;
        if (c->held_since_ms > since_ms)
            continue;
        c->flags |= CLIENT_HELD_LONG;
        resume(e, c);
    }
}

bool pause_has_held_long(struct client *c)
{
    bool long_enough = (c->flags & CLIENT_HELD_LONG) != 0;
    if (long_enough)
        pause_forget(c);
    return long_enough;
}
