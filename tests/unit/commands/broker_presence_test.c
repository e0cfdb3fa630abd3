/* Who is there: connections that go, and what becomes of what they had. */
#include "broker/broker_presence.h"

#include "broker.h"

static struct stream_consumer *consumer(struct bench *b, const char *name)
{
    return stream_group_consumer(broker_group(b, "q", "g"), bytes_text(name));
}

/* A second connection, which has read as the consumer. */
static struct client *reader(struct bench *b, const char *name, const char *want)
{
    struct client *c = bench_client(b);
    char line[100];
    snprintf(line, sizeof(line), "XREADGROUP GROUP g %s COUNT 2 STREAMS q >", name);
    SAYS(c, line, want);
    return c;
}

/* broker S1, S2. */
TEST(what_a_lost_connection_had_is_released)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 4, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *x = reader(b, "x", "[[q [[3-1 [n 3]] [4-1 [n 4]]]]]");
    SAYS(x, "XCLAIM q g x 0 2-1 JUSTID", "[2-1]");
    SAYS(w, "XCLAIM q g w 0 3-1 JUSTID", "[3-1]");
    broker_forget_effects(b);
    session_close(w);
    EFFECTS(b, ""); /* closing itself changes nothing */
    SAYS(c, "XPENDING q g - + 9 w", "[[1-1 w 0 1] [3-1 w 0 1]]");
    broker_bench_turn(b);
    EFFECTS(b, "@XNACK q g FAIL IDS 2 1-1 3-1 RETRYCOUNT 1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]] [3-1 [n 3]]]]]");
    SAYS(x, "RESET", "RESET");
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g - + 9", "[[1-1 c 0 2] [2-1  -1 1] [3-1 c 0 2] [4-1  -1 1]]");
    /* Once is enough. */
    session_close(x);
    broker_forget_effects(b);
    broker_bench_turn(b);
    EFFECTS(b, "");
    broker_bench_end(b);
}

/* broker S1: a consumer is gone when its last connection is. */
TEST(a_consumer_may_have_many_connections)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 2, false, &c);
    struct client *one = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *two = reader(b, "w", "(nil)"), *three = reader(b, "w", "(nil)");
    CHECK(consumer(b, "w")->presence.attached == 3);
    CHECK(broker_presence_others(broker_group(b, "q", "g"), consumer(b, "w"), two) == 2);
    CHECK(broker_presence_others(broker_group(b, "q", "g"), consumer(b, "w"), c) == 3);
    session_close(one);
    broker_bench_turn(b);
    SAYS(two, "RESET", "RESET");
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[w 2]]]");
    session_close(three);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 []]");
    broker_bench_end(b);
}

/* broker S1: who claims, reads its history, or reads in a script is not attached; in EXEC it is. */
TEST(only_reading_attaches)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 2, false, &c);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "XREADGROUP GROUP g w COUNT 1 STREAMS q >", "QUEUED");
    SAYS(c, "EXEC", "[[[q [[1-1 [n 1]]]]]]");
    struct client *claims = bench_client(b), *looks = bench_client(b);
    SAYS(claims, "XCLAIM q g x 0 1-1 JUSTID", "[1-1]");
    SAYS(looks, "XREADGROUP GROUP g y STREAMS q 0", "[[q []]]");
    CHECK(!claims->attached && !looks->attached && c->attached);
    session_close(claims);
    session_close(looks);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[1 1-1 1-1 [[x 1]]]");
    SAYS(c, "XCLAIM q g w 0 1-1 JUSTID", "[1-1]");
    session_close(c);
    c = bench_client(b);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[1 1-1 1-1 []]");
    broker_bench_end(b);
}

/* broker S2: without the rule connections mean nothing. It is the rule at the moment of closing
 * that counts. */
