/* PUBSUB: lists channels and counts subscribers. */
#include "commands/index.h"

#include "base/glob.h"
#include "pubsub/pubsub.h"

/* The number of matches is only known at the end. */
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
    .summary = "Lists the channels with subscribers.",
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
    .summary = "Returns the number of patterns with subscribers.",
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
    .summary = "Returns the number of subscribers of channels.",
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
    .summary = "Lists the shard channels with subscribers.",
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
    .summary = "Returns the number of subscribers of shard channels.",
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
    .summary = "Inspects channels and their subscribers.",
    .since = "2.8.0",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_PUBSUB,
    .arity = -2,
    .subcommands = pubsub_subcommands,
};
