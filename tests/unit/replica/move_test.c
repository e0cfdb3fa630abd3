/* Keys go to a socket that the test answers for, in the same thread. */
#include "replica/move.h"

#include "base/clock.h"
#include "engine/state.h"
#include "engine_commands.h"
#include "io/listen.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int port_there;

/* SEND timeout options key...: options are C copy, R replace, A with a password, - none. */
static void do_send(struct call *call)
{
    struct moves *all = call->engine->moves;
    struct move *m = block_has_ended(call) ? move_of(all, call->client) : NULL;
    long long timeout_ms = 0;
    call_no_effect(call);
    if (m && !move_is_over(m)) {
        move_let_go(m);
        reply_simple(call->reply, "LEFT");
        return;
    }
    if (!m) {
        call_int(call, 1, &timeout_ms);
        bool auth = memchr(call->argv[2].p, 'A', call->argv[2].n);
        struct move_order o = {.db = call->db,
                               .keys = call->argv + 3,
                               .key_n = call->argc - 3,
                               .host = BYTES("127.0.0.1"),
                               .port = port_there,
                               .timeout_ms = timeout_ms,
                               .copy = memchr(call->argv[2].p, 'C', call->argv[2].n),
                               .replace = memchr(call->argv[2].p, 'R', call->argv[2].n),
                               .user = auth ? BYTES("u") : bytes_of(NULL, 0),
                               .password = auth ? BYTES("secret") : bytes_of(NULL, 0)};
        m = move_begin(all, &o, call->client);
        if (m)
            block_on(call, &(struct block_options){.null = BLOCK_AGAIN});
        else
            reply_simple(call->reply, "NOKEY");
        return;
    }
    if (move_error(m))
        reply_errorf(call->reply, "%s", move_error(m));
    else
        reply_ok(call->reply);
    move_let_go(m);
}

static const struct command send_command = {.name = "send",
                                            .arity = -4,
                                            .flags = COMMAND_WRITE,
                                            .keys = {KEY_RANGE(3, -1, 1, KEY_RW)},
                                            .handler = do_send};
static void do_wipe(struct call *call)
{
    reply_ok(call->reply);
}
static const struct command wipe_command = {
    .name = "wipe", .arity = 1, .flags = COMMAND_WRITE, .handler = do_wipe};
static const struct command script_command = {.name = "script",
                                              .arity = 1,
                                              .flags = COMMAND_MAY_REPLICATE,
                                              .group = GROUP_SCRIPTING,
                                              .handler = do_wipe};
static const struct command *const move_commands[] = {
    &put_command,  &has_command,    &both_command, &multi_command, &exec_command, &send_command,
    &wipe_command, &script_command, NULL};

struct stage {
    struct bench *b;
    struct loop *loop;
    struct client *c, *other;
    int listener, fd; /* fd: the other server's end, or -1 */
    char heard[4096]; /* by the other server, in whole */
};

static struct tls_context *no_tls(void *context)
{
    (void)context;
    return NULL;
}

static struct stage begin(void)
{
    struct stage s = {.b = bench_begin(move_commands), .loop = loop_new(), .fd = -1};
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    move_all_new(&s.b->engine, s.loop, no_tls, NULL);
    bench_journal(s.b);
    s.b->engine.steady_ms = clock_steady_ms();
    s.c = bench_client(s.b);
    s.other = bench_client(s.b);
    s.listener = listen_tcp("127.0.0.1", 0, 5);
    CHECK(getsockname(s.listener, (struct sockaddr *)&a, &n) == 0);
    port_there = ntohs(a.sin_port);
    bench_says(s.c, "PUT k");
    bench_says(s.c, "PUT l");
    CHECK(bench_heard(s.c, "+OK|+OK|"));
    journal_take(&s.b->reader, journal_unread(&s.b->reader).n);
    return s;
}

static void end(struct stage *s)
{
    move_all_free(s->b->engine.moves);
    bench_end(s->b);
    loop_free(s->loop);
    close(s->listener);
    if (s->fd >= 0)
        close(s->fd);
}

static void turn(struct stage *s, int ms)
{
    s->b->engine.steady_ms = clock_steady_ms();
    loop_turn(s->loop, move_is_any_due(s->b->engine.moves) ? 0 : ms);
    timer_run(&s->b->engine.timers, s->b->engine.steady_ms, s->b->engine.now_ms);
    move_run_all(s->b->engine.moves);
}

