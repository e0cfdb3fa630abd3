/* Waiting, being served, leaving; what stands in a command's way; pushes and replies. */
#include "engine.h"

#include "engine/deliver.h"
#include "engine/exec.h"
#include "engine/pause.h"
#include "engine/state.h"
#include "engine/txn.h"
#include "type/string.h"
#include "unit.h"

/* ---- Commands of the tests: a key that exists is an element that can be taken. */

static void do_put(struct call *call)
{
    if (!db_write(call->db, call->argv[1]))
        db_add(call->db, string_new(call->argv[1], BYTES("x")));
    db_changed(call->db, call->argv[1], DB_EVENT_STRING, NULL);
    db_ready(call->db, call->argv[1]);
    reply_ok(call->reply);
}

static void do_has(struct call *call)
{
    reply_int(call->reply, db_read(call->db, call->argv[1]) != NULL);
}

static void do_take(struct call *call)
{
    for (int i = 1; i < call->argc; i++) {
        if (!db_write(call->db, call->argv[i]))
            continue;
        db_delete(call->db, call->argv[i]);
        db_changed(call->db, call->argv[i], DB_EVENT_STRING, NULL);
        reply_bulk(call->reply, call->argv[i]);
        return;
    }
    struct block_options o = {.keys = call->argv + 1,
                              .key_count = call->argc - 1,
                              .deadline_ms = call->engine->steady_ms + 1000,
                              .type = TYPE_STRING,
                              .null = BLOCK_NULL_ARRAY};
    if (block_allowed(call))
        block_on(call, &o);
    else
        reply_null_array(call->reply);
}

static void do_say(struct call *call)
{
    deliver_push(call->client, BYTES(">push\r\n"));
    reply_int(call->reply, 1);
}

static void do_end(struct call *call)
{
    client_close_by(call->client, call->client);
    reply_ok(call->reply);
}

static void do_skip(struct call *call)
{
    call->client->flags |= CLIENT_REPLY_SKIP;
}

static void do_multi(struct call *call)
{
    txn_of(call->client);
    call->client->flags |= CLIENT_MULTI;
    reply_ok(call->reply);
}

static void do_exec(struct call *call)
{
    struct client *c = call->client;
    struct txn queue = *c->txn;
    c->txn->commands = NULL;
    c->txn->n = 0;
    c->flags = (c->flags & ~(unsigned)CLIENT_MULTI) | CLIENT_IN_EXEC;
    reply_array(call->reply, queue.n);
    for (size_t i = 0; i < queue.n; i++) {
        struct exec_request q = {.argv = queue.commands[i].argv, .argc = queue.commands[i].argc};
        exec_queued(c, queue.commands[i].command, &q);
        mem_free(queue.commands[i].argv);
    }
    mem_free(queue.commands);
    c->flags &= ~(unsigned)CLIENT_IN_EXEC;
    txn_end(c);
}

#define KEYED .keys = {KEY_RANGE(1, -1, 1, KEY_RW)}
static const struct command put_command = {
    .name = "put", .arity = 2, .flags = COMMAND_WRITE | COMMAND_DENYOOM, .handler = do_put, KEYED};
static const struct command has_command = {
    .name = "has", .arity = 2, .flags = COMMAND_READONLY, .handler = do_has, KEYED};
static const struct command take_command = {.name = "take",
                                            .arity = -2,
                                            .flags = COMMAND_WRITE | COMMAND_BLOCKING,
                                            .handler = do_take,
                                            KEYED};
static const struct command tell_command = {
    .name = "tell", .arity = 2, .flags = COMMAND_MAY_REPLICATE, .handler = do_has};
static const struct command say_command = {.name = "say", .arity = 1, .handler = do_say};
static const struct command end_command = {.name = "end", .arity = 1, .handler = do_end};
static const struct command skip_command = {.name = "skip", .arity = 1, .handler = do_skip};
static const struct command multi_command = {
    .name = "multi", .arity = 1, .flags = COMMAND_QUICK_MULTI, .handler = do_multi};
static const struct command exec_command = {.name = "exec",
                                            .arity = 1,
                                            .flags = COMMAND_EXEC | COMMAND_LEAVES_MULTI |
                                                     COMMAND_QUICK_MULTI,
                                            .handler = do_exec};
