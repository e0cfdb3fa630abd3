/* HSCAN: a walk as SCAN's (commands/scan_args), over the fields of a hash. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"
#include "commands/scan_args.h"

static void note_field(void *context, const struct hash_field *f)
{
    struct scan_args *s = context;
    if (!scan_args_matches(s, f->name))
        return;
    reply_bulk(s->call->reply, f->name);
    if (!s->no_values)
        reply_bulk(s->call->reply, f->value);
    s->n += s->no_values ? 1 : 2;
    s->found++;
}

static uint64_t step(const void *collection, struct scan_args *s)
{
    return hash_scan(collection, s->cursor, db_field_now(s->call->store), note_field, s);
}

static void do_hscan(struct call *call)
{
    struct scan_args s;
    const struct hash *h;
    if (!scan_args_cursor(call, 2, &s) || !hash_args_read(call, call->argv[1], &h))
        return;
    if (!h) {
        scan_args_nothing(call);
        return;
    }
    if (!scan_args_options(call, 3, SCAN_ARGS_NOVALUES, &s))
        return;
    scan_args_walk(&s, h, step);
}

const struct command hscan_command = {
    .name = "hscan",
    .usage = "key:key cursor:int [MATCH pattern:pattern] [COUNT count:int] [NOVALUES]",
    .summary = "Iterates over the fields of a hash.",
    .since = "2.8.0",
    .complexity = "O(1) for each call, O(N) for a whole walk",
    .tips = "nondeterministic_output",
    .group = GROUP_HASH,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hscan,
};
