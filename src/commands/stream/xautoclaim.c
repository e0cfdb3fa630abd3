/* XAUTOCLAIM: claims entries that have been pending for long, a run at a time. */
#include "commands/index.h"

#include "base/num.h"
#include "broker/broker_claims.h"
#include "broker/broker_expire.h"
#include "broker/broker_lease.h"
#include "broker/broker_watch.h"
#include "commands/stream/stream_args.h"

#include <limits.h>

struct xautoclaim {
    struct call *call;
    long long min_idle_ms, count;
    bool just_id;
    struct stream_id from;
    struct stream *stream;
    struct stream_group *group;
    struct stream_consumer *owner;
    struct broker_group at;
    struct broker_claims claims;
    struct stream_cursor entry; /* follows the pending entries */
    bool started, in_log;       /* the cursor was placed; it is on an entry */
    struct buf gone;            /* struct stream_id each: references that were dropped */
    long long claimed;
};

static bool parse(struct call *call, struct xautoclaim *x)
{
    *x = (struct xautoclaim){.call = call, .count = 100};
    if (!num_parse_int(call->argv[4], &x->min_idle_ms)) {
        reply_errorf(call->reply, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
        return false;
    }
    if (x->min_idle_ms < 0)
        x->min_idle_ms = 0;
    if (!stream_args_bound(call, call->argv[5], true, &x->from))
        return false;
    for (int i = 6; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "count") && i + 1 < call->argc) {
            if (!num_parse_int(call->argv[++i], &x->count) || x->count < 1 ||
                x->count > LONG_MAX / 16) {
                call_error(call, ERR_COUNT_ABOVE_ZERO);
                return false;
            }
        } else if (bytes_is(call->argv[i], "justid")) {
            x->just_id = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Moves the cursor to id, which is above the previous one. False: there is no such entry. Tries the
 * next entry first, as pending entries are usually adjacent. */
static bool move_to(struct xautoclaim *x, struct stream_id id)
{
    if (x->started && x->in_log && stream_id_compare(stream_log_id(&x->entry), id) < 0)
        x->in_log = stream_log_next(&x->entry);
    if (!x->started || (x->in_log && stream_id_compare(stream_log_id(&x->entry), id) < 0)) {
        stream_log_end(&x->entry);
        x->in_log = stream_log_seek(&x->stream->log, id, &x->entry);
        x->started = true;
    }
    return x->in_log && stream_id_compare(stream_log_id(&x->entry), id) == 0;
}

/* The entry goes if it has expired; no cursor may be in the log then. */
static void expire(struct xautoclaim *x, struct stream_id id)
{
    if (!broker_expire_is_due(&x->at, id))
        return;
    stream_log_end(&x->entry);
    x->started = false;
    broker_expire_one(&x->at, id);
}

static void claim(struct xautoclaim *x, struct stream_pending_place at,
                  const struct stream_pending_entry *e)
{
    struct call *call = x->call;
    int64_t now_ms = stream_args_now(call, x->group);
    uint64_t count = e->count;
    if (!x->just_id)
        count = count >= LLONG_MAX ? LLONG_MAX : count + 1;
    stream_group_assign(x->group, at, x->owner, now_ms, count, false);
    stream_group_active(x->owner, now_ms);
    broker_claims_add(&x->claims, e->id, now_ms, count);
    if (x->just_id) {
        stream_args_reply_id(call, e->id);
    } else {
        struct stream_entry entry;
        stream_log_read(&x->entry, &entry);
        stream_args_reply(call, &entry);
    }
    x->claimed++;
}

/* Idle for long enough, or without an owner. Entries deferred or held by a policy are not
 * claimable. */
static bool is_claimable(const struct xautoclaim *x, const struct stream_pending_entry *e)
{
    const struct stream_group *g = x->group;
    int64_t due_ms;
    return stream_pending_is_claimable(e, stream_args_now(x->call, g), x->min_idle_ms) &&
           !(g->policy && (stream_pending_is_deferred(&g->pending, e->id, &due_ms) ||
                           stream_pending_is_held(&g->pending, e->id)));
}

/* Claims idle entries and drops references to deleted ones, up to COUNT of both, examining ten
 * times as many. Returns the ID to continue with; 0-0: the end was reached. */
static struct stream_id scan(struct xautoclaim *x)
{
    struct stream_pending *pending = &x->group->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    long long left = x->count, attempts = x->count * 10;
    bool any = stream_pending_seek(pending, x->from, &at);
    while (any && attempts-- && left > 0) {
        stream_pending_get(pending, at, &e);
        if (__builtin_expect(x->stream->extra != NULL, 0))
            expire(x, e.id);
        if (!move_to(x, e.id)) {
            struct stream_id behind = e.id;
            buf_add(&x->gone, bytes_of(&e.id, sizeof(e.id)));
            broker_claims_drop(&x->at, e.id);
            left--;
            any = stream_id_next(&behind) && stream_pending_seek(pending, behind, &at);
            continue;
        }
        if (is_claimable(x, &e)) {
            claim(x, at, &e);
            left--;
        }
        any = stream_pending_next(pending, &at);
    }
    stream_log_end(&x->entry);
    if (!any)
        return STREAM_ID_MIN;
    stream_pending_get(pending, at, &e);
    return e.id;
}

static void do_xautoclaim(struct call *call)
{
    struct xautoclaim x;
    struct bytes key = call->argv[1];
    if (!parse(call, &x) || !stream_args_group(call, &x.stream, &x.group))
        return;
    call_no_effect(call);
    x.at = broker_act_in(call, key, x.stream, x.group);
    if (x.stream->extra)
        broker_expire_first(&x.at);
    x.owner = broker_claims_consumer(&x.at, call->argv[3]);
    stream_group_seen(x.owner, stream_args_now(call, x.group));
    x.claims = (struct broker_claims){.at = &x.at, .consumer = call->argv[3]};
    struct reply *r = call->reply;
    struct chain *out = r->out, aside = chain_beside(out);
    r->out = &aside;
    struct stream_id next = scan(&x);
    broker_claims_end(&x.claims);
    r->out = out;
    reply_array(r, 3);
    stream_args_reply_id(call, next);
    reply_array(r, (size_t)x.claimed);
    chain_move(out, &aside);
    const struct stream_id *gone = (const void *)x.gone.p;
    size_t gone_n = x.gone.n / sizeof(*gone);
    reply_array(r, gone_n);
    for (size_t i = 0; i < gone_n; i++)
        stream_args_reply_id(call, gone[i]);
    buf_free(&x.gone);
    if (x.group->policy && (x.claimed || gone_n)) {
        broker_watch_leased(&x.at, broker_act_now(&x.at));
        broker_lease_room(&x.at);
    }
    if (x.claimed || gone_n) {
        db_count_changes(call->store, (uint64_t)x.claimed);
        db_changed_quietly(call->db, key);
    }
}

const struct command xautoclaim_command = {
    .name = "xautoclaim",
    .usage = "key:key group:string consumer:string min-idle-time:string start:string [COUNT "
             "count:int] [JUSTID]",
    .summary =
        "Transfers the ownership of entries that have been pending for a minimum time, in batches.",
    .since = "6.2.0",
    .complexity = "O(1) when COUNT is small",
    .tips = "nondeterministic_output",
    .group = GROUP_STREAM,
    .arity = -6,
    .flags = COMMAND_FAST | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_DELETE)},
    .handler = do_xautoclaim,
};
