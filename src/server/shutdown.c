#include "server/shutdown.h"

#include "base/log.h"
#include "script/scripting.h"
#include "server/listeners.h"
#include "server/saver.h"

#include <signal.h>
#include <unistd.h>

bool shutdown_now(struct server *s, unsigned how)
{
    if (how & ENGINE_SHUTDOWN_ABORT) {
        bool pending = s->signalled != 0;
        if (pending)
            log_line(LOG_NOTICE, "Shutdown manually aborted.");
        s->signalled = 0;
        return pending;
    }
    log_line(LOG_NOTICE, "User requested shutdown...");
    if (!saver_shutdown(s->saver, how) && !(how & ENGINE_SHUTDOWN_FORCE)) {
        log_line(LOG_WARNING, "Error trying to save the DB, can't exit.");
        return false;
    }
    /* First of all: nobody is accepted who would only be dropped. */
    listeners_close(s);
    if (*s->settings->pidfile || s->settings->daemonize) {
        const char *path = *s->settings->pidfile ? s->settings->pidfile : "/var/run/redis.pid";
        log_line(LOG_NOTICE, "Removing the pid file.");
        unlink(path);
    }
    if (*s->settings->unixsocket) {
        log_line(LOG_NOTICE, "Removing the unix socket file.");
        unlink(s->settings->unixsocket);
    }
    s->stopping = true;
    return true;
}

void shutdown_obey(struct server *s)
{
    static const struct {
        unsigned flag, how;
    } words[] = {{SETTINGS_SHUTDOWN_NOSAVE, ENGINE_SHUTDOWN_NOSAVE},
                 {SETTINGS_SHUTDOWN_SAVE, ENGINE_SHUTDOWN_SAVE},
                 {SETTINGS_SHUTDOWN_FORCE, ENGINE_SHUTDOWN_FORCE},
                 {SETTINGS_SHUTDOWN_NOW, ENGINE_SHUTDOWN_NOW}};
    unsigned flags =
        s->signalled == SIGINT ? s->settings->sigint_flags : s->settings->sigterm_flags;
    unsigned how = ENGINE_SHUTDOWN_SIGNAL;
    if (!s->signalled || s->stopping)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & words[i].flag)
            how |= words[i].how;
    s->signalled = 0;
    if (!shutdown_now(s, how))
        log_line(LOG_WARNING, "SIGTERM received but errors trying to shut down the server, check "
                              "the logs for more information");
}

/* A signal is noted, and acted upon by the next tick: until then SHUTDOWN ABORT takes it back. */
void shutdown_on_signal(void *context, int number)
{
    struct server *s = context;
    const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
    if (s->signalled && number == SIGINT) {
        log_line(LOG_WARNING, "You insist... exiting now.");
        _exit(1);
    }
    log_line(LOG_WARNING, "Received %s scheduling shutdown...", name);
    s->signalled = number;
    /* Not in the middle of a script: it ends first, by itself if it has written. */
    if ((s->engine.slow_path & ENGINE_BUSY) && !scripting_interrupt(s->engine.scripting))
        log_line(LOG_WARNING, "A script that has written data runs: waiting for its end. "
                              "SHUTDOWN NOSAVE ends it half-way.");
    if (s->engine.slow_path & ENGINE_LOADING)
        shutdown_obey(s);
}
