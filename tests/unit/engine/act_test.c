/* What the server does by itself: when, and who sees it. */
#include "engine/act.h"

#include "engine.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/state.h"
#include "engine/txn.h"
#include "store/expire.h"
#include "type/string.h"
#include "unit.h"

/* PUT key [key]: two effects of one command when there are two. */
static void do_put(struct call *call)
{
    for (int i = 1; i < call->argc; i++) {
        if (!db_write(call->db, call->argv[i]))
            db_add(call->db, string_new(call->argv[i], BYTES("x")));
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, NULL);
        CALL_EFFECT(call, BYTES("PUT"), call->argv[i]);
    }
    reply_ok(call->reply);
}

static void do_get(struct call *call)
{
    reply_int(call->reply, db_read(call->db, call->argv[1]) != NULL);
}

static void do_fail(struct call *call)
{
    call_error(call, ERR_SYNTAX);
}

static enum act_result inner;

/* Acts within a command. */
static void do_nest(struct call *call)
{
    const struct bytes argv[] = {BYTES("PUT"), BYTES("n")};
    inner = act_run(call->engine, call->db, argv, 2);
    reply_ok(call->reply);
}

#define KEYED .keys = {KEY_RANGE(1, -1, 1, KEY_RW)}
static const struct command put_command = {
    .name = "put", .arity = -2, .flags = COMMAND_WRITE | COMMAND_DENYOOM, .handler = do_put, KEYED};
static const struct command get_command = {
    .name = "get", .arity = 2, .flags = COMMAND_READONLY, .handler = do_get, KEYED};
static const struct command fail_command = {
    .name = "fail", .arity = 1, .flags = COMMAND_WRITE, .handler = do_fail};
static const struct command nest_command = {
    .name = "nest", .arity = 1, .flags = COMMAND_WRITE, .handler = do_nest};
static const struct command *const commands[] = {&put_command, &get_command, &fail_command,
                                                 &nest_command, NULL};

static struct bench *begin(void)
{
    struct bench *b = bench_begin(commands);
    bench_journal(b);
    return b;
}

static enum act_result put(struct engine *e, const char *key)
{
    const struct bytes argv[] = {BYTES("PUT"), bytes_text(key)};
    return act_run(e, &e->store->dbs[0], argv, 2);
}

#define MULTI  "*1\r\n$5\r\nMULTI\r\n"
#define EXEC   "*1\r\n$4\r\nEXEC\r\n"
#define PUT(k) "*2\r\n$3\r\nPUT\r\n$1\r\n" k "\r\n"
#define DEL(k) "*2\r\n$3\r\nDEL\r\n$1\r\n" k "\r\n"

/* A lease that ends: its owner's timer, and the work that it notes. */
struct lease {
    struct timer timer;
    bool due;
};

static void lease_ends(struct timer *t)
{
    dlist_item(t, struct lease, timer)->due = true;
}

TEST(a_timer_acts_in_a_group_behind_the_gate_and_unseen)
{
    struct bench *b = begin();
    struct engine *e = &b->engine;
    struct client *reader = bench_client(b), *monitor = bench_client(b);
    struct gate_promise promise = {.armed = true, .open = true, .durable = true};
    struct lease lease = {0};
    gate_tell(e, &promise);
    observe_monitor(monitor);
    e->timing.slow_ticks = 0; /* everything is slow */
    e->settings->slowlog_log_slower_than = 0;
    uint64_t commands_before = e->stats.total_commands;
    timer_set(&e->timers, &lease.timer, TIMER_WALL, e->now_ms + 50, lease_ends);
    bench_wait(b, 49);
    CHECK(!lease.due);
    bench_wait(b, 1);
    CHECK(lease.due);

    const struct bytes argv[] = {BYTES("put"), BYTES("a"), BYTES("b")};
    CHECK(act_run(e, &e->store->dbs[0], argv, 3) == ACT_DONE);
    uint64_t end = e->journal->offset;
    CHECK(e->journal->depth == 0 && e->stats.acts == 1);
    /* Nobody watches or counts it. */
    CHECK(bench_heard(monitor, ""));
    CHECK(e->observe->slow_n == 0 && e->stats.total_commands == commands_before);
    CHECK(e->stats.of_command[registry_number(e->registry, &put_command)].calls == 0);
    /* Who reads what it wrote waits until that is synced; who reads something else does not. */
    uint64_t before = chain_end(&reader->out);
    bench_says(reader, "GET b");
    CHECK(e->observe->slow_n == 1 && gate_sendable(reader) == before);
    promise.released = end; /* all of the group: it is written and synced in one piece */
    gate_tell(e, &promise);
    CHECK(gate_sendable(reader) == before + 4 && bench_heard(reader, ":1|"));
    CHECK(bench_journalled(b, MULTI PUT("a") PUT("b") EXEC));
    bench_end(b);
}

