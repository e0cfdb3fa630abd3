/* One turn, in order:
 *
 *   wait       until a descriptor, a timer or another thread has something; or not at all when work
 *              was left over. Callbacks only note what is ready.
 *   clock      read once: all commands of the turn see the same time.
 *   gate       hears what the append-only file keeps by now: do replies of this turn have to wait?
 *   memory     over maxmemory? Evicts, for a bounded time.
 *   timers     note what is due; a pause that is over ends, blocked clients whose time has come are
 *              answered.
 *   resume     clients that were held up go on; then
 *   read       one read a connection, in groups: commands run, their effects gather in the journal,
 *              their replies in the clients' output. What was kept from before comes first, and no
 *              client runs twice.
 *   serve      keys that became ready serve those who wait for them.
 *   flush      the effects go to the append-only file, in one batch.
 *   send       each client's output, up to where the gate holds it back.
 *   close      clients that are marked go.
 *   files      what may only happen between batches: a fork, the switch to a new increment.
 *
 * Flush stands before send, so that without a sync in flight no reply leaves before its effect is
 * written. Nothing between read and flush may send.
 *
 * A script that takes long calls turn_in_script(), a turn within the command: it reads and sends,
 * but touches no data, since the script is in the middle of its own change. The group that was
 * being read goes back to its clients and another feed takes its place. When the server is told to
 * end meanwhile (SHUTDOWN NOSAVE), the script is torn: the turn around it ends at once, and what
 * the script did is never written. */
#include "server/turn.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/block.h"
#include "engine/pause.h"
#include "engine/tracking.h"
#include "server/link.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/saver.h"
#include "server/watchdog.h"

struct turn {
    struct server *server;
    struct feed *busy_feed; /* of turns within a command, and their buffer */
    char *busy_buffer;
    bool torn; /* the server ends within a script that had not come to its end */
    struct turn_figures figures;
};

struct turn *turn_new(struct server *s)
{
    struct turn *t = mem_zalloc(sizeof(*t));
    t->server = s;
    return t;
}

void turn_free(struct turn *t)
{
    feed_free(t->busy_feed);
    mem_free(t->busy_buffer);
    mem_free(t);
}

/* How long the loop may sleep, in milliseconds; -1: until something happens. */
static int64_t sleep_ms(const struct turn *t)
{
    struct server *s = t->server;
    struct engine *e = &s->engine;
    if (!dlist_empty(&e->clients.resuming) || !dlist_empty(&s->readable) ||
        !dlist_empty(&e->clients.closing) || block_has_work(e))
        return 0;
    int64_t most = saver_gathers(s->saver) ? 1 : -1;
    int64_t left = timer_sleep_ms(&e->timers, clock_steady_ms(), clock_wall_ms());
    return left >= 0 && (left < most || most < 0) ? left : most;
}

/* What was kept came before what is there to be read; one budget a turn for each client. */
static void run_requests(struct server *s)
{
    struct engine *e = &s->engine;
    bool resumed = !dlist_empty(&e->clients.resuming);
    if (resumed)
        link_resume_all(s);
    if (!dlist_empty(&s->readable))
        link_read_all(s);
    if (!resumed && !dlist_empty(&e->clients.resuming))
        link_resume_all(s);
}

/* The journal's effects, then the replies that may leave. */
static void flush_and_send(struct turn *t)
{
    struct server *s = t->server;
    struct engine *e = &s->engine;
    client_order_output(e);
    uint64_t began = clock_ticks();
    if (__builtin_expect(e->debug.flush_sleep_us != 0, 0) && e->journal->pending.n)
        clock_delay(e->debug.flush_sleep_us, 0);
    saver_flush(s->saver);
    t->figures.file_ticks += clock_ticks() - began;
    gate_before_sending(e);
    if (!dlist_empty(&e->clients.outgoing) || !dlist_empty(&s->held))
        link_write_all(s);
}

static void count(struct turn *t, uint64_t began, uint64_t commands)
{
    struct turn_figures *f = &t->figures;
    uint64_t total = t->server->engine.stats.total_commands;
    uint64_t took = clock_ticks() - began, ran = total - commands;
    f->turns++;
    f->ticks += took;
    if (took > f->longest_ticks)
        f->longest_ticks = took;
    /* CONFIG RESETSTAT may have set the total back. */
    if (ran > f->most_commands && ran <= total)
        f->most_commands = ran;
}

void turn_run(struct turn *t)
{
    struct server *s = t->server;
    struct engine *e = &s->engine;
    watchdog_end();
    loop_turn(s->loop, sleep_ms(t));
    watchdog_begin();
    now_read(s);
    uint64_t began = e->timing.began_ticks, commands = e->stats.total_commands;
    saver_begin_turn(s->saver);
    if (s->stopping)
        return;
    memory_begin_turn(s);
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    pause_run_due(e);
    block_run_due(e);
    run_requests(s);
    if (block_has_work(e))
        block_serve(e);
    /* All before the script that was torn has been written. */
    if (t->torn)
        return;
    tracking_broadcast(e);
    memory_limit_clients(s);
    flush_and_send(t);
    if (!dlist_empty(&e->clients.closing))
        link_close_all(s);
    saver_end_turn(s->saver);
    count(t, began, commands);
}

bool turn_in_script(struct turn *t)
{
    struct server *s = t->server;
    struct engine *e = &s->engine;
    if (!t->busy_feed) {
        t->busy_feed = feed_new();
        t->busy_buffer = mem_alloc_aligned(64, TURN_BUFFER);
    }
    struct feed *feed = s->feed;
    char *buffer = s->turn_buffer;
    feed_detach_pending(feed);
    s->clock_is_old = true;
    s->feed = t->busy_feed;
    s->turn_buffer = t->busy_buffer;
    loop_turn(s->loop, 1);
    if (!dlist_empty(&s->readable))
        link_read_all(s);
    if (!dlist_empty(&e->clients.resuming))
        link_resume_all(s);
    memory_limit_clients(s);
    flush_and_send(t);
    link_close_all(s);
    s->feed = feed;
    s->turn_buffer = buffer;
    t->torn = s->stopping;
    return !s->stopping;
}

void turn_last_replies(struct turn *t)
{
    struct server *s = t->server;
    client_order_output(&s->engine);
    saver_tell_gate(s->saver);
    link_write_all(s);
}

const struct turn_figures *turn_figures(const struct turn *t)
{
    return &t->figures;
}

void turn_reset_statistics(struct turn *t)
{
    t->figures = (struct turn_figures){0};
}
