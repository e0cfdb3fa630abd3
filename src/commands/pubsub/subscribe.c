/* Channels: subscribing and publishing. */
#include "commands/index.h"

#include "base/glob.h"
#include "pubsub/pubsub.h"

static const char *const joined[] = {"subscribe", "psubscribe", "ssubscribe"};
static const char *const left[] = {"unsubscribe", "punsubscribe", "sunsubscribe"};

/* Channels and patterns count together, shard channels alone. */
static long long count_of(const struct client *c, enum pubsub_kind kind)
{
    const struct subscriber *s = c->subscriber;
    if (kind == PUBSUB_SHARD)
        return (long long)pubsub_count(s, PUBSUB_SHARD);
    return (long long)(pubsub_count(s, PUBSUB_CHANNEL) + pubsub_count(s, PUBSUB_PATTERN));
}

/* A confirmation is a push: it comes whether replies are wanted or not. */
static void tell(struct call *call, const char *word, const struct bytes *name,
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
        tell(call, joined[kind], &call->argv[i], kind);
    }
}

static void unsubscribe_all(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    if (pubsub_count(c->subscriber, kind) == 0) {
        tell(call, left[kind], NULL, kind);
        return;
    }
    while (pubsub_count(c->subscriber, kind)) {
        struct dict_walk walk = {0};
        struct dict_node *n = dict_next(&c->subscriber->names[kind], &walk);
        struct str *name = str_new(dict_key(n));
        struct bytes x = str_bytes(name);
        pubsub_unsubscribe(call->engine->pubsub, c->subscriber, kind, x);
        tell(call, left[kind], &x, kind);
        str_unref(name);
    }
}

static void unsubscribe(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    if (call->argc == 1)
        unsubscribe_all(call, kind);
    for (int i = 1; i < call->argc; i++) {
        if (c->subscriber)
            pubsub_unsubscribe(call->engine->pubsub, c->subscriber, kind, call->argv[i]);
        tell(call, left[kind], &call->argv[i], kind);
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
    .summary = "Listens to channels.",
    .since = "2.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_subscribe,
};
const struct command psubscribe_command = {
    .name = "psubscribe",
    .usage = "pattern:pattern...",
    .summary = "Listens to all channels that match patterns.",
    .since = "2.0.0",
    .complexity = "O(N) with N the patterns",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_psubscribe,
};
const struct command ssubscribe_command = {
    .name = "ssubscribe",
    .usage = "shardchannel:string...",
    .summary = "Listens to shard channels.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, -1, 1, KEY_NOT_KEY)},
    .handler = do_ssubscribe,
};
const struct command unsubscribe_command = {
    .name = "unsubscribe",
    .usage = "[channel:string...]",
    .summary = "Stops listening to channels, or to all.",
    .since = "2.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_unsubscribe,
};
const struct command punsubscribe_command = {
    .name = "punsubscribe",
    .usage = "[pattern:pattern...]",
    .summary = "Stops listening to patterns, or to all.",
    .since = "2.0.0",
    .complexity = "O(N) with N the patterns",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_punsubscribe,
};
const struct command sunsubscribe_command = {
    .name = "sunsubscribe",
    .usage = "[shardchannel:string...]",
    .summary = "Stops listening to shard channels, or to all.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -1,
    .flags = COMMAND_OK_SUBSCRIBED | COMMAND_LOADING | COMMAND_NOSCRIPT | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, -1, 1, KEY_NOT_KEY)},
    .handler = do_sunsubscribe,
};

static void publish(struct call *call, enum pubsub_kind kind)
{
    size_t n = pubsub_publish(call->engine->pubsub, kind, call->argv[1], call->argv[2]);
    reply_int(call->reply, (long long)n);
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
    .summary = "Sends a message to all who listen to a channel.",
    .since = "2.0.0",
    .complexity = "O(N+M) with N the receivers and M all patterns",
    .group = GROUP_PUBSUB,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_MAY_REPLICATE | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_publish,
};
const struct command spublish_command = {
    .name = "spublish",
    .usage = "shardchannel:string message:string",
    .summary = "Sends a message to all who listen to a shard channel.",
    .since = "7.0.0",
    .complexity = "O(N) with N the receivers",
    .group = GROUP_PUBSUB,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_LOADING | COMMAND_MAY_REPLICATE | COMMAND_PUBSUB |
             COMMAND_STALE | COMMAND_UNTRACKED,
    .keys = {KEY_RANGE(1, 0, 1, KEY_NOT_KEY)},
    .handler = do_spublish,
};

