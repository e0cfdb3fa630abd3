#include "server/shortage.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#define SAID_EVERY_MS 60000

bool shortage_is(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void shortage_met(struct shortage *s, int error, const char *what, int64_t steady_ms)
{
    s->rests = true;
    if (s->said_ms && steady_ms - s->said_ms < SAID_EVERY_MS) {
        s->unsaid++;
        return;
    }
    log_line(LOG_WARNING,
             "Error accepting %s connection: %s. New connections wait in the backlog (%llu errors "
             "since the last message).",
             what, strerror(error), (unsigned long long)s->unsaid);
    s->said_ms = steady_ms;
    s->unsaid = 0;
}
