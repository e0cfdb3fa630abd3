#include "broker/broker_expire.h"

#include "broker/broker_moments.h"

static void journal(const struct broker_group *x, struct stream_id id, int64_t at_ms)
{
    char when[NUM_INT_MAX], text[STREAM_ID_TEXT_MAX];
    const struct bytes argv[] = {BYTES("XSCHED"), BYTES("EXPIRE"), x->key,
                                 bytes_of(when, num_print_int(when, at_ms)),
                                 broker_act_id(x, text, id)};
    broker_act_effect(x, BROKER_ACT_SINCE, argv, 5);
}

void broker_expire_set(const struct broker_group *x, struct stream_id id, int64_t at_ms)
{
    ASSERT(at_ms > 0);
    if (at_ms > STREAM_EXPIRY_MOST)
        at_ms = STREAM_EXPIRY_MOST;
    stream_expiry_set(&stream_need_extra(x->stream)->expiry, id, at_ms);
    journal(x, id, at_ms);
}

void broker_expire_follow(const struct broker_group *x, struct stream_id old, struct stream_id id,
                          int64_t shift_ms)
{
    struct stream_expiry *all = &x->stream->extra->expiry;
    int64_t at;
    if (!stream_expiry_get(all, old, &at))
        return;
    stream_expiry_remove(all, old);
    at = num_minus(at, -shift_ms);
    broker_expire_set(x, id, at > 0 ? at : 1);
}

bool broker_expire_take(struct stream *s, struct stream_id id)
{
    return stream_delete(s, id) || stream_cancel(s, id);
}

void broker_expire_report(const struct broker_group *x, const struct stream_id *gone, size_t n)
{
    const struct bytes words[] = {BYTES("XDEL"), x->key};
    broker_act_effect_ids(x, words, 2, gone, n);
    if (n == 0)
        return;
    if (x->engine->broker) {
        x->engine->broker->totals.expired += n;
        stream_need_outcomes(x->stream)->expired += n;
    }
    db_count_changes(x->engine->store, n);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xexpired");
}

bool broker_expire_due(const struct broker_group *x)
{
    struct stream_expiry *all = &x->stream->extra->expiry;
    struct stream_id id, gone[BROKER_EXPIRE_MOST];
    size_t n = 0;
    int64_t at;
    bool more;
    while ((more = stream_expiry_first(all, &id, &at) && at <= broker_act_wall(x)) &&
           n < BROKER_EXPIRE_MOST) {
        bool there = broker_expire_take(x->stream, id);
        ASSERT(there);
        gone[n++] = id;
    }
    if (n)
        broker_expire_report(x, gone, n);
    return more;
}

bool broker_expire_first(const struct broker_group *x)
{
    if (!x->stream->extra || (x->call && call_is_replay(x->call)))
        return false;
    bool more = broker_expire_due(x);
    broker_moments_changed(x);
    return more;
}

bool broker_expire_is_due(const struct broker_group *x, struct stream_id id)
{
    int64_t at;
    return x->stream->extra && !call_is_replay(x->call) &&
           stream_expiry_get(&x->stream->extra->expiry, id, &at) && at <= broker_act_wall(x);
}

void broker_expire_one(const struct broker_group *x, struct stream_id id)
{
    if (!broker_expire_is_due(x, id))
        return;
    bool there = broker_expire_take(x->stream, id);
    ASSERT(there);
    broker_expire_report(x, &id, 1);
    broker_moments_changed(x);
}
