#include "broker/broker_stats.h"

#include "broker/broker_watch.h"
#include "engine/block.h"
#include "type/stream/stream_status.h"

static void number(struct reply *r, const char *name, long long v)
{
    reply_bulk_text(r, name);
    reply_int(r, v);
}

/* Counted since the policy was made; null without one. */
static void counter(struct reply *r, const char *name, bool known, uint64_t v)
{
    reply_bulk_text(r, name);
    if (known)
        reply_int(r, (long long)v);
    else
        reply_null(r);
}

size_t broker_stats_subscriptions(const struct stream_group *g)
{
    const struct broker_watch *w = broker_watch_of(g);
    return w ? w->subscriptions : 0;
}

static void states(struct call *call, struct bytes key, const struct stream *s,
                   const struct stream_group *g, const struct stream_status *st)
{
    struct reply *r = call->reply;
    number(r, "ready", (long long)(st->unread + st->released + st->overdue));
    number(r, "unread", (long long)st->unread);
    number(r, "released", (long long)st->released);
    number(r, "overdue", (long long)st->overdue);
    number(r, "leased", (long long)st->leased);
    number(r, "deferred", (long long)st->deferred);
    number(r, "held", (long long)st->held);
    number(r, "scheduled", s->extra ? (long long)stream_future_count(&s->extra->future) : 0);
    number(r, "dead-blocked", (long long)st->blocked);
    number(r, "consumers", (long long)g->consumers.used);
    number(
        r, "waiting",
        (long long)block_count_readers(call->engine, call->db, key, str_bytes(g->name), g->policy));
    number(r, "subscribers", (long long)broker_stats_subscriptions(g));
}

static void counters(struct reply *r, const struct stream *s, const struct stream_group *g)
{
    static const struct stream_policy_counts none;
    const struct stream_policy_counts *c = g->policy ? &g->policy->counts : &none;
    bool known = g->policy;
    counter(r, "added", known, s->added > c->added_before ? s->added - c->added_before : 0);
    counter(r, "delivered", known, c->delivered);
    counter(r, "redelivered", known, c->redelivered);
    counter(r, "acked", known, c->acked);
    counter(r, "failed", known, c->failed);
    counter(r, "released-total", known, c->released);
    counter(r, "leases-ended", known, c->leases_ended);
    counter(r, "dead", known, c->dead);
    counter(r, "discarded", known, c->discarded);
    counter(r, "lost", known, c->lost);
}

static void rates(struct call *call, const struct stream *s, const struct stream_group *g)
{
    static const char *const names[] = {[BROKER_ADDED] = "added-per-sec",
                                        [BROKER_DELIVERED] = "delivered-per-sec",
                                        [BROKER_ACKED] = "acked-per-sec",
                                        [BROKER_FAILED] = "failed-per-sec"};
    uint64_t counts[BROKER_RATE_KINDS];
    double means[BROKER_RATE_KINDS] = {0};
    struct broker_watch *w = broker_watch_of(g);
    if (w) {
        int64_t now = call->engine->steady_ms;
        broker_watch_counts(s, g, counts);
        broker_rate_mean(&w->rate, now, counts, means);
        if (broker_rate_is_due(&w->rate, now))
            broker_rate_sample(&w->rate, now, counts);
    }
    for (int i = 0; i < BROKER_RATE_KINDS; i++) {
        reply_bulk_text(call->reply, names[i]);
        if (g->policy)
            reply_double(call->reply, means[i]);
        else
            reply_null(call->reply);
    }
}

void broker_stats_reply(struct call *call, struct bytes key, const struct stream *s,
                        struct stream_group *g)
{
    struct stream_status st;
    stream_status_read(s, g, call->now_ms, call->engine->steady_ms, &st);
    reply_map(call->reply, 29);
    states(call, key, s, g, &st);
    counters(call->reply, s, g);
    number(call->reply, "oldest-ready-ms", st.oldest_ready_ms);
    number(call->reply, "oldest-leased-ms", st.oldest_leased_ms);
    number(call->reply, "next-due-ms", st.next_due_ms);
    rates(call, s, g);
}
