/* A record is in three places: its producer's dictionary (for lookup), the producer's list (for its
 * limit) and the stream's list by time (for expiry). Both lists are in the order of recording.
 * drop() removes it from all three; a producer is freed with its last record, and a stream leaves
 * the list of streams with records with its last one.
 *
 * Expiry costs what it drops: it starts at the oldest record and stops at the first that stays. If
 * the clock goes back, a younger time can precede an older one; then records stay a little longer,
 * but stream_dedup_meet() checks their age. */
#include "type/stream/stream_dedup.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"

static void drop(struct stream_dedup *d, struct stream_dedup_record *r)
{
    ASSERT(d->tracked > 0);
    struct stream_producer *p = r->producer;
    dlist_remove(&r->node);
    dlist_remove(&r->by_time);
    dict_remove(&p->seen, bytes_of(r->iid, r->n));
    mem_free(r);
    if (dlist_empty(&p->order)) {
        dict_clear(&p->seen);
        dict_remove(&d->producers, dict_key(p->node));
        mem_free(p);
    }
    if (--d->tracked == 0)
        dlist_remove(&d->active);
}

static struct stream_dedup_record *oldest(const struct stream_dedup *d)
{
    return d->tracked ? dlist_item(d->records.next, struct stream_dedup_record, by_time) : NULL;
}

void stream_dedup_clear(struct stream_dedup *d)
{
    while (d->tracked)
        drop(d, oldest(d));
    dict_clear(&d->producers);
}

const struct stream_dedup_record *stream_dedup_find(const struct stream_dedup *d,
                                                    struct bytes producer, struct bytes iid)
{
    const struct stream_producer *p = dict_get(&d->producers, producer);
    return p ? dict_get(&p->seen, iid) : NULL;
}

static struct stream_producer *producer_of(struct stream_dedup *d, struct bytes name)
{
    struct dict_node *n = dict_ensure(&d->producers, name);
    if (!n->value) {
        struct stream_producer *fresh = mem_zalloc(sizeof(*fresh));
        dlist_init(&fresh->order);
        fresh->node = n;
        n->value = fresh;
    }
    return n->value;
}

void stream_dedup_record(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                         struct stream_id id, int64_t now_ms)
{
    const struct stream_dedup_record *known = stream_dedup_find(d, producer, iid);
    if (known)
        drop(d, (struct stream_dedup_record *)(uintptr_t)known);
    struct stream_producer *p = producer_of(d, producer);
    struct stream_dedup_record *r = mem_alloc(sizeof(*r) + iid.n);
    *r = (struct stream_dedup_record){.producer = p, .id = id, .at_ms = now_ms, .n = iid.n};
    memcpy(r->iid, iid.p, iid.n);
    dict_ensure(&p->seen, iid)->value = r;
    dlist_append(&p->order, &r->node);
    if (!dlist_linked(&d->records))
        dlist_init(&d->records);
    dlist_append(&d->records, &r->by_time);
    if (d->tracked++ == 0 && d->actives)
        dlist_append(d->actives, &d->active);
    /* The newest record always stays, and with it its producer. */
    while (p->seen.used > d->max_size && p->seen.used > 1)
        drop(d, dlist_item(p->order.next, struct stream_dedup_record, node));
}

static bool is_old(const struct stream_dedup *d, const struct stream_dedup_record *r,
                   int64_t now_ms)
{
    return num_minus(now_ms, r->at_ms) >= num_times(d->duration_s, 1000);
}

const struct stream_dedup_record *stream_dedup_meet(struct stream_dedup *d, struct bytes producer,
                                                    struct bytes iid, int64_t now_ms)
{
    stream_dedup_expire(d, now_ms);
    const struct stream_dedup_record *seen = stream_dedup_find(d, producer, iid);
    if (!seen || is_old(d, seen, now_ms))
        return NULL;
    d->duplicates++;
    return seen;
}

void stream_dedup_add(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                      struct stream_id id, int64_t now_ms)
{
    stream_dedup_record(d, producer, iid, id, now_ms);
    d->added++;
}

void stream_dedup_set_limits(struct stream_dedup *d, int64_t duration_s, uint64_t max_size)
{
    d->duration_s = duration_s;
    d->max_size = max_size;
    stream_dedup_clear(d);
}

void stream_dedup_set_counts(struct stream_dedup *d, uint64_t added, uint64_t duplicates)
{
    d->added = added;
    d->duplicates = duplicates;
}

void stream_dedup_expire(struct stream_dedup *d, int64_t now_ms)
{
    struct stream_dedup_record *r;
    while ((r = oldest(d)) && is_old(d, r, now_ms))
        drop(d, r);
}

void stream_dedup_left(const struct stream_dedup *d, int64_t now_ms, uint64_t *producers,
                       uint64_t *records)
{
    *producers = d->producers.used;
    *records = d->tracked;
    const struct stream_dedup_record *r = NULL;
    while ((r = stream_dedup_next(d, r)) && is_old(d, r, now_ms)) {
        --*records;
        *producers -= r->node.next == &r->producer->order;
    }
}

void stream_dedup_expire_some(struct dlist_node *actives, int64_t now_ms, int streams)
{
    struct dlist_node *last = actives->prev;
    while (streams-- > 0 && !dlist_empty(actives)) {
        struct dlist_node *n = actives->next;
        dlist_remove(n);
        dlist_append(actives, n);
        stream_dedup_expire(dlist_item(n, struct stream_dedup, active), now_ms);
        if (n == last)
            return;
    }
}

void stream_dedup_leave(struct stream_dedup *d)
{
    dlist_remove(&d->active);
}

const struct stream_dedup_record *stream_dedup_next(const struct stream_dedup *d,
                                                    const struct stream_dedup_record *r)
{
    if (!r)
        return oldest(d);
    const struct dlist_node *n = r->by_time.next;
    return n == &d->records
               ? NULL
               : dlist_item((struct dlist_node *)(uintptr_t)n, struct stream_dedup_record, by_time);
}

void stream_dedup_copy(struct stream_dedup *to, const struct stream_dedup *from)
{
    *to = (struct stream_dedup){.duration_s = from->duration_s,
                                .max_size = from->max_size,
                                .actives = from->actives,
                                .added = from->added,
                                .duplicates = from->duplicates};
    for (const struct stream_dedup_record *r = NULL; (r = stream_dedup_next(from, r));)
        stream_dedup_record(to, dict_key(r->producer->node), bytes_of(r->iid, r->n), r->id,
                            r->at_ms);
}
