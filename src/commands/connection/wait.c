/* WAIT and WAITAOF: wait until the connection's writes are safe. */
#include "commands/index.h"

#include "commands/timeout_arg.h"
#include "engine/block.h"
#include "replica/acks.h"

/* Runs again after a sync, an ACK of a replica, or at the deadline. The replicas are asked once. */
static void wait_on(struct call *call, int64_t deadline_ms, bool for_replicas)
{
    struct client *c = call->client;
    if (for_replicas && !call->retry)
        call->engine->replication->wants_acks = true;
    struct block_options o = {.deadline_ms = deadline_ms, .null = BLOCK_AGAIN};
    block_on(call, &o);
    if (!dlist_linked(&c->confirming))
        dlist_append(&call->engine->clients.confirming, &c->confirming);
}

static void do_wait(struct call *call)
{
    long long replicas;
    int64_t deadline_ms;
    const struct engine *e = call->engine;
    if (e->role != ROLE_PRIMARY) {
        reply_errorf(call->reply,
                     "ERR WAIT cannot be used with replica instances. Please also note that since "
                     "Redis 4.0 if a replica is configured to be writable (which is not the "
                     "default) writes to replicas are just local and are not propagated.");
        return;
    }
    if (!call_int(call, 1, &replicas) || !timeout_arg_parse_ms(call, 2, &deadline_ms))
        return;
    long long applied = (long long)acks_applied(e->replication, call->client->written_offset);
    if (applied >= replicas || !block_allowed(call) || block_has_ended(call))
        reply_int(call->reply, applied);
    else
        wait_on(call, deadline_ms, true);
}

const struct command wait_command = {
    .name = "wait",
    .usage = "numreplicas:int timeout:int",
    .summary = "Waits until a number of replicas have acknowledged this connection's writes, or "
               "for the timeout; returns how many have.",
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
    if (e->role != ROLE_PRIMARY) {
        reply_errorf(call->reply,
                     "ERR WAITAOF cannot be used with replica instances. Please also note that "
                     "writes to replicas are just local and are not propagated.");
        return;
    }
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
    long long others = (long long)acks_synced(e->replication, c->written_offset);
    if ((synced >= local && others >= replicas) || !block_allowed(call) || block_has_ended(call)) {
        reply_array(call->reply, 2);
        reply_int(call->reply, synced);
        reply_int(call->reply, others);
        return;
    }
    e->gate.sync_wanted |= !synced;
    wait_on(call, deadline_ms, others < replicas);
}

const struct command waitaof_command = {
    .name = "waitaof",
    .usage = "numlocal:int numreplicas:int timeout:int",
    .summary = "Waits until this connection's writes are synced to disk, locally and on a number "
               "of replicas.",
    .since = "7.2.0",
    .complexity = "O(1)",
    .tips = "request_policy:all_shards response_policy:agg_min",
    .group = GROUP_CONNECTION,
    .arity = 4,
    .flags = COMMAND_NOSCRIPT,
    .handler = do_waitaof,
};
