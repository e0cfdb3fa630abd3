/* Elements go, or move: LPOP, LMPOP, LMOVE, LMOVEM and their blocking forms. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/list/list_args.h"
#include "commands/mpop_args.h"
#include "commands/timeout_arg.h"

static const char *event_of(bool front)
{
    return front ? "lpop" : "rpop";
}

static struct bytes word_of(bool front)
{
    return front ? BYTES("LPOP") : BYTES("RPOP");
}

static struct bytes side_of(bool front)
{
    return front ? BYTES("LEFT") : BYTES("RIGHT");
}

/* Answers and drops n elements. */
static void take(struct call *call, struct list *l, bool front, uint64_t n)
{
    struct bytes x;
    for (uint64_t i = 0; i < n && list_peek(l, front, &x); i++) {
        reply_bulk(call->reply, x);
        list_drop(l, front);
    }
}

static void pop(struct call *call, bool front)
{
    struct bytes key = call->argv[1];
    struct list *l;
    long long count = -1;
    if (call->argc > 3) {
        reply_errorf(call->reply, "ERR wrong number of arguments for '%s' command",
                     call->command->name);
        return;
    }
    if (call->argc == 3 && (!num_parse_int(call->argv[2], &count) || count < 0)) {
        call_error(call, ERR_MUST_BE_POSITIVE);
        return;
    }
    if (!list_args_write(call, key, &l))
        return;
    if (!l) {
        if (call->argc == 3)
            reply_null_array(call->reply);
        else
            reply_null(call->reply);
        return;
    }
    uint64_t n = count < 0 ? 1 : (uint64_t)count < l->count ? (uint64_t)count : l->count;
    if (count >= 0)
        reply_array(call->reply, n);
    take(call, l, front, n);
    if (n)
        list_args_shrunk(call, key, l, event_of(front), n);
}

static void do_lpop(struct call *call)
{
    pop(call, true);
}

static void do_rpop(struct call *call)
{
    pop(call, false);
}

const struct command lpop_command = {
    .name = "lpop",
    .usage = "key:key [count:int]",
    .summary = "Takes elements from the front of a list.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements taken",
    .group = GROUP_LIST,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_lpop,
};
const struct command rpop_command = {
    .name = "rpop",
    .usage = "key:key [count:int]",
    .summary = "Takes elements from the end of a list.",
    .since = "1.0.0",
    .complexity = "O(N) with N the elements taken",
    .group = GROUP_LIST,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_rpop,
};

/* The first of the keys that has elements. 1: found; 0: none; -1: after the error reply. */
static int first_list(struct call *call, const struct bytes *keys, int n, struct bytes *key,
                      struct list **l)
{
    for (int i = 0; i < n; i++) {
        if (!list_args_write(call, keys[i], l))
            return -1;
        if (*l) {
            *key = keys[i];
            return 1;
        }
    }
    return 0;
}

static void block_pop(struct call *call, bool front)
{
    struct bytes key;
    struct list *l;
    int64_t deadline_ms;
    int n = call->argc - 2;
    if (!timeout_arg_parse(call, call->argc - 1, &deadline_ms))
        return;
    int found = first_list(call, call->argv + 1, n, &key, &l);
    if (found < 0)
        return;
    if (!found) {
        if (!block_allowed(call)) {
            reply_null_array(call->reply);
            return;
        }
        struct block_options o = {.keys = call->argv + 1,
                                  .key_count = n,
                                  .deadline_ms = deadline_ms,
                                  .type = TYPE_LIST,
                                  .null = BLOCK_NULL_ARRAY};
        block_on(call, &o);
        return;
    }
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    take(call, l, front, 1);
    CALL_EFFECT(call, word_of(front), key);
    list_args_shrunk(call, key, l, event_of(front), 1);
}

static void do_blpop(struct call *call)
{
    block_pop(call, true);
}

static void do_brpop(struct call *call)
{
    block_pop(call, false);
}

const struct command blpop_command = {
    .name = "blpop",
    .usage = "key:key... timeout:double",
    .summary = "Takes an element from the front of the first list that has one, waiting for it.",
    .since = "2.0.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_blpop,
};
const struct command brpop_command = {
    .name = "brpop",
    .usage = "key:key... timeout:double",
    .summary = "Takes an element from the end of the first list that has one, waiting for it.",
    .since = "2.0.0",
    .complexity = "O(N) with N the keys",
    .group = GROUP_LIST,
    .arity = -3,
    .flags = COMMAND_BLOCKING | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, -2, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_brpop,
};