/* Goes on until the other server has heard this. */
static bool hears(struct stage *s, const char *what)
{
    size_t n = strlen(s->heard);
    for (int i = 0; i < 2000 && !strstr(s->heard, what); i++) {
        turn(s, 5);
        if (s->fd < 0)
            s->fd = accept(s->listener, NULL, NULL);
        long got =
            s->fd < 0 ? 0 : recv(s->fd, s->heard + n, sizeof(s->heard) - 1 - n, MSG_DONTWAIT);
        for (long k = 0; k < got; k++, n++) /* values hold any byte */
            s->heard[n] = s->heard[n] == '\0' ? '.' : s->heard[n];
    }
    return strstr(s->heard, what) != NULL;
}

static void says(struct stage *s, const char *what)
{
    CHECK(write(s->fd, what, strlen(what)) == (ssize_t)strlen(what));
}

/* The next connection is another one. */
static void hang_up(struct stage *s)
{
    close(s->fd);
    s->fd = -1;
    s->heard[0] = 0;
}

static void asks(struct stage *s, const char *line)
{
    bench_says(s->c, line);
    CHECK((s->c->flags & CLIENT_BLOCKED) && chain_pending(&s->c->out) == 0);
}

static bool gets(struct stage *s, const char *want)
{
    for (int i = 0; i < 2000 && !chain_pending(&s->c->out); i++)
        turn(s, 5);
    return bench_heard(s->c, want);
}

TEST(a_key_goes_when_the_other_side_has_it)
{
    struct stage s = begin();
    asks(&s, "SEND 5000 - k");
    CHECK(hears(&s, "SELECT") && hears(&s, "RESTORE"));
    turn(&s, 5);
    CHECK((s.c->flags & CLIENT_BLOCKED) && db_find(s.c->db, BYTES("k")));
    says(&s, "+OK\r\n");
    turn(&s, 5);
    CHECK((s.c->flags & CLIENT_BLOCKED) && db_find(s.c->db, BYTES("k")));
    says(&s, "+OK\r\n");
    CHECK(gets(&s, "+OK|") && !db_find(s.c->db, BYTES("k")));
    CHECK(bench_journalled(s.b, "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n"));
    /* The same connection, which is in that database already. */
    s.heard[0] = 0;
    asks(&s, "SEND 5000 CR l");
    CHECK(hears(&s, "$7\r\nREPLACE") && !strstr(s.heard, "SELECT"));
    says(&s, "+OK\r\n");
    CHECK(gets(&s, "+OK|") && db_find(s.c->db, BYTES("l")) && bench_journalled(s.b, ""));
    end(&s);
}

/* Who would change what is on its way waits; everybody else goes on. */
TEST(writes_to_keys_being_migrated_are_delayed)
{
    struct stage s = begin();
    struct client *o = s.other;
    asks(&s, "SEND 5000 - k");
    bench_says(o, "HAS k");
    bench_says(o, "PUT m");
    CHECK(bench_heard(o, ":1|+OK|"));
    CHECK(!act_may(&s.b->engine));
    static const char *const held[] = {"PUT k", "BOTH m k", "WIPE", "SCRIPT", "SEND 1 - k"};
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        struct client *x = bench_client(s.b);
        bench_says(x, held[i]);
        CHECK(x->flags & CLIENT_PAUSED);
        session_close(x);
    }
    bench_says(o, "MULTI");
    bench_says(o, "PUT l");
    CHECK(bench_heard(o, "+OK|+QUEUED|"));
    bench_says(o, "EXEC");
    CHECK(o->flags & CLIENT_PAUSED);
    CHECK(hears(&s, "RESTORE"));
    says(&s, "+OK\r\n+OK\r\n");
    CHECK(gets(&s, "+OK|") && !(o->flags & CLIENT_PAUSED) && act_may(&s.b->engine));
    CHECK(s.b->engine.slow_path == 0 && !db_find(o->db, BYTES("k")));
    end(&s);
}

TEST(an_error_of_the_other_side_keeps_its_key)
{
    struct stage s = begin();
    asks(&s, "SEND 5000 - k l nokey k");
    CHECK(hears(&s, "RESTORE\r\n$1\r\nk") && hears(&s, "RESTORE\r\n$1\r\nl"));
    says(&s, "+OK\r\n-BUSYKEY no\r\n+OK\r\n");
    CHECK(gets(&s, "-ERR Target instance replied with error: BUSYKEY no|"));
    CHECK(db_find(s.c->db, BYTES("k")) && !db_find(s.c->db, BYTES("l")));
    /* In the wrong database nothing has arrived, whatever the answer. */
    hang_up(&s);
    asks(&s, "SEND 5000 A k");
    CHECK(hears(&s, "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$6\r\nsecret\r\n") && hears(&s, "RESTORE"));
    says(&s, "-WRONGPASS x\r\n+OK\r\n+OK\r\n");
    CHECK(gets(&s, "-ERR Target instance replied with error: WRONGPASS x|"));
    CHECK(db_find(s.c->db, BYTES("k")));
    char byte;
    CHECK(hears(&s, "RESTORE") && recv(s.fd, &byte, 1, 0) == 0); /* it is not used again */
    end(&s);
}

