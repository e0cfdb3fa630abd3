#include "type/stream/stream_pending_deferred.h"

#include "base/mem.h"

#include <stdlib.h>

/* By due time, then ID. */
static int by_due(const void *a, const void *b)
{
    const struct stream_pending_deferred *x = a, *y = b;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    return stream_id_compare(x->id, y->id);
}

static int by_due_back(const void *a, const void *b)
{
    return by_due(b, a);
}

/* Replaces the root, the last in order, of a heap of n by d. */
static void sink_last(struct stream_pending_deferred *all, size_t n,
                      struct stream_pending_deferred d)
{
    size_t place = 0;
    for (size_t below; (below = 2 * place + 1) < n; place = below) {
        below += below + 1 < n && by_due(&all[below + 1], &all[below]) > 0;
        if (by_due(&all[below], &d) <= 0)
            break;
        all[place] = all[below];
    }
    all[place] = d;
}

struct stream_pending_deferred *stream_pending_deferred(const struct stream_pending *p,
                                                        int64_t from_ms, size_t most, size_t *n)
{
    const struct stream_touched *t = &p->touched;
    size_t cap = t->deferred_count < most ? t->deferred_count : most;
    struct stream_pending_deferred *all = mem_alloc((cap + 1) * sizeof(*all));
    *n = 0;
    for (uint32_t i = 0; cap && i < t->deferred_count; i++) {
        const struct stream_touched_node *x = stream_touched_at(t, t->heap[i]);
        struct stream_pending_deferred d = {.id = x->id, .due_ms = x->time_ms};
        if (d.due_ms < from_ms)
            continue;
        if (*n < cap) {
            all[(*n)++] = d;
            if (*n == cap) /* descending order is a heap */
                qsort(all, cap, sizeof(*all), by_due_back);
        } else if (by_due(&d, &all[0]) < 0) {
            sink_last(all, cap, d);
        }
    }
    qsort(all, *n, sizeof(*all), by_due);
    for (size_t i = 0; i < *n; i++) {
        struct stream_pending_entry e;
        stream_pending_get_by_id(p, all[i].id, &e);
        all[i].count = e.count;
        all[i].reason = stream_pending_reason(p, e.id);
    }
    return all;
}
