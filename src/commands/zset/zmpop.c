/* ZMPOP: pops members from the first key that holds a sorted set; BZMPOP waits for one. The journal
 * gets ZPOPMIN or ZPOPMAX with a count. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/mpop_args.h"
#include "commands/zset/zset_pop.h"
#include "engine/block.h"

/* ZMPOP and BZMPOP: numkeys at argument `at`. */
static void mpop(struct call *call, int at, bool blocks)
{
    struct mpop_args m;
    struct bytes key;
    struct entry *e;
    if (!mpop_args_parse(call, at, blocks, "min", "max", &m))
        return;
    int found = zset_pop_first(call, m.keys, m.key_count, &key, &e);
    if (found < 0)
        return;
    if (!found) {
        if (blocks && block_allowed(call))
            zset_pop_wait(call, m.keys, m.key_count, m.deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    size_t have = zset_count(value_object(e)), n = (size_t)m.count < have ? (size_t)m.count : have;
    char text[NUM_INT_MAX];
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    reply_array(call->reply, n);
    CALL_EFFECT(call, zset_pop_word(m.second), key, bytes_of(text, num_print_uint(text, n)));
    zset_pop_take(call, key, e, m.second, n, true);
}

static void do_zmpop(struct call *call)
{
    mpop(call, 1, false);
}

static void do_bzmpop(struct call *call)
{
    mpop(call, 2, true);
}

const struct command zmpop_command = {
    .name = "zmpop",
    .usage = "numkeys:int key:key... <MIN | MAX> [COUNT count:int]",
    .summary = "Removes and returns members of the first non-empty sorted set.",
    .since = "7.0.0",
    .complexity = "O(K)+O(M*log(N)) with K the keys and M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -4,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_zmpop,
};

const struct command bzmpop_command = {
    .name = "bzmpop",
    .usage = "timeout:double numkeys:int key:key... <MIN | MAX> [COUNT count:int]",
    .summary = "Removes and returns members of the first non-empty sorted set, or blocks until "
               "there is one.",
    .since = "7.0.0",
    .complexity = "O(K)+O(M*log(N)) with K the keys and M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -5,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzmpop,
};
