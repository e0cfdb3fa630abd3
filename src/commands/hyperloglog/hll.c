/* HyperLogLog: PFADD, PFCOUNT, PFMERGE, and what tests use. */
#include "commands/index.h"

#include "base/num.h"
#include "commands/string_args.h"
#include "type/hll.h"

#include <math.h>

/* The bytes under a key, checked; *e NULL: absent. False after the error reply. */
static bool look_up(const struct call *call, struct bytes key, bool writes, struct entry **e,
                    char *scratch, struct bytes *out)
{
    if (!(writes ? call_write(call, key, TYPE_STRING, e) : call_read(call, key, TYPE_STRING, e)))
        return false;
    if (!*e)
        return true;
    *out = string_view(*e, scratch);
    if (hll_is_valid(*out))
        return true;
    reply_errorf(call->reply, "WRONGTYPE Key is not a valid HyperLogLog string value.");
    return false;
}

static void damaged(const struct call *call)
{
    reply_errorf(call->reply, "INVALIDOBJ Corrupted HLL object detected");
}

/* Puts the bytes back; as Redis they count as changed in place. */
static void put(const struct call *call, struct bytes key, struct entry *e, const struct buf *b)
{
    string_args_put(call, key, e, buf_bytes(b));
    e = db_find(call->db, key);
    if (e->kind == VALUE_TEXT)
        value_set_raw(e, true);
}

static size_t sparse_max(const struct call *call)
{
    return (size_t)call->engine->settings->hll_sparse_max_bytes;
}

/* A dense one is changed where it is. */
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
    if (!look_up(call, key, true, &e, scratch, &x))
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
        one = hll_add(&b, call->argv[i], sparse_max(call));
        changes += one > 0;
    }
    if (one < 0) {
        damaged(call);
    } else {
        if (changes) {
            hll_forget_cached((unsigned char *)b.p);
            put(call, key, e, &b);
            db_count_changes(call->store, (uint64_t)changes);
            db_changed(call->db, key, DB_EVENT_STRING, "pfadd");
        }
        reply_int(call->reply, changes > 0);
    }
    buf_free(&b);
}

static bool merge_all(struct call *call, int from, uint8_t *most, bool *dense)
{
    struct entry *e;
    struct bytes x;
    char scratch[NUM_INT_MAX];
    memset(most, 0, HLL_REGISTERS);
    *dense = false;
    for (int i = from; i < call->argc; i++) {
        if (!look_up(call, call->argv[i], false, &e, scratch, &x))
            return false;
        if (!e)
            continue;
        *dense = *dense || hll_encoding(x) == HLL_DENSE;
        if (!hll_merge(most, x)) {
            damaged(call);
            return false;
        }
    }
    return true;
}

/* The count of one is remembered in it. */
static void count_one(struct call *call)
{
    struct bytes key = call->argv[1], x;
    struct entry *e;
    uint64_t n;
    uint8_t most[HLL_REGISTERS] = {0};
    char scratch[NUM_INT_MAX];
    if (!look_up(call, key, false, &e, scratch, &x))
        return;
    if (!e) {
        reply_int(call->reply, 0);
        return;
    }
    if (hll_cached(x, &n)) {
        reply_int(call->reply, (long long)n);
        return;
    }
    if (!hll_merge(most, x)) {
        damaged(call);
        return;
    }
    n = hll_estimate(most);
    if (!(call->engine->slow_path & (ENGINE_DISK_FAILED | ENGINE_SAVE_FAILED | ENGINE_PAUSED))) {
        hll_put_cached(string_args_grow(call, key, e, x.n), n);
        CALL_EFFECT(call, BYTES("PFCOUNT"), key);
        db_changed(call->db, key, 0, NULL);
    }
    reply_int(call->reply, (long long)n);
}

static void do_pfcount(struct call *call)
{
    uint8_t most[HLL_REGISTERS];
    bool dense;
    if (call->argc == 2)
        count_one(call);
    else if (merge_all(call, 1, most, &dense))
        reply_int(call->reply, (long long)hll_estimate(most));
}

