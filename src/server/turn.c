/* One turn, in order:
 *
 *   wait       until a descriptor, a timer or another thread has something; not at all if work is
 *              left. Callbacks only note what is ready.
 *   clock      read once: all commands of the turn see the same time.
 *   gate       learns what the append-only file holds: do replies of this turn have to wait?
 *   memory     over maxmemory? Evicts, for a bounded time.
 *   timers     note what is due; a pause that is over ends, blocked clients whose deadline has
 *              passed are answered.
 *   broker     what streams do by themselves: leases that ended, retries that are due; for a
 *              bounded time.
 *   survey     a step of the walk over all streams, while somebody looks; for a bounded time.
 *   primary    applies input from our primary, before clients' requests.
 *   resume     clients that were held up continue.
 *   read       one read per connection, in groups: commands run, their effects collect in the
 *              journal, their replies in the clients' output. Kept input comes first. What is not
 *              begun within 5 ms, of resuming and of reading, is for the next turn.
 *   serve      blocked clients are served from keys that became ready; subscriptions to streams
 *              get more, for a bounded time.
 *   confirm    clients that wait for replicas continue if these have confirmed.
 *   console    requests by HTTP, for a bounded time: before the flush, so that their effects leave
 *              with this turn.
 *   flush      the effects go to the append-only file, in one batch.
 *   replicate  the same bytes go to the replicas, before the replies: a client that got a reply
 *              knows that they are on their way.
 *   send       each client's output, up to where the gate holds it.
 *   close      marked clients are freed.
 *   files      what may only happen between batches: a fork (also for a snapshot to replicas), the
 *              switch to a new increment.
 *
 * Flush precedes send, so that without a sync in flight no reply leaves before its effect is
 * written. Nothing between read and flush may send.
 *
 * A long script calls turn_in_script(), a turn within the command: it reads and sends, but touches
 * no data, since the script is in the middle of its own change. The group being read is returned to
 * its clients and another feed takes its place. If the server is stopped meanwhile (SHUTDOWN
 * NOSAVE), the script is torn: the outer turn ends at once, and the script's effects are never
 * written. */
#include "server/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/broker_capture.h"
#include "engine/block.h"
#include "engine/client.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/pause.h"
#include "engine/tracking.h"
#include "replica/move.h"
#include "replica/replica.h"
#include "script/scripting.h"
#include "server/console_link.h"
#include "server/copy_loader.h"
#include "server/durability.h"
#include "server/link.h"
#include "server/memory.h"
#include "server/now.h"
#include "server/persistence.h"
#include "server/rewrite.h"
#include "server/shutdown.h"
#include "server/watchdog.h"
#include "survey/survey.h"

struct turn {
    struct turn_parts parts;
    bool torn;                /* the server is stopping inside an unfinished script */
    uint64_t began, commands; /* when the present one began, and the total of commands then */
    int64_t began_cpu_us;     /* -1: CPU time is not measured */
    struct turn_figures figures;
};

struct turn *turn_new(const struct turn_parts *parts)
{
    struct turn *t = mem_zalloc(sizeof(*t));
    t->parts = *parts;
    return t;
}

void turn_free(struct turn *t)
{
    mem_free(t);
}

/* How long the loop may sleep, in milliseconds; -1: until something happens. */
static int64_t sleep_ms(const struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    struct engine *e = p->engine;
    if (link_has_work(p->links) || !dlist_empty(&e->clients.closing) || block_has_work(e) ||
        move_is_any_due(e->moves) || broker_has_work(e->broker) ||
        replica_has_work(p->replication) || copy_loader_has_work(p->copies) ||
        console_link_has_work(p->console))
        return 0;
    int64_t most = durability_waits_for_group(p->durability) ? 1 : -1;
    int64_t left = timer_sleep_ms(&e->timers, clock_steady_ms(), clock_wall_ms());
    return left >= 0 && (left < most || most < 0) ? left : most;
}

/* Kept requests came before what the sockets hold. */
static void run_kept_and_read(struct link_set *links)
{
    bool resumed = link_has_kept(links);
    if (resumed && !link_resume_all(links))
        return;
    link_read_all(links);
    if (!resumed && link_has_kept(links))
        link_resume_all(links);
}

static void run_requests(const struct turn_parts *p)
{
    replica_read(p->replication);
    run_kept_and_read(p->links);
}

/* Writes the effects, then sends the replies that the gate releases. */
static void flush_and_send(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    struct engine *e = p->engine;
    client_order_output(e);
    uint64_t began = clock_ticks();
    if (__builtin_expect(e->debug.flush_sleep_us != 0, 0) && e->journal->pending.n)
        clock_delay(e->debug.flush_sleep_us, 0);
    persistence_save_flushed(p->persistence);
    replica_begin_flush(p->replication);
    durability_flush(p->durability);
    t->figures.file_ticks += clock_ticks() - began;
    replica_send(p->replication);
    gate_before_sending(e);
    link_write_all(p->links);
    console_link_send(p->console);
}

