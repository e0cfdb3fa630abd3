#include "server/shutdown.h"

#include "base/log.h"
#include "base/mem.h"
#include "script/scripting.h"

#include <signal.h>
#include <unistd.h>

struct shutdown {
    struct engine *engine;
    struct shutdown_actions actions;
    int signalled; /* a signal that the next tick acts upon; 0: none */
    bool stopping;
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
    return d->stopping;
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

bool shutdown_now(struct shutdown *d, unsigned how)
{
    if (how & ENGINE_SHUTDOWN_ABORT) {
        bool pending = d->signalled != 0;
        if (pending)
            log_line(LOG_NOTICE, "Shutdown manually aborted.");
        d->signalled = 0;
        return pending;
    }
    log_line(LOG_NOTICE, "User requested shutdown...");
    if (!d->actions.save(d->actions.context, how) && !(how & ENGINE_SHUTDOWN_FORCE)) {
        log_line(LOG_WARNING, "Error trying to save the DB, can't exit.");
        return false;
    }
    d->actions.stop_listening(d->actions.context);
    remove_files(d->engine->settings);
    d->stopping = true;
    return true;
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
    if (!d->signalled || d->stopping)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & words[i].flag)
            how |= words[i].how;
    d->signalled = 0;
    if (!shutdown_now(d, how))
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
    /* A running script ends first: it is interrupted unless it has written. */
    if ((d->engine->slow_path & ENGINE_BUSY) && !scripting_interrupt(d->engine->scripting))
        log_line(LOG_WARNING, "A script that has written data runs: waiting for its end. "
                              "SHUTDOWN NOSAVE ends it half-way.");
    /* Ticks do not run while loading. */
    if (d->engine->slow_path & ENGINE_LOADING)
        shutdown_obey(d);
}