TEST(a_broken_connection_loses_no_key)
{
    struct stage s = begin();
    asks(&s, "SEND 5000 - k l");
    CHECK(hears(&s, "RESTORE\r\n$1\r\nl"));
    says(&s, "+OK\r\n+OK\r\n");
    hang_up(&s);
    CHECK(gets(&s, "-IOERR error or timeout reading to target instance (connection closed; 1 of 2 "
                   "keys have moved; 'l' is here and may be there as well)|"));
    CHECK(!db_find(s.c->db, BYTES("k")) && db_find(s.c->db, BYTES("l")));
    /* One that was kept, and that the other side has closed since, is tried anew. */
    bench_says(s.c, "PUT k");
    CHECK(bench_heard(s.c, "+OK|"));
    asks(&s, "SEND 5000 - k");
    CHECK(hears(&s, "RESTORE"));
    says(&s, "+OK\r\n+OK\r\n");
    CHECK(gets(&s, "+OK|"));
    hang_up(&s);
    asks(&s, "SEND 5000 - l");
    CHECK(hears(&s, "SELECT") && hears(&s, "RESTORE\r\n$1\r\nl"));
    says(&s, "+OK\r\n+OK\r\n");
    CHECK(gets(&s, "+OK|") && !db_find(s.c->db, BYTES("l")));
    close(s.listener);
    s.listener = -1;
    hang_up(&s);
    bench_says(s.c, "PUT k");
    CHECK(bench_heard(s.c, "+OK|"));
    asks(&s, "SEND 5000 - k");
    CHECK(gets(&s,
               "-IOERR error or timeout writing to target instance (connect: Connection refused; "
               "nothing was sent)|"));
    end(&s);
}

TEST(time_passes_and_clients_leave)
{
    struct stage s = begin();
    asks(&s, "SEND 50 - k");
    CHECK(gets(&s,
               "-IOERR error or timeout reading to target instance (time is up; 0 of 1 keys have "
               "moved; 'k' is here and may be there as well)|"));
    hang_up(&s);
    s.fd = accept(s.listener, NULL, NULL); /* of the one before */
    hang_up(&s);
    /* A client that leaves does not stop it, and one that is unblocked is told so. */
    asks(&s, "SEND 5000 - k");
    CHECK(hears(&s, "RESTORE"));
    CHECK(block_end(s.c, false));
    CHECK(bench_heard(s.c, "+LEFT|"));
    says(&s, "+OK\r\n+OK\r\n");
    for (int i = 0; i < 2000 && db_find(s.other->db, BYTES("k")); i++)
        turn(&s, 5);
    CHECK(!db_find(s.other->db, BYTES("k")) && s.b->engine.slow_path == 0);
    end(&s);
}

/* What cannot be written now is deleted as soon as it can. */
TEST(a_pause_puts_off_the_deletion)
{
    struct stage s = begin();
    asks(&s, "SEND 5000 - k");
    CHECK(hears(&s, "RESTORE"));
    pause_set(&s.b->engine, PAUSE_SHUTDOWN, true);
    says(&s, "+OK\r\n+OK\r\n");
    for (int i = 0; i < 5; i++)
        turn(&s, 5);
    CHECK((s.c->flags & CLIENT_BLOCKED) && db_find(s.c->db, BYTES("k")));
    pause_set(&s.b->engine, PAUSE_SHUTDOWN, false);
    CHECK(gets(&s, "+OK|") && !db_find(s.c->db, BYTES("k")));
    /* A replica deletes nothing. */
    asks(&s, "SEND 5000 - l");
    CHECK(hears(&s, "RESTORE\r\n$1\r\nl"));
    state_set_role(&s.b->engine, ROLE_REPLICA_UP);
    says(&s, "+OK\r\n");
    for (int i = 0; i < 2000 && (s.c->flags & CLIENT_BLOCKED); i++)
        turn(&s, 5);
    CHECK(db_find(s.c->db, BYTES("l")) && !(s.c->flags & CLIENT_BLOCKED));
    end(&s);
}

UNIT_MAIN(T(a_key_goes_when_the_other_side_has_it), T(writes_to_keys_being_migrated_are_delayed),
          T(an_error_of_the_other_side_keeps_its_key), T(a_broken_connection_loses_no_key),
          T(time_passes_and_clients_leave), T(a_pause_puts_off_the_deletion))
