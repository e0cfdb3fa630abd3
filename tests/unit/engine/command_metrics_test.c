#include "engine/command_metrics.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "engine.h"
#include "engine/observe.h"
#include "metrics.h"
#include "unit.h"

static void do_work(struct call *call)
{
    reply_ok(call->reply);
}

static const struct command one_command = {.name = "one", .arity = 1, .handler = do_work};
static const struct command two_command = {.name = "two", .arity = 1, .handler = do_work};
static const struct command *const all[] = {&one_command, &two_command, NULL};

TEST(commands_that_were_called_have_a_line)
{
    struct bench *b = bench_begin(all);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    CHECK(metrics_say(&command_metrics, e, ""));
    bench_says(c, "ONE");
    struct engine_stat *x = &e->stats.of_command[registry_number(e->registry, &one_command)];
    CHECK(x->calls == 1);
    *x = (struct engine_stat){.calls = 4,
                              .ticks = (uint64_t)(1001 * clock_ticks_per_us()),
                              .rejected = 2,
                              .failed = 1,
                              .times = x->times};
    struct buf text = metrics_print(&command_metrics, e);
    double us, us_per_call; /* the cycle counter is known ever better */
    CHECK(sscanf(text.p,
                 " cmdstat_one:calls=4,usec=%lf,usec_per_call=%lf,rejected_calls=2,failed_calls=1",
                 &us, &us_per_call) == 2);
    CHECK(us > 990 && us < 1010 && us_per_call > us / 4 - 1 && us_per_call < us / 4 + 1);
    CHECK(strstr(text.p, ",rejected_calls=2,failed_calls=1\r\n"));
    buf_free(&text);
    bench_end(b);
}

TEST(errors_come_sorted_by_code)
{
    struct bench *b = bench_begin(all);
    struct client *c = bench_client(b);
    CHECK(metrics_say(&command_metrics_errors, &b->engine, ""));
    bench_says(c, "NOSUCH");
    bench_says(c, "ONE two");
    dict_ensure(&b->engine.stats.errors, BYTES("BUSY"))->value = (void *)(size_t)7;
    CHECK(metrics_say(&command_metrics_errors, &b->engine,
                      "errorstat_BUSY:count=7\r\nerrorstat_ERR:count=2"));
    bench_end(b);
}

TEST(percentiles_are_ends_of_buckets)
{
    struct bench *b = bench_begin(all);
    struct engine *e = &b->engine;
    struct engine_stat *x = &e->stats.of_command[registry_number(e->registry, &two_command)];
    CHECK(metrics_say(&command_metrics_latency, e, ""));
    x->times = mem_zalloc(HISTOGRAM_CLASSES * sizeof(*x->times));
    x->times[40] = 98;
    x->times[100] = 2;
    struct buf text = metrics_print(&command_metrics_latency, e);
    double p50, p99, p999, low = histogram_end(40) / clock_ticks_per_us(),
                           high = histogram_end(100) / clock_ticks_per_us();
    CHECK(sscanf(text.p, " latency_percentiles_usec_two:p50=%lf,p99=%lf,p99.9=%lf", &p50, &p99,
                 &p999) == 3);
    CHECK(p50 > low * 0.98 && p50 < low * 1.02 && p99 > high * 0.98 && p99 < high * 1.02);
    CHECK(p999 > high * 0.98 && p999 < high * 1.02);
    buf_free(&text);
    x->times[40] = x->times[100] = 50; /* half of them are in the first */
    text = metrics_print(&command_metrics_latency, e);
    CHECK(sscanf(text.p, " latency_percentiles_usec_two:p50=%lf", &p50) == 1);
    CHECK(p50 > low * 0.98 && p50 < low * 1.02);
    buf_free(&text);
    bench_end(b);
}

TEST(columns_are_counted_but_for_the_mean)
{
    const struct metric_family *f = command_metrics.family;
    CHECK(f->n == 5);
    for (size_t i = 0; i < f->n; i++) {
        bool mean = i == 2;
        CHECK(f->columns[i].flags == (mean ? METRIC_DERIVED : 0));
        CHECK(f->columns[i].type == (mean ? METRIC_GAUGE : METRIC_COUNTER));
    }
    CHECK(command_metrics_errors.family->n == 1);
    CHECK(command_metrics_errors.family->columns[0].flags == 0);
    CHECK(command_metrics_latency.family->columns[0].flags == METRIC_UNSCALED);
}

UNIT_MAIN(T(commands_that_were_called_have_a_line), T(errors_come_sorted_by_code),
          T(percentiles_are_ends_of_buckets), T(columns_are_counted_but_for_the_mean))
