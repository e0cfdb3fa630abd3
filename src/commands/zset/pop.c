/* Taking the lowest or highest: ZPOPMIN and its kin, also waiting. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/mpop_args.h"
#include "commands/timeout_arg.h"
#include "commands/zset_args.h"
#include "engine/block.h"

static struct bytes word_of(bool highest)
{
    return highest ? BYTES("ZPOPMAX") : BYTES("ZPOPMIN");
}

/* Answers n items, nested as pairs or flat, and takes them out. */
static void take(struct call *call, struct bytes key, struct entry *e, bool highest, size_t n,
                 bool pairs)
{
    struct zset *z = value_object(e);
    struct zset_walk w;
    struct zset_item x;
    size_t count = zset_count(z);
    zset_walk_start(&w, z, highest ? count - 1 : 0, n, highest);
    while (zset_walk_next(&w, &x)) {
        if (pairs)
            reply_array(call->reply, 2);
        reply_bulk(call->reply, x.member);
        reply_double(call->reply, x.score);
    }
    zset_remove_ranks(&z, highest ? count - n : 0, n);
    value_moved(e, z);
    zset_args_shrunk(call, key, e, highest ? "zpopmax" : "zpopmin", n);
}

static void pop(struct call *call, bool highest)
{
    struct entry *e;
    long long wanted = 1;
    bool counted = call->argc == 3;
    if (call->argc > 3) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if (counted && (!num_parse_int(call->argv[2], &wanted) || wanted < 0)) {
        call_error(call, ERR_NOT_POSITIVE);
        return;
    }
    if (!zset_args_write(call, call->argv[1], &e))
        return;
    if (!e || wanted == 0) {
        reply_array(call->reply, 0);
        return;
    }
    size_t count = zset_count(value_object(e)), n = (size_t)wanted < count ? (size_t)wanted : count;
    bool pairs = counted && call->reply->resp == 3;
    reply_array(call->reply, pairs ? n : 2 * n);
    take(call, call->argv[1], e, highest, n, pairs);
}

static void do_zpopmin(struct call *call)
{
    pop(call, false);
}

static void do_zpopmax(struct call *call)
{
    pop(call, true);
}

const struct command zpopmin_command = {
    .name = "zpopmin",
    .usage = "key:key [count:int]",
    .summary = "Takes the members with the lowest scores out.",
    .since = "5.0.0",
    .complexity = "O(M*log(N)) with M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_zpopmin,
};
const struct command zpopmax_command = {
    .name = "zpopmax",
    .usage = "key:key [count:int]",
    .summary = "Takes the members with the highest scores out.",
    .since = "5.0.0",
    .complexity = "O(M*log(N)) with M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_zpopmax,
};

/* The first of some keys that holds a sorted set: 1; none: 0; -1 after WRONGTYPE. */
static int first_of(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                    struct entry **e)
{
    for (int i = 0; i < n; i++) {
        if (!zset_args_write(call, keys[i], e))
            return -1;
        if (*e) {
            *key = keys[i];
            return 1;
        }
    }
    return 0;
}

static void wait_for(struct call *call, const struct bytes *keys, int n, int64_t deadline_ms)
{
    struct block_options o = {.keys = keys,
                              .key_count = n,
                              .deadline_ms = deadline_ms,
                              .type = TYPE_ZSET,
                              .null = BLOCK_NULL_ARRAY};
    block_on(call, &o);
}

static void block_pop(struct call *call, bool highest)
{
    int64_t deadline_ms;
    struct bytes key;
    struct entry *e;
    int n = call->argc - 2;
    if (!timeout_arg_parse(call, call->argc - 1, &deadline_ms))
        return;
    int found = first_of(call, call->argv + 1, n, &key, &e);
    if (found < 0)
        return;
    if (!found) {
        if (block_allowed(call))
            wait_for(call, call->argv + 1, n, deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    reply_array(call->reply, 3);
    reply_bulk(call->reply, key);
    CALL_EFFECT(call, word_of(highest), key);
    take(call, key, e, highest, 1, false);
}

static void do_bzpopmin(struct call *call)
{
    block_pop(call, false);
}

static void do_bzpopmax(struct call *call)
{
    block_pop(call, true);
}

const struct command bzpopmin_command = {
    .name = "bzpopmin",
    .usage = "key:key... timeout:double",
    .summary = "Takes the member with the lowest score out of the first sorted set that has one, "
               "waiting for it.",
    .since = "5.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzpopmin,
};
const struct command bzpopmax_command = {
    .name = "bzpopmax",
    .usage = "key:key... timeout:double",
    .summary = "Takes the member with the highest score out of the first sorted set that has one, "
               "waiting for it.",
    .since = "5.0.0",
    .complexity = "O(log(N))",
    .group = GROUP_SORTED_SET,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzpopmax,
};

/* ZMPOP and BZMPOP: numkeys at argument `at`. */
static void mpop(struct call *call, int at, bool blocks)
{
    struct mpop_args m;
    struct bytes key;
    struct entry *e;
    if (!mpop_args_parse(call, at, blocks, "min", "max", &m))
        return;
    int found = first_of(call, m.keys, m.key_count, &key, &e);
    if (found < 0)
        return;
    if (!found) {
        if (blocks && block_allowed(call))
            wait_for(call, m.keys, m.key_count, m.deadline_ms);
        else
            reply_null_array(call->reply);
        return;
    }
    size_t have = zset_count(value_object(e)), n = (size_t)m.count < have ? (size_t)m.count : have;
    char text[NUM_INT_MAX];
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    reply_array(call->reply, n);
    CALL_EFFECT(call, word_of(m.second), key, bytes_of(text, num_print_uint(text, n)));
    take(call, key, e, m.second, n, true);
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
    .summary = "Takes members out of the first sorted set that has any.",
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
    .summary = "Takes members out of the first sorted set that has any, waiting for them.",
    .since = "7.0.0",
    .complexity = "O(K)+O(M*log(N)) with K the keys and M the members taken",
    .group = GROUP_SORTED_SET,
    .arity = -5,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_bzmpop,
};
