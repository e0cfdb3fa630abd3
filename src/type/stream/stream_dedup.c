#include "type/stream/stream_dedup.h"

#include "base/mem.h"

static void drop_oldest(struct stream_dedup *d, struct stream_producer *p)
{
    struct stream_dedup_record *r = dlist_item(p->order.next, struct stream_dedup_record, node);
    dlist_remove(&r->node);
    dict_remove(&p->seen, bytes_of(r->iid, r->n));
    mem_free(r);
    d->tracked--;
}

static void free_producer(struct stream_dedup *d, struct stream_producer *p)
{
    while (!dlist_empty(&p->order))
        drop_oldest(d, p);
    mem_free(p);
}

void stream_dedup_clear(struct stream_dedup *d)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&d->producers, &w));)
        free_producer(d, n->value);
    dict_clear(&d->producers);
}

const struct stream_dedup_record *stream_dedup_find(const struct stream_dedup *d,
                                                    struct bytes producer, struct bytes iid)
{
    const struct stream_producer *p = dict_get(&d->producers, producer);
    return p ? dict_get(&p->seen, iid) : NULL;
}

void stream_dedup_record(struct stream_dedup *d, struct bytes producer, struct bytes iid,
                         struct stream_id id, int64_t now_ms)
{
    struct dict_node *n = dict_ensure(&d->producers, producer);
    if (!n->value) {
        struct stream_producer *fresh = mem_zalloc(sizeof(*fresh));
        dlist_init(&fresh->order);
        n->value = fresh;
    }
    struct stream_producer *p = n->value;
    struct stream_dedup_record *r = mem_alloc(sizeof(*r) + iid.n);
    *r = (struct stream_dedup_record){.id = id, .at_ms = now_ms, .n = iid.n};
    memcpy(r->iid, iid.p, iid.n);
    dict_ensure(&p->seen, iid)->value = r;
    dlist_append(&p->order, &r->node);
    d->tracked++;
    while (p->seen.used > d->max_size)
        drop_oldest(d, p);
}

void stream_dedup_expire(struct stream_dedup *d, int64_t now_ms)
{
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&d->producers, &w));) {
        struct stream_producer *p = n->value;
        while (!dlist_empty(&p->order)) {
            struct stream_dedup_record *r =
                dlist_item(p->order.next, struct stream_dedup_record, node);
            if (now_ms - r->at_ms < d->duration_s * 1000)
                break;
            drop_oldest(d, p);
        }
        if (dlist_empty(&p->order)) {
            dict_remove(&d->producers, dict_key(n));
            mem_free(p);
        }
    }
}

void stream_dedup_copy(struct stream_dedup *to, const struct stream_dedup *from)
{
    *to = *from;
    to->producers = (struct dict){0};
    to->tracked = 0;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&from->producers, &w));) {
        const struct stream_producer *p = n->value;
        for (const struct dlist_node *x = p->order.next; x != &p->order; x = x->next) {
            const struct stream_dedup_record *r =
                dlist_item((struct dlist_node *)(uintptr_t)x, struct stream_dedup_record, node);
            stream_dedup_record(to, dict_key(n), bytes_of(r->iid, r->n), r->id, r->at_ms);
        }
    }
}
