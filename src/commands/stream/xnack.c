/* XNACK: pending entries are given back, for another consumer to claim. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "commands/stream/stream_args.h"

#include <limits.h>

enum nack_mode { NACK_FAIL, NACK_SILENT, NACK_FATAL };

struct xnack {
    enum nack_mode mode;
    long long n, retry; /* IDs, from argument 6 on; RETRYCOUNT or -1 */
    bool force;
};

static bool parse_mode(struct bytes word, enum nack_mode *out)
{
    if (bytes_is(word, "fail"))
        *out = NACK_FAIL;
    else if (bytes_is(word, "silent"))
        *out = NACK_SILENT;
    else if (bytes_is(word, "fatal"))
        *out = NACK_FATAL;
    else
        return false;
    return true;
}

static bool parse(struct call *call, struct xnack *x)
{
    *x = (struct xnack){.retry = -1};
    if (!parse_mode(call->argv[3], &x->mode)) {
        reply_errorf(call->reply, "ERR mode must be SILENT, FAIL, or FATAL");
        return false;
    }
    if (!bytes_is(call->argv[4], "ids")) {
        reply_errorf(call->reply, "ERR syntax error, expected IDS keyword");
        return false;
    }
    if (!num_parse_int(call->argv[5], &x->n) || x->n < 1) {
        reply_errorf(call->reply, "ERR numids must be a positive integer");
        return false;
    }
    if (x->n > call->argc - 6) {
        reply_errorf(call->reply, "ERR number of IDs doesn't match numids");
        return false;
    }
    for (int i = 6 + (int)x->n; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "retrycount") && i + 1 < call->argc) {
            if (!num_parse_int(call->argv[++i], &x->retry) || x->retry < 0) {
                reply_errorf(call->reply, "ERR Invalid RETRYCOUNT value, must be >= 0");
                return false;
            }
        } else if (bytes_is(call->argv[i], "force")) {
            x->force = true;
        } else {
            reply_errorf(call->reply, "ERR Unrecognized XNACK option '%.*s'", (int)call->argv[i].n,
                         call->argv[i].p);
            return false;
        }
    }
    return true;
}

/* The delivery count of an entry that was given back: SILENT takes the delivery back, FATAL marks
 * it as one that no consumer can handle. */
static uint64_t deliveries(const struct xnack *x, uint64_t before)
{
    if (x->retry >= 0)
        return (uint64_t)x->retry;
    if (x->mode == NACK_FATAL)
        return LLONG_MAX;
    return x->mode == NACK_SILENT && before ? before - 1 : before;
}

/* False: it is not pending, and FORCE does not make it so. */
static bool give_back(struct call *call, const struct xnack *x, const struct stream *s,
                      struct stream_group *g, struct stream_id id)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    if (!stream_pending_find(&g->pending, id, &at)) {
        if (!x->force || (!stream_log_has(&s->log, id) && !call_is_replay(call)))
            return false;
        stream_group_restore(g, id, NULL, call->now_ms, 0);
        stream_pending_find(&g->pending, id, &at);
    }
    stream_pending_get(&g->pending, at, &e);
    stream_group_assign(g, at, NULL, 0, deliveries(x, e.count), true);
    return true;
}

static void do_xnack(struct call *call)
{
    struct xnack x;
    struct stream *s;
    struct stream_group *g;
    struct bytes key = call->argv[1];
    long long released = 0;
    if (!stream_args_group(call, &s, &g) || !parse(call, &x))
        return;
    struct stream_id *ids = stream_args_ids(call, 6, (int)x.n);
    if (!ids)
        return;
    for (int i = 0; i < x.n; i++)
        released += give_back(call, &x, s, g, ids[i]);
    mem_free(ids);
    if (released) {
        db_count_changes(call->store, (uint64_t)released);
        db_changed_quietly(call->db, key);
        db_ready(call->db, key);
    }
    reply_int(call->reply, released);
}

const struct command xnack_command = {
    .name = "xnack",
    .usage = "key:key group:string <SILENT | FAIL | FATAL> IDS numids:int id:string... [RETRYCOUNT "
             "count:int] [FORCE]",
    .summary = "Gives pending entries back, for another consumer to claim.",
    .since = "8.8.0",
    .complexity = "O(log N) for each entry, with N the pending entries of the group",
    .group = GROUP_STREAM,
    .arity = -7,
    .flags = COMMAND_FAST | COMMAND_WRITE | COMMAND_NEWER,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xnack,
};
