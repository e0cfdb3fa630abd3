/* LMOVEM: moves several elements to another list, with EXACTLY all or none of them; BLMOVEM waits
 * for them. */
#include "commands/index.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "commands/list/list_args.h"
#include "commands/list/list_move.h"
#include "commands/list/list_pop.h"
#include "commands/timeout_arg.h"

/* How many elements, and in which order. */
struct amount {
    long long count;
    bool exactly; /* all or none of them */
    bool bulk;    /* they keep their order; else they are pushed one by one */
};

/* "COUNT n order" or "EXACTLY n order" from argument `at` on, or nothing. */
static bool parse_amount(struct call *call, int at, struct amount *a)
{
    *a = (struct amount){.count = 1};
    if (at >= call->argc)
        return true;
    bool has_order = at + 2 < call->argc;
    a->exactly = bytes_is(call->argv[at], "exactly");
    a->bulk = has_order && bytes_is(call->argv[at + 2], "bulk");
    if ((!a->exactly && !bytes_is(call->argv[at], "count")) || !has_order || at + 3 != call->argc ||
        (!a->bulk && !bytes_is(call->argv[at + 2], "obo"))) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (!num_parse_int(call->argv[at + 1], &a->count) || a->count < 1) {
        call_error(call, ERR_COUNT_GREATER_ZERO);
        return false;
    }
    return true;
}

/* Removes n elements; x[0] was the outermost. */
static struct str **take_all(struct list *from, bool front, uint64_t n)
{
    struct str **x = mem_alloc(n * sizeof(*x));
    struct bytes at_end;
    for (uint64_t i = 0; i < n; i++) {
        list_peek(from, front, &at_end);
        x[i] = str_new(at_end);
        list_drop(from, front);
    }
    return x;
}

/* Redis has no LMOVEM: the journal gets a pop, and a push of x[0] to x[n - 1] (in reverse if
 * `reversed`). */
static void journal_move(struct call *call, const struct list_move *m, struct str **x, uint64_t n,
                         bool reversed)
{
    struct bytes *argv = mem_alloc((n + 2) * sizeof(*argv));
    char text[NUM_INT_MAX];
    CALL_EFFECT(call, list_pop_word(m->from_front), m->from,
                bytes_of(text, num_print_uint(text, n)));
    argv[0] = m->to_front ? BYTES("LPUSH") : BYTES("RPUSH");
    argv[1] = m->to;
    for (uint64_t i = 0; i < n; i++)
        argv[2 + i] = str_bytes(x[reversed ? n - 1 - i : i]);
    call_effect(call, argv, (int)n + 2);
    mem_free(argv);
}

/* A list moved onto itself as a whole keeps its deadline, which the journal's pop removes. */
static void journal_deadline(struct call *call, struct bytes key)
{
    const struct entry *e = db_find(call->db, key);
    char text[NUM_INT_MAX];
    ASSERT(e);
    if (e->has_ttl)
        CALL_EFFECT(call, BYTES("PEXPIREAT"), key,
                    bytes_of(text, num_print_int(text, entry_deadline_ms(e))));
}

/* Options from argument `at` on. */
static void move_many(struct call *call, const struct list_move *m, int at)
{
    struct amount a;
    struct list *from, *to;
    if (!parse_amount(call, at, &a) || !list_args_write(call, m->from, &from))
        return;
    if (!from || (a.exactly && from->count < (uint64_t)a.count)) {
        if (m->blocks && block_allowed(call))
            list_move_wait(call, m);
        else
            reply_null_array(call->reply);
        return;
    }
    if (!list_args_write(call, m->to, &to))
        return;
    if (!to)
        to = list_args_create(call, m->to);
    uint64_t n = (uint64_t)a.count < from->count ? (uint64_t)a.count : from->count;
    bool whole = from == to && n == from->count;
    struct str **moved = take_all(from, m->from_front, n);
    bool reversed = a.bulk && m->to_front == m->from_front;
    for (uint64_t i = 0; i < n; i++)
        list_push(to, m->to_front, str_bytes(moved[reversed ? n - 1 - i : i]));
    /* Replies in the order of the destination, front to back. */
    bool backwards = m->to_front != reversed;
    reply_array(call->reply, n);
    for (uint64_t i = 0; i < n; i++)
        reply_bulk(call->reply, str_bytes(moved[backwards ? n - 1 - i : i]));
    journal_move(call, m, moved, n, reversed);
    if (whole)
        journal_deadline(call, m->to);
    for (uint64_t i = 0; i < n; i++)
        str_unref(moved[i]);
    mem_free(moved);
    list_args_grown(call, m->to, m->to_front ? "lpush" : "rpush", n);
    list_args_shrunk(call, m->from, from, list_pop_event(m->from_front), 0);
}

static void do_lmovem(struct call *call)
{
    struct list_move m = {.from = call->argv[1], .to = call->argv[2]};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front))
        move_many(call, &m, 5);
}

static void do_blmovem(struct call *call)
{
    struct list_move m = {.from = call->argv[1], .to = call->argv[2], .blocks = true};
    if (list_args_side(call, 3, &m.from_front) && list_args_side(call, 4, &m.to_front) &&
        timeout_arg_parse(call, 5, &m.deadline_ms))
        move_many(call, &m, 6);
}

const struct command lmovem_command = {
    .name = "lmovem",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT> [<COUNT | EXACTLY> "
             "count:int <OBO | BULK>]",
    .summary = "Moves several elements between lists, one by one or as a block.",
    .since = "8.10.0",
    .complexity = "O(N) with N the elements moved",
    .group = GROUP_LIST,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_lmovem,
};

const struct command blmovem_command = {
    .name = "blmovem",
    .usage = "source:key destination:key <LEFT | RIGHT> <LEFT | RIGHT> timeout:double [<COUNT | "
             "EXACTLY> count:int <OBO | BULK>]",
    .summary = "Moves several elements between lists, or blocks until there are any.",
    .since = "8.10.0",
    .complexity = "O(N) with N the elements moved",
    .group = GROUP_LIST,
    .arity = -6,
    .flags = COMMAND_BLOCKING | COMMAND_DENYOOM | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_DELETE),
             KEY_RANGE(2, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_blmovem,
};
