#include "engine/observe.h"

#include "base/clock.h"
#include "engine_commands.h"
#include "unit.h"

static const struct command login_command = {
    .name = "login", .arity = -2, .secret_from = 2, .flags = COMMAND_FAST, .handler = do_hark};
static const struct command join_command = {
    .name = "join", .arity = -1, .secrets = {{"auth", 2}}, .handler = do_hark};
static const struct command configure_command = {
    .name = "configure", .arity = -1, .secret_settings = true, .handler = do_hark};
static const struct command quiet_command = {
    .name = "quiet", .arity = -1, .flags = COMMAND_SKIP_SLOWLOG, .handler = do_hark};
static const struct command hidden_command = {
    .name = "hidden", .arity = -1, .flags = COMMAND_SKIP_MONITOR, .handler = do_hark};
static const struct command *const commands[] = {
    &login_command, &join_command, &quiet_command, &hidden_command, &configure_command, NULL};

static struct observe_slow *newest(struct bench *b)
{
    return dlist_item(b->engine.observe->slow.next, struct observe_slow, node);
}

static bool shows(struct bench *b, int i, const char *want)
{
    struct observe_slow *x = newest(b);
    return i < x->argc && bytes_is(str_bytes(x->argv[i]), want);
}

static struct bench *begin_slow(void)
{
    struct bench *b = bench_begin(commands);
    b->settings->slowlog_log_slower_than = 0;
    observe_configure(&b->engine);
    return b;
}

TEST(slow_commands_are_kept_without_secrets)
{
    struct bench *b = begin_slow();
    struct client *c = bench_client(b);
    char line[400] = "quiet ", arg[200];
    bench_says(c, "login u p q");
    CHECK(b->engine.observe->slow_n == 1 && newest(b)->argc == 4 && shows(b, 1, "u"));
    CHECK(shows(b, 2, "(redacted)") && shows(b, 3, "(redacted)"));
    bench_says(c, "join a auth u p b");
    CHECK(shows(b, 1, "a") && shows(b, 2, "auth") && shows(b, 3, "(redacted)"));
    CHECK(shows(b, 4, "(redacted)") && shows(b, 5, "b") && newest(b)->id == 1);
    bench_says(c, "configure set requirepass p timeout 5");
    CHECK(shows(b, 2, "requirepass") && shows(b, 3, "(redacted)") && shows(b, 5, "5"));
    bench_says(c, "quiet");
    CHECK(b->engine.observe->slow_n == 3);
    memset(arg, 'a', sizeof(arg));
    snprintf(line, sizeof(line), "join %.*s %.*s", 128, arg, 131, arg);
    bench_says(c, line);
    CHECK(newest(b)->argv[1]->n == 128 && strstr(newest(b)->argv[2]->p, "... (3 more bytes)"));
    CHECK(newest(b)->time_s == b->engine.now_ms / 1000 && newest(b)->duration_us >= 0);
    bench_end(b);
}

TEST(the_slow_log_is_bounded)
{
    struct bench *b = begin_slow();
    struct client *c = bench_client(b);
    struct buf line = {0};
    buf_add_text(&line, "join");
    for (int i = 0; i < 31; i++)
        buf_printf(&line, " %d", i);
    buf_add_char(&line, 0);
    bench_says(c, line.p);
    CHECK(newest(b)->argc == 32 && shows(b, 31, "30"));
    line.n--;
    buf_add_text(&line, " more");
    buf_add_char(&line, 0);
    bench_says(c, line.p);
    CHECK(newest(b)->argc == 32 && shows(b, 30, "29") && shows(b, 31, "... (2 more arguments)"));
    buf_free(&line);
    b->settings->slowlog_max_len = 3;
    for (int i = 0; i < 5; i++)
        bench_says(c, "join");
    CHECK(b->engine.observe->slow_n == 3 && newest(b)->id == 6);
    observe_forget_slow(b->engine.observe);
    CHECK(b->engine.observe->slow_n == 0 && dlist_empty(&b->engine.observe->slow));
    bench_end(b);
}

/* The cycle counter is known better with time. */
static bool is_about(uint64_t ticks, double us)
{
    double ratio = (double)ticks / (us * clock_ticks_per_us());
    return ratio > 0.95 && ratio < 1.05;
}

