/* Transactions. */
#include "commands/index.h"

#include "base/mem.h"
#include "engine/exec.h"
#include "engine/state.h"
#include "engine/txn.h"

static void do_multi(struct call *call)
{
    struct client *c = call->client;
    if (c->flags & CLIENT_MULTI) {
        reply_errorf(call->reply, "ERR MULTI calls can not be nested");
        return;
    }
    txn_of(c);
    c->flags |= CLIENT_MULTI;
    reply_ok(call->reply);
}

const struct command multi_command = {
    .name = "multi",
    .usage = "",
    .summary = "Begins a transaction: commands are queued until EXEC.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .handler = do_multi,
};

static void do_discard(struct call *call)
{
    if (!(call->client->flags & CLIENT_MULTI)) {
        reply_errorf(call->reply, "ERR DISCARD without MULTI");
        return;
    }
    txn_end(call->client);
    reply_ok(call->reply);
}

const struct command discard_command = {
    .name = "discard",
    .usage = "",
    .summary = "Drops a transaction and its watched keys.",
    .since = "2.0.0",
    .complexity = "O(N) with N the queued commands",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_LEAVES_MULTI | COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING |
             COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .handler = do_discard,
};

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
    .summary = "Runs the commands of a transaction.",
    .since = "1.2.0",
    .complexity = "Depends on the commands.",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_EXEC | COMMAND_LEAVES_MULTI | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_SKIP_SLOWLOG | COMMAND_STALE | COMMAND_WHOLE | COMMAND_QUICK_MULTI,
    .handler = do_exec,
};

static void do_watch(struct call *call)
{
    if (call->client->flags & CLIENT_MULTI) {
        reply_errorf(call->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    if (!(call->client->flags & CLIENT_TXN_STALE))
        for (int i = 1; i < call->argc; i++)
            txn_watch(call->client, call->db, call->argv[i]);
    reply_ok(call->reply);
}

const struct command watch_command = {
    .name = "watch",
    .usage = "key:key...",
    .summary = "Makes the next EXEC depend on keys staying unchanged.",
    .since = "2.2.0",
    .complexity = "O(1) for each key",
    .group = GROUP_TRANSACTIONS,
    .arity = -2,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED | COMMAND_QUICK_MULTI,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RO)},
    .handler = do_watch,
};

static void do_unwatch(struct call *call)
{
    txn_unwatch(call->client);
    reply_ok(call->reply);
}

const struct command unwatch_command = {
    .name = "unwatch",
    .usage = "",
    .summary = "Forgets all watched keys.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_TRANSACTIONS,
    .arity = 1,
    .flags = COMMAND_ALLOW_BUSY | COMMAND_FAST | COMMAND_LOADING | COMMAND_NOSCRIPT |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_unwatch,
};
