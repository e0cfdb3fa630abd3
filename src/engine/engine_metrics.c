#include "engine/engine_metrics.h"

#include "acl/check.h"
#include "base/clock.h"
#include "engine/client.h"
#include "engine/tracking.h"
#include "engine/txn.h"

/* ---- Totals */

static size_t tracked_prefixes(const struct tracking *t)
{
    size_t n = 0;
    for (const struct dlist_node *x = t->clients.next; x != &t->clients; x = x->next)
        n += dlist_item(x, struct tracking_client, node)->prefix_n;
    return n;
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct engine *e, info, value)
#include "engine/engine_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "engine/engine_metrics.def"
};
#undef M

const struct metric_table engine_metrics = {.rows = rows, .n = METRIC_COUNT(rows)};

/* ---- Clients */

struct figures {
    const struct engine *engine;
    size_t most_in, most_out, all_in, all_out, linked, pubsub, watching, paused;
};

/* One walk over all clients, for all rows. */
static void gather(const void *owner, void *figures)
{
    const struct engine *e = owner;
    struct figures *f = figures;
    f->engine = e;
    for (const struct dlist_node *n = e->clients.all.next; n != &e->clients.all; n = n->next) {
        const struct client *c = dlist_item(n, struct client, all);
        f->linked += c->link && !(c->flags & CLIENT_REPLICA);
        f->paused += (c->flags & CLIENT_PAUSED) != 0;
        f->watching += c->txn && !dlist_empty(&c->txn->watches);
        f->pubsub += (c->flags & CLIENT_SUBSCRIBED) != 0;
        f->all_in += c->in_cap;
        f->all_out += c->out.memory;
        f->most_in = c->in_cap > f->most_in ? c->in_cap : f->most_in;
        f->most_out = c->out.memory > f->most_out ? c->out.memory : f->most_out;
    }
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "engine/engine_metrics_clients.def"
#undef M

#define M METRIC_ROW
static const struct metric client_rows[] = {
#include "engine/engine_metrics_clients.def"
};
#undef M

const struct metric_table engine_metrics_clients = {.rows = client_rows,
                                                    .n = METRIC_COUNT(client_rows),
                                                    .figures = sizeof(struct figures),
                                                    .gather = gather};
