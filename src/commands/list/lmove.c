/* LMOVE and its older form RPOPLPUSH; BLMOVE and BRPOPLPUSH block. Both keys may be the same list,
 * which is then rotated. */
#include "commands/index.h"

#include "commands/list/list_args.h"
#include "commands/list/list_move.h"
#include "commands/list/list_pop.h"
#include "commands/timeout_arg.h"

/* Moves one element; both lists exist. Does not delete an empty source yet. */
static struct str *move_one(const struct list_move *m, struct list *from, struct list *to)
{
    struct bytes x;
    list_peek(from, m->from_front, &x);
    struct str *moved = str_new(x);
    list_drop(from, m->from_front);
    list_push(to, m->to_front, str_bytes(moved));
    return moved;
}

static void move_element(struct call *call, const struct list_move *m)
{
    struct list *from, *to;
    if (!list_args_write(call, m->from, &from))
        return;
    if (!from) {
        if (m->blocks && block_allowed(call))
            list_move_wait(call, m);
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
        CALL_EFFECT(call, BYTES("LMOVE"), m->from, m->to, list_move_side(m->from_front),
                    list_move_side(m->to_front));
    /* The destination first, since it may wake blocked clients. Both may be the same list. */
    list_args_grown(call, m->to, m->to_front ? "lpush" : "rpush", 1);
    list_args_shrunk(call, m->from, from, list_pop_event(m->from_front), 0);
}

static void do_rpoplpush(struct call *call)
{
    struct list_move m = {.from = call->argv[1], .to = call->argv[2], .to_front = true};
    move_element(call, &m);
}

static void do_brpoplpush(struct call *call)
{
    struct list_move m = {
        .from = call->argv[1], .to = call->argv[2], .to_front = true, .blocks = true};
    if (timeout_arg_parse(call, 3, &m.deadline_ms))
        move_element(call, &m);
}

static void do_lmove(struct call *call)
{
    struct list_move m = {.from = call->argv[1], .to = call->argv[2]};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front))
        move_element(call, &m);
}

static void do_blmove(struct call *call)
{
    struct list_move m = {.from = call->argv[1], .to = call->argv[2], .blocks = true};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front) &&
        timeout_arg_parse(call, 5, &m.deadline_ms))
        move_element(call, &m);
}

const struct command rpoplpush_command = {
    .name = "rpoplpush",
    .usage = "source:key destination:key",
    .summary = "Moves the last element of a list to the head of another.",
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
    .summary =
        "Moves the last element of a list to the head of another, or blocks until there is one.",
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
    .summary = "Moves an element between lists, or blocks until there is one.",
    .since = "6.2.0",
    .complexity = "O(1)",
    .group = GROUP_LIST,
    .arity = 6,
    .flags = COMMAND_BLOCKING | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_blmove,
};
