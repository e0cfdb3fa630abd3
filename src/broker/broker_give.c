#include "broker/broker_give.h"

#include "broker/broker_claims.h"
#include "broker/broker_lease.h"
#include "broker/broker_order.h"

static struct broker_claims claims_of(const struct broker_giving *g)
{
    return (struct broker_claims){.at = &g->at, .consumer = str_bytes(g->reader->name)};
}

/* Entries handed out with NOACK were pending until here, so that one read delivers each value once.
 */
static void end_taking(struct stream_group *g, struct buf *taking)
{
    const struct stream_id *ids = (const void *)taking->p;
    for (size_t i = 0; i < taking->n / sizeof(*ids); i++)
        stream_group_ack(g, ids[i]);
    buf_free(taking);
}

/* Adds an entry past the position to the reader's pending entries. True: it was pending already,
 * since XGROUP SETID had moved the position back. Then its former owner has one pending entry less,
 * and the caller must call broker_lease_room() for those who wait for that. */
static bool make_pending(const struct broker_giving *g, struct stream_id id, int64_t now_ms,
                         struct broker_claims *claims)
{
    broker_claims_add(claims, id, now_ms, 1);
    return stream_group_deliver(g->at.group, g->reader, id, now_ms);
}

/* Hands out an entry of a group with an order. With NOACK it is pending only for the duration of
 * the read. Returns what make_pending() does. */
static bool hand_out(const struct broker_giving *g, struct stream_id id,
                     struct broker_claims *claims, struct buf *taking)
{
    const struct broker_group *x = &g->at;
    int64_t now_ms = broker_act_stamp(x);
    if (!g->noack)
        return make_pending(g, id, now_ms, claims);
    if (!stream_pending_has(&x->group->pending, id)) {
        stream_group_deliver(x->group, g->reader, id, now_ms);
        buf_add(taking, bytes_of(&id, sizeof(id)));
    }
    if (x->stream->deleting)
        buf_add(g->acked, bytes_of(&id, sizeof(id)));
    return false;
}

/* broker_give_new() for a group with an order. */
static uint64_t give_in_order(const struct broker_giving *g, struct stream_cursor *c, uint64_t n)
{
    const struct broker_group *x = &g->at;
    struct broker_claims claims = claims_of(g);
    struct broker_order_read order = {.at = x};
    struct buf taking = {0};
    uint64_t done = 0, passed = 0;
    bool more = true, was_pending = false;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        enum broker_order_verdict verdict = broker_order_judge(&order, &e);
        if (verdict == BROKER_ORDER_STOP)
            break;
        stream_advance_group(x->stream, x->group, e.id, done + passed > 0);
        if (verdict == BROKER_ORDER_PASS) {
            passed++;
            continue;
        }
        was_pending |= hand_out(g, e.id, &claims, &taking);
        more = g->put(g->context, &e, NULL);
        done++;
    } while (done < n && more && stream_log_next(c));
    broker_claims_end(&claims);
    broker_order_end(&order);
    end_taking(x->group, &taking);
    if (was_pending)
        broker_lease_room(x);
    if (done + passed) {
        broker_claims_position(x);
        broker_act_changed(x, 1);
    }
    return done;
}

uint64_t broker_give_new(const struct broker_giving *g, struct stream_cursor *c, uint64_t n)
{
    const struct broker_group *x = &g->at;
    if (x->group->order)
        return give_in_order(g, c, n);
    struct broker_claims claims = claims_of(g);
    int64_t now_ms = broker_act_stamp(x);
    uint64_t done = 0;
    bool more, was_pending = false;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        stream_advance_group(x->stream, x->group, e.id, done > 0);
        if (!g->noack) {
            was_pending |= make_pending(g, e.id, now_ms, &claims);
        } else if (x->stream->deleting) {
            buf_add(g->acked, bytes_of(&e.id, sizeof(e.id)));
        }
        more = g->put(g->context, &e, NULL);
        done++;
    } while (done < n && more && stream_log_next(c));
    if (was_pending)
        broker_lease_room(x);
    broker_claims_end(&claims);
    broker_claims_position(x);
    broker_act_changed(x, 1);
    return done;
}

uint64_t broker_give_pending(const struct broker_giving *g, const struct stream_pending_entry *list,
                             size_t n)
{
    const struct broker_group *x = &g->at;
    struct broker_claims claims = claims_of(g);
    int64_t now_ms = broker_act_stamp(x);
    bool keeps = !(g->noack && x->group->policy); /* else the caller acknowledges it (broker L10) */
    struct stream_cursor c = {0};
    uint64_t done = 0;
    for (bool more = true; done < n && more; done++) {
        const struct stream_pending_entry *p = &list[done];
        struct stream_pending_place at;
        struct stream_entry e;
        if (!stream_pending_find(&x->group->pending, p->id, &at))
            continue;
        if (keeps) {
            uint64_t count = broker_give_count(p->count);
            stream_group_assign(x->group, at, g->reader, now_ms, count, false);
            broker_claims_add(&claims, p->id, now_ms, count);
        }
        if (stream_log_follow(&x->stream->log, p->id, &c)) {
            stream_log_read(&c, &e);
            more = g->put(g->context, &e, p);
        }
    }
    stream_log_end(&c);
    broker_claims_end(&claims);
    if (done)
        broker_act_changed(x, 1);
    return done;
}
