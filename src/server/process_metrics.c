#include "server/process_metrics.h"

#include "base/clock.h"
#include "engine/engine.h"
#include "server/listeners.h"
#include "server/version.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)
#define COMPILER TEXT(__GNUC__) "." TEXT(__GNUC_MINOR__) "." TEXT(__GNUC_PATCHLEVEL__)

/* ---- The process */

struct figures {
    const struct process_metrics_parts *parts;
    const struct settings *settings;
    int64_t up_s, certificate_s;
    char os[3 * sizeof(((struct utsname *)0)->sysname)];
};

static const char *text_or_none(const char *text)
{
    return text ? text : "";
}

static int64_t ends_in_ms(const struct figures *f)
{
    const struct engine *e = f->parts->engine;
    return e->ends_ms > e->steady_ms ? e->ends_ms - e->steady_ms : 0;
}

static void gather(const void *owner, void *figures)
{
    struct figures *f = figures;
    struct utsname u;
    f->parts = owner;
    f->settings = f->parts->engine->settings;
    f->up_s = (f->parts->engine->steady_ms - f->parts->started_ms) / 1000;
    f->certificate_s =
        f->parts->certificate_ends_s ? f->parts->certificate_ends_s(f->parts->context) : -1;
    uname(&u);
    snprintf(f->os, sizeof(f->os), "%s %s %s", u.sysname, u.release, u.machine);
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct figures *f, info, value)
#include "server/process_metrics.def"
#undef M

#define M METRIC_ROW
static const struct metric rows[] = {
#include "server/process_metrics.def"
};
#undef M

const struct metric_table process_metrics = {
    .rows = rows, .n = METRIC_COUNT(rows), .figures = sizeof(struct figures), .gather = gather};

/* ---- Processor time */

struct cpu {
    struct rusage own, children, thread;
};

static struct metric_value seconds(const struct timeval *t)
{
    return metric_real((double)t->tv_sec + (double)t->tv_usec / 1e6, 6);
}

static void gather_cpu(const void *owner, void *figures)
{
    struct cpu *c = figures;
    (void)owner;
    getrusage(RUSAGE_SELF, &c->own);
    getrusage(RUSAGE_CHILDREN, &c->children);
    getrusage(RUSAGE_THREAD, &c->thread);
}

#define M(type, unit, flags, info, name, value, help)                                              \
    METRIC_GETTER(const struct cpu *c, info, value)
#include "server/process_metrics_cpu.def"
#undef M

#define M METRIC_ROW
static const struct metric cpu_rows[] = {
#include "server/process_metrics_cpu.def"
};
#undef M

const struct metric_table process_metrics_cpu = {.rows = cpu_rows,
                                                 .n = METRIC_COUNT(cpu_rows),
                                                 .figures = sizeof(struct cpu),
                                                 .gather = gather_cpu};

/* ---- Listeners */

static const struct metric columns[] = {
    {"name", NULL, "Protocol of the listener.", METRIC_TEXT, METRIC_WORDS, 0, NULL},
    {"bind", NULL, "Configured addresses.", METRIC_TEXT, METRIC_WORDS, 0, NULL},
    {"port", NULL, "Configured port.", METRIC_TEXT, METRIC_NUMBER, 0, NULL},
};

static void walk_listeners(const void *owner, const struct metric_sink *sink)
{
    const struct process_metrics_parts *p = owner;
    const struct settings *c = p->engine->settings;
    const char *kind;
    for (int i = 0; (kind = listeners_kind(p->listeners, i)); i++) {
        char label[16];
        int n = snprintf(label, sizeof(label), "%d", i);
        struct metric_cell cells[] = {
            {.metric = &columns[0], .value = metric_text(kind)},
            {.metric = &columns[1], .value = metric_text(c->bind)},
            {.metric = &columns[2],
             .value = metric_signed(strcmp(kind, "tls") == 0 ? c->tls_port : c->port)},
        };
        sink->line(sink->to, bytes_of(label, (size_t)n), cells, METRIC_COUNT(cells));
    }
}

static const struct metric_family listeners = {
    "listener", "listener", NULL, columns, METRIC_COUNT(columns), walk_listeners};

const struct metric_table process_metrics_listeners = {.family = &listeners};
