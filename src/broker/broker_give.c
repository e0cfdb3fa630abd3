#include "broker/broker_give.h"

#include "broker/broker_claims.h"

static struct broker_claims claims_of(const struct broker_giving *g)
{
    return (struct broker_claims){.at = &g->at, .consumer = str_bytes(g->reader->name)};
}

uint64_t broker_give_new(const struct broker_giving *g, struct stream_cursor *c, uint64_t n)
{
    const struct broker_group *x = &g->at;
    struct broker_claims claims = claims_of(g);
    int64_t now_ms = broker_act_stamp(x);
    uint64_t done = 0;
    bool more;
    do {
        struct stream_entry e;
        stream_log_read(c, &e);
        stream_advance_group(x->stream, x->group, e.id, done > 0);
        if (!g->noack) {
            stream_group_deliver(x->group, g->reader, e.id, now_ms);
            broker_claims_add(&claims, e.id, now_ms, 1);
        } else if (x->stream->deleting) {
            buf_add(g->acked, bytes_of(&e.id, sizeof(e.id)));
        }
        more = g->put(g->context, &e, NULL);
        done++;
    } while (done < n && more && stream_log_next(c));
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
    bool keeps = !(g->noack && x->group->policy); /* else it is acknowledged (broker L10) */
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