static const struct command *const commands[] = {
    &put_command, &has_command,   &take_command, &tell_command, &say_command,
    &end_command, &multi_command, &exec_command, &skip_command, NULL};

static bool counted(struct bench *b, const struct command *command, uint64_t calls,
                    uint64_t rejected, uint64_t failed)
{
    const struct engine_stat *s =
        &b->engine.stats.of_command[registry_number(b->engine.registry, command)];
    return s->calls == calls && s->rejected == rejected && s->failed == failed;
}

/* ---- Tests */

TEST(first_come_first_served)
{
    struct bench *b = bench_begin(commands);
    struct client *p = bench_client(b), *x = bench_client(b), *y = bench_client(b);
    bench_says(x, "TAKE k");
    bench_says(y, "TAKE j k");
    bench_says(p, "PUT k");
    CHECK(bench_heard(x, "$1|k|") && bench_heard(y, ""));
    bench_says(p, "PUT k");
    CHECK(bench_heard(y, "$1|k|") && b->engine.blocking.count == 0 &&
          b->engine.blocking.keys.used == 0);
    CHECK(counted(b, &take_command, 2, 0, 0));
    bench_end(b);
}

/* Faults D1. */
TEST(nothing_is_given_to_who_leaves)
{
    for (int way = 0; way < 4; way++)
        for (int others = 0; others < 2; others++) {
            struct bench *b = bench_begin(commands);
            struct client *p = bench_client(b), *x = bench_client(b), *y = bench_client(b);
            bench_says(x, "TAKE k");
            if (others)
                bench_says(y, "TAKE k");
            if (way == 0)
                client_close(x);
            else if (way == 1)
                client_close_by(x, p);
            else if (way == 2)
                client_close_after_reply(x);
            else
                client_close_by(x, x);
            bench_says(p, "PUT k");
            CHECK(bench_heard(x, "") && bench_heard(y, others ? "$1|k|" : ""));
            CHECK(!block_end(x, false));
            bench_wait(b, 5000);
            CHECK(bench_heard(x, ""));
            bench_turn(b);
            bench_says(p, "HAS k");
            CHECK(bench_heard(p, others ? "+OK|:0|" : "+OK|:1|"));
            bench_end(b);
        }
}

/* Faults P1. */
TEST(a_key_that_is_named_twice_is_waited_for_once)
{
    struct bench *b = bench_begin(commands);
    struct client *p = bench_client(b), *x = bench_client(b);
    for (int i = 0; i < 3; i++) {
        bench_says(x, "TAKE k k j k j");
        CHECK(b->engine.blocking.keys.used == 2);
        CHECK(block_waiting_on(&b->engine, x->db, BYTES("k")) == 1);
        bench_says(p, i % 2 ? "PUT j" : "PUT k");
        CHECK(bench_heard(x, i % 2 ? "$1|j|" : "$1|k|") && b->engine.blocking.keys.used == 0);
    }
    bench_end(b);
}

/* Faults K1 B5, compat 7.1. */
TEST(a_wait_ends_once_and_as_silently_as_it_began)
{
    struct bench *b = bench_begin(commands);
    struct client *p = bench_client(b), *x = bench_client(b);
    for (int how = 0; how < 4; how++) {
        for (int silent = 0; silent < 2; silent++) {
            if (silent)
                bench_says(x, "SKIP");
            bench_says(x, "TAKE k");
            CHECK(x->flags & CLIENT_BLOCKED);
            if (how == 0)
                bench_says(p, "PUT k");
            else if (how == 1)
                bench_wait(b, 1000);
            else
                CHECK(block_end(x, how == 3));
            const char *want = how == 0   ? "$1|k|"
                               : how == 3 ? "-UNBLOCKED client unblocked via CLIENT UNBLOCK|"
                                          : "*-1|";
            CHECK(bench_heard(x, silent ? "" : want));
            CHECK(!(x->flags & (CLIENT_REPLY_SKIP | CLIENT_BLOCKED)));
            bench_says(x, "HAS k");
            CHECK(bench_heard(x, ":0|"));
        }
        CHECK(counted(b, &take_command, 2 * ((uint64_t)how + 1), 0, how == 3 ? 2 : 0));
    }
    bench_end(b);
}