TEST(the_rule_may_come_and_go)
{
    struct client *c;
    struct bench *b = broker_queue("JOBS", 2, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    CHECK(!w->attached);
    SAYS(c, "XPOLICY SET q g ONDISCONNECT RELEASE", "OK");
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "(nil)");
    SAYS(c, "XPOLICY SET q g ONDISCONNECT KEEP", "OK");
    session_close(w);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[w 2]]]");
    w = reader(b, "w", "(nil)");
    CHECK(!w->attached);
    SAYS(c, "XPOLICY SET q g ONDISCONNECT RELEASE", "OK");
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "(nil)");
    session_close(w);
    SAYS(c, "XPOLICY SET q g ONDISCONNECT KEEP", "OK");
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 []]");
    broker_bench_end(b);
}

/* broker S2, D1, D3: what is used up dies. */
TEST(what_kills_its_workers_dies)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE MAXDELIVER 1", 3, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XCLAIM q g w 0 2-1 RETRYCOUNT 0 JUSTID", "[2-1]");
    SAYS(c, "XDEL q 3-1", "1");
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "(nil)");
    broker_forget_effects(b);
    session_close(w);
    broker_bench_turn(b);
    EFFECTS(b, "{XADD {q}:dlq 1700000000000-0 n 1 dl-reason maxdeliver dl-text connection closed "
               "dl-key q dl-group g dl-id 1-1 dl-consumer w dl-count 1 dl-delivered "
               "1700000000000;XACK q g 1-1;@XNACK q g FAIL IDS 1 2-1 RETRYCOUNT 0}");
    broker_bench_end(b);
}

/* broker G4, S2: while nothing may be written nothing is; afterwards, the oldest first. Who reads
 * under the name before that gets nothing: it would go as well. */
TEST(a_pause_only_delays)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 5, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *x = reader(b, "x", "[[q [[3-1 [n 3]] [4-1 [n 4]]]]]");
    SAYS(c, "CLIENT PAUSE 1000 WRITE", "OK");
    broker_forget_effects(b);
    session_close(x);
    session_close(w);
    broker_bench_wait(b, 500);
    EFFECTS(b, "");
    pause_end(&b->engine);
    w = reader(b, "w", "(nil)");
    SAYS(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >", "");
    broker_forget_effects(b);
    broker_bench_turn(b);
    HEARS(w, "[[q [[3-1 [n 3]] [4-1 [n 4]] [1-1 [n 1]] [2-1 [n 2]] [5-1 [n 5]]]]]");
    EFFECTS(b, "@XNACK q g FAIL IDS 2 3-1 4-1 RETRYCOUNT 1;@XNACK q g FAIL IDS 2 1-1 2-1 "
               "RETRYCOUNT 1;{XCLAIM q g w 0 3-1 4-1 1-1 2-1 TIME 1700000000500 RETRYCOUNT 2 FORCE "
               "JUSTID LASTID 4-1;XCLAIM q g w 0 5-1 TIME 1700000000500 RETRYCOUNT 1 FORCE JUSTID "
               "LASTID 5-1;XGROUP SETID q g 5-1 ENTRIESREAD 5}");
    broker_bench_end(b);
}

/* Stream, group, policy or consumer go, and whoever was attached is forgotten. */
TEST(attachments_end_with_what_they_are_for)
{
    static const char *const ends[] = {"DEL q",
                                       "XGROUP DESTROY q g",
                                       "XPOLICY DEL q g",
                                       "XGROUP DELCONSUMER q g w",
                                       "FLUSHDB",
                                       "SET q x",
                                       NULL};
    for (int i = 0; ends[i]; i++) {
        for (int closed = 0; closed < 2; closed++) {
            struct client *c;
            struct bench *b = broker_queue("ONDISCONNECT RELEASE", 2, false, &c);
            struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
            if (closed)
                session_close(w);
            bench_says(c, ends[i]);
            HEARS(c, "*");
            CHECK(closed || !w->attached);
            broker_bench_turn(b);
            SAYS(c, "DEL q", "*");
            SAYS(c, "XPOLICY SET q g MKSTREAM ONDISCONNECT RELEASE", "OK");
            SAYS(c, "XADD q 9-1 n 9", "9-1");
            if (!closed) {
                SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "[[q [[9-1 [n 9]]]]]");
                session_close(w);
                broker_bench_turn(b);
                SAYS(c, "XPENDING q g", "[1 9-1 9-1 []]");
            }
            broker_bench_end(b);
        }
    }
}

