/* The broker's turn. Timers only put a group or a stream into the queue of due work (broker_due.h);
 * the work is done here, within broker-turn-us, longest overdue first (broker_work_group.h,
 * broker_work_stream.h). Whatever is unfinished when time is up goes to the back of the queue, and
 * the loop does not sleep. What falls due while the server may not act (a pause, a failed disk, a
 * replica) stays queued. */
#include "broker/broker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_capture.h"
#include "broker/broker_consume.h"
#include "broker/broker_match.h"
#include "broker/broker_order.h"
#include "broker/broker_work_group.h"
#include "broker/broker_work_stream.h"
#include "engine/observe.h"

/* ---- Which groups and streams there are */

static void on_placed(void *context, struct db *db, struct entry *e, enum db_placing what)
{
    struct engine *engine = context;
    if (what == DB_COMES) {
        broker_watch_link(engine->broker, db, e);
        broker_moments_link(engine->broker, db, e);
        return;
    }
    if (what == DB_MOVES)
        broker_watch_uproot(e);
    else
        broker_watch_unlink(e);
    broker_moments_unlink(e);
}

struct broker *broker_new(struct engine *e)
{
    struct broker *b = mem_zalloc(sizeof(*b));
    b->engine = e;
    b->order_ahead = e->settings->broker_order_ahead;
    dlist_init(&b->watches);
    dlist_init(&b->moments);
    e->store->events.placed = on_placed;
    dlist_init(&b->capturing);
    b->capture = broker_capture_publication;
    e->captured = (struct engine_captured){.run = broker_capture_run};
    broker_presence_init(b);
    broker_consume_init(b);
    broker_match_init(b);
    return b;
}

void broker_free(struct broker *b)
{
    b->engine->store->events.placed = NULL;
    broker_watch_free_all(b);
    broker_moments_free_all(b);
    broker_capture_free(b);
    broker_presence_end(b);
    broker_match_end(b);
    heap_free(&b->due);
    mem_free(b);
}

void broker_policy_changed(struct broker *b, struct db *db, struct entry *e, struct stream_group *g,
                           bool look_again)
{
    db_note_acting(db, e);
    if (!b || !g || !g->policy)
        return;
    broker_watch_link(b, db, e);
    if (look_again)
        stream_pending_end_reset(&g->pending);
    broker_watch_of(g)->seat.changes++;
    broker_watch_of(g)->idle.look_ms = 0;
    broker_watch_of(g)->idle.under_way = false;
    broker_watch_note(broker_watch_of(g));
    broker_watch_room(broker_watch_of(g), true);
    db_ready(db, entry_key(e));
}

/* ---- The turn */

static bool has_due(const struct broker *b)
{
    return broker_due_first(b) && act_may(b->engine);
}

static bool has_news(const struct broker *b)
{
    /* Re-running a blocked read is like a request: allowed on a replica too, where nothing acts. */
    return !dlist_empty(&b->news) &&
           !(b->engine->slow_path & (ENGINE_BUSY | ENGINE_PAUSED | ENGINE_MOVING));
}

static bool is_order_ahead_changed(const struct broker *b)
{
    return b->order_ahead != b->engine->settings->broker_order_ahead;
}

bool broker_has_work(const struct broker *b)
{
    return has_due(b) || is_order_ahead_changed(b) || has_news(b) || broker_consume_has_work(b) ||
           block_stays_have_work(b->engine);
}

static void work(struct broker_due *d, int64_t until_us)
{
    if (d->kind == BROKER_DUE_STREAM)
        broker_work_stream(dlist_item(d, struct broker_moments, due), until_us);
    else
        broker_work_group(dlist_item(d, struct broker_watch, due), until_us);
}

/* Notes since when the server may act, and whether it has become a replica: clients of a replica
 * read from no group, so nobody is attached there. */
static void note_state(struct broker *b)
{
    const struct engine *e = b->engine;
    bool acts = act_may(e);
    if (acts && !b->acts)
        b->acts_since_ms = e->steady_ms;
    b->acts = acts;
    bool follows = e->role != ROLE_PRIMARY;
    if (follows && !b->follows)
        broker_presence_forget_all(b);
    b->follows = follows;
}

/* How many messages groups may pass over is asked for when somebody reads: who waits has to read
 * again. */
static void note_order_ahead(struct broker *b)
{
    b->order_ahead = b->engine->settings->broker_order_ahead;
    for (struct dlist_node *n = b->watches.next; n != &b->watches; n = n->next)
        broker_order_ahead_changed(dlist_item(n, struct broker_watch, all));
}

/* began_cpu_us -1: processor time is not measured. */
static void count_time(struct broker *b, int64_t began_us, int64_t began_cpu_us)
{
    int64_t took_us = clock_mono_us() - began_us;
    if (took_us > b->longest_us)
        b->longest_us = took_us;
    if (began_cpu_us >= 0) {
        int64_t cpu_us = clock_thread_us() - began_cpu_us;
        if (cpu_us > b->longest_cpu_us)
            b->longest_cpu_us = cpu_us;
    }
    observe_latency(b->engine, "broker-cycle", took_us / 1000);
}

void broker_turn(struct broker *b)
{
    note_state(b);
    if (is_order_ahead_changed(b))
        note_order_ahead(b);
    if (!has_due(b))
        return;
    int64_t began_us = clock_mono_us(), until_us = began_us + b->engine->settings->broker_turn_us;
    int64_t began_cpu_us = observe_cpu_us(b->engine);
    struct broker_due *d = broker_due_first(b);
    do {
        work(d, until_us);
        d = broker_due_first(b);
    } while (d && clock_mono_us() < until_us);
    count_time(b, began_us, began_cpu_us);
}

void broker_serve(struct broker *b)
{
    struct engine *e = b->engine;
    if (has_news(b))
        broker_match_serve(b);
    if (broker_consume_has_work(b)) {
        broker_consume_wake(b);
        block_serve(e);
    }
    if (block_stays_have_work(e)) {
        int64_t began_us = clock_mono_us(), began_cpu_us = observe_cpu_us(e);
        block_serve_stays(e, began_us + e->settings->broker_turn_us);
        count_time(b, began_us, began_cpu_us);
    }
}

int64_t broker_late_ms(const struct broker *b)
{
    return b->engine->role == ROLE_PRIMARY ? broker_due_late_ms(b) : 0;
}