/* Compat 5.1. */
TEST(pushes_follow_the_reply)
{
    struct bench *b = bench_begin(commands);
    struct client *x = bench_client(b), *y = bench_client(b);
    struct client_running outer;
    x->flags |= CLIENT_SUBSCRIBED; /* who may get pushes takes the careful path */
    x->reply.resp = 3;
    bench_says(x, "SAY");
    CHECK(bench_heard(x, ":1|>push|"));
    bench_says(x, "MULTI");
    bench_says(x, "SAY");
    bench_says(x, "SAY");
    bench_says(x, "EXEC");
    CHECK(bench_heard(x, "+OK|+QUEUED|+QUEUED|*2|:1|:1|>push|>push|"));
    /* Another's request within one's own. */
    deliver_begin(&outer, y);
    bench_says(x, "SAY");
    deliver_push(y, BYTES(">later\r\n"));
    deliver_push(x, BYTES(">now\r\n"));
    CHECK(bench_heard(x, ":1|>push|>now|") && bench_heard(y, ""));
    deliver_end(&outer);
    CHECK(bench_heard(y, ">later|") && !b->engine.running);
    /* Whether replies are wanted or not. */
    x->flags |= CLIENT_REPLY_OFF;
    bench_says(x, "SAY");
    CHECK(bench_heard(x, ">push|"));
    bench_end(b);
}

/* Faults B7. */
TEST(a_transaction_is_whole_though_it_ends_its_client)
{
    struct bench *b = bench_begin(commands);
    struct client *x = bench_client(b);
    bench_says(x, "MULTI");
    bench_says(x, "PUT a");
    bench_says(x, "END");
    bench_says(x, "PUT b");
    bench_says(x, "EXEC");
    CHECK(bench_heard(x, "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|+OK|+OK|"));
    CHECK(!client_is_staying(x) && x->db->keys.used == 2);
    bench_says(x, "PUT c");
    CHECK(bench_heard(x, "") && x->db->keys.used == 2);
    bench_end(b);
}

/* ---- One list of refusals */

enum asker { REQUEST, EXEC, SCRIPT, WAITING };

/* The first word of what `command` answers to that asker, with this state in force. */
static void ask(unsigned bit, enum asker who, const struct command *command, char *word)
{
    struct bench *b = bench_begin(commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *s = client_new_for_scripts(e);
    char line[32];
    struct chain *out = &c->out;
    snprintf(line, sizeof(line), "%s k", command->name);
    bool waits = who == WAITING && command == &take_command;
    if (waits)
        bench_says(c, line);
    if (who == EXEC)
        bench_says(c, "MULTI"), bench_says(c, line);
    if (waits)
        db_add(c->db, string_new(BYTES("k"), BYTES("x"))), db_ready(c->db, BYTES("k"));
    chain_take(&c->out, chain_pending(&c->out));
    b->has_room = !(bit & ENGINE_MAXMEMORY);
    state_set(e, (enum slow_path_reason)bit, true);
    if (who == EXEC) {
        bench_says(c, "EXEC");
    } else if (who == SCRIPT) {
        struct exec_script x = {.caller = c, .no_memory = !b->has_room};
        struct bytes argv[] = {bytes_text(command->name), BYTES("k")};
        struct exec_request q = {.argv = argv, .argc = 2};
        exec_for_script(s, &x, &q);
        out = &s->out;
    } else if (who == REQUEST) {
        bench_says(c, line);
    } else {
        block_serve(e);
    }
    struct iovec piece = {0};
    chain_pieces(out, &piece, 1, UINT64_MAX);
    snprintf(word, 12, "%.*s", (int)strcspn(piece.iov_len ? piece.iov_base : "", " \r"),
             piece.iov_len ? (char *)piece.iov_base : "");
    chain_free(&s->out);
    client_free(s);
    bench_end(b);
}

TEST(what_stands_in_the_way_stands_in_everybodys)
{
    static const struct {
        unsigned bit;
        const struct command *command;
        const char *says[4]; /* to a request, EXEC, a script, who waited */
    } rows[] = {
        {ENGINE_MAXMEMORY, &put_command, {"-OOM", "-EXECABORT", "-OOM", ""}},
        {ENGINE_MAXMEMORY, &has_command, {":0", "*1", ":0", ""}},
        {ENGINE_MAXMEMORY, &take_command, {"", "*1", "*-1", "$1"}},
        {ENGINE_DISK_FAILED, &put_command, {"-MISCONF", "-EXECABORT", "-MISCONF", ""}},
        {ENGINE_DISK_FAILED, &take_command, {"-MISCONF", "-EXECABORT", "-MISCONF", "-MISCONF"}},
        {ENGINE_DISK_FAILED, &tell_command, {":0", "*1", ":0", ""}},
        {ENGINE_SAVE_FAILED, &put_command, {"-MISCONF", "-EXECABORT", "-MISCONF", ""}},
        {ENGINE_SAVE_FAILED, &take_command, {"-MISCONF", "-EXECABORT", "-MISCONF", "-MISCONF"}},
        {ENGINE_FEW_REPLICAS, &put_command, {"-NOREPLICAS", "-EXECABORT", "-NOREPLICAS", ""}},
        {ENGINE_FEW_REPLICAS,
         &take_command,
         {"-NOREPLICAS", "-EXECABORT", "-NOREPLICAS", "-NOREPLICAS"}},
        {ENGINE_FEW_REPLICAS, &has_command, {":0", "*1", ":0", ""}},
        {ENGINE_LOADING, &has_command, {"-LOADING", "-EXECABORT", ":0", ""}},
        {ENGINE_BUSY, &has_command, {"-BUSY", "-EXECABORT", ":0", ""}},
        /* Nobody is served while a script runs or clients are paused. */
        {ENGINE_BUSY, &take_command, {"-BUSY", "-EXECABORT", "*-1", ""}},
        {ENGINE_PAUSED, &take_command, {"", "", "*-1", ""}},
        {ENGINE_PAUSED, &put_command, {"", "", "+OK", ""}},
    };
    char word[12];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int who = REQUEST; who <= WAITING; who++) {
            ask(rows[i].bit, (enum asker)who, rows[i].command, word);
            if (strcmp(word, rows[i].says[who]) != 0)
                printf("# state %x, %s, asker %d: <%s>, wanted <%s>\n", rows[i].bit,
                       rows[i].command->name, who, word, rows[i].says[who]);
            CHECK(strcmp(word, rows[i].says[who]) == 0);
        }
}

