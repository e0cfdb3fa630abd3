/* Goes once through the ready streams of the group's ring (broker/broker_match.h), starting where
 * the last read ended. Each gives at most its share of COUNT; a stream without anything becomes
 * idle, unless other readers may find something in it: this reader is full, or another consumer has
 * the seat. */
#include "commands/stream/xread_match.h"

#include "base/glob.h"
#include "broker/broker_deliver.h"
#include "broker/broker_match.h"
#include "broker/broker_presence.h"
#include "commands/stream/stream_args.h"
#include "commands/stream/xread_group.h"
#include "commands/stream/xread_policy.h"
#include "engine/block.h"
#include "engine/rights.h"

/* Whether a read may find something. With SINGLE, taking the seat releases other consumers'
 * entries, and a reader without the seat has to queue for it. */
static bool may_give(const struct xread *x, const struct broker_group *at)
{
    const struct stream_pending *p = &at->group->pending;
    return broker_deliver_may_give(at) || (x->args.claim_idle_ms >= 0 && p->count) ||
           (at->group->policy->single_ms && stream_pending_owned_count(p));
}

/* Serves one stream; true: the reply contains it. m may be freed with its key, which may have
 * expired. */
static bool serve_one(struct xread *x, struct broker_mark *m)
{
    struct call *call = x->call;
    struct str *key = str_ref(m->watch->key);
    struct xread_source s = {.key = str_bytes(key), .from = XREAD_NEW};
    struct entry *e = db_write_counted(call->db, s.key);
    bool served = false;
    if (e) {
        s.stream = s.own = value_to_change(e);
        s.group = stream_find_group(s.own, x->args.group_name);
        s.after = s.group->last_id;
        struct broker_group at = xread_group_at(x, &s);
        x->held_back = x->stands_by = false;
        if (may_give(x, &at)) {
            xread_group_begin(x, &s);
            served = xread_policy_serve(x, &s);
        }
        if (!served && !x->held_back) {
            if (!x->stands_by)
                broker_match_rest(m);
            broker_deliver_wait(&at);
        }
    }
    str_unref(key);
    return served;
}

/* Returns how many streams the reply contains; writes it if there are any. */
static size_t serve(struct xread *x, struct broker_ring *ring)
{
    struct xread_args *a = &x->args;
    struct reply *r = x->call->reply;
    struct xread_aside aside;
    if (a->claim_idle_ms >= 0)
        broker_match_all(ring);
    size_t ready = broker_match_count(ring, a->match), served = 0, left = ring->ready_n;
    long long most = a->count;
    a->max_count = a->max_count && a->max_count < most ? a->max_count : most;
    a->count = ready && most > (long long)ready ? most / (long long)ready : 1;
    xread_reply_begin_aside(x, &aside);
    for (; ready && left && ring->ready_n && xread_reply_room(x) && !xread_reply_is_full(x);
         left--) {
        struct broker_mark *m = broker_match_take(ring);
        if (!glob_match(a->match, str_bytes(m->watch->key)))
            continue;
        ready--;
        served += serve_one(x, m);
    }
    a->count = most;
    xread_reply_end_aside(x, &aside);
    if (served) {
        xread_reply_streams(r, served);
        chain_move(r->out, &aside.chain);
    } else {
        chain_free(&aside.chain);
    }
    return served;
}

/* With CLAIM: when the first entry will have been pending for long enough; 0: none. */
static int64_t claim_due_ms(struct xread *x, const struct broker_ring *ring)
{
    const struct dlist_node *const lists[] = {&ring->ready, &ring->idle};
    int64_t first = INT64_MAX;
    for (int i = 0; i < 2 && x->args.claim_idle_ms >= 0; i++)
        for (struct dlist_node *n = lists[i]->next; n != lists[i]; n = n->next) {
            const struct broker_watch *w = dlist_item(n, struct broker_mark, in_ring)->watch;
            struct entry *e = db_find_past(w->db, str_bytes(w->key));
            struct broker_group at =
                broker_act_in(x->call, str_bytes(w->key), value_to_change(e), w->of);
            int64_t ms = broker_deliver_claimable_ms(&at, x->args.claim_idle_ms);
            first = ms < first ? ms : first;
        }
    return first == INT64_MAX ? 0 : first;
}

static void wait(struct xread *x, struct broker_ring *ring)
{
    struct block_options o = {.deadline_ms = x->args.block_ms,
                              .type = TYPE_STREAM,
                              .null = BLOCK_NULL_ARRAY,
                              .pattern = x->args.match_at,
                              .readers = block_readers(x->args.group_name),
                              .wake_ms = claim_due_ms(x, ring)};
    block_on(x->call, &o);
    broker_presence_waits_anywhere(x->call->client, x->call->db, x->args.group_name,
                                   x->args.consumer);
    broker_match_wait(ring, x->call->client);
}

void xread_match_run(struct xread *x)
{
    struct call *call = x->call;
    struct broker *b = call->engine->broker;
    if (!rights_read_all(call)) {
        reply_errorf(call->reply, "NOPERM No permissions to access a key");
        return;
    }
    struct broker_ring *ring = b ? broker_match_ring(b, call->db, x->args.group_name) : NULL;
    if (ring && serve(x, ring))
        return;
    if (ring && x->args.block_ms >= 0 && block_allowed(call))
        wait(x, ring);
    else
        reply_null_array(call->reply);
}