static void names(struct call *call, enum pubsub_kind kind)
{
    if (call->argc > 3) {
        helpers_bad_subcommand(call);
        return;
    }
    const struct dict *d = pubsub_names(call->engine->pubsub, kind);
    struct dict_walk walk = {0};
    struct chain aside = {0};
    size_t n = 0;
    reply_later_begin(call->reply, &aside);
    for (struct dict_node *x; (x = dict_next(d, &walk));)
        if (call->argc < 3 || glob_match(call->argv[2], dict_key(x))) {
            reply_bulk(call->reply, dict_key(x));
            n++;
        }
    reply_later_end(call->reply, '*', n);
}

static void counts(struct call *call, enum pubsub_kind kind)
{
    reply_array(call->reply, 2 * ((size_t)call->argc - 2));
    for (int i = 2; i < call->argc; i++) {
        reply_bulk(call->reply, call->argv[i]);
        reply_int(call->reply,
                  (long long)pubsub_audience(call->engine->pubsub, kind, call->argv[i]));
    }
}

static void do_pubsub_channels(struct call *call)
{
    names(call, PUBSUB_CHANNEL);
}

static void do_pubsub_shardchannels(struct call *call)
{
    names(call, PUBSUB_SHARD);
}

static void do_pubsub_numsub(struct call *call)
{
    counts(call, PUBSUB_CHANNEL);
}

static void do_pubsub_shardnumsub(struct call *call)
{
    counts(call, PUBSUB_SHARD);
}

static void do_pubsub_numpat(struct call *call)
{
    reply_int(call->reply, (long long)pubsub_names(call->engine->pubsub, PUBSUB_PATTERN)->used);
}

static void do_pubsub_help(struct call *call)
{
    helpers_help(call, &pubsub_command);
}

static const struct command pubsub_channels_command = {
    .name = "channels",
    .full_name = "pubsub|channels",
    .usage = "[pattern:pattern]",
    .summary = "Names the channels that somebody listens to.",
    .since = "2.8.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_PUBSUB | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_channels,
};
static const struct command pubsub_numpat_command = {
    .name = "numpat",
    .full_name = "pubsub|numpat",
    .usage = "",
    .summary = "Counts the patterns that somebody listens to.",
    .since = "2.8.0",
    .complexity = "O(1)",
    .group = GROUP_PUBSUB,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_PUBSUB | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_numpat,
};
static const struct command pubsub_numsub_command = {
    .name = "numsub",
    .full_name = "pubsub|numsub",
    .usage = "[channel:string...]",
    .summary = "Counts the listeners of channels.",
    .since = "2.8.0",
    .complexity = "O(N) with N the channels asked for",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_PUBSUB | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_numsub,
};
static const struct command pubsub_shardchannels_command = {
    .name = "shardchannels",
    .full_name = "pubsub|shardchannels",
    .usage = "[pattern:pattern]",
    .summary = "Names the shard channels that somebody listens to.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_PUBSUB | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_shardchannels,
};
static const struct command pubsub_shardnumsub_command = {
    .name = "shardnumsub",
    .full_name = "pubsub|shardnumsub",
    .usage = "[shardchannel:string...]",
    .summary = "Counts the listeners of shard channels.",
    .since = "7.0.0",
    .complexity = "O(N) with N the channels asked for",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .flags = COMMAND_LOADING | COMMAND_PUBSUB | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_shardnumsub,
};
static const struct command pubsub_help_command = {
    .name = "help",
    .full_name = "pubsub|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_PUBSUB,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,
    .handler = do_pubsub_help,
};

static const struct command *const pubsub_subcommands[] = {&pubsub_channels_command,
                                                           &pubsub_help_command,
                                                           &pubsub_numpat_command,
                                                           &pubsub_numsub_command,
                                                           &pubsub_shardchannels_command,
                                                           &pubsub_shardnumsub_command,
                                                           NULL};

const struct command pubsub_command = {
    .name = "pubsub",
    .usage = "",
    .summary = "Looks at channels and listeners.",
    .since = "2.8.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .subcommands = pubsub_subcommands,
};
