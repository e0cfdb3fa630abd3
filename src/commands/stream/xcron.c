/* XCRON: schedules of a stream. */
#include "commands/index.h"

#include "commands/helpers.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/xcron_args.h"

#define SINCE     "0.2.0"
#define NEXT_MOST 1000

/* ---- NEXT */

struct next_args {
    struct cron_fields cron;
    const struct zone *zone; /* NULL, -1: not given */
    long long from, count;
};

static bool parse_next_option(struct call *call, int i, struct next_args *x)
{
    struct bytes word = call->argv[i];
    bool is_zone = bytes_is(word, "tz"), is_from = bytes_is(word, "from");
    if ((!is_zone && !is_from && !bytes_is(word, "count")) || i + 1 >= call->argc) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    const char *name = is_zone ? "TZ" : is_from ? "FROM" : "COUNT";
    long long *to = is_from ? &x->from : &x->count;
    if (is_zone ? x->zone != NULL : *to != -1) {
        reply_errorf(call->reply, "ERR %s specified multiple times", name);
        return false;
    }
    if (is_zone)
        return xcron_args_zone(call, i + 1, &x->zone);
    return helpers_number(call, i + 1, name, is_from ? 0 : 1,
                          is_from ? STREAM_ARGS_MOMENT_MOST : NEXT_MOST, to);
}

static void do_xcron_next(struct call *call)
{
    struct next_args x = {.from = -1, .count = -1};
    if (!xcron_args_expression(call, 2, &x.cron))
        return;
    for (int i = 3; i < call->argc; i += 2)
        if (!parse_next_option(call, i, &x))
            return;
    const struct zone *zone = x.zone ? x.zone : zone_utc();
    int64_t moments[NEXT_MOST], at = x.from != -1 ? x.from : call->now_ms;
    long long n = 0, most = x.count != -1 ? x.count : 1;
    while (n < most && cron_next(&x.cron, zone, at, &at))
        moments[n++] = at;
    if (n == 0) {
        xcron_args_never(call);
        return;
    }
    reply_array(call->reply, (size_t)n);
    for (long long i = 0; i < n; i++)
        reply_int(call->reply, moments[i]);
}

static void do_xcron_help(struct call *call)
{
    helpers_help(call, &xcron_command);
}

static const struct command xcron_next_command = {
    .name = "next",
    .full_name = "xcron|next",
    .usage = "expression:string [TZ zone:string] [FROM unix-time-milliseconds:unix-time] [COUNT "
             "count:int]",
    .summary = "Answers the next moments of a cron expression.",
    .since = SINCE,
    .complexity = "O(N) with N the moments",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -3,
    .flags = COMMAND_READONLY | COMMAND_UNTRACKED,
    .handler = do_xcron_next,
};
static const struct command xcron_help_command = {
    .name = "help",
    .full_name = "xcron|help",
    .usage = "",
    .summary = "Lists the subcommands.",
    .since = SINCE,
    .complexity = "O(1)",
    .group = GROUP_STREAM,
    .arity = 2,
    .flags = COMMAND_LOADING | COMMAND_STALE,
    .handler = do_xcron_help,
};

static const struct command *const xcron_subcommands[] = {&xcron_help_command, &xcron_next_command,
                                                          NULL};

const struct command xcron_command = {
    .name = "xcron",
    .usage = "",
    .summary = "Makes streams get messages by the calendar.",
    .since = SINCE,
    .complexity = "Depends on the subcommand.",
    .group = GROUP_STREAM,
    .arity = -2,
    .subcommands = xcron_subcommands,
};
