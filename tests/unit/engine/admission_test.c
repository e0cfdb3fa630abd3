/* What stands in a command's way stands in everybody's. */
#include "engine/admission.h"

#include "acl/users.h"
#include "engine/gate.h"
#include "engine/observe.h"
#include "engine/state.h"
#include "engine_commands.h"
#include "unit.h"

#define READ_ONLY (ENGINE_REPLICA | ENGINE_READ_ONLY)
#define STALE     (ENGINE_REPLICA | ENGINE_STALE)

enum asker { REQUEST, EXEC, SCRIPT, WAITING };

/* The first word of what `command` answers to that asker, with this state in force. */
static void ask(unsigned bit, enum asker who, const struct command *command, char *word)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *s = client_new_internal(e, CLIENT_SCRIPT);
    s->caller = c;
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
        struct exec_script x = {.no_memory = !b->has_room};
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
        {READ_ONLY, &put_command, {"-READONLY", "-EXECABORT", "-READONLY", ""}},
        {READ_ONLY, &take_command, {"-READONLY", "-EXECABORT", "-READONLY", "-READONLY"}},
        {READ_ONLY, &has_command, {":0", "*1", ":0", ""}},
        {READ_ONLY, &tell_command, {":0", "*1", ":0", ""}},
        {STALE, &has_command, {"-MASTERDOWN", "-EXECABORT", "-ERR", ""}},
        {STALE, &old_command, {":0", "*1", ":0", ""}},
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

/* The worst that can be said comes first; to a script, what stands in a write's way does. */
TEST(of_several_reasons_one_is_told)
{
    static const struct {
        unsigned bits;
        const char *says[2]; /* to a request, to a script */
    } rows[] = {
        {READ_ONLY | ENGINE_MAXMEMORY, {"-OOM", "-READONLY"}},
        {READ_ONLY | ENGINE_DISK_FAILED, {"-MISCONF", "-MISCONF"}},
        {READ_ONLY | STALE, {"-READONLY", "-ERR"}},
        {STALE | ENGINE_LOADING, {"-MASTERDOWN", "-ERR"}},
        {ENGINE_LOADING | ENGINE_BUSY, {"-LOADING", "+OK"}},
    };
    char word[12];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(rows[i].bits, REQUEST, &put_command, word);
        CHECK(strcmp(word, rows[i].says[0]) == 0);
        ask(rows[i].bits, SCRIPT, &put_command, word);
        CHECK(strcmp(word, rows[i].says[1]) == 0);
    }
}

/* A command in a transaction may make a replica of us; the primary's own are not asked. */
TEST(writes_are_rejected_after_becoming_a_replica_within_exec)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b), *s = client_new_internal(e, CLIENT_SCRIPT);
    s->caller = c;
    bench_says(c, "MULTI");
    bench_says(c, "PUT k");
    bench_says(c, "FOLLOW");
    bench_says(c, "PUT l");
    bench_says(c, "HAS k");
    bench_says(c, "EXEC");
    CHECK(bench_heard(c, "+OK|+QUEUED|+QUEUED|+QUEUED|+QUEUED|*4|+OK|+OK|-READONLY You can't write "
                         "against a read only replica.|:1|"));
    c->flags |= CLIENT_REPLAY;
    b->settings->replica_serve_stale_data = false;
    state_set_role(e, ROLE_REPLICA_DOWN);
    bench_says(c, "PUT m");
    CHECK(db_find(c->db, BYTES("m")));
    struct exec_script x = {0};
    const struct bytes argv[] = {BYTES("PUT"), BYTES("n")};
    struct exec_request q = {.argv = argv, .argc = 2};
    exec_for_script(s, &x, &q);
    CHECK(db_find(c->db, BYTES("n")) && s->reply.errors == 0);
    client_free(s);
    bench_end(b);
}

/* What a client in some state may still ask. */
TEST(states_of_the_client)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    client_set_anonymous(c, true);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, "-NOAUTH Authentication required.|"));
    client_set_anonymous(c, false);
    c->flags |= CLIENT_SUBSCRIBED;
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, "-ERR Can't execute 'has': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING "
                         "/ QUIT / RESET are allowed in this context|"));
    bench_says(c, "HARK"); /* its constant says that it may */
    CHECK(bench_heard(c, ":1|"));
    c->reply.resp = 3;
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|"));
    c->flags &= ~(unsigned)CLIENT_SUBSCRIBED;
    observe_monitor(c);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, "-ERR Replica can't interact with the keyspace|"));
    observe_unmonitor(c);
    bench_end(b);
}

