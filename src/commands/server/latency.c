/* LATENCY: latency events and histograms of commands, kept by engine/observe. */
#include "commands/index.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "engine/observe.h"

#define SUB(parent, word, args, text, version, cost, advice, count, bits)                          \
    static const struct command parent##_##word##_command = {                                      \
        .name = #word,                                                                             \
        .full_name = #parent "|" #word,                                                            \
        .usage = args,                                                                             \
        .summary = text,                                                                           \
        .since = version,                                                                          \
        .complexity = cost,                                                                        \
        .tips = advice,                                                                            \
        .group = GROUP_SERVER,                                                                     \
        .arity = count,                                                                            \
        .flags = (bits) | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNTRACKED,                     \
        .handler = do_##parent##_##word,                                                           \
    }

static void do_latency_latest(struct call *call)
{
    const struct dict *events = &call->engine->observe->events;
    struct dict_walk w = {0};
    reply_array(call->reply, events->used);
    for (struct dict_node *n; (n = dict_next(events, &w));) {
        const struct observe_event *x = n->value;
        unsigned last = (x->next + OBSERVE_SAMPLES - 1) % OBSERVE_SAMPLES;
        reply_array(call->reply, 4);
        reply_bulk(call->reply, dict_key(n));
        reply_int(call->reply, x->samples[last].time_s);
        reply_int(call->reply, x->samples[last].ms);
        reply_int(call->reply, x->most_ms);
    }
}

static void do_latency_history(struct call *call)
{
    const struct observe_event *x = dict_get(&call->engine->observe->events, call->argv[2]);
    unsigned n = x ? x->n : 0;
    reply_array(call->reply, n);
    for (unsigned i = 0; i < n; i++) {
        unsigned at = (x->next + OBSERVE_SAMPLES - n + i) % OBSERVE_SAMPLES;
        reply_array(call->reply, 2);
        reply_int(call->reply, x->samples[at].time_s);
        reply_int(call->reply, x->samples[at].ms);
    }
}

static void do_latency_reset(struct call *call)
{
    size_t n = 0;
    if (call->argc == 2)
        n = observe_reset(call->engine->observe, bytes_of(NULL, 0));
    for (int i = 2; i < call->argc; i++)
        n += observe_reset(call->engine->observe, call->argv[i]);
    reply_int(call->reply, (long long)n);
}

/* A line of bars, oldest first. */
static void do_latency_graph(struct call *call)
{
    static const char levels[] = "_.-=#";
    const struct observe_event *x = dict_get(&call->engine->observe->events, call->argv[2]);
    struct buf b = {0};
    if (!x) {
        reply_errorf(call->reply, "ERR No samples available for event '%.*s'", (int)call->argv[2].n,
                     call->argv[2].p);
        return;
    }
    int64_t low = INT64_MAX, high = 0;
    for (unsigned i = 0; i < x->n; i++) {
        low = x->samples[i].ms < low ? x->samples[i].ms : low;
        high = x->samples[i].ms > high ? x->samples[i].ms : high;
    }
    buf_printf(&b, "%.*s - high %lld ms, low %lld ms (all time high %lld ms)\n",
               (int)call->argv[2].n, call->argv[2].p, (long long)high, (long long)low,
               (long long)x->most_ms);
    for (unsigned i = 0; i < x->n; i++) {
        int64_t ms = x->samples[(x->next + OBSERVE_SAMPLES - x->n + i) % OBSERVE_SAMPLES].ms;
        buf_add_char(&b, levels[high > low ? (ms - low) * 4 / (high - low) : 2]);
    }
    buf_add_char(&b, '\n');
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

static void do_latency_doctor(struct call *call)
{
    const struct dict *events = &call->engine->observe->events;
    struct buf b = {0};
    if (call->engine->settings->latency_monitor_threshold == 0)
        buf_add_text(&b, "Latency events are not recorded: set latency-monitor-threshold to the "
                         "milliseconds from which one shall count.\n");
    else if (events->used == 0)
        buf_printf(&b, "No event took %lld ms or longer.\n",
                   call->engine->settings->latency_monitor_threshold);
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(events, &w));) {
        const struct observe_event *x = n->value;
        long long sum = 0;
        for (unsigned i = 0; i < x->n; i++)
            sum += x->samples[i].ms;
        buf_printf(&b, "%.*s: %u events, %lld ms on average, %lld ms at most.\n", (int)n->key_n,
                   n->key, x->n, x->n ? sum / x->n : 0, (long long)x->most_ms);
        if (bytes_is(dict_key(n), "command"))
            buf_add_text(&b, "  SLOWLOG GET names slow commands; large ranges, KEYS and scripts "
                             "are the usual ones.\n");
        else if (bytes_is(dict_key(n), "fast-command"))
            buf_add_text(&b, "  These commands cost little: the machine was busy or swapped.\n");
        else if (bytes_is(dict_key(n), "fork"))
            buf_add_text(&b, "  Snapshots and rewrites fork; fewer of them, or less memory in one "
                             "process, helps.\n");
    }
    reply_verbatim(call->reply, "txt", buf_bytes(&b));
    buf_free(&b);
}

