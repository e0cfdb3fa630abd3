#include "broker/broker_metrics.h"

#include "broker/broker.h"

struct figures {
    const struct broker *broker;
    uint64_t streams, scheduled, deferred, held, schedules, bindings, captures;
};

static void count_pending(struct figures *f, const struct broker_watch *w)
{
    f->deferred += stream_pending_deferred_count(&w->of->pending);
    f->held += stream_pending_held_count(&w->of->pending);
}

static void count(struct figures *f, const struct broker_moments *m)
{
    const struct stream *s = broker_moments_stream(m);
    if (!s)
        return;
    f->scheduled += stream_future_count(&s->extra->future);
    f->schedules += stream_schedules_count(&s->extra->schedules);
    f->bindings += s->extra->bindings ? s->extra->bindings->count : 0;
    f->captures += stream_captures_count(&s->extra->captures);
}

static void gather(const void *owner, void *figures)
{
    const struct broker *b = owner;
    struct figures *f = figures;
    const struct store *s = b->engine->store;
    f->broker = b;
    for (int i = 0; i < s->count; i++)
        f->streams += s->dbs[i].noted.acting.used;
    for (const struct dlist_node *n = b->watches.next; n != &b->watches; n = n->next)
        count_pending(f, dlist_item(n, struct broker_watch, all));
    for (const struct dlist_node *n = b->moments.next; n != &b->moments; n = n->next)
        count(f, dlist_item(n, struct broker_moments, all));
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "broker/broker_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "broker/broker_metrics.def"
};
#undef M

const struct metric_table broker_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};
