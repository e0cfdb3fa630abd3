/* ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX: convert the range to ranks, which are removed
 * at once. */
#include "commands/index.h"

#include "commands/zset_args.h"

static void remove_range(struct call *call, enum zset_range_by by, const char *event)
{
    struct zset_range r = {.by = by};
    struct entry *e;
    size_t from, n = 0;
    if (!zset_args_range(call, 2, &r) || !zset_args_write(call, call->argv[1], &e))
        return;
    if (e) {
        struct zset *z = value_to_change(e);
        zset_args_ranks(z, &r, &from, &n);
        zset_remove_ranks(&z, from, n);
        value_moved(e, z);
    }
    if (n)
        zset_args_shrunk(call, call->argv[1], e, event, n);
    reply_int(call->reply, (long long)n);
}

static void do_zremrangebyrank(struct call *call)
{
    remove_range(call, ZSET_BY_RANK, "zremrangebyrank");
}

static void do_zremrangebyscore(struct call *call)
{
    remove_range(call, ZSET_BY_SCORE, "zremrangebyscore");
}

static void do_zremrangebylex(struct call *call)
{
    remove_range(call, ZSET_BY_LEX, "zremrangebylex");
}

const struct command zremrangebyrank_command = {
    .name = "zremrangebyrank",
    .usage = "key:key start:int stop:int",
    .summary = "Removes the members in a range of ranks.",
    .since = "2.0.0",
    .complexity = "O(M*log(N)) with M the members removed",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_zremrangebyrank,
};

const struct command zremrangebyscore_command = {
    .name = "zremrangebyscore",
    .usage = "key:key min:double max:double",
    .summary = "Removes the members in a range of scores.",
    .since = "1.2.0",
    .complexity = "O(M*log(N)) with M the members removed",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_zremrangebyscore,
};

const struct command zremrangebylex_command = {
    .name = "zremrangebylex",
    .usage = "key:key min:string max:string",
    .summary = "Removes the members in a lexicographical range.",
    .since = "2.8.9",
    .complexity = "O(M*log(N)) with M the members removed",
    .group = GROUP_SORTED_SET,
    .arity = 4,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_zremrangebylex,
};
