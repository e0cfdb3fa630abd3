/* PFADD. A sparse HyperLogLog is rebuilt and stored, a dense one is changed in place. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/hyperloglog/hll_args.h"
#include "commands/string_args.h"
#include "type/hll.h"

/* Changes it in place. */
static void add_dense(struct call *call, struct bytes key, struct entry *e, size_t n)
{
    unsigned char *place = string_args_grow(call, key, e, n);
    int changed = 0;
    for (int i = 2; i < call->argc; i++)
        changed += hll_add_dense(place, call->argv[i]);
    db_count_changes(call->store, (uint64_t)changed);
    if (changed)
        db_changed(call->db, key, DB_EVENT_STRING, "pfadd");
    reply_int(call->reply, changed > 0);
}

static void do_pfadd(struct call *call)
{
    struct bytes key = call->argv[1], x;
    struct entry *e;
    struct buf b = {0};
    char scratch[NUM_INT_MAX];
    int changes = 0, one = 0;
    if (!hll_args_find(call, key, true, &e, scratch, &x))
        return;
    if (e && hll_encoding(x) == HLL_DENSE) {
        add_dense(call, key, e, x.n);
        return;
    }
    if (e) {
        buf_add(&b, x);
    } else {
        hll_init(&b);
        changes = 1;
    }
    for (int i = 2; i < call->argc && one >= 0; i++) {
        one = hll_add(&b, call->argv[i], hll_args_sparse_max(call));
        changes += one > 0;
    }
    if (one < 0) {
        hll_args_damaged(call);
    } else {
        if (changes) {
            hll_forget_cached((unsigned char *)b.p);
            hll_args_put(call, key, e, &b);
            db_count_changes(call->store, (uint64_t)changes);
            db_changed(call->db, key, DB_EVENT_STRING, "pfadd");
        }
        reply_int(call->reply, changes > 0);
    }
    buf_free(&b);
}

const struct command pfadd_command = {
    .name = "pfadd",
    .usage = "key:key [element:string...]",
    .summary = "Adds elements to a HyperLogLog.",
    .since = "2.8.9",
    .complexity = "O(N) with N the elements",
    .group = GROUP_HYPERLOGLOG,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_INSERT)},
    .handler = do_pfadd,
};
