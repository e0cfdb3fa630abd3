#include "engine/command_metrics.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "base/mem.h"
#include "engine/observe.h"

#include <stdlib.h>

static const struct engine_stat *stat_of(const struct engine *e, const struct command *c)
{
    return &e->stats.of_command[registry_number(e->registry, c)];
}

/* Visits each command, followed by its subcommands. */
static void for_each(const void *owner, const struct metric_sink *sink,
                     void (*one)(const struct engine *e, const struct command *c,
                                 const struct metric_sink *sink))
{
    const struct engine *e = owner;
    for (const struct command *const *c = registry_all(e->registry); *c; c++) {
        one(e, *c, sink);
        for (const struct command *const *sub = (*c)->subcommands; sub && *sub; sub++)
            one(e, *sub, sink);
    }
}

/* ---- Calls and times */

enum { CALLS, USEC, USEC_PER_CALL, REJECTED, FAILED, COLUMNS };

static const struct metric columns[COLUMNS] = {
    [CALLS] = {"calls", "redis_commands_total", "Calls of the command.", METRIC_COUNTER,
               METRIC_NUMBER, 0, NULL},
    [USEC] = {"usec", "redis_commands_duration_seconds_total", "Total duration of its calls.",
              METRIC_COUNTER, METRIC_MICROSECONDS, 0, NULL},
    [USEC_PER_CALL] = {"usec_per_call", NULL, "Mean duration of a call.", METRIC_GAUGE,
                       METRIC_MICROSECONDS, METRIC_DERIVED, NULL},
    [REJECTED] = {"rejected_calls", "redis_commands_rejected_calls_total",
                  "Calls rejected before execution.", METRIC_COUNTER, METRIC_NUMBER, 0, NULL},
    [FAILED] = {"failed_calls", "redis_commands_failed_calls_total", "Calls that failed.",
                METRIC_COUNTER, METRIC_NUMBER, 0, NULL},
};

static void one_command(const struct engine *e, const struct command *c,
                        const struct metric_sink *sink)
{
    const struct engine_stat *x = stat_of(e, c);
    if (!x->calls && !x->rejected && !x->failed)
        return;
    double us = (double)x->ticks / clock_ticks_per_us();
    struct metric_cell cells[COLUMNS] = {
        {.metric = &columns[CALLS], .value = metric_unsigned(x->calls)},
        {.metric = &columns[USEC], .value = metric_real(us, 0)},
        {.metric = &columns[USEC_PER_CALL],
         .value = metric_real(x->calls ? us / (double)x->calls : 0, 2)},
        {.metric = &columns[REJECTED], .value = metric_unsigned(x->rejected)},
        {.metric = &columns[FAILED], .value = metric_unsigned(x->failed)},
    };
    sink->line(sink->to, bytes_text(command_full_name(c)), cells, COLUMNS);
}

static void walk_commands(const void *owner, const struct metric_sink *sink)
{
    for_each(owner, sink, one_command);
}

static const struct metric_family commands = {"cmdstat_", "cmd",   NULL,
                                              columns,    COLUMNS, walk_commands};

const struct metric_table command_metrics = {.family = &commands};

/* ---- Errors */

static const struct metric error_columns[] = {
    {"count", "redis_errors_total", "Error replies with this code.", METRIC_COUNTER, METRIC_NUMBER,
     0, NULL},
};

static int by_code(const void *a, const void *b)
{
    const struct dict_node *x = *(struct dict_node *const *)a, *y = *(struct dict_node *const *)b;
    return bytes_compare(dict_key(x), dict_key(y));
}

static void walk_errors(const void *owner, const struct metric_sink *sink)
{
    const struct dict *errors = &((const struct engine *)owner)->stats.errors;
    struct dict_walk w = {0};
    size_t n = 0;
    const struct dict_node **all = mem_alloc((errors->used + 1) * sizeof(*all));
    for (const struct dict_node *x; (x = dict_next(errors, &w));)
        all[n++] = x;
    qsort(all, n, sizeof(*all), by_code);
    for (size_t i = 0; i < n; i++) {
        struct metric_cell cell = {.metric = error_columns,
                                   .value = metric_unsigned((size_t)all[i]->value)};
        sink->line(sink->to, dict_key(all[i]), &cell, 1);
    }
    mem_free(all);
}

