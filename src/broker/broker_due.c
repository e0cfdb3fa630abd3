#include "broker/broker_due.h"

static struct broker_due *due_of(struct heap_node *n)
{
    return dlist_item(n, struct broker_due, node);
}

void broker_due_join(struct broker *b, struct broker_due *d, int64_t since_ms)
{
    if (broker_due_is_in_line(d))
        return;
    d->since_ms = since_ms;
    heap_insert(&b->due, &d->node, since_ms);
}

void broker_due_again(struct broker *b, struct broker_due *d)
{
    ASSERT(broker_due_is_in_line(d));
    heap_remove(&b->due, &d->node);
    heap_insert(&b->due, &d->node, b->engine->steady_ms);
}

void broker_due_leave(struct broker *b, struct broker_due *d)
{
    if (broker_due_is_in_line(d))
        heap_remove(&b->due, &d->node);
}

struct broker_due *broker_due_first(const struct broker *b)
{
    struct heap_node *n = heap_first(&b->due);
    return n ? due_of(n) : NULL;
}

int64_t broker_due_late_ms(const struct broker *b)
{
    int64_t late = 0;
    for (size_t i = 0; i < b->due.n; i++) {
        int64_t ms = num_minus(b->engine->steady_ms, due_of(b->due.items[i])->since_ms);
        late = ms > late ? ms : late;
    }
    return late;
}