/* LMPOP and BLMPOP: numkeys at argument `at`. */
static void mpop(struct call *call, int at, bool blocks)
{
    struct mpop_args m;
    struct bytes key;
    struct list *l;
    if (!mpop_args_parse(call, at, blocks, "left", "right", &m))
        return;
    int found = first_list(call, m.keys, m.key_count, &key, &l);
    if (found < 0)
        return;
    if (!found) {
        if (!blocks || !block_allowed(call)) {
            reply_null_array(call->reply);
            return;
        }
        struct block_options o = {.keys = m.keys,
                                  .key_count = m.key_count,
                                  .deadline_ms = m.deadline_ms,
                                  .type = TYPE_LIST,
                                  .null = BLOCK_NULL_ARRAY};
        block_on(call, &o);
        return;
    }
    bool front = !m.second;
    uint64_t n = (uint64_t)m.count < l->count ? (uint64_t)m.count : l->count;
    char text[NUM_INT_MAX];
    reply_array(call->reply, 2);
    reply_bulk(call->reply, key);
    reply_array(call->reply, n);
    take(call, l, front, n);
    CALL_EFFECT(call, word_of(front), key, bytes_of(text, num_print_uint(text, n)));
    list_args_shrunk(call, key, l, event_of(front), n);
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
    .summary = "Takes elements from the first list that has any.",
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
    .summary = "Takes elements from the first list that has any, waiting for them.",
    .since = "7.0.0",
    .complexity = "O(N+M) with N the keys and M the elements taken",
    .group = GROUP_LIST,
    .arity = -5,
    .flags = COMMAND_BLOCKING | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_COUNTED(2, 0, 1, 1, KEY_RW | KEY_ACCESS | KEY_DELETE)},
    .handler = do_blmpop,
};

struct move {
    struct bytes from, to;
    bool from_front, to_front;
    bool blocks;
    int64_t deadline_ms;
};

static void wait_for(struct call *call, const struct move *m, enum block_null null)
{
    struct block_options o = {.keys = &m->from,
                              .key_count = 1,
                              .deadline_ms = m->deadline_ms,
                              .type = TYPE_LIST,
                              .null = null};
    block_on(call, &o);
}

/* Moves one element; both lists exist or are made. The source is not deleted yet when it is empty.
 */
static struct str *move_one(const struct move *m, struct list *from, struct list *to)
{
    struct bytes x;
    list_peek(from, m->from_front, &x);
    struct str *moved = str_new(x);
    list_drop(from, m->from_front);
    list_push(to, m->to_front, str_bytes(moved));
    return moved;
}

static void move(struct call *call, const struct move *m)
{
    struct list *from, *to;
    if (!list_args_write(call, m->from, &from))
        return;
    if (!from) {
        if (m->blocks && block_allowed(call))
            wait_for(call, m, BLOCK_NULL_ARRAY);
        else
            reply_null(call->reply);
        return;
    }
    if (!list_args_write(call, m->to, &to))
        return;
    if (!to)
        to = list_args_create(call, m->to);
    struct str *moved = move_one(m, from, to);
    reply_bulk(call->reply, str_bytes(moved));
    str_unref(moved);
    if (m->blocks)
        CALL_EFFECT(call, BYTES("LMOVE"), m->from, m->to, side_of(m->from_front),
                    side_of(m->to_front));
    list_args_grown(call, m->to, m->to_front ? "lpush" : "rpush", 1);
    list_args_shrunk(call, m->from, from, event_of(m->from_front), 0);
}

static void do_rpoplpush(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2], .to_front = true};
    move(call, &m);
}

static void do_brpoplpush(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2], .to_front = true, .blocks = true};
    if (timeout_arg_parse(call, 3, &m.deadline_ms))
        move(call, &m);
}

static void do_lmove(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2]};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front))
        move(call, &m);
}

static void do_blmove(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2], .blocks = true};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front) &&
        timeout_arg_parse(call, 5, &m.deadline_ms))
        move(call, &m);
}

const struct command rpoplpush_command = {
    .name = "rpoplpush",
    .usage = "source:key destination:key",
    .summary = "Moves the last element of a list to the front of another.",
    .since = "1.2.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 3,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_rpoplpush,
};
const struct command brpoplpush_command = {
    .name = "brpoplpush",
    .usage = "source:key destination:key timeout:double",
    .summary = "Moves the last element of a list to the front of another, waiting for it.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 4,
    .flags = COMMAND_BLOCKING | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_brpoplpush,
};
const struct command lmove_command = {
    .name = "lmove",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT>",
    .summary = "Moves an element from either end of a list to either end of another.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lmove,
};
const struct command blmove_command = {
    .name = "blmove",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT> timeout:double",
    .summary = "Moves an element between lists, waiting for it.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 6,
    .flags = COMMAND_BLOCKING | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_blmove,
};

