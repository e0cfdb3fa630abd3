/* XCLAIM: sets owner, time and count of pending entries. The journal uses it for that too
 * (broker_claims.h), so a replay creates pending entries whose stream entry is deleted by now. */
#include "commands/index.h"

#include "base/num.h"
#include "broker/broker_claims.h"
#include "broker/broker_expire.h"
#include "broker/broker_lease.h"
#include "broker/broker_order.h"
#include "broker/broker_watch.h"
#include "commands/stream/stream_args.h"

#include <limits.h>

struct xclaim {
    struct broker_group at;
    const struct stream *stream;
    struct stream_group *group;
    struct stream_consumer *owner;
    long long min_idle_ms;
    int first, last; /* arguments that are IDs */
    int64_t time_ms;
    long long count; /* -1: count one more */
    bool force, just_id;
    bool has_last_id;
    struct stream_id last_id;
};

static bool parse_claim(struct call *call, const struct stream_group *g, struct xclaim *x)
{
    int64_t now_ms = stream_args_now(call, g);
    *x = (struct xclaim){.first = 5, .time_ms = -1, .count = -1};
    if (!num_parse_int(call->argv[4], &x->min_idle_ms)) {
        reply_errorf(call->reply, "ERR Invalid min-idle-time argument for XCLAIM");
        return false;
    }
    if (x->min_idle_ms < 0)
        x->min_idle_ms = 0;
    int i = 5;
    struct stream_id id;
    for (; i < call->argc && stream_id_parse(call->argv[i], 0, &id); i++)
        ;
    x->last = i - 1;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        long long v;
        if (bytes_is(word, "force")) {
            x->force = true;
        } else if (bytes_is(word, "justid")) {
            x->just_id = true;
        } else if (bytes_is(word, "idle") && more) {
            if (!num_parse_int(call->argv[++i], &v)) {
                reply_errorf(call->reply, "ERR Invalid IDLE option argument for XCLAIM");
                return false;
            }
            x->time_ms = num_minus(now_ms, v);
        } else if (bytes_is(word, "time") && more) {
            if (!num_parse_int(call->argv[++i], &v)) {
                reply_errorf(call->reply, "ERR Invalid TIME option argument for XCLAIM");
                return false;
            }
            x->time_ms = v;
        } else if (bytes_is(word, "retrycount") && more) {
            if (!num_parse_int(call->argv[++i], &x->count)) {
                reply_errorf(call->reply, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
                return false;
            }
            if (x->count < 0)
                x->count = 0;
        } else if (bytes_is(word, "lastid") && more) {
            if (!stream_args_id(call, call->argv[++i], 0, true, &x->last_id))
                return false;
            x->has_last_id = true;
        } else {
            reply_errorf(call->reply, "ERR Unrecognized XCLAIM option '%.*s'", (int)word.n, word.p);
            return false;
        }
    }
    /* A time in the future, or before the epoch, counts as now. */
    if (x->time_ms < 0 || (x->time_ms > now_ms && !call_is_replay(call)))
        x->time_ms = now_ms;
    return true;
}

static void reply_entry(struct call *call, const struct stream *s, struct stream_id id)
{
    struct stream_cursor c;
    struct stream_entry e;
    if (stream_log_seek(&s->log, id, &c)) {
        stream_log_read(&c, &e);
        stream_args_reply(call, &e);
    }
    stream_log_end(&c);
}

static uint64_t deliveries(const struct xclaim *x, uint64_t before)
{
    if (x->count >= 0)
        return (uint64_t)x->count;
    if (x->just_id)
        return before;
    return before >= LLONG_MAX ? LLONG_MAX : before + 1;
}

/* Assigns an entry. False: it is not pending, not idle for long enough, or deleted. */
static bool claim(struct call *call, const struct xclaim *x, struct stream_id id, uint64_t *count)
{
    struct stream_group *g = x->group;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    if (__builtin_expect(x->stream->extra != NULL, 0))
        broker_expire_one(&x->at, id);
    bool pending = stream_pending_find(&g->pending, id, &at);
    if (!stream_log_has(&x->stream->log, id)) {
        bool ours = call_is_replay(call) && !call->engine->replaying_foreign;
        if (pending && !ours) {
            broker_claims_drop(&x->at, id);
            broker_lease_room(&x->at);
        }
        if (!(ours && x->force))
            return false;
    }
    if (!pending) {
        if (!x->force)
            return false;
        /* Counts as delivered once before this claim. */
        *count = deliveries(x, 1);
        if (g->order)
            broker_order_learn(&x->at, id);
        stream_group_restore(g, id, x->owner, x->time_ms, *count);
        return true;
    }
    stream_pending_get(&g->pending, at, &e);
    if (!stream_pending_is_claimable(&e, stream_args_now(call, g), x->min_idle_ms))
        return false;
    *count = deliveries(x, e.count);
    stream_group_assign(g, at, x->owner, x->time_ms, *count, false);
    return true;
}

/* Claims the IDs in order. Returns how many entries were assigned. */
static size_t claim_all(struct call *call, struct xclaim *x)
{
    struct stream_consumer *owner = broker_claims_consumer(&x->at, call->argv[3]);
    struct broker_claims claims = {.at = &x->at, .consumer = call->argv[3]};
    struct chain aside = {0};
    size_t n = 0;
    x->owner = owner;
    int64_t now_ms = stream_args_now(call, x->group);
    stream_group_seen(owner, now_ms);
    reply_later_begin(call->reply, &aside);
    for (int i = x->first; i <= x->last; i++) {
        struct stream_id id;
        uint64_t count;
        stream_id_parse(call->argv[i], 0, &id);
        if (!claim(call, x, id, &count))
            continue;
        stream_group_active(owner, now_ms);
        broker_claims_add(&claims, id, x->time_ms, count);
        if (x->just_id)
            stream_args_reply_id(call, id);
        else
            reply_entry(call, x->stream, id);
        n++;
    }
    broker_claims_end(&claims);
    reply_later_end(call->reply, '*', n);
    return n;
}

static void do_xclaim(struct call *call)
{
    struct xclaim x;
    struct bytes key = call->argv[1];
    struct stream *stream;
    struct stream_group *g;
    if (!stream_args_group(call, &stream, &g) || !parse_claim(call, g, &x))
        return;
    x.stream = stream;
    x.group = g;
    x.at = broker_act_in(call, key, stream, g);
    call_no_effect(call);
    if (stream->extra)
        broker_expire_first(&x.at);
    bool moved = x.has_last_id && stream_group_raise_position(g, x.last_id);
    size_t n = claim_all(call, &x);
    if (moved && n == 0)
        broker_claims_position(&x.at);
    if (n && g->policy) {
        /* Leases start at the claims' time, and a former owner may have room under its cap. */
        broker_watch_leased(&x.at, x.time_ms);
        broker_lease_room(&x.at);
    }
    if (moved && g->policy) /* what stopped readers may lie behind the position (broker O6) */
        db_ready(call->db, key);
    if (n || moved) {
        db_count_changes(call->store, n ? n : 1);
        db_changed_quietly(call->db, key);
    }
}

const struct command xclaim_command = {
    .name = "xclaim",
    .usage = "key:key group:string consumer:string min-idle-time:string id:string... [IDLE ms:int] "
             "[TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:int] [FORCE] [JUSTID] "
             "[LASTID lastid:string]",
    .summary = "Transfers the ownership of pending entries.",
    .since = "5.0.0",
    .complexity = "O(log N) for each entry, with N the pending entries of the group",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_xclaim,
};