/* Whoever is attached stays so when the stream gets another name or database. */
TEST(attachments_move_with_the_stream)
{
    static const char *const moves[][2] = {
        {"RENAME q p", "OK"}, {"MOVE q 1", "1"}, {"SWAPDB 0 1", "OK"}, {"SWAPDB 1 0", "OK"}};
    for (int i = 0; i < 4; i++) {
        struct client *c;
        struct bench *b = broker_queue("ONDISCONNECT RELEASE SINGLE 60000", 2, false, &c);
        struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
        struct client *y = bench_client(b);
        SAYS(y, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >", "");
        SAYS(c, moves[i][0], moves[i][1]);
        broker_bench_turn(b);
        SAYS(y, "PING", "!NOGROUP*");
        if (i > 0)
            SAYS(c, "SELECT 1", "OK");
        SAYS(c, i ? "XREADGROUP GROUP g x STREAMS q >" : "XREADGROUP GROUP g x STREAMS p >",
             "(nil)"); /* the seat has moved, too */
        broker_forget_effects(b);
        session_close(y);
        broker_bench_turn(b);
        EFFECTS(b, "");
        session_close(w);
        broker_bench_turn(b);
        SAYS(c, i ? "XPENDING q g" : "XPENDING p g", "[2 1-1 2-1 []]");
        broker_bench_end(b);
    }
}

/* broker U4: a subscription's consumer is its connection. */
TEST(subscriptions_release_whatever_the_rule)
{
    struct client *c;
    struct bench *b = broker_queue("", 4, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *x = reader(b, "w", "[[q [[3-1 [n 3]] [4-1 [n 4]]]]]");
    struct broker_group at = {.engine = &b->engine,
                              .db = &b->engine.store->dbs[0],
                              .key = BYTES("q"),
                              .stream = broker_stream(b, "q"),
                              .group = broker_group(b, "q", "g")};
    struct broker_attachment *a = broker_presence_attach(&at, w, consumer(b, "w"));
    CHECK(a && a == broker_presence_attach(&at, w, consumer(b, "w")));
    broker_presence_subscribe(a);
    broker_presence_attach(&at, x, consumer(b, "w"));
    CHECK(consumer(b, "w")->presence.waiting == 1);
    session_close(w); /* another one is there: it passes the duty on */
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[4 1-1 4-1 [[w 4]]]");
    session_close(x);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[4 1-1 4-1 []]");
    w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    a = broker_presence_attach(&at, w, consumer(b, "w"));
    broker_presence_subscribe(a);
    broker_presence_unsubscribe(a);
    CHECK(consumer(b, "w")->presence.waiting == 0);
    session_close(w);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[4 1-1 4-1 [[w 2]]]");
    broker_bench_end(b);
}

/* An attached connection takes at most 96 bytes. */
TEST(an_attachment_is_small)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 2, false, &c);
    struct client *w = bench_client(b);
    size_t held = w->held;
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "*");
    CHECK(w->attached && w->held > held && w->held - held <= 96);
    CHECK(w->held - held == mem_block_size(w->attached));
    SAYS(w, "RESET", "RESET");
    CHECK(w->held == held);
    broker_bench_end(b);
}

/* Streams q0 to q8 with a group g that releases what a closed connection has. */
static void make_nine_groups(struct client *c)
{
    char line[200];
    for (int i = 0; i < 9; i++) {
        snprintf(line, sizeof(line), "XPOLICY SET q%d g MKSTREAM ONDISCONNECT RELEASE", i);
        SAYS(c, line, "OK");
    }
}

