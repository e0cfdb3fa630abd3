/* PUBLISH and SPUBLISH: reply with the number of receivers. */
#include "commands/index.h"

#include "pubsub/pubsub.h"

/* Replicates the message for subscribers of replicas. It is stream-only: no file keeps it, and no
 * reply waits for it. */
static void replicate(const struct call *call)
{
    struct journal *j = call->engine->journal;
    struct buf own = {0};
    if (!j->streamed)
        return;
    if (call->raw.n && !call->engine->commands_renamed) {
        journal_stream_only(j, call->raw);
        return;
    }
    struct bytes argv[] = {call->argv[0], call->argv[1], call->argv[2]};
    if (call->engine->commands_renamed)
        argv[0] = bytes_text(call->command->name);
    journal_format(&own, argv, 3);
    journal_stream_only(j, buf_bytes(&own));
    buf_free(&own);
}

static void publish(struct call *call, enum pubsub_kind kind)
{
    size_t n = pubsub_publish(call->engine->pubsub, kind, call->argv[1], call->argv[2]);
    reply_int(call->reply, (long long)n);
    replicate(call);
}

static void do_publish(struct call *call)
{
    publish(call, PUBSUB_CHANNEL);
}

static void do_spublish(struct call *call)
{
    publish(call, PUBSUB_SHARD);
}

const struct command publish_command = {
    .name = "publish",
    .usage = "channel:string message:string",
    .summary = "Publishes a message to a channel.",
    .since = "2.0.0",
    .complexity = "O(N+M) with N the receivers and M all patterns",
    .group = GROUP_PUBSUB,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_MAY_REPLICATE | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .channels = COMMAND_ONE_CHANNEL,
    .handler = do_publish,
};

const struct command spublish_command = {
    .name = "spublish",
    .usage = "shardchannel:string message:string",
    .summary = "Publishes a message to a shard channel.",
    .since = "7.0.0",
    .complexity = "O(N) with N the receivers",
    .group = GROUP_PUBSUB,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_MAY_REPLICATE | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, 0, 1, KEY_NOT_KEY)},
    .channels = COMMAND_ONE_CHANNEL,
    .handler = do_spublish,
};
