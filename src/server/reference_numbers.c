/* Both pages walk the metric tables of INFO and Prometheus, made here from an engine without parts:
 * only the tables' rows are read, never their values. Metrics of the survey come from the HELP
 * lines that it prints for an empty store. */
#include "server/reference_numbers.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/metric.h"
#include "server/info.h"
#include "server/reference_text.h"
#include "store/db.h"
#include "survey/alarms.h"
#include "survey/exposition.h"

#include <stdlib.h>

struct nothing {
    struct engine engine;
    struct info_parts parts;
    struct metric_set *set;
};

static struct nothing *nothing_new(void)
{
    struct nothing *x = mem_zalloc(sizeof(*x));
    x->parts.engine = &x->engine;
    x->set = info_new(&x->parts);
    return x;
}

static void nothing_free(struct nothing *x)
{
    metric_set_free(x->set);
    mem_free(x);
}

static const char *type_name(enum metric_type type)
{
    static const char *const names[] = {[METRIC_COUNTER] = "counter",
                                        [METRIC_GAUGE] = "gauge",
                                        [METRIC_SUMMARY] = "summary",
                                        [METRIC_HISTOGRAM] = "histogram",
                                        [METRIC_TEXT] = "text"};
    return names[type];
}

/* ---- Metrics */

struct name {
    struct bytes name, help;
    const char *type, *label, *second;
};

struct names {
    struct name *all;
    size_t n;
};

static void keep(struct names *to, struct name x)
{
    to->all = mem_realloc(to->all, (to->n + 1) * sizeof(*to->all));
    to->all[to->n++] = x;
}

static void keep_metric(void *to, const struct metric *m, const struct metric_family *f)
{
    if (!m->name)
        return;
    struct name x = {.name = bytes_text(m->name), .help = bytes_text(m->help)};
    x.type = type_name(m->type);
    x.label = f ? f->label : m->type == METRIC_TEXT ? m->info : NULL;
    x.second = f ? f->second : NULL;
    keep(to, x);
}

/* Cuts off the text up to and including `end`, and returns it without. */
static struct bytes take(struct bytes *text, char end)
{
    const char *at = memchr(text->p, end, text->n);
    ASSERT(at);
    struct bytes x = bytes_of(text->p, (size_t)(at - text->p));
    *text = bytes_of(at + 1, text->n - x.n - 1);
    return x;
}

/* Collects "# HELP name help" and "# TYPE name type" among the lines of numbers. */
static void keep_heads(struct names *to, struct bytes text)
{
    while (text.n) {
        struct bytes line = take(&text, '\n');
        if (!bytes_has_prefix(line, "# HELP "))
            continue;
        struct name x = {.help = bytes_of(line.p + 7, line.n - 7)};
        x.name = take(&x.help, ' ');
        line = take(&text, '\n');
        x.type = line.p[line.n - 1] == 'r' ? "counter" : "gauge";
        x.label = bytes_has_prefix(x.name, "millrace_group_")    ? "db, key, group"
                  : bytes_has_prefix(x.name, "millrace_stream_") ? "db, key"
                  : bytes_has_prefix(x.name, "millrace_list_")   ? "db, key"
                                                                 : NULL;
        keep(to, x);
    }
}

/* Adds the survey's metrics that are in no table; names point into text. */
static void keep_survey(struct names *to, struct buf *text)
{
    uint64_t next;
    struct store *store = mem_zalloc(sizeof(*store));
    struct engine *engine = mem_zalloc(sizeof(*engine));
    struct survey *survey = mem_zalloc(sizeof(*survey));
    engine->store = store;
    engine->role = ROLE_REPLICA_UP;
    engine->metrics = metric_set_new();
    survey->engine = engine;
    survey->alarms = mem_zalloc(sizeof(*survey->alarms));
    survey->number = 1;
    bool good = exposition_part(survey, 0, NULL, text, &next);
    ASSERT(good && next == 0); /* without records one part is enough */
    keep_heads(to, buf_bytes(text));
    metric_set_free(engine->metrics);
    mem_free(survey->alarms);
    mem_free(survey);
    mem_free(engine);
    mem_free(store);
}

