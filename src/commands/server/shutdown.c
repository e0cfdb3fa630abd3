/* SHUTDOWN. Without NOSAVE a script that does not end must be killed first: there is nothing whole
 * to save. A shutdown that waits can be called off by ABORT. When it goes on there is no reply: the
 * connection ends. */
#include "commands/index.h"

static void do_shutdown(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    unsigned how = 0;
    for (int i = 1; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (bytes_is(word, "nosave"))
            how |= ENGINE_SHUTDOWN_NOSAVE;
        else if (bytes_is(word, "save"))
            how |= ENGINE_SHUTDOWN_SAVE;
        else if (bytes_is(word, "now"))
            how |= ENGINE_SHUTDOWN_NOW;
        else if (bytes_is(word, "force"))
            how |= ENGINE_SHUTDOWN_FORCE;
        else if (bytes_is(word, "abort"))
            how |= ENGINE_SHUTDOWN_ABORT;
        else {
            call_error(call, ERR_SYNTAX);
            return;
        }
    }
    if (((how & ENGINE_SHUTDOWN_ABORT) && how != ENGINE_SHUTDOWN_ABORT) ||
        ((how & ENGINE_SHUTDOWN_NOSAVE) && (how & ENGINE_SHUTDOWN_SAVE))) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (how & ENGINE_SHUTDOWN_ABORT) {
        if (s->shutdown(s->context, how))
            reply_ok(call->reply);
        else
            reply_errorf(call->reply, "ERR No shutdown in progress.");
        return;
    }
    /* A script has not ended: there is nothing whole to save. */
    if ((call->engine->slow_path & ENGINE_BUSY) && !(how & ENGINE_SHUTDOWN_NOSAVE)) {
        call_error(call, call->engine->busy_function ? ERR_BUSY_FUNCTION : ERR_BUSY);
        return;
    }
    if (!s->shutdown(s->context, how))
        reply_errorf(call->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
    else
        client_close(call->client);
}

const struct command shutdown_command = {
    .name = "shutdown",
    .usage = "[<NOSAVE | SAVE>] [NOW] [FORCE] [ABORT]",
    .summary = "Saves what there is to save and ends the server.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys when saving",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_ALLOW_BUSY | COMMAND_LOADING | COMMAND_NO_MULTI |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_shutdown,
};
