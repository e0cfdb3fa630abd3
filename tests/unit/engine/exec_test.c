#include "engine/exec.h"

#include "base/histogram.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/tracking.h"
#include "engine_commands.h"
#include "unit.h"

/* ---- Commands that say something about how they were run */

static void do_quiet(struct call *call)
{
    db_write(call->db, BYTES("q"));
    db_changed(call->db, BYTES("q"), DB_EVENT_STRING, NULL);
    call_no_effect(call);
    reply_ok(call->reply);
}

static void do_touching(struct call *call)
{
    reply_int(call->reply, call->store->touch);
}

static void do_nothing(struct call *call)
{
    (void)call;
}

static void do_sub(struct call *call)
{
    reply_bulk(call->reply, bytes_text(command_full_name(call->command)));
}

static const struct command quiet_command = {
    .name = "quiet", .arity = 1, .flags = COMMAND_WRITE, .handler = do_quiet};
static const struct command touching_command = {
    .name = "touching", .arity = 1, .flags = COMMAND_COUNTS_AS_USE, .handler = do_touching};
static const struct command nothing_command = {
    .name = "nothing", .arity = 1, .handler = do_nothing};
static const struct command sub_one_command = {
    .name = "one", .full_name = "sub|one", .arity = -2, .handler = do_sub};
static const struct command sub_two_command = {
    .name = "two", .full_name = "sub|two", .arity = -2, .flags = COMMAND_WRITE, .handler = do_sub};
static const struct command *const sub_commands[] = {&sub_one_command, &sub_two_command, NULL};
static const struct command sub_command = {.name = "sub", .arity = -2, .subcommands = sub_commands};
static const struct command keeps_command = {
    .name = "keeps", .arity = 1, .flags = COMMAND_KEEPS_CACHING, .handler = do_hark};
static const struct command plain_command = {.name = "plain", .arity = 1, .handler = do_touching};
static const struct command *const more_commands[] = {
    &quiet_command, &touching_command, &sub_command, &keeps_command,
    &plain_command, &put_command,      &has_command, &multi_command,
    &exec_command,  &nothing_command,  NULL};

/* ---- Tests */

TEST(each_run_is_counted_once)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    bench_says(c, "PUT k");
    bench_says(c, "FAIL");
    bench_says(c, "PUT");
    CHECK(
        bench_heard(c, "+OK|-ERR syntax error|-ERR wrong number of arguments for 'put' command|"));
    CHECK(counted(b, &put_command, 1, 1, 0) && counted(b, &fail_command, 1, 0, 1));
    /* A request that was refused counts for the client, not as a command that was run. */
    CHECK(e->stats.total_commands == 2 && c->total_commands == 3 && e->stats.total_errors == 2);
    CHECK(c->last_command == &fail_command);
    CHECK(stat_of(b, &put_command)->ticks > 0 && e->timing.last_ticks >= e->timing.began_ticks);
    /* An error in a transaction is its own command's, not EXEC's as well. */
    bench_says(c, "MULTI");
    bench_says(c, "FAIL");
    bench_says(c, "EXEC");
    CHECK(counted(b, &exec_command, 1, 0, 0) && counted(b, &fail_command, 2, 0, 2));
    CHECK(e->stats.total_errors == 3 && e->stats.total_commands == 5);
    bench_end(b);
}

TEST(unknown_commands_and_subcommands)
{
    struct bench *b = bench_begin(more_commands);
    struct client *c = bench_client(b);
    bench_says(c, "nope a b");
    CHECK(bench_heard(c, "-ERR unknown command 'nope', with args beginning with: 'a' 'b' |"));
    bench_says(c, "sub nope");
    CHECK(bench_heard(c, "-ERR unknown subcommand 'nope'. Try SUB HELP.|"));
    bench_says(c, "SUB");
    CHECK(bench_heard(c, "-ERR wrong number of arguments for 'sub' command|"));
    bench_says(c, "Sub One x");
    CHECK(bench_heard(c, "$7|sub|one|") && client_is_staying(c) && c->total_commands == 4);
    c->flags |= CLIENT_NO_TOUCH; /* whoever takes the careful path */
    bench_says(c, "nope");
    CHECK(c->total_commands == 5 && b->engine.stats.total_commands == 1);
    chain_take(&c->out, chain_pending(&c->out));
    bench_says(c, "POST / HTTP/1.1"); /* a web page that makes a browser talk to us */
    CHECK((c->flags & CLIENT_CLOSING) && bench_heard(c, ""));
    bench_end(b);
}

/* What only reads is not looked at closely: a word decides it, or what a script declares. */
TEST(a_replica_runs_what_only_reads)
{
    struct bench *b = bench_begin(more_commands);
    struct client *c = bench_client(b);
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    bench_says(c, "HAS k");
    bench_says(c, "SUB one");
    bench_says(c, "SUB two");
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, ":0|$7|sub|one|-READONLY You can't write against a read only replica.|"
                         "-READONLY You can't write against a read only replica.|"));
    CHECK(counted(b, &has_command, 1, 0, 0) && counted(b, &put_command, 0, 1, 0));
    bench_end(b);
}

