/* States:
 *
 *   RUNS --SHUTDOWN, signal--> WAITS --replicas have everything, or shutdown-timeout--> STOPS
 *    ^                           |  writes are paused meanwhile
 *    +---ABORT, failed save------+
 *
 * RUNS goes straight to STOPS with NOW, if no replica lags, and if there is no turn in which they
 * could acknowledge (loading, a script that does not end). The next tick acts on a signal; until
 * then ABORT cancels it. */
#include "server/shutdown.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/pause.h"
#include "replica/handover.h"
#include "script/scripting.h"

#include <signal.h>
#include <unistd.h>

struct shutdown {
    struct engine *engine;
    struct shutdown_actions actions;
    int signalled; /* a signal for the next tick; 0: none */
    enum stage { RUNS, WAITS, STOPS } stage;
    unsigned how; /* WAITS: the requested way */
};

struct shutdown *shutdown_new(struct engine *e, const struct shutdown_actions *actions)
{
    struct shutdown *d = mem_zalloc(sizeof(*d));
    d->engine = e;
    d->actions = *actions;
    return d;
}

void shutdown_free(struct shutdown *d)
{
    mem_free(d);
}

bool shutdown_is_stopping(const struct shutdown *d)
{
    return d->stage == STOPS;
}

static void remove_files(const struct settings *c)
{
    if (*c->pidfile || c->daemonize) {
        const char *path = *c->pidfile ? c->pidfile : "/var/run/redis.pid";
        log_line(LOG_NOTICE, "Removing the pid file.");
        unlink(path);
    }
    if (*c->unixsocket) {
        log_line(LOG_NOTICE, "Removing the unix socket file.");
        unlink(c->unixsocket);
    }
}

static bool stop(struct shutdown *d, unsigned how)
{
    handover_tell(d->engine->replication);
    if (!d->actions.save(d->actions.context, how) && !(how & ENGINE_SHUTDOWN_FORCE)) {
        log_line(LOG_WARNING, "Error trying to save the DB, can't exit.");
        return false;
    }
    d->actions.stop_listening(d->actions.context);
    remove_files(d->engine->settings);
    d->stage = STOPS;
    return true;
}

static void begin_waiting(struct shutdown *d, unsigned how)
{
    struct engine *e = d->engine;
    log_line(LOG_NOTICE, "Waiting for replicas before shutting down.");
    d->stage = WAITS;
    d->how = how;
    e->ends_ms = e->steady_ms + e->settings->shutdown_timeout * 1000;
    e->replication->wants_acks = true;
    pause_set(e, PAUSE_SHUTDOWN, true);
}

/* Ends WAITS, and serves the clients that asked for the shutdown. */
static void end_waiting(struct shutdown *d)
{
    d->stage = d->stage == WAITS ? RUNS : d->stage;
    d->engine->ends_ms = 0;
    pause_set(d->engine, PAUSE_SHUTDOWN, false);
    d->engine->replication->ack_came = true; /* has these clients served */
}

static bool may_wait(const struct shutdown *d, unsigned how)
{
    const struct engine *e = d->engine;
    return !(how & ENGINE_SHUTDOWN_NOW) && e->settings->shutdown_timeout > 0 &&
           !(e->slow_path & (ENGINE_LOADING | ENGINE_BUSY)) &&
           !handover_all_have_all(e->replication);
}

static enum engine_shutdown stage_of(const struct shutdown *d)
{
    return d->stage == STOPS   ? ENGINE_SHUTDOWN_ENDS
           : d->stage == WAITS ? ENGINE_SHUTDOWN_WAITS
                               : ENGINE_SHUTDOWN_REFUSED;
}

bool shutdown_abort(struct shutdown *d)
{
    bool pending = d->signalled != 0 || d->stage == WAITS;
    if (pending)
        log_line(LOG_NOTICE, "Shutdown manually aborted.");
    d->signalled = 0;
    if (d->stage == WAITS)
        end_waiting(d);
    return pending;
}

enum engine_shutdown shutdown_now(struct shutdown *d, unsigned how)
{
    if (d->stage == WAITS && !(how & ENGINE_SHUTDOWN_NOW))
        return ENGINE_SHUTDOWN_WAITS;
    log_line(LOG_NOTICE, "User requested shutdown...");
    if (d->stage == RUNS && may_wait(d, how)) {
        begin_waiting(d, how);
        return ENGINE_SHUTDOWN_WAITS;
    }
    bool waited = d->stage == WAITS;
    enum engine_shutdown result = stop(d, how) ? ENGINE_SHUTDOWN_ENDS : ENGINE_SHUTDOWN_REFUSED;
    if (waited)
        end_waiting(d);
    return result;
}

enum engine_shutdown shutdown_ask(struct shutdown *d, unsigned how)
{
    if (how & ENGINE_SHUTDOWN_ASK)
        return stage_of(d);
    if (how & ENGINE_SHUTDOWN_ABORT)
        return shutdown_abort(d) ? ENGINE_SHUTDOWN_ENDS : ENGINE_SHUTDOWN_REFUSED;
    return shutdown_now(d, how);
}

/* Stops when replicas have caught up, or their time is over. */
static void go_on(struct shutdown *d)
{
    if (!handover_all_have_all(d->engine->replication) && d->engine->steady_ms < d->engine->ends_ms)
        return;
    stop(d, d->how);
    end_waiting(d);
}

void shutdown_obey(struct shutdown *d)
{
    static const struct {
        unsigned flag, how;
    } words[] = {{SETTINGS_SHUTDOWN_NOSAVE, ENGINE_SHUTDOWN_NOSAVE},
                 {SETTINGS_SHUTDOWN_SAVE, ENGINE_SHUTDOWN_SAVE},
                 {SETTINGS_SHUTDOWN_FORCE, ENGINE_SHUTDOWN_FORCE},
                 {SETTINGS_SHUTDOWN_NOW, ENGINE_SHUTDOWN_NOW}};
    unsigned flags = d->signalled == SIGINT ? d->engine->settings->sigint_flags
                                            : d->engine->settings->sigterm_flags;
    unsigned how = ENGINE_SHUTDOWN_SIGNAL;
    if (d->stage == WAITS)
        go_on(d);
    if (!d->signalled || d->stage == STOPS)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & words[i].flag)
            how |= words[i].how;
    d->signalled = 0;
    if (shutdown_now(d, how) == ENGINE_SHUTDOWN_REFUSED)
        log_line(LOG_WARNING, "SIGTERM received but errors trying to shut down the server, check "
                              "the logs for more information");
}

void shutdown_on_signal(void *context, int number)
{
    struct shutdown *d = context;
    const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
    if (d->signalled && number == SIGINT) {
        log_line(LOG_WARNING, "You insist... exiting now.");
        _exit(1);
    }
    log_line(LOG_WARNING, "Received %s scheduling shutdown...", name);
    d->signalled = number;
    /* A running script has to end: it is interrupted unless it has written. */
    if ((d->engine->slow_path & ENGINE_BUSY) &&
        !scripting_interrupt(d->engine->scripting, "The server is shutting down."))
        log_line(LOG_WARNING, "A script that has written data is running: waiting for it to "
                              "finish. SHUTDOWN NOSAVE terminates it.");
    /* There are no ticks while loading. */
    if (d->engine->slow_path & ENGINE_LOADING)
        shutdown_obey(d);
}