static const struct metric_family errors = {"errorstat_",  "err", NULL,
                                            error_columns, 1,     walk_errors};

const struct metric_table command_metrics_errors = {.family = &errors};

/* ---- Percentiles */

static const struct metric latency_columns[] = {
    {"p", "redis_latency_percentiles_usec",
     "Time that so many percent of the command's calls did not exceed.", METRIC_SUMMARY,
     METRIC_MICROSECONDS, METRIC_UNSCALED, NULL},
};

/* The upper bound, in microseconds, of the class that contains the percentile. */
static double percentile_us(const struct engine_stat *x, double percent)
{
    return histogram_quantile(x->times, NULL, percent / 100) / clock_ticks_per_us();
}

/* A cell's name is "p" and the percentile as the setting writes it. */
static void one_latency(const struct engine *e, const struct command *c,
                        const struct metric_sink *sink)
{
    const struct engine_stat *x = stat_of(e, c);
    const struct settings *s = e->settings;
    const char *text = s->latency_tracking_info_percentiles;
    if (!x->times || !*text)
        return;
    struct metric_cell *cells = mem_zalloc((s->percentile_n + 1) * sizeof(*cells));
    struct buf names = {0};
    buf_room(&names, strlen(text) + s->percentile_n); /* no reallocation: cells point there */
    for (size_t i = 0; i < s->percentile_n; i++) {
        size_t n = strcspn(text, " "), at = names.n;
        buf_add_char(&names, 'p');
        buf_add(&names, bytes_of(text, n));
        cells[i] =
            (struct metric_cell){.metric = latency_columns,
                                 .info = bytes_of(names.p + at, n + 1),
                                 .second = bytes_of(text, n),
                                 .value = metric_real(percentile_us(x, s->percentiles[i]), 3)};
        text += n + (text[n] == ' ');
    }
    sink->line(sink->to, bytes_text(command_full_name(c)), cells, s->percentile_n);
    buf_free(&names);
    mem_free(cells);
}

static void walk_latency(const void *owner, const struct metric_sink *sink)
{
    for_each(owner, sink, one_latency);
}

static const struct metric_family latency = {
    "latency_percentiles_usec_", "cmd", "quantile", latency_columns, 1, walk_latency};

const struct metric_table command_metrics_latency = {.family = &latency};

/* ---- Times by size */

static const double limits[] = {1e-6,  5e-6,  1e-5, 5e-5, 0.0001, 0.0005,
                                0.001, 0.005, 0.01, 0.05, 0.1,    1};

static const struct metric size_columns[] = {
    {"command_seconds", "millrace_command_seconds", "How long calls of the command took.",
     METRIC_HISTOGRAM, METRIC_SECONDS, 0, NULL},
};

static void one_size(const struct engine *e, const struct command *c,
                     const struct metric_sink *sink)
{
    const struct engine_stat *x = stat_of(e, c);
    if (!x->times)
        return;
    double unit = 1e-6 / clock_ticks_per_us();
    struct metric_counts counts = {x->times, unit, (double)x->ticks * unit, limits,
                                   METRIC_COUNT(limits)};
    struct metric_cell cell = {.metric = size_columns, .value = metric_of_counts(&counts)};
    sink->line(sink->to, bytes_text(command_full_name(c)), &cell, 1);
}

static void walk_sizes(const void *owner, const struct metric_sink *sink)
{
    for_each(owner, sink, one_size);
}

static const struct metric_family sizes = {NULL, "cmd", NULL, size_columns, 1, walk_sizes};

const struct metric_table command_metrics_sizes = {.family = &sizes};
