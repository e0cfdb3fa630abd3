/* Pending entries are judged in the order of delivery: released ones, then leased ones, oldest
 * first. Each is one of
 *
 *   chosen   it is delivered to the reader
 *   dead     its deliveries are used up, and it has no owner or its lease has ended: it dies now,
 *            up to 128 in a call
 *   lost     its message is deleted: its reference is dropped now, up to 1,000 in a call
 *   waiting  another entry with the same ORDERBY value comes first: it is held now, up to 1,000
 *   passed   its lease still runs, but CLAIM reached it: it is used up, or must wait for another.
 *            It is barred (stream_pending_walk.h): later reads leap past it
 *
 * Nothing changes during judging. The dead, lost and waiting ones are cleared afterwards; if there
 * were no others, judging starts again, since clearing may have made room. A reader at its cap may
 * still be given its own entries again: these are found through its own records, which the cap
 * keeps few, not by walking everybody's. */
#include "broker/broker_deliver.h"

#include "base/mem.h"
#include "broker/broker_dead.h"
#include "broker/broker_lease.h"
#include "broker/broker_order.h"
#include "broker/broker_seat.h"
#include "broker/broker_watch.h"
#include "type/stream/stream_pending_walk.h"

#include <stdlib.h>

#define LOOKED_AT 1000

struct judging {
    struct broker_reading *r;
    int64_t lease_ms, idle_ms; /* -1: there is no lease; -1: no entry with an owner is taken */
    uint64_t most;
    struct buf chosen, dead, waiting; /* struct stream_pending_entry each */
    struct buf lost;                  /* struct stream_id each */
    size_t n, dead_n, lost_n, waiting_n;
    struct buf judged; /* struct stream_id each: all so far, so that judge_own() skips them */
    struct stream_cursor log; /* at the message looked up last */
};

static bool is_released(const struct stream_pending_entry *e)
{
    return e->consumer == STREAM_PENDING_NO_CONSUMER;
}

/* The reader's last connection has closed and its entries are about to be released: new ones would
 * be released with them. */
static bool is_leaving(const struct broker_reading *r)
{
    return r->reader->presence.leaving;
}

/* The cap on the reader's pending entries; 0: none. */
static uint64_t prefetch(const struct broker_reading *r)
{
    int64_t policy = r->at.group->policy->prefetch;
    return (uint64_t)(!r->prefetch || (policy && policy < r->prefetch) ? policy : r->prefetch);
}

static bool reader_is_full(const struct broker_reading *r)
{
    uint64_t most = prefetch(r);
    return !r->noack && most && r->mine + r->gains >= most;
}

static bool group_is_full(const struct broker_reading *r)
{
    const struct stream_policy *p = r->at.group->policy;
    return p->max_pending && r->owned >= (uint64_t)p->max_pending;
}

/* As much cleared on the way as one read may do. */
static bool has_done_much(const struct judging *j)
{
    return j->dead_n >= BROKER_DELIVER_DEAD || j->lost_n >= BROKER_DELIVER_LOST ||
           j->waiting_n >= BROKER_DELIVER_LOST;
}

static bool is_over(const struct judging *j)
{
    return j->n >= j->most || has_done_much(j);
}

static int64_t idle_ms(const struct judging *j, const struct stream_pending_entry *e)
{
    return num_minus(broker_act_now(&j->r->at), e->time_ms);
}

static bool has_ended(const struct judging *j, const struct stream_pending_entry *e)
{
    return is_released(e) || (j->lease_ms >= 0 && idle_ms(j, e) >= j->lease_ms);
}

static void choose(struct judging *j, const struct stream_pending_entry *e)
{
    struct broker_reading *r = j->r;
    if (!r->noack) {
        r->gains += e->consumer != r->reader->number;
        r->owned += is_released(e);
    }
    buf_add(&j->chosen, bytes_of(e, sizeof(*e)));
    j->n++;
}

/* An entry that is idle for long enough, or has no owner. False: it is passed. */
static bool judge(struct judging *j, const struct stream_pending_entry *e)
{
    const struct broker_group *x = &j->r->at;
    if (prefetch(j->r))
        buf_add(&j->judged, bytes_of(&e->id, sizeof(e->id)));
    if (!stream_log_follow(&x->stream->log, e->id, &j->log)) {
        buf_add(&j->lost, bytes_of(&e->id, sizeof(e->id)));
        j->lost_n++;
    } else if (broker_dead_is_due(x->group, e)) {
        if (!has_ended(j, e))
            return false;
        buf_add(&j->dead, bytes_of(e, sizeof(*e)));
        j->dead_n++;
    } else if (broker_order_may_give(x, e->id)) {
        choose(j, e);
    } else {
        if (!has_ended(j, e))
            return false;
        buf_add(&j->waiting, bytes_of(e, sizeof(*e)));
        j->waiting_n++;
    }
    return true;
}