static int by_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int r = bytes_compare(x->name, y->name);
    return r ? r : bytes_compare(x->help, y->help);
}

static void add_name(struct buf *out, const struct name *x)
{
    buf_add_text(out, "| ");
    reference_text_add_code(out, x->name);
    buf_printf(out, " | %s | %s%s%s | ", x->type, x->label ? x->label : "",
               x->label && x->second ? ", " : "", x->second ? x->second : "");
    reference_text_add(out, x->help);
    buf_add_text(out, " |\n");
}

void reference_numbers_metrics(struct buf *out)
{
    struct nothing *nothing = nothing_new();
    struct names names = {0};
    struct buf text = {0};
    metric_each(nothing->set, keep_metric, &names);
    keep_survey(&names, &text);
    qsort(names.all, names.n, sizeof(*names.all), by_name);
    reference_text_title(out, "Metrics", "All metrics for Prometheus, by name.");
    buf_add_text(
        out,
        "\nMetrics whose names begin with `redis_` are named as in redis_exporter, so that its "
        "dashboards work. `GET /metrics` and `SURVEY METRICS` return them; `metrics-groups` limits "
        "the number of groups and streams with metrics. A metric whose value is currently unknown "
        "is omitted.\n\n| name | type | labels | description |\n|---|---|---|---|\n");
    for (size_t i = 0; i < names.n; i++)
        add_name(out, &names.all[i]);
    buf_free(&text);
    mem_free(names.all);
    nothing_free(nothing);
}

/* ---- INFO */

struct section {
    struct buf *out;
    struct metric_set *set;
    size_t rows; /* of the current table */
};

static void add_row(struct buf *out, struct bytes name, const struct metric *m)
{
    buf_add_text(out, "| ");
    reference_text_add_code(out, name);
    buf_add_text(out, " | ");
    if (m->name && m->type != METRIC_TEXT)
        reference_text_add_code(out, bytes_text(m->name));
    buf_add_text(out, " | ");
    reference_text_add_string(out, m->help);
    buf_add_text(out, m->flags & METRIC_ALWAYS_ZERO ? " Always 0 here. |\n" : " |\n");
}

static void add_line(void *to, const struct metric *m, const struct metric_family *f)
{
    struct section *s = to;
    struct buf name = {0};
    if (!m->info || (f && !f->prefix)) /* for Prometheus only */
        return;
    if (s->rows++ == 0)
        buf_add_text(s->out, "\n| field | metric | description |\n|---|---|---|\n");
    if (f)
        buf_printf(&name, "%s%s:%s=", f->prefix, f->label ? "*" : "", m->info);
    else
        buf_add_text(&name, m->info);
    add_row(s->out, buf_bytes(&name), m);
    if (m->flags & METRIC_HUMAN) {
        buf_add_text(&name, "_human");
        add_row(s->out, buf_bytes(&name), m);
    }
    buf_free(&name);
}

static void add_section(void *to, const char *name, const char *title, bool is_default)
{
    struct section *s = to;
    buf_printf(s->out, "\n## %s\n\n`INFO %s`%s.\n", title, name,
               is_default ? ", and part of INFO without arguments" : ", only when requested");
    s->rows = 0;
    metric_each_line(s->set, name, add_line, s);
}

void reference_numbers_info(struct buf *out)
{
    struct nothing *nothing = nothing_new();
    struct section s = {.out = out, .set = nothing->set};
    reference_text_title(out, "INFO", "All fields of INFO, by section.");
    buf_add_text(out, "\n`*` stands for a name or number. A field whose value is currently unknown "
                      "is omitted.\n");
    info_sections(add_section, &s);
    nothing_free(nothing);
}
