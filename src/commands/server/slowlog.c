/* SLOWLOG: slow requests, kept by engine/observe. */
#include "commands/index.h"

#include "base/num.h"
#include "engine/observe.h"

static void do_slowlog_get(struct call *call)
{
    const struct observe *o = call->engine->observe;
    long long most = 10;
    if (call->argc > 3) {
        helpers_bad_subcommand(call);
        return;
    }
    if (call->argc == 3) {
        if (!num_parse_int(call->argv[2], &most) || most < -1) {
            reply_errorf(call->reply, "ERR count should be greater than or equal to -1");
            return;
        }
        if (most == -1)
            most = INT64_MAX;
    }
    size_t n = (long long)o->slow_n < most ? o->slow_n : (size_t)most;
    reply_array(call->reply, n);
    struct dlist_node *at = o->slow.next;
    for (size_t i = 0; i < n; i++, at = at->next) {
        const struct observe_slow *x = dlist_item(at, struct observe_slow, node);
        reply_array(call->reply, 6);
        reply_int(call->reply, (long long)x->id);
        reply_int(call->reply, x->time_s);
        reply_int(call->reply, x->duration_us);
        reply_array(call->reply, (size_t)x->argc);
        for (int k = 0; k < x->argc; k++)
            reply_bulk_str(call->reply, x->argv[k]);
        reply_bulk_str(call->reply, x->address);
        reply_bulk_str(call->reply, x->name);
    }
}

static void do_slowlog_len(struct call *call)
{
    reply_int(call->reply, (long long)call->engine->observe->slow_n);
}

static void do_slowlog_reset(struct call *call)
{
    observe_forget_slow(call->engine->observe);
    reply_ok(call->reply);
}

static void do_slowlog_help(struct call *call)
{
    helpers_help(call, &slowlog_command);
}

#define SUB(parent, word, args, text, version, cost, advice, count, bits)                          \
    static const struct command parent##_##word##_command = {                                      \
        .name = #word,                                                                             \
        .full_name = #parent "|" #word,                                                            \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = version,                                                                          \
        .complexity = cost,                                                                        \
        .tips = advice,                                                                            \
        .group = GROUP_SERVER,                                                                     \
        .arity = count,                                                                            \
        .flags = (bits) | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,                     \
        .handler = do_##parent##_##word,                                                           \
    }

SUB(slowlog, get, "[count:int]", "Lists slow commands.", "2.2.12", "O(N) with N the entries",
    "request_policy:all_nodes nondeterministic_output", -2, COMMAND_ADMIN);
SUB(slowlog, len, "", "Returns the number of entries.", "2.2.12", "O(1)",
    "request_policy:all_nodes response_policy:agg_sum nondeterministic_output", 2, COMMAND_ADMIN);
SUB(slowlog, reset, "", "Empties the slow log.", "2.2.12", "O(N) with N the entries",
    "request_policy:all_nodes response_policy:all_succeeded", 2, COMMAND_ADMIN);
SUB(slowlog, help, "", "Lists the subcommands.", "6.2.0", "O(1)", NULL, 2, 0);

static const struct command *const slowlog_subcommands[] = {
    &slowlog_get_command, &slowlog_help_command, &slowlog_len_command, &slowlog_reset_command,
    NULL};

const struct command slowlog_command = {
    .name = "slowlog",
    .usage = "",
    .summary = "Inspects the slow log.",
    .since = "2.2.12",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = slowlog_subcommands,
};