/* Only non-empty buckets, each with the sum up to it. */
static void reply_histogram(struct call *call, const struct command *c,
                            const struct engine_stat *stat)
{
    struct chain aside = {0};
    uint64_t calls = 0, told = 0;
    size_t n = 0;
    double us_of_tick = 1 / clock_ticks_per_us();
    for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++)
        calls += stat->times[i];
    reply_bulk_text(call->reply, command_full_name(c));
    reply_map(call->reply, 2);
    reply_bulk_text(call->reply, "calls");
    reply_int(call->reply, (long long)calls);
    reply_bulk_text(call->reply, "histogram_usec");
    reply_later_begin(call->reply, &aside);
    uint64_t sum = 0;
    unsigned i = 0;
    for (int power = 0; power < 40 && told < calls; power++) {
        double end_us = (double)((uint64_t)1 << power);
        while (i < HISTOGRAM_CLASSES && histogram_end(i) * us_of_tick <= end_us)
            sum += stat->times[i++];
        if (sum > told) {
            reply_int(call->reply, (long long)1 << power);
            reply_int(call->reply, (long long)sum);
            told = sum;
            n++;
        }
    }
    reply_later_end(call->reply, '%', n);
}

static void do_latency_histogram(struct call *call)
{
    struct engine *e = call->engine;
    size_t n = 0;
    /* Counts first, since the replies inside have variable length. */
    for (int pass = 0; pass < 2; pass++) {
        if (pass)
            reply_map(call->reply, n);
        for (int i = 2; i < call->argc || (i == 2 && call->argc == 2); i++) {
            for (const struct command *const *c = registry_all(e->registry); *c; c++) {
                const struct command *wanted =
                    call->argc > 2 ? registry_find_full(e->registry, call->argv[i]) : NULL;
                for (const struct command *const *s = c; s; s = s == c ? (*c)->subcommands
                                                                : *s   ? s + 1
                                                                       : NULL) {
                    if (!*s)
                        break;
                    const struct engine_stat *stat =
                        &e->stats.of_command[registry_number(e->registry, *s)];
                    bool is_wanted = call->argc == 2 || wanted == *s || wanted == *c;
                    if (!stat->times || !is_wanted)
                        continue;
                    if (pass)
                        reply_histogram(call, *s, stat);
                    else
                        n++;
                }
            }
        }
    }
}

static void do_latency_help(struct call *call)
{
    helpers_help(call, &latency_command);
}

#define LATENCY_BITS (COMMAND_ADMIN | COMMAND_NOSCRIPT)
#define EVERYWHERE   "request_policy:all_nodes response_policy:special nondeterministic_output"

SUB(latency, doctor, "", "Reports latency problems.", "2.8.13", "O(1)", EVERYWHERE, 2,
    LATENCY_BITS);
SUB(latency, graph, "event:string", "Draws a graph of an event's samples.", "2.8.13", "O(1)",
    EVERYWHERE, 3, LATENCY_BITS);
SUB(latency, help, "", "Lists the subcommands.", "2.8.13", "O(1)", NULL, 2, 0);
SUB(latency, histogram, "[command:string...]", "Returns the latency distribution of commands.",
    "7.0.0", "O(N) with N the commands", EVERYWHERE, -2, LATENCY_BITS);
SUB(latency, history, "event:string", "Lists the samples of an event.", "2.8.13", "O(1)",
    EVERYWHERE, 3, LATENCY_BITS);
SUB(latency, latest, "", "Lists the latest sample of each event.", "2.8.13", "O(1)", EVERYWHERE, 2,
    LATENCY_BITS);
SUB(latency, reset, "[event:string...]", "Deletes samples.", "2.8.13", "O(1)",
    "request_policy:all_nodes response_policy:agg_sum", -2, LATENCY_BITS);

static const struct command *const latency_subcommands[] = {
    &latency_doctor_command,  &latency_graph_command,
    &latency_help_command,    &latency_histogram_command,
    &latency_history_command, &latency_latest_command,
    &latency_reset_command,   NULL};

const struct command latency_command = {
    .name = "latency",
    .usage = "",
    .summary = "Inspects latency events.",
    .since = "2.8.13",
    .complexity = "Depends on the subcommand.",
    .group = GROUP_SERVER,
    .arity = -2,
    .subcommands = latency_subcommands,
};
