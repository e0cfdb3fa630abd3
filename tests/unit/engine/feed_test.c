#include "engine/feed.h"

#include "engine_commands.h"
#include "unit.h"

/* Bytes of one client, in one group. */
static void comes(struct client *c, const char *p, size_t n)
{
    struct bench *b = c->link;
    size_t room = 0;
    char *place = feed_place(c, n, &room);
    feed_begin(b->feed, FEED_NO_END);
    if (place) {
        size_t part = n < room ? n : room;
        memcpy(place, p, part);
        feed_placed(c, part);
        if (client_may_run(c))
            feed_add(b->feed, c, c->in, c->in_n);
        feed_run(b->feed);
        if (part < n)
            comes(c, p + part, n - part);
        return;
    }
    feed_add(b->feed, c, p, n);
    feed_run(b->feed);
}

static void text(struct client *c, const char *t)
{
    comes(c, t, strlen(t));
}

static const char script[] =
    "*2\r\n$3\r\nPUT\r\n$1\r\na\r\nHAS a\r\n\r\n*2\r\n$3\r\nHAS\r\n$1\r\nb\r\n"
    "*3\r\n$4\r\nBOTH\r\n$1\r\nb\r\n$1\r\nc\r\n*2\r\n$3\r\nHAS\r\n$1\r\nc\r\n";

/* However the bytes are cut, the same comes out, and nothing is left. */
TEST(any_cut_gives_the_same)
{
    size_t n = sizeof(script) - 1;
    for (size_t cut = 0; cut <= n; cut++)
        for (size_t step = 1; step <= n; step += 17) {
            struct bench *b = bench_begin(engine_commands);
            struct client *c = bench_client(b);
            comes(c, script, cut);
            for (size_t at = cut; at < n; at += step)
                comes(c, script + at, n - at < step ? n - at : step);
            CHECK(dlist_linked(&c->outgoing) && bench_heard(c, "+OK|:1|:0|+OK|:1|"));
            CHECK(!c->in && !c->partial && c->input == 0 && b->engine.clients.held == 0);
            bench_end(b);
        }
}

TEST(a_long_argument_is_received_in_place)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    size_t n = 100000, room = 0;
    char *key = mem_zalloc(n + 2), head[64];
    memset(key, 'k', n);
    memcpy(key + n, "\r\n", 2);
    snprintf(head, sizeof(head), "*2\r\n$3\r\nPUT\r\n$%zu\r\n", n);
    text(c, head);
    CHECK(c->partial && feed_place(c, 1000, &room) && room >= n);
    comes(c, key, 40000);
    CHECK(c->partial && c->input >= n && b->engine.clients.input == c->input);
    comes(c, key + 40000, n + 2 - 40000);
    CHECK(bench_heard(c, "+OK|") && db_find(c->db, bytes_of(key, n)) && !c->partial);
    CHECK(b->engine.clients.input == 0);
    /* Who leaves in the middle leaves nothing behind. */
    text(c, head);
    comes(c, key, 40000);
    CHECK(c->partial && b->engine.clients.input >= n);
    client_close(c);
    bench_turn(b);
    CHECK(b->engine.clients.input == 0 && b->engine.clients.count == 0);
    mem_free(key);
    bench_end(b);
}

/* What was kept moves with the buffer when more comes than fits behind it. */
TEST(kept_bytes_move_with_their_buffer)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    char rest[3002];
    memset(rest, 'k', 3000);
    memcpy(rest + 3000, "\r\n", 2);
    text(c, "PUT ");
    CHECK(c->in_n == 4 && c->in_cap == 1024);
    comes(c, rest, sizeof(rest));
    CHECK(bench_heard(c, "+OK|") && db_find(c->db, bytes_of(rest, 3000)) && c->in_n == 0);
    bench_end(b);
}

