/* HRANDFIELD: random fields. With a positive count they are distinct; with a negative one a field
 * may occur several times. */
#include "commands/index.h"

#include "commands/hash/hash_args.h"
#include "ds/dict.h"

static void reply_one(struct call *call, const struct hash_field *f, bool values)
{
    if (values && call->reply->resp == 3)
        reply_array(call->reply, 2);
    reply_bulk(call->reply, f->name);
    if (values)
        reply_bulk(call->reply, f->value);
}

static void reply_length(struct call *call, size_t n, bool values)
{
    reply_array(call->reply, values && call->reply->resp == 2 ? 2 * n : n);
}

/* Replies with n distinct fields out of `live`. */
static void reply_distinct(struct call *call, const struct hash *h, size_t live, size_t n,
                           bool values)
{
    int64_t now_ms = db_field_now(call->store);
    struct rng *rng = &call->store->rng;
    struct hash_field f;
    reply_length(call, n, values);
    if (n * 3 < live) {
        /* Few of many: draws until they differ. */
        struct dict seen = {0};
        while (seen.used < n && hash_random(h, rng, now_ms, &f)) {
            size_t before = seen.used;
            dict_ensure(&seen, f.name);
            if (seen.used != before)
                reply_one(call, &f, values);
        }
        dict_clear(&seen);
        return;
    }
    /* Selection sampling: takes each field with probability wanted / left. */
    struct hash_walk w;
    hash_walk_start(&w, h, now_ms);
    for (; n && hash_walk_next(&w, &f); live--)
        if (rng_below(rng, live) < n) {
            reply_one(call, &f, values);
            n--;
        }
}

static void do_hrandfield(struct call *call)
{
    const struct hash *h;
    struct hash_field f;
    long long n = 1;
    bool counted = call->argc > 2, values = false;
    int64_t now_ms = db_field_now(call->store);
    if (counted) {
        long long most = call->argc > 3 ? INT64_MAX / 2 : INT64_MAX;
        if (!call_int(call, 2, &n))
            return;
        if (call->argc > 4 || (call->argc == 4 && !bytes_is(call->argv[3], "withvalues"))) {
            call_error(call, ERR_SYNTAX);
            return;
        }
        values = call->argc == 4;
        if (n < -HELPERS_RANDOM_MOST || n > most) {
            call_error(call, ERR_VALUE_RANGE);
            return;
        }
    }
    if (!hash_args_read(call, call->argv[1], &h))
        return;
    if (!counted) {
        if (h && hash_random(h, &call->store->rng, now_ms, &f))
            reply_bulk(call->reply, f.name);
        else
            reply_null(call->reply);
        return;
    }
    size_t live = h ? hash_args_live(call, h) : 0;
    if (live == 0 || n == 0) {
        reply_array(call->reply, 0);
    } else if (n < 0) {
        reply_length(call, (size_t)-n, values);
        for (; n && !reply_is_lost(call->reply); n++) {
            hash_random(h, &call->store->rng, now_ms, &f);
            reply_one(call, &f, values);
        }
    } else {
        reply_distinct(call, h, live, (size_t)n < live ? (size_t)n : live, values);
    }
}

const struct command hrandfield_command = {
    .name = "hrandfield",
    .usage = "key:key [count:int [WITHVALUES]]",
    .summary = "Returns random fields of a hash.",
    .since = "6.2.0",
    .complexity = "O(N) with N the fields answered",
    .tips = "nondeterministic_output",
    .group = GROUP_HASH,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_hrandfield,
};
