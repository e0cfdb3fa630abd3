/* SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites. Each name is confirmed by its own push,
 * even if replies are off or redirected (confirm()). */
#include "commands/index.h"

#include "pubsub/pubsub.h"

static const char *const joined[] = {"subscribe", "psubscribe", "ssubscribe"};
static const char *const left[] = {"unsubscribe", "punsubscribe", "sunsubscribe"};

/* Channels and patterns are counted together, shard channels separately. */
static long long count_of(const struct client *c, enum pubsub_kind kind)
{
    const struct subscriber *s = c->subscriber;
    if (kind == PUBSUB_SHARD)
        return (long long)pubsub_count(s, PUBSUB_SHARD);
    return (long long)(pubsub_count(s, PUBSUB_CHANNEL) + pubsub_count(s, PUBSUB_PATTERN));
}

/* A confirmation is a push, which is sent even if replies are off. */
static void confirm(struct call *call, const char *word, const struct bytes *name,
                    enum pubsub_kind kind)
{
    struct chain *out = call->reply->out;
    call->reply->out = &call->client->out;
    reply_push(call->reply, 3);
    reply_bulk_text(call->reply, word);
    if (name)
        reply_bulk(call->reply, *name);
    else
        reply_null(call->reply);
    reply_int(call->reply, count_of(call->client, kind));
    call->reply->out = out;
}

static void subscribe(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    if (!c->subscriber)
        c->subscriber = pubsub_join(c);
    client_set_subscribed(c, true);
    for (int i = 1; i < call->argc; i++) {
        pubsub_subscribe(call->engine->pubsub, c->subscriber, kind, call->argv[i]);
        confirm(call, joined[kind], &call->argv[i], kind);
    }
}

struct leaving {
    struct call *call;
    enum pubsub_kind kind;
};

static void confirm_left(void *context, struct bytes name)
{
    const struct leaving *l = context;
    confirm(l->call, left[l->kind], &name, l->kind);
}

static void unsubscribe_all(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    struct leaving l = {call, kind};
    if (pubsub_count(c->subscriber, kind) == 0)
        confirm(call, left[kind], NULL, kind);
    else
        pubsub_unsubscribe_all(call->engine->pubsub, c->subscriber, kind, confirm_left, &l);
}

static void unsubscribe(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    if (call->argc == 1)
        unsubscribe_all(call, kind);
    for (int i = 1; i < call->argc; i++) {
        if (c->subscriber)
            pubsub_unsubscribe(call->engine->pubsub, c->subscriber, kind, call->argv[i]);
        confirm(call, left[kind], &call->argv[i], kind);
    }
    if (c->subscriber && count_of(c, PUBSUB_CHANNEL) + count_of(c, PUBSUB_SHARD) == 0) {
        pubsub_leave(call->engine->pubsub, c->subscriber);
        c->subscriber = NULL;
        client_set_subscribed(c, false);
    }
}

static void do_subscribe(struct call *call)
{
    subscribe(call, PUBSUB_CHANNEL);
}

static void do_psubscribe(struct call *call)
{
    subscribe(call, PUBSUB_PATTERN);
}

static void do_ssubscribe(struct call *call)
{
    if (call->client->flags & CLIENT_IN_EXEC) {
        reply_errorf(call->reply, "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
        return;
    }
    subscribe(call, PUBSUB_SHARD);
}

static void do_unsubscribe(struct call *call)
{
    unsubscribe(call, PUBSUB_CHANNEL);
}

static void do_punsubscribe(struct call *call)
{
    unsubscribe(call, PUBSUB_PATTERN);
}

static void do_sunsubscribe(struct call *call)
{
    unsubscribe(call, PUBSUB_SHARD);
}

const struct command subscribe_command = {
    .name = "subscribe",
    .usage = "channel:string...",
    .summary = "Subscribes to channels.",
    .since = "2.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .channels = COMMAND_ALL_CHANNELS,
    .of_connection = true,
    .handler = do_subscribe,
};

const struct command psubscribe_command = {
    .name = "psubscribe",
    .usage = "pattern:pattern...",
    .summary = "Subscribes to channels that match patterns.",
    .since = "2.0.0",
    .complexity = "O(N) with N the patterns",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .channels = COMMAND_ALL_PATTERNS,
    .of_connection = true,
    .handler = do_psubscribe,
};

const struct command ssubscribe_command = {
    .name = "ssubscribe",
    .usage = "shardchannel:string...",
    .summary = "Subscribes to shard channels.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, -1, 1, KEY_NOT_KEY)},
    .channels = COMMAND_ALL_CHANNELS,
    .of_connection = true,
    .handler = do_ssubscribe,
};

const struct command unsubscribe_command = {
    .name = "unsubscribe",
    .usage = "[channel:string...]",
    .summary = "Unsubscribes from channels, or from all.",
    .since = "2.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_unsubscribe,
};

const struct command punsubscribe_command = {
    .name = "punsubscribe",
    .usage = "[pattern:pattern...]",
    .summary = "Unsubscribes from patterns, or from all.",
    .since = "2.0.0",
    .complexity = "O(N) with N the patterns",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .of_connection = true,
    .handler = do_punsubscribe,
};

const struct command sunsubscribe_command = {
    .name = "sunsubscribe",
    .usage = "[shardchannel:string...]",
    .summary = "Unsubscribes from shard channels, or from all.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, -1, 1, KEY_NOT_KEY)},
    .of_connection = true,
    .handler = do_sunsubscribe,
};
