/* BGREWRITEAOF. The server does the rewrite; this file decides when to reply. */
#include "commands/index.h"

#include "engine/block.h"

#include <errno.h>

#define FORK_LOOK_MS 2    /* between checks whether the child was forked */
#define FORK_MOST_MS 1000 /* a slow disk must not keep the client waiting */

/* The reply announces a child process, so it is delayed until the child is forked, after the next
 * increment is on disk. */
static bool waits_for_fork(struct call *call)
{
    struct engine *e = call->engine;
    struct block_options o = {.deadline_ms = e->steady_ms + FORK_MOST_MS,
                              .wake_ms = e->steady_ms + FORK_LOOK_MS,
                              .null = BLOCK_AGAIN};
    if (!e->services.rewrite_prepares(e->services.context) || !block_allowed(call) ||
        block_has_ended(call))
        return false;
    block_on(call, &o);
    return true;
}

static void do_bgrewriteaof(struct call *call)
{
    struct engine_services *s = &call->engine->services;
    int error = call->retry ? 0 : s->rewrite(s->context);
    if (!error && waits_for_fork(call))
        return;
    if (error == -EALREADY)
        call_error(call, ERR_REWRITE_RUNNING);
    else if (error == 1)
        reply_simple(call->reply, "Background append only file rewriting scheduled");
    else if (error)
        reply_errorf(call->reply, "ERR Can't execute an AOF background rewriting. Please check "
                                  "the server logs for more information.");
    else
        reply_simple(call->reply, "Background append only file rewriting started");
}

const struct command bgrewriteaof_command = {
    .name = "bgrewriteaof",
    .usage = "",
    .summary = "Rewrites the append-only file in its shortest form, in a child process.",
    .since = "1.0.0",
    .complexity = "O(1), and O(N) in the child",
    .group = GROUP_SERVER,
    .arity = 1,
    .flags = COMMAND_ADMIN | COMMAND_NO_ASYNC_LOADING | COMMAND_NOSCRIPT | COMMAND_UNTRACKED,
    .handler = do_bgrewriteaof,
};