static void do_pfmerge(struct call *call)
{
    uint8_t most[HLL_REGISTERS];
    bool dense;
    struct bytes key = call->argv[1], x;
    struct entry *e;
    struct buf b = {0};
    char scratch[NUM_INT_MAX];
    if (!merge_all(call, 1, most, &dense) || !look_up(call, key, true, &e, scratch, &x))
        return;
    if (e)
        buf_add(&b, x);
    else
        hll_init(&b);
    bool good = !dense || hll_make_dense(&b);
    for (unsigned i = 0; good && i < HLL_REGISTERS; i++)
        if (most[i])
            good = hll_raise(&b, i, most[i], sparse_max(call)) >= 0;
    if (!good) {
        damaged(call);
    } else {
        hll_forget_cached((unsigned char *)b.p);
        put(call, key, e, &b);
        db_changed(call->db, key, DB_EVENT_STRING, "pfadd");
        reply_ok(call->reply);
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
const struct command pfcount_command = {
    .name = "pfcount",
    .usage = "key:key...",
    .summary = "Estimates how many different elements were added.",
    .since = "2.8.9",
    .complexity = "O(1) for one key, O(N) for N",
    .group = GROUP_HYPERLOGLOG,
    .arity = -2,
    .flags = COMMAND_MAY_REPLICATE | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, -1, 1, KEY_RW | KEY_ACCESS)},
    .handler = do_pfcount,
};
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

static void reply_registers(struct call *call, struct entry *e, struct buf *b)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    if (!hll_make_dense(b) || !hll_merge(registers, buf_bytes(b))) {
        damaged(call);
        return;
    }
    put(call, call->argv[2], e, b);
    db_changed(call->db, call->argv[2], 0, NULL);
    reply_array(call->reply, HLL_REGISTERS);
    for (int i = 0; i < HLL_REGISTERS; i++)
        reply_int(call->reply, registers[i]);
}

static void make_dense(struct call *call, struct entry *e, struct buf *b)
{
    bool was_sparse = hll_encoding(buf_bytes(b)) == HLL_SPARSE;
    if (!hll_make_dense(b)) {
        damaged(call);
        return;
    }
    if (was_sparse) {
        put(call, call->argv[2], e, b);
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
    if (!look_up(call, call->argv[2], true, &e, scratch, &x))
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

/* Counts known numbers of elements and looks at the error. */
static void do_pfselftest(struct call *call)
{
    struct buf b = {0};
    uint8_t registers[HLL_REGISTERS];
    uint64_t next = 10;
    char text[NUM_INT_MAX];
    hll_init(&b);
    for (uint64_t n = 1; n <= 1000000; n++) {
        hll_add(&b, bytes_of(text, num_print_uint(text, n)), sparse_max(call));
        if (n != next)
            continue;
        next *= 10;
        memset(registers, 0, sizeof(registers));
        double error = hll_merge(registers, buf_bytes(&b))
                           ? fabs((double)hll_estimate(registers) - (double)n)
                           : INFINITY;
        /* Six standard errors, and a few for the small counts. */
        if (error > (double)n * 0.0081 * 6 + 2) {
            reply_errorf(call->reply, "TESTFAILED Too big error. card:%llu", (unsigned long long)n);
            buf_free(&b);
            return;
        }
    }
    buf_free(&b);
    reply_ok(call->reply);
}

const struct command pfdebug_command = {
    .name = "pfdebug",
    .usage = "subcommand:string key:key",
    .summary = "Looks into a HyperLogLog.",
    .since = "2.8.9",
    .complexity = "O(N)",
    .group = GROUP_HYPERLOGLOG,
    .arity = 3,
    .flags = COMMAND_ADMIN | COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_RW | KEY_ACCESS)},
    .handler = do_pfdebug,
};
const struct command pfselftest_command = {
    .name = "pfselftest",
    .usage = "",
    .summary = "Tests the HyperLogLog.",
    .since = "2.8.9",
    .complexity = "Some tenths of a second",
    .group = GROUP_HYPERLOGLOG,
    .arity = 1,
    .flags = COMMAND_ADMIN,
    .handler = do_pfselftest,
};
