/* A subscription is a permanent waiter of its key (engine/block.h):
 *
 *   waits    visited when the key is ready, in turn with blocked readers; gets up to 16 messages
 *            --its limit of pending entries is reached-->  full: no longer a waiter
 *            --its connection has to drain-------------->  stalled: no longer a waiter
 *   full     entries of the group were acknowledged, returned or claimed, their leases ended, or a
 *            token arrived (broker_watch_room()): the next broker_consume_wake() lets it wait again
 *            if its consumer is below the limit, or may be given its own entries again
 *   stalled  the connection has drained: waits
 *
 * So subscriptions that can take nothing cost nothing when messages arrive. Each visit is a group
 * of the journal; its frames leave when the journal has it (engine/gate.h). A subscription that
 * ends during its own visit, because its key turns out to have expired, is freed after the visit.
 */
#include "broker/broker_consume.h"

#include "base/mem.h"
#include "broker/broker_claims.h"
#include "broker/broker_give.h"
#include "broker/broker_read.h"
#include "broker/broker_retry.h"
#include "broker/broker_seat.h"
#include "engine/key_name.h"

static struct broker *broker_of(const struct broker_subscriber *of)
{
    return of->client->engine->broker;
}

static struct broker_subscription *at(struct dlist_node *n)
{
    return dlist_item(n, struct broker_subscription, of_watch);
}

/* ---- Which there are */

/* Database, length of the key, key, group: the name under which a subscriber keeps a subscription.
 */
static struct bytes name_of(struct buf *to, const struct db *db, struct bytes key,
                            struct bytes group)
{
    key_name(to, db, bytes_of(&key.n, sizeof(key.n)));
    buf_add(to, key);
    buf_add(to, group);
    return buf_bytes(to);
}

static size_t memory_of(const struct broker_subscription *s)
{
    size_t name = sizeof(int) + sizeof(size_t) + s->key->n + s->group->n;
    return mem_block_size(s) + mem_block_size(s->consumer) +
           mem_class_size(sizeof(struct dict_node) + name) + 2 * sizeof(void *);
}

struct broker_subscription *broker_consume_find(const struct broker_subscriber *of,
                                                const struct db *db, struct bytes key,
                                                struct bytes group)
{
    struct buf name = {0};
    struct broker_subscription *s = dict_get(&of->subscriptions, name_of(&name, db, key, group));
    buf_free(&name);
    return s;
}

/* Removes it from all lists; its names remain. */
static void unlink(struct broker_subscription *s)
{
    struct broker_subscriber *of = s->subscriber;
    struct buf name = {0};
    dict_remove(&of->subscriptions, name_of(&name, s->db, str_bytes(s->key), str_bytes(s->group)));
    buf_free(&name);
    block_stay_end(&s->stay);
    dlist_remove(&s->of_watch);
    dlist_remove(&s->of_full);
    if (of->subscriptions.used == 0)
        dlist_remove(&of->stalled);
    ASSERT(broker_of(of)->subscriptions > 0 && s->watch->subscriptions > 0);
    broker_of(of)->subscriptions--;
    s->watch->subscriptions--;
    s->watch = NULL;
    client_holds(of->client, 0, memory_of(s));
}

static void release(struct broker_subscription *s)
{
    str_unref(s->key);
    str_unref(s->group);
    str_unref(s->consumer);
    mem_free(s);
}

void broker_consume_stop(struct broker_subscription *s)
{
    ASSERT(!s->visited);
    if (s->attachment)
        broker_presence_unsubscribe(s->attachment);
    unlink(s);
    release(s);
}

void broker_consume_leave(struct broker_subscriber *of)
{
    struct dict_walk walk = {0};
    for (struct dict_node *n; (n = dict_next(&of->subscriptions, &walk));) {
        struct broker_subscription *s = n->value;
        unlink(s);
        release(s);
    }
    ASSERT(!dlist_linked(&of->stalled));
}

/* The group, its policy or its key is removed. */
static void on_watch_end(struct broker_watch *w, enum broker_watch_end why)
{
    struct dlist_node all;
    dlist_init(&all);
    dlist_splice(&all, &w->subscribed);
    dlist_splice(&all, &w->full);
    while (!dlist_empty(&all)) {
        struct broker_subscription *s = at(all.next);
        if (s->attachment)
            s->attachment->subscribed = false; /* what it was sent is still released when the
                                                  connection closes */
        unlink(s);
        s->subscriber->front->ended(s, why);
        if (!s->visited)
            release(s);
    }
    ASSERT(w->subscriptions == 0);
}

/* ---- In line, or out of it */

