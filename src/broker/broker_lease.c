#include "broker/broker_lease.h"

#include "base/mem.h"
#include "broker/broker_watch.h"

void broker_lease_room(const struct broker_group *x)
{
    const struct stream_policy *p = x->group->policy;
    if (!p)
        return;
    broker_watch_room(broker_watch_of(x->group), false);
    if (p->prefetch || p->max_pending)
        db_ready(x->db, x->key);
}

void broker_lease_dropped(const struct broker_group *x)
{
    struct broker_group one = *x;
    struct dict_walk walk = {0};
    if (x->stream->policies)
        for (struct dict_node *n; (n = dict_next(&x->stream->groups, &walk));) {
            one.group = n->value;
            broker_lease_room(&one);
        }
}

void broker_lease_delete(const struct broker_group *x, const struct stream_id *ids, size_t n)
{
    if (!x->stream->deleting)
        return;
    struct buf gone = {0};
    uint64_t dropped = 0;
    for (size_t i = 0; i < n; i++)
        if (stream_delete_by(x->stream, ids[i], STREAM_ACKNOWLEDGED, &dropped) == 1)
            buf_add(&gone, bytes_of(&ids[i], sizeof(ids[i])));
    ASSERT(dropped == 0);
    size_t gone_n = gone.n / sizeof(*ids);
    if (gone_n) {
        const struct bytes words[] = {BYTES("XDEL"), x->key};
        broker_act_effect_ids(x, words, 2, (const void *)gone.p, gone_n);
        db_changed(x->db, x->key, DB_EVENT_STREAM, "xdel");
    }
    buf_free(&gone);
}

/* Effect XACK for removed references. */
static void journal_acks(const struct broker_group *x, const struct stream_id *ids, size_t n)
{
    const struct bytes words[] = {BYTES("XACK"), x->key, str_bytes(x->group->name)};
    broker_act_effect_ids(x, words, 3, ids, n);
    if (n)
        broker_act_changed(x, n);
}

/* Removes references; returns those that existed, for the caller to free. */
static struct stream_id *take(const struct broker_group *x, const struct stream_id *ids, size_t n,
                              size_t *taken)
{
    struct stream_id *out = mem_alloc((n + 1) * sizeof(*out));
    *taken = 0;
    for (size_t i = 0; i < n; i++)
        if (stream_group_ack(x->group, ids[i]))
            out[(*taken)++] = ids[i];
    return out;
}

void broker_lease_left(const struct broker_group *x, size_t n)
{
    if (!x->group->policy || n == 0)
        return;
    broker_lease_room(x);
    broker_watch_sample(x);
    x->group->policy->counts.acked += n;
}

void broker_lease_acked(const struct broker_group *x, const struct stream_id *ids, size_t n)
{
    journal_acks(x, ids, n);
    if (n == 0)
        return;
    broker_lease_delete(x, ids, n);
    broker_lease_left(x, n);
}

size_t broker_lease_ack(const struct broker_group *x, const struct stream_id *ids, size_t n)
{
    size_t acked;
    struct stream_id *gone = take(x, ids, n, &acked);
    broker_lease_acked(x, gone, acked);
    mem_free(gone);
    return acked;
}

void broker_lease_drop(const struct broker_group *x, const struct stream_id *ids, size_t n)
{
    size_t lost;
    struct broker_watch *w = broker_watch_of(x->group);
    struct stream_id *gone = take(x, ids, n, &lost);
    journal_acks(x, gone, lost);
    mem_free(gone);
    x->group->policy->counts.lost += lost;
    if (w)
        w->broker->totals.lost += lost;
    broker_lease_room(x);
}