TEST(a_group_of_several_changes_is_one)
{
    struct bench *b = begin();
    struct engine *e = &b->engine;
    struct db *db = &e->store->dbs[0];
    long long dirty = e->store->dirty;
    CHECK(act_begin(e) && !act_may(e));
    db_add(db, string_new(BYTES("k"), BYTES("x")));
    db_changed(db, BYTES("k"), DB_EVENT_STRING, NULL);
    act_effect(e, db, (const struct bytes[]){BYTES("PUT"), BYTES("k")}, 2);
    CHECK(put(e, "l") == ACT_DONE);
    CHECK(journal_unread(&b->reader).n == 0); /* nothing of it may be written yet */
    act_end(e);
    CHECK(act_may(e) && e->store->dirty == dirty + 1);
    CHECK(bench_journalled(b, MULTI PUT("k") PUT("l") EXEC));
    /* One that changes nothing leaves nothing. */
    dirty = e->store->dirty;
    CHECK(act_begin(e));
    act_end(e);
    CHECK(bench_journalled(b, "") && e->store->dirty == dirty);
    bench_end(b);
}

TEST(only_when_a_write_would_run)
{
    static const unsigned states[] = {ENGINE_LOADING,     ENGINE_PAUSED,      ENGINE_BUSY,
                                      ENGINE_DISK_FAILED, ENGINE_SAVE_FAILED, ENGINE_FEW_REPLICAS,
                                      ENGINE_REPLICA};
    struct bench *b = begin();
    struct engine *e = &b->engine;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        state_set(e, states[i], true);
        CHECK(!act_may(e) && put(e, "k") == ACT_NOT_NOW && !act_begin(e));
        state_set(e, states[i], false);
        CHECK(act_may(e));
    }
    /* Memory is no part of it. */
    b->has_room = false;
    state_set(e, ENGINE_MAXMEMORY, true);
    CHECK(put(e, "k") == ACT_DONE && e->stats.acts == 1);
    CHECK(bench_journalled(b, PUT("k")));
    struct client *c = bench_client(b);
    bench_says(c, "NEST");
    CHECK(bench_heard(c, "+OK|") && inner == ACT_NOT_NOW && bench_journalled(b, ""));
    bench_end(b);
}

TEST(an_error_is_told_and_nothing_counted)
{
    struct bench *b = begin();
    struct engine *e = &b->engine;
    const struct bytes argv[] = {BYTES("FAIL")};
    uint64_t errors = e->stats.total_errors;
    CHECK(act_run(e, &e->store->dbs[0], argv, 1) == ACT_FAILED);
    CHECK(put(e, "k") == ACT_DONE);
    CHECK(e->stats.total_errors == errors && e->stats.errors.used == 0);
    CHECK(e->stats.of_command[registry_number(e->registry, &fail_command)].failed == 0);
    bench_end(b);
}

static struct entry *add_due(struct db *db, const char *key)
{
    struct bytes name = bytes_text(key);
    db_add(db, string_new(name, BYTES("x")));
    return db_set_deadline(db, db_read(db, name), db->store->now_ms + 10);
}

TEST(expiry_asks_the_same_question)
{
    struct bench *b = begin();
    struct engine *e = &b->engine;
    struct db *db = &e->store->dbs[0];
    struct client *c = bench_client(b);
    add_due(db, "k");
    state_set(e, ENGINE_DISK_FAILED, true);
    bench_wait(b, 10);
    CHECK(!act_may(e) && expire_step(e->store, 1000) == 0);
    bench_says(c, "GET k");
    CHECK(bench_heard(c, ":0|") && bench_journalled(b, "") && db->keys.used == 1);
    state_set(e, ENGINE_DISK_FAILED, false);
    CHECK(act_may(e) && expire_step(e->store, 1000) == 1);
    CHECK(bench_journalled(b, DEL("k")) && e->store->written_now == e->journal->offset);
    /* Found by a command: an effect of it. */
    add_due(db, "l");
    bench_wait(b, 10);
    bench_says(c, "PUT l");
    CHECK(bench_heard(c, "+OK|") && bench_journalled(b, MULTI DEL("l") PUT("l") EXEC));
    /* While loading nothing is due. */
    add_due(db, "m");
    state_set(e, ENGINE_LOADING, true);
    bench_wait(b, 10);
    CHECK(db_read(db, BYTES("m")) && expire_step(e->store, 1000) == 0);
    state_set(e, ENGINE_LOADING, false);
    CHECK(!db_read(db, BYTES("m")) && bench_journalled(b, DEL("m")));
    bench_end(b);
}

UNIT_MAIN(T(a_timer_acts_in_a_group_behind_the_gate_and_unseen),
          T(a_group_of_several_changes_is_one), T(only_when_a_write_would_run),
          T(an_error_is_told_and_nothing_counted), T(expiry_asks_the_same_question))
