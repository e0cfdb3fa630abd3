#include "server/memory_metrics.h"

#include "base/mem.h"
#include "server/lazy.h"
#include "server/memory.h"

#include <unistd.h>

struct figures {
    const struct settings *settings;
    const struct lazy_figures *lazy;
    struct engine_memory m;
    size_t data, system, stream_cache;
    char policy[32];
};

static double share(size_t part, size_t all)
{
    return all ? 100.0 * (double)part / (double)all : 0;
}

static double ratio(size_t more, size_t less)
{
    return less ? (double)more / (double)less : 0;
}

static int64_t minus(size_t a, size_t b)
{
    return (int64_t)a - (int64_t)b;
}

static void gather(const void *owner, void *figures)
{
    const struct memory_metrics_parts *p = owner;
    struct figures *f = figures;
    struct buf policy = {0};
    f->settings = p->settings;
    f->lazy = lazy_figures(p->lazy);
    memory_report(p->memory, &f->m);
    f->stream_cache = memory_stream_cache(p->memory);
    f->data = f->m.used > f->m.overhead ? f->m.used - f->m.overhead : 0;
    f->system = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    settings_print(p->settings, settings_find(BYTES("maxmemory-policy")), &policy);
    memcpy(f->policy, policy.p, policy.n < sizeof(f->policy) ? policy.n : sizeof(f->policy) - 1);
    buf_free(&policy);
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "server/memory_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/memory_metrics.def"
};
#undef M

const struct metric_table memory_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};