static void wait(struct broker_subscription *s)
{
    struct bytes key = str_bytes(s->key);
    struct engine *e = s->subscriber->client->engine;
    s->state = BROKER_SUBSCRIPTION_WAITS;
    dlist_remove(&s->of_watch);
    dlist_remove(&s->of_full);
    dlist_append(&s->watch->subscribed, &s->of_watch);
    if (!block_stay_waits(&s->stay))
        block_stay(e, s->db, key, &s->stay);
    block_key_ready(e, s->db, key);
}

/* Its consumer has reached PREFETCH: no more is delivered until it has fewer pending entries. */
static void be_full(struct broker_subscription *s, struct stream_consumer *c)
{
    block_stay_end(&s->stay);
    s->state = BROKER_SUBSCRIPTION_FULL;
    dlist_remove(&s->of_watch);
    dlist_append(&s->watch->full, &s->of_watch);
    dlist_append(&c->presence.full, &s->of_full);
}

static void stall(struct broker_subscription *s)
{
    struct broker *b = broker_of(s->subscriber);
    block_stay_end(&s->stay);
    s->state = BROKER_SUBSCRIPTION_STALLED;
    if (!dlist_linked(&s->subscriber->stalled))
        dlist_append(&b->stalled, &s->subscriber->stalled);
}

static uint64_t most_pending(const struct broker_subscription *s, const struct stream_policy *p)
{
    return (uint64_t)(p->prefetch && p->prefetch < s->prefetch ? p->prefetch : s->prefetch);
}

/* ---- A visit */

static bool takes(const struct broker_subscriber *s)
{
    return client_is_staying(s->client) && s->front->takes(s);
}

static bool put(void *context, struct stream_entry *e, const struct stream_pending_entry *before)
{
    struct broker_subscription *s = context;
    s->subscriber->front->deliver(s, e, before ? broker_give_count(before->count) : 1);
    return takes(s->subscriber);
}

/* The consumer, created when absent, with the connection attached to it. */
static struct stream_consumer *consumer_of(struct broker_subscription *s,
                                           const struct broker_group *x)
{
    struct stream_consumer *c = broker_claims_consumer(x, str_bytes(s->consumer));
    stream_group_seen(c, broker_act_now(x));
    if (!s->attachment) {
        s->attachment = broker_presence_attach(x, s->subscriber->client, c);
        if (s->attachment)
            broker_presence_subscribe(s->attachment);
    }
    return c;
}

static enum block_visit serve(struct broker_subscription *s, const struct broker_group *x)
{
    struct stream_consumer *reader = consumer_of(s, x);
    struct broker_read r = {.reading = {.at = *x,
                                        .reader = reader,
                                        .claim_ms = -1,
                                        .prefetch = s->prefetch,
                                        .waited = true},
                            .reader = reader,
                            .most = BROKER_CONSUME_VISIT,
                            .put = put,
                            .context = s};
    uint64_t n = broker_read(&r);
    if (n)
        block_stay_behind(&s->stay);
    if (n < r.most && reader->pending >= most_pending(s, x->group->policy)) {
        be_full(s, reader);
        broker_deliver_wait_for_token(x); /* it may still be given its own entries again */
    }
    block_stay_for(&s->stay, broker_seat_queue(x, r.reading.served));
    if (!r.reading.served)
        broker_seat_is_awaited(s->watch);
    else if (n && broker_deliver_may_give(x))
        return BLOCK_VISIT_SERVED;
    return r.reading.held_back ? BLOCK_VISIT_NOTHING : BLOCK_VISIT_EMPTY;
}

static enum block_visit visit(struct block_stay *stay)
{
    struct broker_subscription *s = dlist_item(stay, struct broker_subscription, stay);
    struct engine *e = s->subscriber->client->engine;
    enum block_visit v = BLOCK_VISIT_NOTHING;
    if (!takes(s->subscriber)) {
        stall(s);
        return v;
    }
    if (!act_begin(e))
        return BLOCK_VISIT_SERVED; /* stays first in line until the server may act */
    s->visited = true;
    struct entry *entry = db_write_notouch(s->db, str_bytes(s->key));
    if (s->watch) {
        struct broker_group x = {
            .engine = e, .db = s->db, .key = str_bytes(s->key), .stream = value_to_change(entry)};
        x.group = stream_find_group(x.stream, str_bytes(s->group));
        ASSERT(broker_watch_of(x.group) == s->watch);
        v = serve(s, &x);
    }
    act_end(e);
    s->visited = false;
    if (!s->watch)
        release(s);
    return v;
}

/* ---- Beginning */

/* Releases the entries that the consumer already has. */
static void release_old(const struct broker_group *x, const struct stream_consumer *c)
{
    size_t n;
    struct stream_id *ids = broker_retry_owned(x->group, c, SIZE_MAX, &n);
    if (n)
        broker_retry_take_back(x, ids, n, BYTES("connection closed"));
    mem_free(ids);
}

