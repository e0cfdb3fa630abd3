#include "replica/follow_metrics.h"

#include "replica/follow.h"

struct figures {
    const struct settings *settings;
    bool is_replica, is_up;
    struct follow_figures link; /* all 0 of a primary */
    double percent;
    uint64_t errors;
};

static void gather(const void *owner, void *figures)
{
    const struct replication *r = owner;
    struct figures *f = figures;
    f->settings = r->engine->settings;
    f->errors = r->figures.errors;
    f->is_replica = replication_is_replica(r);
    if (!f->is_replica)
        return;
    follow_figures(r->follow, &f->link);
    f->is_up = f->link.state == FOLLOW_CONNECTED;
    if (f->link.total > 0)
        f->percent = 100 * (double)f->link.read / (double)f->link.total;
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "replica/follow_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "replica/follow_metrics.def"
};
#undef M

const struct metric_table follow_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};
