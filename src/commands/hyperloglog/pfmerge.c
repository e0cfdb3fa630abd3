/* PFMERGE. The result is dense if one of the sources is. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hyperloglog/hll_args.h"
#include "type/hll.h"

static void do_pfmerge(struct call *call)
{
    uint8_t most[HLL_REGISTERS];
    bool dense;
    struct bytes key = call->argv[1], x;
    struct entry *e;
    struct buf b = {0};
    char scratch[NUM_INT_MAX];
    if (!hll_args_merge(call, 1, most, &dense) || !hll_args_find(call, key, true, &e, scratch, &x))
        return;
    if (e)
        buf_add(&b, x);
    else
        hll_init(&b);
    bool good = !dense || hll_make_dense(&b);
    for (unsigned i = 0; good && i < HLL_REGISTERS; i++)
        if (most[i])
            good = hll_raise(&b, i, most[i], hll_args_sparse_max(call)) >= 0;
    if (!good) {
        hll_args_damaged(call);
    } else {
        hll_forget_cached((unsigned char *)b.p);
        hll_args_put(call, key, e, &b);
        db_changed(call->db, key, DB_EVENT_STRING, "pfadd");
        reply_ok(call->reply);
    }
    buf_free(&b);
}

const struct command pfmerge_command = {
    .name = "pfmerge",
    .usage = "destkey:key sourcekey:key...",
    .summary = "Merges HyperLogLogs into one.",
    .since = "2.8.9",
    .complexity = "O(N) with N the keys",
    .group = GROUP_HYPERLOGLOG,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_INSERT),
             KEY_RANGE(2, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_pfmerge,
};