TEST(from_when_a_command_is_slow)
{
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    double us = clock_ticks_per_us();
    b->settings->slowlog_log_slower_than = -1;
    b->settings->latency_monitor_threshold = 0;
    observe_configure(e);
    CHECK(e->timing.slow_ticks == UINT64_MAX);
    b->settings->slowlog_log_slower_than = 100;
    observe_configure(e);
    CHECK(is_about(e->timing.slow_ticks, 100));
    b->settings->latency_monitor_threshold = 1; /* milliseconds: later */
    observe_configure(e);
    CHECK(is_about(e->timing.slow_ticks, 100));
    b->settings->slowlog_log_slower_than = 2000;
    observe_configure(e);
    CHECK(is_about(e->timing.slow_ticks, 1000));
    b->settings->slowlog_log_slower_than = -1;
    observe_configure(e);
    CHECK(is_about(e->timing.slow_ticks, 1000));
    /* At the limit it is slow, below it is not. */
    b->settings->latency_monitor_threshold = 0;
    b->settings->slowlog_log_slower_than = 100;
    struct client *c = bench_client(b);
    struct bytes argv[] = {BYTES("join")};
    struct call call = {
        .command = &join_command, .client = c, .engine = e, .argv = argv, .argc = 1};
    observe_slow_command(&call, (uint64_t)(90 * us));
    CHECK(e->observe->slow_n == 0);
    observe_slow_command(&call, (uint64_t)(110 * us));
    CHECK(e->observe->slow_n == 1);
    c->flags |= CLIENT_REPLAY;
    observe_slow_command(&call, (uint64_t)(110 * us));
    CHECK(e->observe->slow_n == 1);
    bench_end(b);
}

TEST(monitors_see_requests_before_their_replies)
{
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *m = bench_client(b);
    char got[200] = "";
    observe_monitor(m);
    observe_monitor(m);
    CHECK(e->slow_path & ENGINE_MONITORED);
    snprintf(c->address, sizeof(c->address), "1.2.3.4:5");
    bench_says(c, "login u\"\\\n\x01 p");
    struct iovec piece = {0};
    chain_pieces(&m->out, &piece, 1, UINT64_MAX);
    snprintf(got, sizeof(got), "%.*s", (int)piece.iov_len, (char *)piece.iov_base);
    CHECK(got[0] == '+' &&
          strstr(got, " [0 1.2.3.4:5] \"login\" \"u\\\"\\\\\\n\\x01\" \"(redacted)\"\r\n"));
    chain_take(&m->out, piece.iov_len);
    bench_says(c, "hidden");
    CHECK(bench_heard(m, ""));
    m->flags |= CLIENT_REPLY_OFF;
    bench_says(c, "join");
    CHECK(bench_heard(m, ""));
    observe_unmonitor(m);
    CHECK(!(e->slow_path & ENGINE_MONITORED));
    bench_end(b);
}

TEST(latency_events_have_one_sample_a_second)
{
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    b->settings->latency_monitor_threshold = 10;
    observe_latency(e, "x", 9);
    CHECK(e->observe->events.used == 0);
    observe_latency(e, "x", 10);
    observe_latency(e, "x", 30);
    observe_latency(e, "x", 20);
    struct observe_event *x = dict_get(&e->observe->events, BYTES("x"));
    CHECK(x && x->n == 1 && x->most_ms == 30 && x->samples[0].ms == 30);
    for (int i = 0; i < OBSERVE_SAMPLES; i++) {
        bench_wait(b, 1000);
        observe_latency(e, "x", 11);
    }
    CHECK(x->n == OBSERVE_SAMPLES && x->next == 1 && x->most_ms == 30 && x->samples[0].ms == 11);
    observe_latency(e, "y", 11);
    CHECK(observe_reset(e->observe, BYTES("z")) == 0 && observe_reset(e->observe, BYTES("x")) == 1);
    CHECK(observe_reset(e->observe, bytes_of(NULL, 0)) == 1 && e->observe->events.used == 0);
    bench_end(b);
}

TEST(error_codes_are_counted_up_to_a_number)
{
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    char code[16];
    for (int i = 0; i < 130; i++) {
        snprintf(code, sizeof(code), "E%d", i);
        observe_count_error(e, code);
    }
    observe_count_error(e, "E5");
    CHECK(e->stats.total_errors == 131 && e->stats.errors.used == 129);
    CHECK((uintptr_t)dict_get(&e->stats.errors, BYTES("E5")) == 2);
    CHECK((uintptr_t)dict_get(&e->stats.errors, BYTES("ERRORSTATS_OVERFLOW")) == 2);
    bench_end(b);
}

UNIT_MAIN(T(slow_commands_are_kept_without_secrets), T(the_slow_log_is_bounded),
          T(from_when_a_command_is_slow), T(monitors_see_requests_before_their_replies),
          T(latency_events_have_one_sample_a_second), T(error_codes_are_counted_up_to_a_number))
