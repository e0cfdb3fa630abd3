/* ZSCAN: a walk as SCAN's (commands/scan_args), over members and scores. */
#include "commands/index.h"

#include "commands/scan_args.h"
#include "commands/zset_args.h"

static void note_item(void *context, const struct zset_item *x)
{
    struct scan_args *s = context;
    char text[NUM_DOUBLE_MAX];
    if (!scan_args_matches(s, x->member))
        return;
    reply_bulk(s->call->reply, x->member);
    reply_bulk(s->call->reply, bytes_of(text, num_print_double(text, x->score)));
    s->n += 2;
    s->found++;
}

static uint64_t step(const void *collection, struct scan_args *s)
{
    return zset_scan(collection, s->cursor, note_item, s);
}

static void do_zscan(struct call *call)
{
    struct scan_args s;
    const struct zset *z;
    if (!scan_args_cursor(call, 2, &s) || !zset_args_read(call, call->argv[1], &z))
        return;
    if (!z) {
        scan_args_nothing(call);
        return;
    }
    if (!scan_args_options(call, 3, 0, &s))
        return;
    scan_args_walk(&s, z, step);
}

const struct command zscan_command = {
    .name = "zscan",
    .usage = "key:key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
    .summary = "Iterates over the members of a sorted set.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_zscan,
};