/* Whether several entries take one ORDERBY value, or did when entries were passed. */
static bool values_are_shared(const struct stream_group *g)
{
    return g->order && (g->order->following || g->order->freed);
}

/* Whether what earlier reads passed is passed again while its lease runs. It is if used up. If it
 * waits for another entry that takes its value, that one must still take it, and its lease run. */
static bool may_leap(const struct judging *j)
{
    struct stream_group *g = j->r->at.group;
    struct stream_pending_entry oldest;
    if (!values_are_shared(g))
        return true;
    if (g->order->freed)
        stream_pending_walk_unbar(&g->pending);
    g->order->freed = false;
    return !stream_pending_walk_oldest_leased(&g->pending, &oldest) || !has_ended(j, &oldest);
}

/* Judges in the order of delivery, until there are enough or the reader is full. */
static void judge_all(struct judging *j)
{
    struct stream_pending *p = &j->r->at.group->pending;
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    bool leaps = may_leap(j);
    stream_pending_walk_start(&w, p);
    if (group_is_full(j->r))
        w.linked = stream_touched_first_leased(&p->touched);
    while (!is_over(j) && !reader_is_full(j->r) && stream_pending_walk_peek(&w, &e)) {
        if (is_released(&e) ? false : j->idle_ms < 0 || idle_ms(j, &e) < j->idle_ms)
            break;
        if (leaps && !has_ended(j, &e) && stream_pending_walk_leap(&w, &e))
            continue;
        if (judge(j, &e))
            stream_pending_walk_next(&w, &e);
        else
            stream_pending_walk_bar(&w, &e);
        if (is_released(&e) && group_is_full(j->r))
            w.linked = stream_touched_first_leased(&p->touched);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct stream_pending_entry *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return stream_id_compare(x->id, y->id);
}

static int by_id(const void *a, const void *b)
{
    const struct stream_id *x = a, *y = b;
    return stream_id_compare(*x, *y);
}

/* Judges entries that the reader owns already and may be given again. */
static void judge_own(struct judging *j)
{
    const struct stream_pending *p = &j->r->at.group->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct buf own = {0};
    uint32_t number = j->r->reader->number;
    size_t judged_n = j->judged.n / sizeof(e.id);
    if (judged_n)
        qsort(j->judged.p, judged_n, sizeof(e.id), by_id);
    bool any = j->idle_ms >= 0 && stream_pending_seek_owned(p, STREAM_ID_MIN, number, &at);
    for (; any; any = stream_pending_next_owned(p, number, &at)) {
        stream_pending_get(p, at, &e);
        if (idle_ms(j, &e) >= j->idle_ms &&
            !(judged_n && bsearch(&e.id, j->judged.p, judged_n, sizeof(e.id), by_id)))
            buf_add(&own, bytes_of(&e, sizeof(e)));
    }
    struct stream_pending_entry *all = (void *)own.p;
    size_t n = own.n / sizeof(e);
    if (n)
        qsort(all, n, sizeof(e), by_time);
    for (size_t i = 0; i < n && !is_over(j); i++)
        judge(j, &all[i]);
    buf_free(&own);
}

/* Clears dead, lost and waiting entries. Returns whether there were any. */
static bool clear_way(struct judging *j)
{
    const struct broker_group *x = &j->r->at;
    bool any = j->waiting.n || j->dead.n || j->lost.n;
    broker_order_hold(x, (const void *)j->waiting.p,
                      j->waiting.n / sizeof(struct stream_pending_entry));
    const struct stream_pending_entry *dead = (const void *)j->dead.p;
    for (size_t i = 0; i < j->dead.n / sizeof(*dead); i++)
        broker_dead_die_of_age(x, &dead[i]);
    if (j->lost.n)
        broker_lease_drop(x, (const void *)j->lost.p, j->lost.n / sizeof(struct stream_id));
    buf_free(&j->waiting);
    buf_free(&j->dead);
    buf_free(&j->lost);
    return any;
}

static void judge_and_clear(struct judging *j)
{
    struct broker_reading *r = j->r;
    bool cleared;
    do {
        r->mine = r->reader->pending;
        r->owned = stream_pending_owned_count(&r->at.group->pending);
        judge_all(j);
        r->held_back = reader_is_full(r);
        if (r->held_back && !is_over(j))
            judge_own(j);
        stream_log_end(&j->log);
        j->log = (struct stream_cursor){0};
        cleared = clear_way(j);
        buf_free(&j->judged);
    } while (cleared && j->n == 0 && !is_over(j));
    if (has_done_much(j))
        broker_watch_wake(broker_watch_of(r->at.group));
}

/* How many entries the group's rate allows now. */
static uint64_t tokens(const struct broker_group *x)
{
    const struct stream_policy *p = x->group->policy;
    struct broker_watch *w = broker_watch_of(x->group);
    if (!p->rate || !w)
        return UINT64_MAX;
    uint64_t n = broker_bucket_tokens(&w->bucket, p->rate, p->rate_ms, broker_act_now(x));
    if (!n)
        broker_watch_token(w);
    return n;
}

struct stream_pending_entry *broker_deliver_pending(struct broker_reading *r, uint64_t most,
                                                    size_t *n)
{
    const struct stream_policy *p = r->at.group->policy;
    r->held_back = is_leaving(r);
    /* Taking the seat releases other consumers' entries: do it before looking at them. */
    r->served = !r->held_back && broker_seat_serves(&r->at, r->reader, r->waited);
    r->gains = 0;
    r->most = p->paused || !r->served ? 0 : tokens(&r->at);
    r->stopped = r->most == 0 || !broker_order_is_ready(&r->at);
    *n = 0;
    if (r->stopped)
        return NULL;
    struct judging j = {.r = r,
                        .most = most < r->most ? most : r->most,
                        .lease_ms = p->lease_ms ? p->lease_ms : -1};
    j.idle_ms = j.lease_ms;
    if (r->claim_ms >= 0 && (j.idle_ms < 0 || r->claim_ms < j.idle_ms))
        j.idle_ms = r->claim_ms;
    judge_and_clear(&j);
    *n = j.n;
    r->most -= j.n;
    return (void *)j.chosen.p;
}

uint64_t broker_deliver_unread(struct broker_reading *r, uint64_t most)
{
    const struct stream_policy *p = r->at.group->policy;
    most = most < r->most ? most : r->most;
    if (r->stopped || group_is_full(r))
        return 0;
    if (reader_is_full(r)) {
        r->held_back = true;
        return 0;
    }
    if (r->noack)
        return most;
    uint64_t mine = prefetch(r) ? prefetch(r) - r->mine - r->gains : most;
    uint64_t all = p->max_pending ? (uint64_t)p->max_pending - r->owned : most;
    uint64_t least = mine < all ? mine : all;
    return least < most ? least : most;
}

bool broker_deliver_may_give(const struct broker_group *x)
{
    struct stream_pending *p = &x->group->pending;
    int64_t lease = x->group->policy->lease_ms, at;
    return stream_id_compare(x->stream->last_id, x->group->last_id) > 0 ||
           stream_pending_released_count(p) || p->ended_count ||
           (lease && stream_pending_walk_end_ms(p, &at) &&
            num_minus(broker_act_now(x), at) >= lease);
}

void broker_deliver_done(const struct broker_group *x, uint64_t delivered, uint64_t redelivered)
{
    struct stream_policy_counts *c = &x->group->policy->counts;
    struct broker_watch *w = broker_watch_of(x->group);
    broker_watch_sample(x);
    c->delivered += delivered;
    c->redelivered += redelivered;
    if (redelivered)
        broker_lease_room(x); /* their former owners have fewer */
    if (w) {
        w->broker->totals.redelivered += redelivered;
        if (x->group->policy->rate)
            broker_bucket_take(&w->bucket, delivered);
    }
    broker_watch_leased(x, broker_act_now(x));
}

void broker_deliver_wait(const struct broker_group *x)
{
    struct broker_watch *w = broker_watch_of(x->group);
    int64_t lease = x->group->policy->lease_ms, at;
    if (w && lease && stream_pending_walk_end_ms(&x->group->pending, &at))
        broker_watch_sooner(w, num_minus(at, -lease));
}

void broker_deliver_wait_for_token(const struct broker_group *x)
{
    tokens(x);
}

int64_t broker_deliver_claimable_ms(const struct broker_group *x, int64_t claim_ms)
{
    struct stream_pending *p = &x->group->pending;
    int64_t lease = x->group->policy->lease_ms, now = broker_act_now(x);
    int64_t idle = lease && lease < claim_ms ? lease : claim_ms;
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    stream_pending_walk_start(&w, p);
    w.linked = stream_touched_first_leased(&p->touched);
    for (int i = 0; stream_pending_walk_peek(&w, &e); i++) {
        int64_t at = num_minus(e.time_ms, -idle);
        if (!values_are_shared(x->group) && stream_pending_walk_leap(&w, &e))
            continue;
        if (i == LOOKED_AT) /* look again then */
            return at > now ? at : INT64_MAX;
        if (at > now && stream_log_has(&x->stream->log, e.id) && !broker_dead_is_due(x->group, &e))
            return at;
        stream_pending_walk_next(&w, &e);
    }
    return INT64_MAX;
}