TEST(a_write_that_must_be_durable_needs_a_file)
{
    struct bench *b = bench_begin_journal();
    struct client *c = bench_client(b);
    struct gate_promise open = {.open = true, .durable = true};
    c->flags |= CLIENT_DURABLE;
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, "-ERR there is no append-only file to wait for (appendonly is off)|"));
    CHECK(bench_journalled(b, ""));
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|"));
    gate_tell(&b->engine, &open);
    bench_says(c, "PUT k");
    CHECK(b->engine.gate.sync_wanted && c->mark_n == 1 && c->marks[c->mark_first].durable);
    bench_end(b);
}

/* Words of an error that names the reason, one for each who asks. */
TEST(rights_are_asked_for_with_their_context)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *s = client_new_internal(&b->engine, CLIENT_SCRIPT);
    s->caller = c;
    struct user *u = users_add(b->engine.users, BYTES("u"));
    struct exec_script x = {0};
    const struct bytes argv[] = {BYTES("PUT"), BYTES("k")};
    struct exec_request q = {.argv = argv, .argc = 2};
    user_apply(u, b->engine.registry, BYTES("on"), true);
    user_apply(u, b->engine.registry, BYTES("+@all"), true);
    user_apply(u, b->engine.registry, BYTES("~*"), true);
    bench_says(c, "MULTI");
    bench_says(c, "PUT k");
    user_apply(u, b->engine.registry, BYTES("-put"), true);
    rights_set_user(c, u);
    CHECK(bench_heard(c, "+OK|+QUEUED|") && (c->flags & CLIENT_RESTRICTED));
    bench_says(c, "EXEC");
    CHECK(bench_heard(c, "*1|-NOPERM ACLs rules changed between the moment the transaction was "
                         "accumulated and the EXEC call. This command is no longer allowed for the "
                         "following reason: User u has no permissions to run the 'put' command|"));
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, "-NOPERM User u has no permissions to run the 'put' command|"));
    exec_for_script(s, &x, &q);
    CHECK(bench_heard(s, "-NOPERM ACL failure in script: User u has no permissions to run the "
                         "'put' command|"));
    CHECK(counted(b, &put_command, 0, 3, 0) && b->engine.denials.count == 3);
    client_free(s);
    bench_end(b);
}

TEST(a_script_that_only_reads_may_not_write)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *s = client_new_internal(&b->engine, CLIENT_SCRIPT);
    s->caller = c;
    static const char *const refused[] = {"PUT", "TELL"};
    for (int i = 0; i < 2; i++) {
        struct exec_script x = {.readonly = true};
        const struct bytes argv[] = {bytes_text(refused[i]), BYTES("k")};
        struct exec_request q = {.argv = argv, .argc = 2};
        unsigned errors = s->reply.errors;
        exec_for_script(s, &x, &q);
        CHECK(s->reply.errors == errors + 1 && !x.wrote);
    }
    struct exec_script x = {0};
    const struct bytes argv[] = {BYTES("PUT"), BYTES("k")};
    struct exec_request q = {.argv = argv, .argc = 2};
    exec_for_script(s, &x, &q);
    CHECK(x.wrote && db_read(c->db, BYTES("k")));
    client_free(s);
    bench_end(b);
}

/* A queue grows by whatever is queued; ending it needs nothing. */
TEST(memory_in_a_transaction)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    bench_says(c, "MULTI");
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, "+OK|+QUEUED|"));
    b->has_room = false;
    state_set(&b->engine, ENGINE_MAXMEMORY, true);
    bench_says(c, "EXEC");
    CHECK(bench_heard(c, "*1|:0|"));
    bench_says(c, "MULTI");
    bench_says(c, "HAS k");
    CHECK(strcmp(c->reply.error_code, "OOM") == 0 && (c->flags & CLIENT_TXN_BROKEN));
    bench_end(b);
}

static const struct command lone_command = {
    .name = "lone", .arity = 1, .flags = COMMAND_NO_MULTI, .handler = do_hark};
static const struct command *const with_lone[] = {&lone_command, &multi_command, &exec_command,
                                                  NULL};

TEST(what_may_not_stand_in_a_transaction)
{
    struct bench *b = bench_begin(with_lone);
    struct client *c = bench_client(b);
    bench_says(c, "LONE");
    CHECK(bench_heard(c, ":1|"));
    bench_says(c, "MULTI");
    bench_says(c, "LONE");
    CHECK(bench_heard(c, "+OK|-ERR Command not allowed inside a transaction|"));
    CHECK(c->flags & CLIENT_TXN_BROKEN);
    bench_end(b);
}

UNIT_MAIN(T(what_stands_in_the_way_stands_in_everybodys), T(of_several_reasons_one_is_told),
          T(writes_are_rejected_after_becoming_a_replica_within_exec), T(states_of_the_client),
          T(a_write_that_must_be_durable_needs_a_file), T(rights_are_asked_for_with_their_context),
          T(a_script_that_only_reads_may_not_write), T(memory_in_a_transaction),
          T(what_may_not_stand_in_a_transaction))
