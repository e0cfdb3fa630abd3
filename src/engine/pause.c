#include "engine/pause.h"

#include "base/assert.h"
#include "engine/engine.h"
#include "engine/state.h"

static void note_due(struct timer *t)
{
    struct engine_pause *p = dlist_item(t, struct engine_pause, timer);
    p->is_due = true;
}

void pause_begin(struct engine *e, int64_t until_ms, bool writes_only)
{
    struct engine_pause *p = &e->pause;
    if (e->slow_path & ENGINE_PAUSED) {
        ASSERT(timer_is_set(&p->timer) || p->is_due);
        if (p->until_ms > until_ms)
            until_ms = p->until_ms;
        writes_only = writes_only && p->writes_only;
    }
    p->until_ms = until_ms;
    p->writes_only = writes_only;
    p->is_due = false;
    timer_set(&e->timers, &p->timer, TIMER_STEADY, until_ms, note_due);
    state_set(e, ENGINE_PAUSED, true);
}

void pause_end(struct engine *e)
{
    struct engine_pause *p = &e->pause;
    timer_stop(&e->timers, &p->timer);
    p->is_due = false;
    state_set(e, ENGINE_PAUSED, false);
    while (!dlist_empty(&p->clients)) {
        struct client *c = dlist_item(p->clients.next, struct client, resuming);
        ASSERT(c->flags & CLIENT_PAUSED);
        c->flags &= ~(unsigned)CLIENT_PAUSED;
        dlist_remove(&c->resuming);
        dlist_append(&e->clients.resuming, &c->resuming);
    }
}

void pause_run_due(struct engine *e)
{
    if (e->pause.is_due)
        pause_end(e);
}

void pause_hold(struct client *c)
{
    struct engine *e = c->engine;
    ASSERT(e->slow_path & ENGINE_PAUSED);
    c->flags |= CLIENT_PAUSED;
    dlist_remove(&c->resuming);
    dlist_append(&e->pause.clients, &c->resuming);
}