TEST(what_is_journalled)
{
    struct bench *b = bench_begin(more_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    bench_journal(b);
    bench_says(c, "HAS k");
    CHECK(bench_journalled(b, "") && c->written_offset == 0);
    long long dirty = e->store->dirty;
    bench_says(c, "put k"); /* as it came */
    CHECK(bench_journalled(b, "*2\r\n$3\r\nput\r\n$1\r\nk\r\n") && e->store->dirty == dirty + 1);
    CHECK(c->written_offset == e->journal->offset && e->journal->depth == 0);
    dirty = e->store->dirty;
    bench_says(c, "QUIET");
    CHECK(bench_journalled(b, "") && e->store->dirty == dirty + 1);
    /* Under another name it is journalled by its own. */
    CHECK(!registry_rename(e->registry, BYTES("put"), BYTES("hidden")));
    e->commands_renamed = true;
    bench_says(c, "HIDDEN k");
    CHECK(bench_journalled(b, "*2\r\n$3\r\nput\r\n$1\r\nk\r\n"));
    bench_end(b);
}

TEST(a_command_with_several_effects_is_a_group)
{
    struct bench *b = bench_begin_journal();
    struct client *c = bench_client(b);
    long long dirty = b->engine.store->dirty;
    bench_says(c, "BOTH a b");
    CHECK(bench_journalled(b, RAW_MULTI RAW_PUT("a") RAW_PUT("b") RAW_EXEC));
    CHECK(b->engine.store->dirty == dirty + 2);
    bench_says(c, "MULTI");
    bench_says(c, "PUT a");
    bench_says(c, "PUT b");
    CHECK(bench_journalled(b, ""));
    bench_says(c, "EXEC");
    CHECK(bench_journalled(b, RAW_MULTI RAW_PUT("a") RAW_PUT("b") RAW_EXEC));
    bench_end(b);
}

TEST(a_reply_waits_for_what_it_relies_on)
{
    struct bench *b = bench_begin_journal();
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *d = bench_client(b);
    struct gate_promise p = {.armed = true, .open = true, .durable = true};
    gate_tell(e, &p);
    bench_says(c, "HAS k");
    CHECK(gate_sendable(c) == 4 && c->mark_n == 0);
    bench_says(c, "PUT k");
    bench_says(d, "HAS k");
    CHECK(gate_sendable(c) == 4 && c->mark_n == 1 && gate_sendable(d) == 0 && d->mark_n == 1);
    p.released = e->journal->offset;
    gate_tell(e, &p);
    CHECK(gate_sendable(c) == 9 && gate_sendable(d) == 4);
    bench_end(b);
}

TEST(suppressed_replies)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    bench_says(c, "SKIP"); /* asks for the next one; answers nothing itself */
    bench_says(c, "PUT k");
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":1|"));
    c->flags |= CLIENT_REPLY_OFF;
    bench_says(c, "HAS k");
    bench_says(c, "FAIL");
    CHECK(bench_heard(c, "") && counted(b, &fail_command, 1, 0, 1));
    CHECK(c->reply.out == &c->out);
    bench_end(b);
}

TEST(no_touch_but_for_what_counts_as_use)
{
    struct bench *b = bench_begin(more_commands);
    struct client *c = bench_client(b);
    bench_says(c, "PLAIN");
    c->flags |= CLIENT_NO_TOUCH;
    bench_says(c, "PLAIN");
    bench_says(c, "TOUCHING");
    CHECK(bench_heard(c, ":1|:0|:1|") && b->engine.store->touch);
    bench_end(b);
}

TEST(caching_is_asked_for_one_command)
{
    struct bench *b = bench_begin(more_commands);
    struct client *c = bench_client(b);
    tracking_enable(c, TRACKING_OPTIN | TRACKING_CACHING, 0, NULL, 0);
    bench_says(c, "KEEPS"); /* CLIENT and its subcommands do not use it up */
    CHECK(c->tracking->flags & TRACKING_CACHING);
    bench_says(c, "HAS k");
    CHECK(!(c->tracking->flags & TRACKING_CACHING) && b->engine.tracking->keys.used == 1);
    bench_says(c, "HAS j");
    CHECK(b->engine.tracking->keys.used == 1);
    c->tracking->flags |= TRACKING_CACHING;
    bench_says(c, "MULTI"); /* a transaction is one command */
    bench_says(c, "HAS j");
    CHECK(c->tracking->flags & TRACKING_CACHING);
    bench_says(c, "EXEC");
    CHECK(!(c->tracking->flags & TRACKING_CACHING) && b->engine.tracking->keys.used == 2);
    c->tracking->flags |= TRACKING_CACHING;
    bench_says(c, "nope"); /* also by one that is refused */
    CHECK(!(c->tracking->flags & TRACKING_CACHING));
    bench_end(b);
}