static struct broker_subscription *make(const struct broker_group *x, struct broker_subscriber *to,
                                        struct bytes consumer)
{
    struct buf name = {0};
    struct broker_subscription *s = mem_zalloc(sizeof(*s));
    s->stay.source = broker_seat_queue(x, true);
    s->stay.visit = visit;
    s->subscriber = to;
    s->watch = broker_watch_of(x->group);
    s->db = x->db;
    s->key = str_ref(s->watch->key);
    s->group = str_ref(s->watch->group);
    s->consumer = str_new(consumer);
    dict_ensure(&to->subscriptions, name_of(&name, x->db, x->key, str_bytes(s->group)))->value = s;
    buf_free(&name);
    dlist_append(&s->watch->subscribed, &s->of_watch);
    s->watch->subscriptions++;
    s->watch->broker->subscriptions++;
    client_holds(to->client, memory_of(s), 0);
    return s;
}

struct broker_subscription *broker_consume_start(const struct broker_group *x,
                                                 struct broker_subscriber *to,
                                                 struct bytes consumer, int64_t prefetch)
{
    struct bytes group = str_bytes(x->group->name);
    struct broker_subscription *s = broker_consume_find(to, x->db, x->key, group);
    if (s && !bytes_equal(str_bytes(s->consumer), consumer)) {
        broker_consume_stop(s);
        s = NULL;
    }
    if (!s) {
        s = make(x, to, consumer);
        struct stream_consumer *c = broker_claims_consumer(x, consumer);
        if (c->pending && !broker_presence_others(x->group, c, to->client))
            release_old(x, c);
        consumer_of(s, x);
    }
    s->prefetch = prefetch;
    wait(s);
    broker_deliver_wait(x);
    return s;
}

void broker_consume_forget(const struct stream_group *g, const struct stream_consumer *c)
{
    struct broker_watch *w = broker_watch_of(g);
    if (!w)
        return;
    struct dlist_node *const lists[] = {&w->subscribed, &w->full};
    for (int i = 0; i < 2; i++)
        for (struct dlist_node *n = lists[i]->next; n != lists[i]; n = n->next) {
            struct broker_subscription *s = at(n);
            if (!bytes_equal(str_bytes(s->consumer), str_bytes(c->name)))
                continue;
            s->attachment = NULL;
            dlist_remove(&s->of_full);
        }
    broker_watch_room(w, true);
}

/* ---- Room */

/* The consumer has fewer pending entries than before: subscriptions below their limit go on. */
static void look_at_consumer(void *context, struct stream_consumer *c)
{
    const struct broker_watch *w = context;
    struct dlist_node *full = &c->presence.full;
    for (struct dlist_node *n = full->next, *next; n != full; n = next) {
        struct broker_subscription *s = dlist_item(n, struct broker_subscription, of_full);
        next = n->next;
        if (c->pending < most_pending(s, w->of->policy))
            wait(s);
    }
}

static void look_at_full(struct broker_watch *w)
{
    while (w->wakes_all && !dlist_empty(&w->full))
        wait(at(w->full.next));
    w->wakes_all = false;
    stream_group_visit_roomy(w->of, look_at_consumer, w);
}

void broker_consume_wake(struct broker *b)
{
    while (!dlist_empty(&b->roomy)) {
        struct broker_watch *w = dlist_item(b->roomy.next, struct broker_watch, roomy);
        dlist_remove(&w->roomy);
        look_at_full(w);
    }
    for (struct dlist_node *n = b->stalled.next, *next; n != &b->stalled; n = next) {
        struct broker_subscriber *of = dlist_item(n, struct broker_subscriber, stalled);
        struct dict_walk walk = {0};
        next = n->next;
        if (!takes(of))
            continue;
        dlist_remove(&of->stalled);
        for (struct dict_node *one; (one = dict_next(&of->subscriptions, &walk));) {
            struct broker_subscription *s = one->value;
            if (s->state == BROKER_SUBSCRIPTION_STALLED)
                wait(s);
        }
    }
}

bool broker_consume_has_work(const struct broker *b)
{
    bool any = !dlist_empty(&b->roomy);
    for (const struct dlist_node *n = b->stalled.next; !any && n != &b->stalled; n = n->next) {
        const struct broker_subscriber *of =
            dlist_item((struct dlist_node *)(uintptr_t)n, struct broker_subscriber, stalled);
        any = takes(of);
    }
    return any;
}

void broker_consume_init(struct broker *b)
{
    dlist_init(&b->roomy);
    dlist_init(&b->stalled);
    b->watch_ended = on_watch_end;
}