/* LMOVEM and BLMOVEM: several elements at once. Options from argument `at` on. */
static void move_many(struct call *call, const struct move *m, int at)
{
    long long count = 1;
    bool exactly = false, bulk = false;
    if (at < call->argc) {
        exactly = bytes_is(call->argv[at], "exactly");
        bool has_order = at + 2 < call->argc;
        bulk = has_order && bytes_is(call->argv[at + 2], "bulk");
        if ((!exactly && !bytes_is(call->argv[at], "count")) || !has_order ||
            at + 3 != call->argc || (!bulk && !bytes_is(call->argv[at + 2], "obo"))) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        if (!num_parse_int(call->argv[at + 1], &count) || count < 1) {
            call_error(call, ERR_COUNT_GREATER_ZERO);
            return;
        }
    }
    struct list *from, *to;
    if (!list_args_write(call, m->from, &from))
        return;
    if (!from || (exactly && from->count < (uint64_t)count)) {
        if (m->blocks && block_allowed(call))
            wait_for(call, m, BLOCK_NULL_ARRAY);
        else
            reply_null_array(call->reply);
        return;
    }
    if (!list_args_write(call, m->to, &to))
        return;
    if (!to)
        to = list_args_create(call, m->to);
    uint64_t n = (uint64_t)count < from->count ? (uint64_t)count : from->count;
    struct str **moved = mem_alloc(n * sizeof(*moved));
    struct bytes x;
    for (uint64_t i = 0; i < n; i++) {
        list_peek(from, m->from_front, &x);
        moved[i] = str_new(x);
        list_drop(from, m->from_front);
    }
    /* As a bulk the elements keep the order they had; one by one each is pushed in turn. */
    bool reversed = bulk && m->to_front == m->from_front;
    for (uint64_t i = 0; i < n; i++)
        list_push(to, m->to_front, str_bytes(moved[reversed ? n - 1 - i : i]));
    /* Answered in the order of the destination, front to back. */
    bool backwards = m->to_front != reversed;
    reply_array(call->reply, n);
    for (uint64_t i = 0; i < n; i++)
        reply_bulk(call->reply, str_bytes(moved[backwards ? n - 1 - i : i]));
    /* Redis 7.0 knows pops and pushes. */
    struct bytes *argv = mem_alloc((n + 2) * sizeof(*argv));
    char text[NUM_INT_MAX];
    CALL_EFFECT(call, word_of(m->from_front), m->from, bytes_of(text, num_print_uint(text, n)));
    argv[0] = m->to_front ? BYTES("LPUSH") : BYTES("RPUSH");
    argv[1] = m->to;
    for (uint64_t i = 0; i < n; i++)
        argv[2 + i] = str_bytes(moved[reversed ? n - 1 - i : i]);
    call_effect(call, argv, (int)n + 2);
    mem_free(argv);
    for (uint64_t i = 0; i < n; i++)
        str_unref(moved[i]);
    mem_free(moved);
    list_args_grown(call, m->to, m->to_front ? "lpush" : "rpush", n);
    list_args_shrunk(call, m->from, from, event_of(m->from_front), 0);
}

static void do_lmovem(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2]};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front))
        move_many(call, &m, 5);
}

static void do_blmovem(struct call *call)
{
    struct move m = {.from = call->argv[1], .to = call->argv[2], .blocks = true};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front) &&
        timeout_arg_parse(call, 5, &m.deadline_ms))
        move_many(call, &m, 6);
}

const struct command lmovem_command = {
    .name = "lmovem",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT> [<COUNT | EXACTLY> "
             "count:int <OBO | BULK>]",
    .summary = "Moves several elements between lists, one by one or as a bulk.",
    .since = "8.10.0",
    .complexity = "O(N) with N the elements moved",
    .group = GROUP_LIST,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lmovem,
};
const struct command blmovem_command = {
    .name = "blmovem",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT> timeout:double [<COUNT | "
             "EXACTLY> count:int <OBO | BULK>]",
    .summary = "Moves several elements between lists, waiting for them.",
    .since = "8.10.0",
    .complexity = "O(N) with N the elements moved",
    .group = GROUP_LIST,
    .arity = -6,
    .flags = COMMAND_BLOCKING | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_blmovem,
};
