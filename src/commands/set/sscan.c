/* SSCAN: a walk as SCAN's (commands/scan_args), over the members of a set. */
#include "commands/index.h"

#include "commands/scan_args.h"
#include "commands/set/set_args.h"

static void note_member(void *context, struct bytes member)
{
    struct scan_args *s = context;
    if (!scan_args_matches(s, member))
        return;
    reply_bulk(s->call->reply, member);
    s->n++;
    s->found++;
}

static uint64_t step(const void *collection, struct scan_args *s)
{
    return set_scan(collection, s->cursor, note_member, s);
}

static void do_sscan(struct call *call)
{
    struct scan_args s;
    const struct set *set;
    if (!scan_args_cursor(call, 2, &s) || !set_args_read(call, call->argv[1], &set))
        return;
    if (!set) {
        scan_args_nothing(call);
        return;
    }
    if (!scan_args_options(call, 3, 0, &s))
        return;
    scan_args_walk(&s, set, step);
}

const struct command sscan_command = {
    .name = "sscan",
    .usage = "key:key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
    .summary = "Iterates over the members of a set.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output",
    .group = GROUP_SET,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_sscan,
};
