/* XCAPTURE: channel patterns whose publications are appended to a stream. Appending is up to
 * broker/broker_capture.h. */
#include "commands/index.h"

#include "base/mem.h"
#include "broker/broker_moments.h"
#include "commands/helpers.h"
#include "commands/stream/stream_args.h"

#define FIRST_PATTERN 3

/* Adds or removes each pattern. Returns how many had an effect; the journal gets only these. */
static size_t change(struct call *call, struct stream *s, bool add)
{
    bool (*const one)(struct stream_captures *, struct bytes) =
        add ? stream_captures_add : stream_captures_remove;
    struct bytes *argv = mem_alloc((size_t)call->argc * sizeof(*argv));
    int argc = 0;
    argv[argc++] = BYTES("XCAPTURE");
    argv[argc++] = add ? BYTES("ADD") : BYTES("DEL");
    argv[argc++] = call->argv[2];
    for (int i = FIRST_PATTERN; i < call->argc; i++)
        if (one(&s->extra->captures, call->argv[i]))
            argv[argc++] = call->argv[i];
    size_t n = (size_t)(argc - FIRST_PATTERN);
    if (n)
        call_effect_since(call, BROKER_ACT_SINCE, argv, argc);
    mem_free(argv);
    return n;
}

static void done(struct call *call, struct stream *s, const char *event)
{
    struct broker_group at = broker_act_in(call, call->argv[2], s, NULL);
    broker_moments_changed(&at);
    db_changed_quietly(call->db, at.key);
    db_notify(call->db, at.key, DB_EVENT_STREAM, event);
}

static void do_xcapture_add(struct call *call)
{
    struct bytes key = call->argv[2];
    struct stream *s;
    if (!stream_args_write(call, key, &s))
        return;
    call_no_effect(call);
    if (!s) {
        struct broker_group at = broker_act_in(call, key, NULL, NULL);
        s = stream_args_create(call, key);
        db_changed(call->db, key, 0, NULL);
        broker_act_effect_made(&at);
    }
    stream_need_extra(s);
    size_t n = change(call, s, true);
    if (n)
        done(call, s, "xcapture");
    reply_int(call->reply, (long long)n);
}

static void do_xcapture_del(struct call *call)
{
    struct stream *s;
    if (!stream_args_write(call, call->argv[2], &s))
        return;
    call_no_effect(call);
    size_t n = s && s->extra ? change(call, s, false) : 0;
    if (n)
        done(call, s, "xuncapture");
    reply_int(call->reply, (long long)n);
}

static void do_xcapture_list(struct call *call)
{
    static const struct stream_captures none;
    const struct stream *s;
    size_t n;
    if (!stream_args_read(call, call->argv[2], &s))
        return;
    struct bytes *all = stream_captures_sorted(s && s->extra ? &s->extra->captures : &none, &n);
    reply_array(call->reply, n);
    for (size_t i = 0; i < n; i++)
        reply_bulk(call->reply, all[i]);
    mem_free(all);
}

static void do_xcapture_help(struct call *call)
{
    helpers_help(call, &xcapture_command);
}

static const struct command xcapture_add_command = {
    .name = "add",
    .full_name = "xcapture|add",
    .usage = "key:key pattern:pattern...",
    .summary =
        "Captures channels: messages published to matching channels are appended to a stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the patterns",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .channels = COMMAND_PATTERNS_FROM_3,
    .handler = do_xcapture_add,
};
static const struct command xcapture_del_command = {
    .name = "del",
    .full_name = "xcapture|del",
    .usage = "key:key pattern:pattern...",
    .summary = "Stops capturing patterns.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N) with N the patterns",
    .group = GROUP_STREAM,
    .arity = -4,
    .flags = COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xcapture_del,
};
static const struct command xcapture_list_command = {
    .name = "list",
    .full_name = "xcapture|list",
    .usage = "key:key",
    .summary = "Lists the patterns captured by a stream.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(N log N) with N the patterns",
    .group = GROUP_STREAM,
    .arity = 3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_xcapture_list,
};
static const struct command xcapture_help_command = {
    .name = "help",
    .full_name = "xcapture|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = BROKER_ACT_SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xcapture_help,
};

static const struct command *const xcapture_subcommands[] = {
    &xcapture_add_command, &xcapture_del_command, &xcapture_help_command, &xcapture_list_command,
    NULL};

const struct command xcapture_command = {
    .name = "xcapture",
    .usage = "",
    .summary = "Manages captures, which append published messages to streams.",
    .since = BROKER_ACT_SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xcapture_subcommands,
};
