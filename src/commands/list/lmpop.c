/* LMPOP: pops elements from the first key that holds a list; BLMPOP waits for one, like BLPOP. The
 * journal gets LPOP or RPOP with a count. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/list/list_args.h"
#include "commands/list/list_pop.h"
#include "commands/mpop_args.h"

/* LMPOP and BLMPOP: numkeys at argument `at`. */
static void mpop(struct call *call, int at, bool blocks)
{
    struct mpop_args m;
    struct bytes key;
    struct list *l;
    if (!mpop_args_parse(call, at, blocks, "left", "right", &m))
        return;
    int found = list_pop_first(call, m.keys, m.key_count, &key, &l);
    if (found < 0)
        return;
    if (!found) {
        if (blocks && block_allowed(call))
            list_pop_wait(call, m.keys, m.key_count, m.deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    bool front = !m.second;
    uint64_t n = (uint64_t)m.count < l->count ? (uint64_t)m.count : l->count;
    char text[NUM_INT_MAX];
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    reply_array(call->reply, n);
    list_pop_take(call, l, front, n);
    CALL_EFFECT(call, list_pop_word(front), key, bytes_of(text, num_print_uint(text, n)));
    list_args_shrunk(call, key, l, list_pop_event(front), n);
}

static void do_lmpop(struct call *call)
{
    mpop(call, 1, false);
}

static void do_blmpop(struct call *call)
{
    mpop(call, 2, true);
}

const struct command lmpop_command = {
    .name = "lmpop",
    .usage = "numkeys:int key:key... <LEFT | RIGHT> [COUNT count:int]",
    .summary = "Removes and returns elements of the first non-empty list.",
    .since = "7.0.0",
    .complexity = "O(N+M) with N the keys and M the elements taken",
    .group = GROUP_LIST,
    .arity = -4,
    .flags = COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(1, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_lmpop,
};

const struct command blmpop_command = {
    .name = "blmpop",
    .usage = "timeout:double numkeys:int key:key... <LEFT | RIGHT> [COUNT count:int]",
    .summary =
        "Removes and returns elements of the first non-empty list, or blocks until there is one.",
    .since = "7.0.0",
    .complexity = "O(N+M) with N the keys and M the elements taken",
    .group = GROUP_LIST,
    .arity = -5,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_blmpop,
};
