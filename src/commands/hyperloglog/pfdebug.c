/* PFDEBUG: internals of a HyperLogLog, for tests. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hyperloglog/hll_args.h"
#include "type/hll.h"

static void reply_registers(struct call *call, struct entry *e, struct buf *b)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    if (!hll_make_dense(b) || !hll_merge(registers, buf_bytes(b))) {
        hll_args_damaged(call);
        return;
    }
    hll_args_put(call, call->argv[2], e, b);
    db_changed(call->db, call->argv[2], 0, NULL);
    reply_array(call->reply, HLL_REGISTERS);
    for (int i = 0; i < HLL_REGISTERS; i++)
        reply_int(call->reply, registers[i]);
}

static void make_dense(struct call *call, struct entry *e, struct buf *b)
{
    bool was_sparse = hll_encoding(buf_bytes(b)) == HLL_SPARSE;
    if (!hll_make_dense(b)) {
        hll_args_damaged(call);
        return;
    }
    if (was_sparse) {
        hll_args_put(call, call->argv[2], e, b);
        db_changed(call->db, call->argv[2], 0, NULL);
    }
    reply_int(call->reply, was_sparse);
}

static void do_pfdebug(struct call *call)
{
    struct bytes sub = call->argv[1], x;
    struct entry *e;
    struct buf b = {0}, text = {0};
    char scratch[NUM_INT_MAX];
    if (!hll_args_find(call, call->argv[2], true, &e, scratch, &x))
        return;
    if (!e) {
        reply_errorf(call->reply, "ERR The specified key does not exist");
        return;
    }
    buf_add(&b, x);
    if (call->argc != 3) {
        reply_errorf(call->reply, "ERR Wrong number of arguments for the '%.*s' subcommand",
                     sub.n > 128 ? 128 : (int)sub.n, sub.p);
    } else if (bytes_is(sub, "getreg")) {
        reply_registers(call, e, &b);
    } else if (bytes_is(sub, "decode")) {
        if (hll_encoding(x) == HLL_SPARSE) {
            hll_describe(x, &text);
            reply_bulk(call->reply, buf_bytes(&text));
        } else {
            reply_errorf(call->reply, "ERR HLL encoding is not sparse");
        }
    } else if (bytes_is(sub, "encoding")) {
        reply_simple(call->reply, hll_encoding(x) == HLL_DENSE ? "dense" : "sparse");
    } else if (bytes_is(sub, "todense")) {
        make_dense(call, e, &b);
    } else {
        reply_errorf(call->reply, "ERR Unknown PFDEBUG subcommand '%.*s'",
                     sub.n > 128 ? 128 : (int)sub.n, sub.p);
    }
    buf_free(&b);
    buf_free(&text);
}

const struct command pfdebug_command = {
    .name = "pfdebug",
    .usage = "subcommand:string key:key",
    .summary = "Inspects the internals of a HyperLogLog.",
    .since = "2.8.9",
    .complexity = "O(N)",
    .group = GROUP_HYPERLOGLOG,
    .arity = 3,
    .flags = COMMAND_ADMIN | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_ACCESS)},
    .handler = do_pfdebug,
};