TEST(a_blocked_client_keeps_its_pipelined_input)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *p = bench_client(b);
    text(c, "TAKE k\r\nHAS k\r\nHAS k\r\n");
    CHECK(bench_heard(c, "") && c->in_n == 14 && (c->flags & CLIENT_BLOCKED));
    bench_says(p, "PUT k");
    CHECK(bench_heard(c, "$1|k|") && dlist_linked(&c->resuming) && c->in_n == 14);
    text(c, "");
    CHECK(bench_heard(c, ":0|:0|") && c->in_n == 0);
    /* Who leaves runs nothing more. */
    text(c, "END\r\nPUT k\r\n");
    CHECK(bench_heard(c, "+OK|") && !db_find(c->db, BYTES("k")) && c->in_n == 0);
    bench_end(b);
}

TEST(a_client_has_a_budget)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct buf many = {0};
    for (int i = 0; i < 5000; i++)
        buf_add_text(&many, "*2\r\n$3\r\nHAS\r\n$1\r\nk\r\n");
    comes(c, many.p, many.n);
    CHECK(c->total_commands == 4096 && dlist_linked(&c->resuming));
    CHECK(c->in_n == many.n / 5000 * (5000 - 4096));
    dlist_remove(&c->resuming);
    text(c, "");
    CHECK(c->total_commands == 5000 && c->in_n == 0 && !dlist_linked(&c->resuming));
    buf_free(&many);
    bench_end(b);
}

/* The first of a group makes headway even so. */
TEST(a_group_has_a_time)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b), *d = bench_client(b);
    struct buf many = {0};
    for (int i = 0; i < 100; i++)
        buf_add_text(&many, "*2\r\n$3\r\nHAS\r\n$1\r\nk\r\n");
    feed_begin(b->feed, 0);
    feed_add(b->feed, c, many.p, many.n);
    feed_add(b->feed, d, many.p, many.n);
    feed_run(b->feed);
    CHECK(c->total_commands > 0 && c->total_commands < 100 && dlist_linked(&c->resuming));
    CHECK(c->in_n == many.n / 100 * (100 - c->total_commands));
    CHECK(d->total_commands == 0 && d->in_n == many.n && dlist_linked(&d->resuming));
    CHECK(b->engine.clients.resuming.next == &c->resuming);
    dlist_remove(&c->resuming);
    dlist_remove(&d->resuming);
    text(d, "");
    text(c, "");
    CHECK(c->total_commands == 100 && d->total_commands == 100 && c->in_n == 0 && d->in_n == 0);
    buf_free(&many);
    bench_end(b);
}

TEST(what_is_no_request_ends_the_connection)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    text(c, "*2\r\n$3\r\nHAS\r\n$1\r\nk\r\n*1\r\n:5\r\nPUT k\r\n");
    CHECK(bench_heard(c, ":0|-ERR Protocol error: expected '$', got ':'|"));
    CHECK((c->flags & CLIENT_CLOSE_AFTER) && c->in_n == 0 && b->engine.stats.total_errors == 1);
    CHECK(!db_find(c->db, BYTES("k")));
    bench_end(b);
}

TEST(strangers_may_send_little)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    client_set_anonymous(c, true);
    text(c, "*2\r\n$3\r\nHAS\r\n$20000\r\n");
    CHECK(bench_heard(c, "-ERR Protocol error: unauthenticated bulk length|"));
    CHECK(c->flags & CLIENT_CLOSE_AFTER);
    bench_end(b);
}

/* Sixteen clients in one group; one whose command takes long hands the rest back. */
static struct feed *running_feed;

static void do_long(struct call *call)
{
    feed_detach_pending(running_feed);
    reply_ok(call->reply);
}

static const struct command long_command = {.name = "long", .arity = 1, .handler = do_long};
static const struct command *const with_long[] = {&long_command, &has_command, &put_command, NULL};