TEST(replay_bypasses_admission)
{
    struct bench *b = bench_begin_journal();
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    client_set_anonymous(c, true);
    c->flags |= CLIENT_REPLAY;
    e->slow_path |= ENGINE_LOADING | ENGINE_DISK_FAILED;
    bench_says(c, "PUT k");
    CHECK(db_find(c->db, BYTES("k")));
    bench_says(c, "MULTI");
    bench_says(c, "PUT j");
    CHECK(!db_find(c->db, BYTES("j"))); /* applied when it is whole */
    bench_says(c, "EXEC");
    CHECK(db_find(c->db, BYTES("j")) && bench_heard(c, ""));
    bench_end(b);
}

TEST(the_client_memory_limit_may_close_the_caller)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    b->engine.slow_path |= ENGINE_CLIENT_LIMIT;
    b->closes = c;
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, "") && !db_find(c->db, BYTES("k")));
    bench_end(b);
}

TEST(scripts_ask_for_commands)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *s = client_new_internal(&b->engine, CLIENT_SCRIPT);
    s->caller = c;
    struct exec_script x = {0};
    struct bytes argv[] = {BYTES("nope"), BYTES("k")};
    struct exec_request q = {.argv = argv, .argc = 2};
    CHECK(exec_is_allowed(c, &q) == -1);
    exec_for_script(s, &x, &q);
    CHECK(bench_heard(s, "-ERR Unknown Redis command called from script|"));
    argv[0] = BYTES("SAY");
    CHECK(exec_is_allowed(c, &q) == -1); /* its arity */
    exec_for_script(s, &x, &q);
    CHECK(bench_heard(s, "-ERR Wrong number of args calling Redis command from script|"));
    argv[0] = BYTES("HAS");
    CHECK(exec_is_allowed(c, &q) == 1);
    exec_for_script(s, &x, &q);
    CHECK(bench_heard(s, ":0|") && !x.wrote && !s->user && s->last_command == &has_command);
    client_free(s);
    bench_end(b);
}

TEST(command_times_are_recorded_only_when_enabled)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    e->timing.track_latency = false;
    bench_says(c, "PUT k");
    CHECK(!stat_of(b, &put_command)->times);
    e->timing.track_latency = true;
    for (int i = 0; i < 3; i++)
        bench_says(c, "PUT k");
    uint64_t times = 0;
    for (int i = 0; i < HISTOGRAM_CLASSES; i++)
        times += stat_of(b, &put_command)->times[i];
    CHECK(times == 3 && stat_of(b, &put_command)->calls == 4);
    bench_end(b);
}

/* What a replica's connection is sent is the stream: an answer would be read as a part of it. */
TEST(a_replica_that_is_answered_goes)
{
    struct bench *b = bench_begin(more_commands);
    struct client *silent = bench_client(b), *asks = bench_client(b), *errs = bench_client(b);
    client_set_replica(silent);
    client_set_replica(asks);
    client_set_replica(errs);
    CHECK(client_class(asks) == CLASS_REPLICA);
    bench_says(silent, "NOTHING");
    CHECK(bench_heard(silent, "") && !(silent->flags & CLIENT_CLOSING));
    bench_says(asks, "HAS k");
    bench_says(errs, "NOSUCH");
    CHECK(bench_heard(asks, "") && (asks->flags & CLIENT_CLOSING));
    CHECK(bench_heard(errs, "") && (errs->flags & CLIENT_CLOSING));
    bench_end(b);
}

/* Who waits with NO-TOUCH does not touch when it is served, and others do afterwards. */
static bool touched_when_served;

static void do_meet(struct call *call)
{
    struct block_options o = {.keys = call->argv + 1, .key_count = 1, .type = TYPE_STRING};
    if (call->retry) {
        touched_when_served = call->store->touch;
        reply_ok(call->reply);
    } else {
        block_on(call, &o);
    }
}

static const struct command meet_command = {.name = "meet",
                                            .arity = 2,
                                            .flags = COMMAND_BLOCKING,
                                            .handler = do_meet,
                                            .keys = {KEY_RANGE(1, 0, 1, KEY_RO)}};
static const struct command *const meeting[] = {&meet_command, &put_command, NULL};

TEST(a_wait_does_not_touch_either)
{
    for (int quiet = 0; quiet < 2; quiet++) {
        struct bench *b = bench_begin(meeting);
        struct client *c = bench_client(b), *p = bench_client(b);
        c->flags |= quiet ? CLIENT_NO_TOUCH : 0;
        bench_says(c, "MEET k");
        touched_when_served = quiet;
        bench_says(p, "PUT k");
        CHECK(bench_heard(c, "+OK|") && touched_when_served == !quiet && b->engine.store->touch);
        bench_end(b);
    }
}

UNIT_MAIN(T(a_replica_that_is_answered_goes), T(each_run_is_counted_once),
          T(unknown_commands_and_subcommands), T(a_replica_runs_what_only_reads),
          T(what_is_journalled), T(a_command_with_several_effects_is_a_group),
          T(a_reply_waits_for_what_it_relies_on), T(suppressed_replies),
          T(no_touch_but_for_what_counts_as_use), T(caching_is_asked_for_one_command),
          T(replay_bypasses_admission), T(the_client_memory_limit_may_close_the_caller),
          T(scripts_ask_for_commands), T(command_times_are_recorded_only_when_enabled),
          T(a_wait_does_not_touch_either))
