/* SHUTDOWN. It may wait until replicas have everything, and blocks the client meanwhile. Without
 * NOSAVE a long script must be killed first, since a snapshot would hold half of its changes. ABORT
 * cancels a shutdown that waits. On success there is no reply: the connection is closed. */
#include "commands/index.h"

#include "engine/block.h"

static bool parse(struct call *call, unsigned *how)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"nosave", ENGINE_SHUTDOWN_NOSAVE},
                 {"save", ENGINE_SHUTDOWN_SAVE},
                 {"now", ENGINE_SHUTDOWN_NOW},
                 {"force", ENGINE_SHUTDOWN_FORCE},
                 {"abort", ENGINE_SHUTDOWN_ABORT}};
    for (int i = 1; i < call->argc; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
            if (bytes_is(call->argv[i], words[k].word))
                bit = words[k].bit;
        if (!bit)
            return false;
        *how |= bit;
    }
    return !((*how & ENGINE_SHUTDOWN_ABORT) && *how != ENGINE_SHUTDOWN_ABORT) &&
           !((*how & ENGINE_SHUTDOWN_NOSAVE) && (*how & ENGINE_SHUTDOWN_SAVE));
}

/* Blocks until the shutdown continues or is cancelled; then the command runs again. */
static void wait_for_it(struct call *call)
{
    struct client *c = call->client;
    if (!block_allowed(call)) { /* no client can wait */
        reply_ok(call->reply);
        return;
    }
    block_on(call, &(struct block_options){.null = BLOCK_AGAIN});
    if (!dlist_linked(&c->confirming))
        dlist_append(&call->engine->clients.confirming, &c->confirming);
}

static void do_shutdown(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    unsigned how = 0;
    if (!parse(call, &how)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (how & ENGINE_SHUTDOWN_ABORT) {
        if (s->shutdown(s->context, how) == ENGINE_SHUTDOWN_ENDS)
            reply_ok(call->reply);
        else
            reply_errorf(call->reply, "ERR No shutdown in progress.");
        return;
    }
    /* A script is under way, of which a snapshot would hold half. */
    if ((call->engine->slow_path & ENGINE_BUSY) && !(how & ENGINE_SHUTDOWN_NOSAVE)) {
        call_error(call, call->engine->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
        return;
    }
    enum engine_shutdown r = s->shutdown(s->context, call->retry ? ENGINE_SHUTDOWN_ASK : how);
    if (r == ENGINE_SHUTDOWN_WAITS && !block_has_ended(call))
        wait_for_it(call);
    else if (r == ENGINE_SHUTDOWN_ENDS)
        client_close(call->client);
    else
        reply_errorf(call->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
}

const struct command shutdown_command = {
    .name = "shutdown",
    .usage = "[<NOSAVE | SAVE>] [NOW] [FORCE] [ABORT]",
    .summary = "Saves data as configured and shuts down the server.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys when saving",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_ALLOW_BUSY | COMMAND_LOADING | COMMAND_NO_MULTI |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_shutdown,
};