TEST(a_group_runs_in_order_and_may_be_handed_back)
{
    struct bench *b = bench_begin(with_long);
    struct client *c[FEED_GROUP];
    char lines[FEED_GROUP][32];
    running_feed = b->feed;
    for (int taken = 0; taken < 2; taken++) {
        feed_begin(b->feed, FEED_NO_END);
        for (int i = 0; i < FEED_GROUP; i++) {
            c[i] = bench_client(b);
            snprintf(lines[i], sizeof(lines[i]), "%s\r\nHAS k\r\n",
                     taken && i == 3 ? "LONG"
                     : i == 7        ? "PUT k"
                                     : "HAS k");
            feed_add(b->feed, c[i], lines[i], strlen(lines[i]));
        }
        feed_run(b->feed);
        for (int i = 0; i < FEED_GROUP; i++) {
            bool back = taken && i > 3;
            CHECK(bench_heard(c[i], back              ? ""
                                    : taken && i == 3 ? "+OK|"
                                    : i == 7          ? "+OK|:1|"
                                    : i > 7 || taken  ? ":1|:1|"
                                                      : ":0|:0|"));
            CHECK(c[i]->in_n == (back ? strlen(lines[i]) : taken && i == 3 ? 7u : 0u));
            CHECK(dlist_linked(&c[i]->resuming) == (taken && i >= 3));
        }
    }
    bench_end(b);
}

TEST(the_key_that_is_looked_ahead_for)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    const struct bytes argv[] = {BYTES("PUT"), BYTES("k")};
    struct feed_key key;
    feed_key(&key, c, &put_command, argv, 2);
    CHECK(bytes_is(key.hashed.key, "k") && key.hashed.hash == hash_key(BYTES("k")) && !key.far);
    feed_key(&key, c, &put_command, argv, 1); /* it is missing */
    CHECK(key.hashed.key.n == 0);
    feed_key(&key, c, &say_command, argv, 2);
    CHECK(key.hashed.key.n == 0);
    feed_key(&key, c, &put_command, argv, 2);
    feed_key(&key, c, NULL, argv, 2);
    CHECK(key.hashed.key.n == 0);
    for (int i = 0; i < 1025; i++) {
        char name[16];
        snprintf(name, sizeof(name), "key%d", i);
        db_add(c->db, string_new(bytes_text(name), BYTES("x")));
    }
    feed_key(&key, c, &put_command, argv, 2);
    CHECK(key.far); /* so many do not fit into the cache */
    feed_prefetch_entry(c, &key);
    feed_prefetch_value(c, &key);
    bench_end(b);
}

TEST(a_group_may_be_empty)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    feed_begin(b->feed, FEED_NO_END);
    feed_run(b->feed);
    bench_says(c, "PUT k");
    feed_run(b->feed); /* nobody is left in it */
    CHECK(bench_heard(c, "+OK|") && c->total_commands == 1);
    bench_end(b);
}

/* What the slow parser was in the middle of belongs to one client. */
TEST(requests_of_two_clients_are_not_mixed_up)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *x = bench_client(b), *y = bench_client(b);
    text(x, "PUT a");
    text(y, "PUT b");
    text(x, "a\r\n");
    text(y, "b\r\n");
    CHECK(bench_heard(x, "+OK|") && bench_heard(y, "+OK|"));
    CHECK(db_find(x->db, BYTES("aa")) && db_find(x->db, BYTES("bb")) && x->db->keys.used == 2);
    int64_t until = b->engine.steady_ms + 100;
    pause_begin(&b->engine, until, false);
    text(x, "HAS aa\r\n");
    text(y, "PUT cc\r\n");
    CHECK(bench_heard(x, "") && bench_heard(y, "") && x->in_n == 8 && y->in_n == 8);
    bench_wait(b, 100);
    text(x, "");
    text(y, "");
    CHECK(bench_heard(x, ":1|") && bench_heard(y, "+OK|") && db_find(x->db, BYTES("cc")));
    bench_end(b);
}

UNIT_MAIN(T(any_cut_gives_the_same), T(a_long_argument_is_received_in_place),
          T(kept_bytes_move_with_their_buffer), T(a_blocked_client_keeps_its_pipelined_input),
          T(a_client_has_a_budget), T(a_group_has_a_time),
          T(what_is_no_request_ends_the_connection), T(strangers_may_send_little),
          T(a_group_runs_in_order_and_may_be_handed_back), T(the_key_that_is_looked_ahead_for),
          T(a_group_may_be_empty), T(requests_of_two_clients_are_not_mixed_up))
