#include "broker/broker_idle.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker_match.h"
#include "broker/broker_retry.h"

#define STEP           64   /* consumers scanned between two readings of the clock */
#define TAKEN          128  /* entries released in one action, at most */
#define LOOK_LEAST_MS  1000 /* between two scans, */
#define LOOKS_IN_A_TTL 4    /* unless the least TTL divided by this is longer */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The earliest time at which anybody counts as last seen. */
static int64_t counts_since(const struct broker_watch *w)
{
    return later(w->idle.seen_ms, w->broker->acts_since_ms);
}

/* When the consumer was seen; now, if its time lies in the future (a file of a server whose clock
 * was ahead). */
static int64_t seen_ms(struct stream_consumer *c, int64_t now)
{
    if (c->presence.waiting || c->seen_ms > now)
        stream_group_seen(c, now);
    return c->seen_ms;
}

static bool run(const struct broker_group *x, const struct bytes *argv, int argc)
{
    return act_run(x->engine, x->db, argv, argc) == ACT_DONE;
}

/* One step of deleting: releases its entries first, if they are too many for one action. */
static bool delete_consumer(const struct broker_group *x, const struct stream_consumer *c)
{
    size_t n;
    if (c->pending > TAKEN) {
        struct stream_id *ids = broker_retry_owned(x->group, c, TAKEN, &n);
        broker_act_begin(x);
        broker_retry_take_back(x, ids, n, BYTES("consumer deleted"));
        act_end(x->engine);
        mem_free(ids);
        return true;
    }
    struct str *name = str_ref(c->name);
    const struct bytes argv[] = {BYTES("XGROUP"), BYTES("DELCONSUMER"), x->key,
                                 str_bytes(x->group->name), str_bytes(name)};
    bool done = run(x, argv, 5);
    str_unref(name);
    return done;
}

/* Destroys the group, with watch and policy. */
static bool destroy(const struct broker_group *x)
{
    struct str *key = str_new(x->key), *name = str_ref(x->group->name);
    const struct bytes argv[] = {BYTES("XGROUP"), BYTES("DESTROY"), str_bytes(key),
                                 str_bytes(name)};
    bool done = run(x, argv, 4);
    str_unref(key);
    str_unref(name);
    return done;
}

/* The shorter TTL. */
static int64_t least_ttl(const struct stream_policy *p)
{
    int64_t a = p->consumer_ttl_ms, b = p->group_ttl_ms;
    return a && (!b || a < b) ? a : b;
}

static void begin(struct broker_watch *w)
{
    struct broker_idle *i = &w->idle;
    i->under_way = true;
    i->at = 0;
    i->latest_ms = counts_since(w);
    i->first_end_ms = INT64_MAX;
}

/* False: the consumer has to be looked at again. */
static bool look_at(const struct broker_group *x, struct broker_watch *w, struct stream_consumer *c)
{
    struct broker_idle *i = &w->idle;
    int64_t ttl = x->group->policy->consumer_ttl_ms, now = broker_act_now(x);
    int64_t seen = seen_ms(c, now);
    i->latest_ms = later(i->latest_ms, seen);
    if (!ttl)
        return true;
    int64_t end = later(seen, later(w->since_ms, w->broker->acts_since_ms)) + ttl;
    if (end <= now)
        return !delete_consumer(x, c);
    i->first_end_ms = end < i->first_end_ms ? end : i->first_end_ms;
    return true;
}

/* Consumers may have been seen after the scan passed them. O(consumers), as destroying the group
 * is. */
static bool was_seen_since(const struct broker_group *x, int64_t ms)
{
    const struct stream_group *g = x->group;
    for (uint32_t n = 0; n < g->numbers; n++) {
        const struct stream_consumer *c = stream_group_owner(g, n);
        if (c && c->seen_ms > ms)
            return true;
    }
    return false;
}

/* Ends a scan. */
static enum broker_idle_end end(const struct broker_group *x, struct broker_watch *w)
{
    const struct stream_policy *p = x->group->policy;
    struct broker_idle *i = &w->idle;
    int64_t now = broker_act_now(x), least = least_ttl(p);
    if (w->attachments.waiting || broker_match_is_awaited(w))
        i->latest_ms = now;
    i->under_way = false;
    if (p->group_ttl_ms) {
        int64_t ends = i->latest_ms + p->group_ttl_ms;
        if (ends <= now && !was_seen_since(x, i->latest_ms) && destroy(x))
            return BROKER_IDLE_GONE;
        i->first_end_ms = ends < i->first_end_ms ? ends : i->first_end_ms;
    }
    /* A consumer seen from now on expires no earlier than that. */
    int64_t next = i->first_end_ms < now + least ? i->first_end_ms : now + least;
    i->look_ms = later(next, now + later(LOOK_LEAST_MS, least / LOOKS_IN_A_TTL));
    return BROKER_IDLE_DONE;
}

enum broker_idle_end broker_idle_work(const struct broker_group *x, struct broker_watch *w,
                                      int64_t until_us)
{
    struct broker_idle *i = &w->idle;
    struct stream_group *g = x->group;
    if (!g->policy->consumer_ttl_ms && !g->policy->group_ttl_ms) {
        i->under_way = false;
        return BROKER_IDLE_DONE;
    }
    if (!i->under_way && broker_act_now(x) < i->look_ms)
        return BROKER_IDLE_DONE;
    if (!i->under_way)
        begin(w);
    for (unsigned steps = 1; i->at < g->numbers; steps++) {
        struct stream_consumer *c = stream_group_owner(g, i->at);
        bool stays = !c || look_at(x, w, c);
        i->at += stays;
        if ((!stays || steps % STEP == 0) && clock_mono_us() >= until_us)
            return BROKER_IDLE_MORE;
    }
    return end(x, w);
}
