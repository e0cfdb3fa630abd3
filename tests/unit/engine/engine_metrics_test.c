#include "engine/engine_metrics.h"

#include "engine.h"
#include "engine/tracking.h"
#include "engine/txn.h"
#include "metrics.h"
#include "unit.h"

static void do_wait(struct call *call)
{
    struct block_options o = {.keys = call->argv + 1,
                              .key_count = 1,
                              .deadline_ms = call->engine->steady_ms + 1000,
                              .type = TYPE_LIST,
                              .null = BLOCK_NULL_ARRAY};
    block_on(call, &o);
}

static void do_fail(struct call *call)
{
    reply_error(call->reply, ERR_SYNTAX);
}

static const struct command wait_command = {
    .name = "wait", .arity = 2, .flags = COMMAND_BLOCKING, .handler = do_wait};
static const struct command fail_command = {.name = "fail", .arity = 1, .handler = do_fail};
static const struct command *const all[] = {&wait_command, &fail_command, NULL};

TEST(requests_and_errors_are_counted)
{
    struct bench *b = bench_begin(all);
    struct client *c = bench_client(b);
    CHECK(metrics_say(&engine_metrics, &b->engine, "total_commands_processed:0"));
    bench_says(c, "FAIL");
    bench_says(c, "NOSUCH");
    CHECK(metrics_say(&engine_metrics, &b->engine, "total_error_replies:2"));
    b->engine.denials.by_result[CHECK_KEY] = 3;
    b->engine.stats.total_in = 1ULL << 40;
    CHECK(metrics_say(&engine_metrics, &b->engine, "acl_access_denied_key:3"));
    CHECK(metrics_say(&engine_metrics, &b->engine, "total_net_input_bytes:1099511627776"));
    bench_end(b);
}

TEST(what_clients_do_and_hold_is_added_up)
{
    struct bench *b = bench_begin(all);
    struct client *c = bench_client(b), *d = bench_client(b);
    txn_watch(c, c->db, BYTES("k"));
    txn_of(d);
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "watching_clients:1"));
    CHECK(metrics_say(&engine_metrics, &b->engine, "tracking_total_prefixes:0"));
    struct str *prefixes[] = {str_new(BYTES("a")), str_new(BYTES("b"))};
    tracking_enable(c, TRACKING_BCAST, 0, prefixes, 2);
    tracking_enable(d, TRACKING_BCAST, 0, NULL, 0);
    CHECK(metrics_say(&engine_metrics, &b->engine, "tracking_total_prefixes:2"));
    c->flags |= CLIENT_PAUSED;
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "blocked_clients:1"));
    c->flags &= ~(unsigned)CLIENT_PAUSED;
    client_keep(c, "abc", 3);
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "client_recent_max_input_buffer:1024"));
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "client_recent_max_output_buffer:0"));
    bench_end(b);
}

TEST(clients_are_told_apart)
{
    struct bench *b = bench_begin(all);
    struct client *waits = bench_client(b), *watches = bench_client(b), *inner = bench_client(b);
    inner->link = NULL; /* one of the server's own */
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "connected_clients:2"));
    bench_says(waits, "WAIT k");
    watches->flags |= CLIENT_SUBSCRIBED;
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "blocked_clients:1"));
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "pubsub_clients:1"));
    CHECK(metrics_say(&engine_metrics_clients, &b->engine,
                      "clients_in_timeout_table:1\r\ntotal_watched_keys:0\r\n"
                      "total_blocking_keys:1\r\ntotal_blocking_keys_on_nokey:0"));
    watches->flags &= ~(unsigned)CLIENT_SUBSCRIBED;
    bench_wait(b, 2000);
    CHECK(metrics_say(&engine_metrics_clients, &b->engine, "blocked_clients:0"));
    bench_end(b);
}

UNIT_MAIN(T(what_clients_do_and_hold_is_added_up), T(requests_and_errors_are_counted),
          T(clients_are_told_apart))