/* Compat 2.2: a pause of writes holds what may write, and nothing else. */
TEST(a_pause_of_writes_holds_what_may_replicate)
{
    struct bench *b = bench_begin(commands);
    struct client *c = bench_client(b), *w = bench_client(b);
    pause_begin(&b->engine, 5000, true);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|"));
    bench_says(c, "TELL k");
    bench_says(w, "PUT k");
    CHECK(bench_heard(c, "") && bench_heard(w, "") && (c->flags & w->flags & CLIENT_PAUSED));
    pause_end(&b->engine);
    CHECK(!(c->flags & CLIENT_PAUSED) && !dlist_empty(&b->engine.clients.resuming));
    bench_end(b);
}

/* Faults P4, compat 2.6. */
TEST(watches_are_kept_by_key)
{
    struct bench *b = bench_begin(commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    struct entry *e = string_new(BYTES("due"), BYTES("x"));
    db_add(c->db, e);
    db_set_deadline(c->db, e, 1);
    for (int i = 0; i < 3; i++)
        txn_watch(c, c->db, BYTES("due")), txn_watch(c, c->db, BYTES("k"));
    txn_watch(d, c->db, BYTES("k"));
    CHECK(txn_watch_count(c) == 2 && b->engine.watched.used == 2);
    db_flush(c->db);
    CHECK(!(c->flags & CLIENT_TXN_STALE) && !txn_watched_expired(c));
    bench_says(d, "PUT due");
    CHECK((c->flags & CLIENT_TXN_STALE) && !(d->flags & CLIENT_TXN_STALE));
    txn_unwatch(c);
    CHECK(txn_watch_count(c) == 0 && b->engine.watched.used == 1);
    bench_end(b);
}

UNIT_MAIN(T(first_come_first_served), T(nothing_is_given_to_who_leaves),
          T(a_key_that_is_named_twice_is_waited_for_once),
          T(a_wait_ends_once_and_as_silently_as_it_began), T(pushes_follow_the_reply),
          T(a_transaction_is_whole_though_it_ends_its_client),
          T(what_stands_in_the_way_stands_in_everybodys),
          T(a_pause_of_writes_holds_what_may_replicate), T(watches_are_kept_by_key))
