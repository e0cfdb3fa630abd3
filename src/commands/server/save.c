/* SAVE, which blocks the server, BGSAVE, which forks, and LASTSAVE. */
#include "commands/index.h"

#include <errno.h>

static void do_save(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    int error = s->foreground_save(s->context);
    if (error == -EBUSY)
        call_error(call, ERR_BGSAVE_RUNNING);
    else if (error)
        reply_errorf(call->reply, "ERR");
    else
        reply_ok(call->reply);
}

const struct command save_command = {
    .name = "save",
    .usage = "",
    .summary = "Writes a snapshot, blocking all clients.",
    .since = "1.0.0",
    .complexity = "O(N) with N all keys",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NO_MULTI | COMMAND_NOSCRIPT |
             COMMAND_UNTRACKED,
    .handler = do_save,
};

static void do_bgsave(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    bool schedule = call->argc == 2 && bytes_is(call->argv[1], "schedule");
    if (call->argc > 2 || (call->argc == 2 && !schedule)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    int error = s->background_save(s->context, schedule);
    if (error == -EALREADY)
        call_error(call, ERR_BGSAVE_RUNNING);
    else if (error == -EBUSY)
        call_error(call, ERR_CHILD_RUNNING);
    else if (error == 1)
        reply_simple(call->reply, "Background saving scheduled");
    else if (error)
        reply_errorf(call->reply, "ERR");
    else
        reply_simple(call->reply, "Background saving started");
}

const struct command bgsave_command = {
    .name = "bgsave",
    .usage = "[SCHEDULE]",
    .summary = "Writes a snapshot in a child process.",
    .since = "1.0.0",
    .complexity = "O(1), and O(N) in the child",
    .group = GROUP_SERVER,
    .arity = -1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_bgsave,
};

static void do_lastsave(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    reply_int(call->reply, s->last_save(s->context));
}

const struct command lastsave_command = {
    .name = "lastsave",
    .usage = "",
    .summary = "Returns the Unix time of the last snapshot.",
    .since = "1.0.0",
    .complexity = "O(1)",
    .tips = "nondeterministic_output",
    .categories = "@admin",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_DANGEROUS,
    .handler = do_lastsave,
};
