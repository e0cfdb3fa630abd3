/* WAIT and WAITAOF: until what the connection wrote is safe. */
#include "commands/index.h"

#include "commands/timeout_arg.h"
#include "engine/block.h"

/* Runs again when a sync has ended or the deadline has come. */
static void wait_on(struct call *call, int64_t deadline_ms)
{
    struct client *c = call->client;
    struct block_options o = {.deadline_ms = deadline_ms, .null = BLOCK_AGAIN};
    block_on(call, &o);
    if (!dlist_linked(&c->confirming))
        dlist_append(&call->engine->clients.confirming, &c->confirming);
}

static void do_wait(struct call *call)
{
    long long replicas;
    int64_t deadline_ms;
    if (!call_int(call, 1, &replicas) || !timeout_arg_parse_ms(call, 2, &deadline_ms))
        return;
    if (replicas <= 0 || !block_allowed(call) || block_has_ended(call))
        reply_int(call->reply, 0);
    else
        wait_on(call, deadline_ms);
}

const struct command wait_command = {
    .name = "wait",
    .usage = "numreplicas:int timeout:int",
    .summary =
        "Waits until replicas have this connection's writes. There are none here: 0, at once or "
        "at the end of the timeout.",
    .since = "3.0.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:agg_min",
    .group = GROUP_CONNECTION,
    .arity = 3,
    .handler = do_wait,
};

static void do_waitaof(struct call *call)
{
    struct engine *e = call->engine;
    struct client *c = call->client;
    long long local, replicas;
    int64_t deadline_ms;
    if (!call_int_range(call, 1, 0, 1, ERR_NOT_0_OR_1, &local) ||
        !call_int_range(call, 2, 0, INT64_MAX, ERR_MUST_BE_POSITIVE, &replicas) ||
        !timeout_arg_parse_ms(call, 3, &deadline_ms))
        return;
    const struct gate_promise *p = &e->gate.promise;
    if (local && !p->open) {
        reply_errorf(call->reply, "ERR WAITAOF cannot be used when numlocal is set but appendonly "
                                  "is disabled.");
        return;
    }
    bool synced = p->durable && p->synced >= c->written_offset;
    if ((synced >= local && replicas == 0) || !block_allowed(call) || block_has_ended(call)) {
        reply_array(call->reply, 2);
        reply_int(call->reply, synced);
        reply_int(call->reply, 0);
        return;
    }
    e->gate.sync_wanted |= !synced;
    wait_on(call, deadline_ms);
}

const struct command waitaof_command = {
    .name = "waitaof",
    .usage = "numlocal:int numreplicas:int timeout:int",
    .summary = "Waits until this connection's writes are on the disk.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:agg_min",
    .group = GROUP_CONNECTION,
    .arity = 4,
    .flags = COMMAND_NOSCRIPT,
    .handler = do_waitaof,
};