/* Waiting has ended, and the clock was read. */
static void begin(struct turn *t)
{
    const struct engine *e = t->parts.engine;
    t->began = e->timing.began_ticks;
    t->commands = e->stats.total_commands;
    t->began_cpu_us = observe_cpu_us(e);
}

static void count(struct turn *t)
{
    struct turn_figures *f = &t->figures;
    uint64_t total = t->parts.engine->stats.total_commands;
    uint64_t took = clock_ticks() - t->began, ran = total - t->commands;
    f->turns++;
    f->ticks += took;
    f->by_class[histogram_class(took)]++;
    if (took > f->longest_ticks)
        f->longest_ticks = took;
    if (t->began_cpu_us >= 0) {
        int64_t cpu_us = clock_thread_us() - t->began_cpu_us;
        if (cpu_us > f->longest_cpu_us)
            f->longest_cpu_us = cpu_us;
    }
    /* CONFIG RESETSTAT may have reset the total. */
    if (ran > f->most_commands && ran <= total)
        f->most_commands = ran;
}

void turn_run(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    struct engine *e = p->engine;
    watchdog_end();
    loop_turn(p->loop, sleep_ms(t));
    watchdog_begin();
    now_read(e);
    begin(t);
    durability_begin_turn(p->durability);
    if (shutdown_is_stopping(p->shutdown))
        return;
    memory_begin_turn(p->memory);
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    pause_run_due(e);
    block_run_due(e);
    broker_turn(e->broker);
    broker_capture_turn(e);
    survey_turn(e->survey);
    move_run_all(e->moves);
    run_requests(p);
    if (block_has_work(e))
        block_serve(e);
    broker_serve(e->broker);
    replica_serve(p->replication);
    broker_capture_turn(e);
    /* The torn script is not written; everything before it was. */
    if (t->torn)
        return;
    console_link_run(p->console);
    tracking_broadcast(e);
    memory_limit_clients(p->memory);
    flush_and_send(t);
    if (!dlist_empty(&e->clients.closing))
        link_close_all(p->links);
    rewrite_end_turn(p->rewrite);
    replica_end_turn(p->replication);
    copy_loader_tidy(p->copies);
    count(t);
}

/* A read-only script must not make a replica lose its primary. */
static void end_script_for_primary(const struct turn_parts *p)
{
    if (replica_waits_long(p->replication) &&
        scripting_interrupt(p->engine->scripting,
                            "Data from the primary has been waiting too long."))
        log_line(LOG_WARNING, "Terminating a read-only script: data from the primary has been "
                              "waiting for half of repl-timeout.");
}

bool turn_in_script(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    link_enter_script(p->links);
    loop_turn(p->loop, 1);
    link_read_all(p->links);
    link_resume_all(p->links);
    console_link_run(p->console);
    memory_limit_clients(p->memory);
    flush_and_send(t);
    end_script_for_primary(p);
    link_close_all(p->links);
    link_leave_script(p->links);
    t->torn = shutdown_is_stopping(p->shutdown);
    return !t->torn;
}

/* A turn while other data are loaded and these are served: without what may only happen between
 * batches. */
static bool turn_in_async_loading(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    struct engine *e = p->engine;
    loop_turn(p->loop, 0);
    now_read(e);
    begin(t);
    durability_begin_turn(p->durability);
    if (shutdown_is_stopping(p->shutdown))
        return false;
    timer_run(&e->timers, e->steady_ms, e->now_ms);
    pause_run_due(e);
    block_run_due(e);
    replica_load_turn(p->replication);
    run_requests(p);
    if (block_has_work(e))
        block_serve(e);
    console_link_run(p->console);
    tracking_broadcast(e);
    flush_and_send(t);
    link_close_all(p->links);
    return !shutdown_is_stopping(p->shutdown);
}

/* Each of them is counted with the piece that is loaded after it; the turn in which the load began
 * ends where the first one begins. */
bool turn_in_loading(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    count(t);
    if (p->engine->slow_path & ENGINE_ASYNC_LOADING)
        return turn_in_async_loading(t);
    loop_turn(p->loop, 0);
    if (shutdown_is_stopping(p->shutdown))
        return false;
    now_read(p->engine);
    begin(t);
    replica_load_turn(p->replication);
    run_kept_and_read(p->links);
    console_link_run(p->console);
    client_order_output(p->engine);
    link_write_all(p->links);
    console_link_send(p->console);
    link_close_all(p->links);
    return !shutdown_is_stopping(p->shutdown);
}

void turn_last_replies(struct turn *t)
{
    const struct turn_parts *p = &t->parts;
    client_order_output(p->engine);
    durability_tell_gate(p->durability);
    link_write_all(p->links);
    console_link_send(p->console);
}

const struct turn_figures *turn_figures(const struct turn *t)
{
    return &t->figures;
}

void turn_reset_statistics(struct turn *t)
{
    t->figures = (struct turn_figures){0};
}
