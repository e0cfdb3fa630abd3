/* EXEC: runs the commands queued since MULTI, with the clock standing still. Runs nothing if a
 * request was refused when queued (EXECABORT), or if a watched key has changed (null). */
#include "commands/index.h"

#include "base/mem.h"
#include "engine/exec.h"
#include "engine/gate.h"
#include "engine/state.h"
#include "engine/txn.h"

static void run_queue(struct call *call)
{
    struct client *c = call->client;
    struct txn queue = *c->txn;
    /* The client is no longer in a transaction while its commands run. */
    txn_unwatch(c);
    c->txn->commands = NULL;
    c->txn->n = c->txn->cap = 0;
    c->flags &= ~(unsigned)CLIENT_MULTI;
    c->flags |= CLIENT_IN_EXEC;
    state_freeze_clock(call->engine);
    reply_array(call->reply, queue.n);
    /* A failing command does not stop the others: there is no rollback. */
    for (size_t i = 0; i < queue.n; i++) {
        struct txn_command *t = &queue.commands[i];
        struct exec_request q = {.argv = t->argv, .argc = t->argc};
        exec_queued(c, t->command, &q);
    }
    for (size_t i = 0; i < queue.n; i++)
        mem_free(queue.commands[i].argv);
    mem_free(queue.commands);
    state_thaw_clock(call->engine);
    c->flags &= ~(unsigned)CLIENT_IN_EXEC;
    gate_inherit(call, c);
    txn_end(c);
}

static void do_exec(struct call *call)
{
    struct client *c = call->client;
    if (!(c->flags & CLIENT_MULTI)) {
        reply_errorf(call->reply, "ERR EXEC without MULTI");
        return;
    }
    /* EXEC itself has no effect: its commands have. */
    call_no_effect(call);
    if (txn_watched_expired(c))
        c->flags |= CLIENT_TXN_STALE;
    if (c->flags & CLIENT_TXN_BROKEN) {
        txn_end(c);
        call_error(call, ERR_EXECABORT);
    } else if (c->flags & CLIENT_TXN_STALE) {
        txn_end(c);
        reply_null_array(call->reply);
    } else {
        run_queue(call);
    }
}

const struct command exec_command = {
    .name = "exec",
    .usage = "",
    .summary = "Executes the commands of a transaction.",
    .since = "1.2.0",
    .complexity = "Depends on the commands.",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_EXEC | COMMAND_LEAVES_MULTI | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_SKIP_SLOWLOG | COMMAND_STALE | COMMAND_WHOLE | COMMAND_QUICK_MULTI,
    .of_connection = true,
    .handler = do_exec,
};