/* Also of a connection that reads many streams. */
TEST(a_connection_may_read_many_groups)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 1, false, &c);
    struct client *w = bench_client(b);
    char line[200];
    make_nine_groups(c);
    for (int i = 0; i < 9; i++) {
        snprintf(line, sizeof(line), "XADD q%d 1-1 a 1", i);
        SAYS(c, line, "1-1");
    }
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 9; i++) {
            snprintf(line, sizeof(line), "XREADGROUP GROUP g w%d STREAMS q%d >", i & 1, i);
            SAYS(w, line, round ? "(nil)" : "*");
        }
    SAYS(c, "DEL q4", "1");
    session_close(w);
    broker_bench_turn(b);
    for (int i = 0; i < 9; i++) {
        snprintf(line, sizeof(line), "XPENDING q%d g", i);
        SAYS(c, line, i == 4 ? "!NOGROUP*" : "[1 1-1 1-1 []]");
    }
    broker_bench_end(b);
}

/* broker W4: the search also walks the group's attachments, here a single one, so it ends before it
 * reaches the broken link in the client's. */
TEST(many_groups_are_not_searched)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 1, false, &c);
    struct client *w = bench_client(b);
    char line[200];
    make_nine_groups(c);
    for (int i = 0; i < 9; i++) {
        snprintf(line, sizeof(line), "XREADGROUP GROUP g w STREAMS q%d >", i);
        SAYS(w, line, "(nil)");
    }
    const struct broker_attachment *last = w->attached;
    struct dlist_node *second = last->of_client.next->next, *third = second->next;
    second->next = NULL;
    SAYS(w, "XREADGROUP GROUP g w STREAMS q5 >", "(nil)");
    second->next = third;
    CHECK(w->attached != last);
    CHECK(w->attached->consumer == stream_group_consumer(broker_group(b, "q5", "g"), BYTES("w")));
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(w, "XREADGROUP GROUP g w STREAMS q5 >", "(nil)");
    session_close(w);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[1 1-1 1-1 []]");
    broker_bench_end(b);
}

/* broker S1: also by a read that had enough before it came to the group. */
TEST(reading_attaches_whatever_it_gives)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 2, false, &c);
    struct client *w = reader(b, "w", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *y = bench_client(b);
    SAYS(c, "XGROUP CREATE r g 0 MKSTREAM", "OK");
    SAYS(c, "XADD r 1-1 a 1", "1-1");
    SAYS(y, "XREADGROUP GROUP g w COUNT 1 MAXCOUNT 1 STREAMS r q > >", "[[r [[1-1 [a 1]]]]]");
    session_close(w);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[w 2]]]");
    session_close(y);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 []]");
    broker_bench_end(b);
}

/* Letters come back as copies, and the stream has a limit: what is about to be released stays until
 * it is. */
TEST(letters_may_come_back)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE MAXDELIVER 1", 3, false, &c);
    SAYS(c, "XBIND ADD {q}:dlq ALL TO q", "1");
    SAYS(c, "XCFGSET q MAXLEN 2 OVERFLOW DROP DELREF", "*");
    struct client *w = bench_client(b);
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "*");
    session_close(w);
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

/* A blocked reader whose consumer is deleted is its consumer again. */
TEST(deleting_a_consumer_leaves_its_readers)
{
    struct client *c;
    struct bench *b = broker_queue("GROUPTTL 1000", 0, false, &c);
    struct client *w = bench_client(b), *x = bench_client(b);
    SAYS(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >", "");
    SAYS(x, "XREADGROUP GROUP g x BLOCK 0 STREAMS q >", "");
    SAYS(c, "XGROUP DELCONSUMER q g w", "0");
    SAYS(c, "XGROUP DELCONSUMER q g x", "0");
    broker_bench_turn(b);
    CHECK(consumer(b, "w")->presence.waiting == 1 && consumer(b, "x")->presence.waiting == 1);
    for (int i = 0; i < 20; i++)
        broker_bench_wait(b, 1000);
    CHECK(broker_group(b, "q", "g"));
    broker_bench_end(b);
}

/* Leaving a million entries behind holds nobody up: steps of bounded size. */
TEST(much_is_released_in_steps)
{
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 1000, false, &c);
    struct client *w = bench_client(b);
    SAYS(w, "XREADGROUP GROUP g w STREAMS q >", "*");
    session_close(w);
    b->settings->broker_turn_us = 0;
    int turns = 0;
    while (consumer(b, "w")->pending) {
        uint64_t before = consumer(b, "w")->pending;
        broker_bench_turn(b);
        CHECK(before - consumer(b, "w")->pending <= 128 && consumer(b, "w")->pending < before);
        turns++;
    }
    CHECK(turns >= 8);
    broker_bench_end(b);
}

/* Those for which the client is blocked, of all the consumers that it is attached to. */
static size_t awaited(const struct client *c)
{
    size_t n = 0;
    const struct broker_attachment *a = c->awaiting;
    if (a)
        do {
            CHECK(a->waits && !a->subscribed && a->client == c);
            n++;
            a = dlist_item(a->of_wait.next, struct broker_attachment, of_wait);
        } while (a != c->awaiting);
    return n;
}

/* broker S1, S5: a client that reads from many groups and waits for few of them costs few. */
TEST(only_what_a_client_waits_for_is_looked_at)
{
    enum { MANY = 50 };
    struct client *c;
    struct bench *b = broker_queue("ONDISCONNECT RELEASE", 1, false, &c);
    struct client *w = bench_client(b);
    char line[100], key[20];
    for (int i = 0; i < MANY; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATE k%d g $ MKSTREAM", i);
        SAYS(c, line, "OK");
        snprintf(line, sizeof(line), "XPOLICY SET k%d g ONDISCONNECT RELEASE", i);
        SAYS(c, line, "OK");
        snprintf(line, sizeof(line), "XREADGROUP GROUP g w STREAMS k%d >", i);
        SAYS(w, line, "(nil)");
    }
    CHECK(awaited(w) == 0);
    for (int round = 0; round < 3; round++) {
        SAYS(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS k3 k7 k9 > > >", "");
        CHECK(awaited(w) == 3);
        if (round == 1) { /* one of them becomes a group without a policy */
            SAYS(c, "XPOLICY DEL k9 g", "1");
            CHECK(awaited(w) == 2);
            SAYS(c, "XPOLICY SET k9 g ONDISCONNECT RELEASE", "OK");
        }
        SAYS(c, "XADD k7 1-* a 1", "*");
        broker_bench_turn(b);
        broker_forget_replies(w);
        CHECK(awaited(w) == 0);
        for (int i = 0; i < MANY; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            CHECK(stream_group_consumer(broker_group(b, key, "g"), BYTES("w"))->presence.waiting ==
                  0);
        }
    }
    SAYS(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS k3 k7 > >", "");
    CHECK(awaited(w) == 2);
    session_close(w);
    broker_bench_end(b);
}

UNIT_MAIN(T(what_a_lost_connection_had_is_released), T(a_consumer_may_have_many_connections),
          T(only_reading_attaches), T(the_rule_may_come_and_go), T(what_kills_its_workers_dies),
          T(a_pause_only_delays), T(attachments_end_with_what_they_are_for),
          T(attachments_move_with_the_stream), T(subscriptions_release_whatever_the_rule),
          T(an_attachment_is_small), T(a_connection_may_read_many_groups),
          T(many_groups_are_not_searched), T(reading_attaches_whatever_it_gives),
          T(letters_may_come_back), T(deleting_a_consumer_leaves_its_readers),
          T(only_what_a_client_waits_for_is_looked_at), T(much_is_released_in_steps))
