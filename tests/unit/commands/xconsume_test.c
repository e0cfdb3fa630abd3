/* Messages are pushed to connections. Entry n-1 of the queue is [n-1 [n n]]. */
#include "broker/broker_consume.h"

#include "broker.h"
#include "engine/client_line.h"
#include "engine/gate.h"
#include "engine/state.h"

#define PUSH(id, n, deliveries) "[xdeliver q g " id " [n " n "] " deliveries "]"

/* A client that speaks RESP3. */
static struct client *client3(struct bench *b)
{
    struct client *c = bench_client(b);
    c->reply.resp = 3;
    return c;
}

static struct client *subscriber(struct bench *b, const char *name, const char *options)
{
    struct client *c = client3(b);
    char line[200];
    snprintf(line, sizeof(line), "XCONSUME START GROUP g %s %s%sSTREAMS q", name, options,
             *options ? " " : "");
    bench_says(c, line);
    return c;
}

static uint64_t pending(struct bench *b, const char *name)
{
    return stream_group_consumer(broker_group(b, "q", "g"), bytes_text(name))->pending;
}

/* broker U1, G8. */
TEST(all_is_judged_before_anything_is_subscribed)
{
    static const char *const wrong[][2] = {
        {"XCONSUME START GROUP g w PREFETCH STREAMS q", "!ERR syntax error"},
        {"XCONSUME START GROUP g w STREAMS q PREFETCH", "*"},
        {"XCONSUME START GROUPS g w STREAMS q", "!ERR syntax error"},
        {"XCONSUME START GROUP g w SPEED 5 STREAMS q", "!ERR syntax error"},
        {"XCONSUME START GROUP g w PREFETCH 5 STREAMS", "!ERR syntax error"},
        {"XCONSUME START GROUP g w PREFETCH 1 PREFETCH 2 STREAMS q",
         "!ERR PREFETCH specified multiple times"},
        {"XCONSUME START GROUP g w PREFETCH 0 STREAMS q",
         "!ERR PREFETCH must be between 1 and 1000000"},
        {"XCONSUME START GROUP g w PREFETCH 1000001 STREAMS nosuch",
         "!ERR PREFETCH must be between 1 and 1000000"},
        {"XCONSUME START GROUP g w STREAMS q nosuch",
         "!NOGROUP No such key 'nosuch' or consumer group 'g'"},
        {"XCONSUME START GROUP h w STREAMS q", "!NOGROUP No such key 'q' or consumer group 'h'"},
        {"XCONSUME START GROUP g w STREAMS q plain", "!ERR XCONSUME needs a group with a policy"},
        {"XCONSUME START GROUP g w STREAMS q text",
         "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XCONSUME STOP GROUP", "!ERR syntax error"},
        {"XCONSUME STOP STREAMS q", "!ERR syntax error"},
        {"XCONSUME STOP GROUP g STREAMS", "!ERR syntax error"},
        {"XCONSUME STOP GROUP g PREFETCH 3 STREAMS q", "!ERR syntax error"},
    };
    struct client *c;
    struct bench *b = broker_queue("", 1, false, &c);
    bench_says(c, "XGROUP CREATE plain g 0 MKSTREAM");
    SAYS(c, "SET text x", "OK OK");
    SAYS(c, "XCONSUME START GROUP g w STREAMS q", "!ERR XCONSUME needs RESP3, use HELLO 3");
    SAYS(c, "XCONSUME STOP", "0"); /* that needs none */
    struct client *w = client3(b);
    broker_forget_effects(b);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        if (*wrong[i][1] != '*')
            SAYS(w, wrong[i][0], wrong[i][1]);
        CHECK(!w->pushing && b->engine.broker->subscriptions == 0);
    }
    EFFECTS(b, "");
    SAYS(w, "MULTI", "OK");
    SAYS(w, "XCONSUME START GROUP g w STREAMS q", "!ERR Command not allowed inside a transaction");
    SAYS(w, "DISCARD", "OK");
    /* The reply comes first. */
    SAYS(w, "XCONSUME START GROUP g w STREAMS q q", "OK " PUSH("1-1", "1", "1"));
    CHECK(b->engine.broker->subscriptions == 1);
    b->engine.role = ROLE_REPLICA_UP; /* one that takes writes: it does nothing by itself */
    SAYS(w, "XCONSUME START GROUP g w STREAMS q",
         "!READONLY You can't write against a read only replica.");
    b->engine.role = ROLE_PRIMARY;
    broker_bench_end(b);
}

/* broker U2, G2. */
TEST(what_is_pushed_is_what_a_read_would_give)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100 MAXDELIVER 3", 4, false, &c);
    SAYS(c, "XREADGROUP GROUP g c COUNT 2 STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    broker_bench_wait(b, 100);
    broker_forget_effects(b);
    /* Released, overdue, unread. */
    struct client *w = subscriber(b, "w", "PREFETCH 3");
    HEARS(w, "OK " PUSH("2-1", "2", "2") " " PUSH("1-1", "1", "2") " " PUSH("3-1", "3", "1"));
    EFFECTS(b, "XGROUP CREATECONSUMER q g w;"
               "{XCLAIM q g w 0 2-1 1-1 TIME 1700000000100 RETRYCOUNT 2 FORCE JUSTID LASTID 2-1;"
               "XCLAIM q g w 0 3-1 TIME 1700000000100 RETRYCOUNT 1 FORCE JUSTID LASTID 3-1;"
               "XGROUP SETID q g 3-1 ENTRIESREAD 3}");
    SAYS(c, "XPENDING q g", "[3 1-1 3-1 [[w 3]]]");
    /* Other things go on meanwhile, and a message is there between two replies. */
    SAYS(w, "PING", "PONG");
    SAYS(w, "XACK q g 3-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("4-1", "4", "1"));
    /* The third time is the last. */
    SAYS(w, "XACK q g 4-1", "1");
    broker_bench_wait(b, 100);
    HEARS(w, PUSH("2-1", "2", "3") " " PUSH("1-1", "1", "3"));
    broker_bench_wait(b, 100);
    HEARS(w, "");
    SAYS(c, "XLEN {q}:dlq", "2");
    broker_bench_end(b);
}

/* broker U3: credit comes back whoever gives it. */
TEST(a_consumer_has_as_much_pending_as_it_may)
{
    struct client *c;
    struct bench *b = broker_queue("RETRY FIXED 1000", 20, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 2");
    HEARS(w, "OK " PUSH("1-1", "1", "1") " " PUSH("2-1", "2", "1"));
    broker_bench_turn(b);
    HEARS(w, "");
    CHECK(!broker_has_work(b->engine.broker)); /* who is full costs nothing */
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("3-1", "3", "1"));
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("4-1", "4", "1"));
    SAYS(c, "XACKIF q g w IDS 1 3-1", "[1]");
    broker_bench_turn(b);
    HEARS(w, PUSH("5-1", "5", "1"));
    SAYS(c, "XCLAIM q g c 0 4-1 JUSTID", "[4-1]");
    broker_bench_turn(b);
    HEARS(w, PUSH("6-1", "6", "1"));
    SAYS(c, "XACKDEL q g KEEPREF IDS 1 5-1", "[1]");
    broker_bench_turn(b);
    HEARS(w, PUSH("7-1", "7", "1"));
    SAYS(c, "XDELEX q DELREF IDS 1 6-1", "[1]");
    broker_bench_turn(b);
    HEARS(w, PUSH("8-1", "8", "1"));
    SAYS(c, "XTRIM q MINID 8-1 DELREF", "5");
    broker_bench_turn(b);
    HEARS(w, PUSH("9-1", "9", "1"));
    SAYS(c, "XAUTOCLAIM q g c 0 9-1 COUNT 1 JUSTID", "[0-0 [9-1] []]");
    broker_bench_turn(b);
    HEARS(w, PUSH("10-1", "10", "1"));
    SAYS(c, "XREADGROUP GROUP g w COUNT 1 STREAMS q 9-1", "[[q [[10-1 [n 10]]]]]"); /* no change */
    broker_bench_turn(b);
    HEARS(w, "");
    /* The policy's is lower, then higher again. */
    SAYS(c, "XPOLICY SET q g PREFETCH 1", "OK");
    SAYS(c, "XACK q g 8-1", "1");
    broker_bench_turn(b);
    HEARS(w, "");
    SAYS(c, "XPOLICY SET q g PREFETCH 100", "OK");
    broker_bench_turn(b);
    HEARS(w, PUSH("11-1", "11", "1"));
    /* Asked for again: more of it. */
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 3 STREAMS q", "OK " PUSH("12-1", "12", "1"));
    CHECK(pending(b, "w") == 3 && b->engine.broker->subscriptions == 1);
    broker_bench_end(b);
}

/* broker U3, C5, section 16: XGROUP SETID back delivers pending entries as new, to others too. */
TEST(who_loses_an_entry_to_a_position_set_back_has_room)
{
    struct client *c;
    struct bench *b = broker_queue("", 2, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 1");
    broker_bench_turn(b);
    broker_forget_replies(w);
    SAYS(c, "XGROUP SETID q g 0", "OK");
    broker_bench_turn(b);
    HEARS(w, ""); /* it is full */
    SAYS(c, "XREADGROUP GROUP g c COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    CHECK(pending(b, "w") == 0);
    broker_bench_turn(b);
    HEARS(w, PUSH("2-1", "2", "1"));
    broker_bench_end(b);
}

/* broker U3: however many are full, an acknowledgement concerns one of them. */
TEST(only_who_has_room_is_looked_at)
{
    enum { MANY = 50 };
    struct client *c, *w[MANY];
    struct bench *b = broker_queue("RETRY FIXED 100000", 60, false, &c);
    char name[20];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "w%d", i + 1);
        w[i] = subscriber(b, name, "PREFETCH 1");
        broker_bench_turn(b);
        broker_forget_replies(w[i]);
    }
    const struct stream_group *g = broker_group(b, "q", "g");
    const struct stream_consumer *w7 = stream_group_consumer(g, BYTES("w7"));
    CHECK(g->roomy_n == 0 && !dlist_empty(&w7->presence.full));
    SAYS(c, "XACK q g 7-1", "1");
    CHECK(g->roomy_n == 1);
    broker_bench_turn(b);
    HEARS(w[6], PUSH("51-1", "51", "1"));
    CHECK(g->roomy_n == 0 && !broker_has_work(b->engine.broker));
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XNACK q g FAIL IDS 2 2-1 3-1", "2");
    SAYS(c, "XCLAIM q g c 0 4-1 JUSTID", "[4-1]");
    CHECK(g->roomy_n == 4);
    broker_bench_turn(b);
    CHECK(g->roomy_n == 0 && pending(b, "w1") + pending(b, "w2") + pending(b, "w3") == 3);
    /* w5 is deleted, and its client disconnects, before the next visit. */
    SAYS(c, "XACK q g 5-1 6-1 8-1", "3");
    CHECK(g->roomy_n == 3);
    SAYS(c, "XGROUP DELCONSUMER q g w5", "0");
    SAYS(c, "XGROUP CREATECONSUMER q g other", "1"); /* gets its number */
    session_close(w[5]);
    broker_bench_turn(b);
    CHECK(g->roomy_n == 0 && pending(b, "w5") == 1 && pending(b, "w8") == 1);
    /* The same consumer twice, with different limits. */
    struct client *more = subscriber(b, "w9", "PREFETCH 2");
    broker_bench_turn(b);
    CHECK(pending(b, "w9") == 2);
    SAYS(c, "XACK q g 9-1", "1");
    broker_bench_turn(b);
    CHECK(pending(b, "w9") == 2);
    session_close(more);
    SAYS(c, "DEL q", "1");
    broker_bench_turn(b);
    broker_bench_end(b);
}

/* broker U3, C1: of what is its own it may have again also when it has no credit. */
TEST(a_full_consumer_gets_its_own_again)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100", 3, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 1");
    HEARS(w, "OK " PUSH("1-1", "1", "1"));
    broker_bench_wait(b, 99);
    HEARS(w, "");
    broker_bench_wait(b, 1);
    HEARS(w, PUSH("1-1", "1", "2"));
    CHECK(pending(b, "w") == 1);
    broker_bench_wait(b, 100);
    HEARS(w, PUSH("1-1", "1", "3"));
    SAYS(w, "XACK q g 1-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("2-1", "2", "1"));
    broker_bench_end(b);
}

/* broker U4. */
TEST(what_a_lost_connection_was_sent_is_released)
{
    struct client *c;
    struct bench *b = broker_queue("", 3, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 2");
    HEARS(w, "OK " PUSH("1-1", "1", "1") " " PUSH("2-1", "2", "1"));
    broker_forget_effects(b);
    session_close(w);
    broker_bench_turn(b);
    EFFECTS(b, "@XNACK q g FAIL IDS 2 1-1 2-1 RETRYCOUNT 1");
    /* What the consumer has from before, of whatever way. */
    SAYS(c, "XREADGROUP GROUP g w COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_forget_effects(b);
    w = subscriber(b, "w", "PREFETCH 2");
    HEARS(w, "OK " PUSH("2-1", "2", "2") " " PUSH("1-1", "1", "3"));
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 2;"
               "{XCLAIM q g w 0 2-1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 2-1;"
               "XCLAIM q g w 0 1-1 TIME 1700000000000 RETRYCOUNT 3 FORCE JUSTID LASTID 2-1}");
    /* Not when another connection is that consumer; and the last one to go releases all. */
    struct client *x = subscriber(b, "w", "PREFETCH 3");
    HEARS(x, "OK " PUSH("3-1", "3", "1"));
    session_close(w);
    broker_bench_turn(b);
    CHECK(pending(b, "w") == 3);
    session_close(x);
    broker_bench_turn(b);
    CHECK(pending(b, "w") == 0);
    SAYS(c, "XPENDING q g - + 9", "[[1-1  -1 3] [2-1  -1 2] [3-1  -1 1]]");
    broker_bench_end(b);
}

/* broker U4, U7, S1: it comes back before what it had has been released. */
TEST(a_connection_that_returns_at_once_gets_all_again)
{
    struct client *c;
    struct bench *b = broker_queue("", 2, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 2");
    HEARS(w, "OK " PUSH("1-1", "1", "1") " " PUSH("2-1", "2", "1"));
    session_close(w);
    w = subscriber(b, "w", "PREFETCH 2");
    broker_bench_turn(b);
    broker_bench_turn(b);
    HEARS(w, "OK " PUSH("1-1", "1", "2") " " PUSH("2-1", "2", "2"));
    CHECK(pending(b, "w") == 2);
    /* RESET is an end like closing. */
    SAYS(w, "RESET", "RESET");
    CHECK(!w->pushing && b->engine.broker->subscriptions == 0);
    broker_bench_turn(b);
    CHECK(pending(b, "w") == 0);
    broker_bench_end(b);
}

/* broker U5. */
TEST(subscribers_and_readers_are_served_in_turn)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    struct client *v = subscriber(b, "v", ""), *r = bench_client(b), *w;
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 STREAMS q >");
    w = subscriber(b, "w", "");
    HEARS(v, "OK");
    HEARS(w, "OK");
    SAYS(c, "XADD q 1-1 n 1", "1-1");
    HEARS(v, PUSH("1-1", "1", "1"));
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    HEARS(r, "[[q [[2-1 [n 2]]]]]");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 STREAMS q >");
    SAYS(c, "XADD q 3-1 n 3", "3-1");
    HEARS(w, PUSH("3-1", "3", "1"));
    SAYS(c, "XADD q 4-1 n 4", "4-1");
    HEARS(v, PUSH("4-1", "4", "1"));
    SAYS(c, "XADD q 5-1 n 5", "5-1");
    HEARS(r, "[[q [[5-1 [n 5]]]]]");
    HEARS(v, "");
    HEARS(w, "");
    broker_bench_end(b);
}

/* broker U5, G5: a visit gives 16. */
TEST(a_hot_stream_is_given_out_in_pieces)
{
    struct client *c;
    struct bench *b = broker_queue("PAUSE ON", 100, false, &c);
    subscriber(b, "v", "PREFETCH 100");
    subscriber(b, "w", "PREFETCH 20");
    broker_bench_turn(b);
    SAYS(c, "XPOLICY SET q g PAUSE OFF", "OK");
    CHECK(pending(b, "v") == 16 && pending(b, "w") == 0); /* between commands one visit */
    SAYS(c, "PING", "PONG");
    CHECK(pending(b, "v") == 16);
    b->settings->broker_turn_us = 0; /* one visit a turn */
    CHECK(broker_has_work(b->engine.broker));
    broker_serve(b->engine.broker);
    CHECK(pending(b, "v") == 16 && pending(b, "w") == 16);
    broker_serve(b->engine.broker);
    CHECK(pending(b, "v") == 32 && pending(b, "w") == 16);
    broker_serve(b->engine.broker);
    CHECK(pending(b, "v") == 32 && pending(b, "w") == 20);
    while (block_stays_have_work(&b->engine))
        broker_serve(b->engine.broker);
    CHECK(pending(b, "v") == 80 && pending(b, "w") == 20);
    broker_bench_end(b);
}

/* broker U5: who does not read. */
TEST(subscribers_with_a_megabyte_unsent_are_skipped)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    struct client *v = subscriber(b, "v", "PREFETCH 100"), *w = subscriber(b, "w", "");
    struct buf big = {0};
    HEARS(v, "OK");
    HEARS(w, "OK");
    SAYS(c, "XPOLICY SET q g PAUSE ON", "OK");
    buf_add_text(&big, "XADD q * n ");
    for (int i = 0; i < 300000; i++)
        buf_add_char(&big, 'x');
    buf_add_char(&big, 0);
    for (int i = 0; i < 6; i++)
        bench_says(c, big.p);
    session_close(w);
    SAYS(c, "XPOLICY SET q g PAUSE OFF", "*");
    broker_bench_turn(b);
    CHECK(pending(b, "v") == 4); /* the fourth one is beyond it */
    CHECK(!broker_has_work(b->engine.broker));
    SAYS(c, "XADD q * n 1", "*");
    broker_bench_turn(b);
    CHECK(pending(b, "v") == 4 && !broker_has_work(b->engine.broker));
    chain_take(&v->out, 300000);
    CHECK(broker_has_work(b->engine.broker)); /* the loop does not sleep over it */
    broker_bench_turn(b);
    CHECK(pending(b, "v") == 5);
    chain_take(&v->out, chain_pending(&v->out));
    broker_bench_turn(b);
    CHECK(pending(b, "v") == 7);
    buf_free(&big);
    broker_bench_end(b);
}

/* broker U6. */
TEST(a_frame_waits_for_the_journal)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    struct engine *e = &b->engine;
    struct client *w = subscriber(b, "w", "");
    HEARS(w, "OK");
    struct gate_promise p = {.armed = true, .open = true, .released = e->journal->offset};
    gate_tell(e, &p);
    SAYS(c, "XADD q 1-1 n 1", "1-1");
    CHECK(chain_pending(&w->out) > 0 && gate_sendable(w) == w->out.taken);
    uint64_t claimed = e->journal->offset;
    p.released = claimed - 1;
    gate_tell(e, &p);
    CHECK(gate_sendable(w) == w->out.taken && gate_is_sound(w));
    p.released = claimed;
    gate_tell(e, &p);
    CHECK(gate_sendable(w) == chain_end(&w->out));
    HEARS(w, PUSH("1-1", "1", "1"));
    broker_bench_end(b);
}

/* broker U7. */
TEST(stop_ends_some_or_all)
{
    struct client *c;
    struct bench *b = broker_queue("", 1, false, &c);
    for (const char *k = "ab"; *k; k++) {
        char line[60];
        snprintf(line, sizeof(line), "XPOLICY SET %c g MKSTREAM", *k);
        SAYS(c, line, "OK");
        snprintf(line, sizeof(line), "XPOLICY SET %c h MKSTREAM", *k);
        SAYS(c, line, "OK");
    }
    struct client *w = client3(b);
    SAYS(w, "XCONSUME START GROUP g w STREAMS q a b", "OK " PUSH("1-1", "1", "1"));
    SAYS(w, "XCONSUME START GROUP h w STREAMS a b", "OK");
    CHECK(w->pushing->subscriptions == 5);
    SAYS(w, "XCONSUME STOP GROUP g STREAMS q q nosuch", "1");
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    HEARS(w, "");
    CHECK(pending(b, "w") == 1); /* it stays leased */
    SAYS(w, "XCONSUME STOP GROUP h", "2");
    SAYS(w, "XCONSUME STOP GROUP h", "0");
    SAYS(w, "XCONSUME STOP", "2");
    CHECK(w->pushing->subscriptions == 0 && b->engine.broker->subscriptions == 0);
    session_close(w);
    broker_bench_turn(b);
    CHECK(pending(b, "w") == 1);
    /* A client that goes back to RESP2 stops as well. */
    w = subscriber(b, "x", "");
    HEARS(w, "OK " PUSH("2-1", "2", "1"));
    SAYS(w, "HELLO 2", "*");
    CHECK(w->pushing->subscriptions == 0 && pending(b, "x") == 1);
    session_close(w);
    broker_bench_turn(b);
    CHECK(pending(b, "x") == 1);
    broker_bench_end(b);
}

/* broker U8. */
TEST(a_subscriber_hears_of_the_end)
{
    static const char *const ends[][2] = {
        {"DEL q", "key"},    {"XGROUP DESTROY q g", "group"}, {"XPOLICY DEL q g", "policy"},
        {"FLUSHDB", "key"},  {"RENAME q r", "key"},           {"SWAPDB 0 1", "key"},
        {"SET q x", "key"},  {"COPY other q REPLACE", "key"}, {"PEXPIRE q 0", "key"},
        {"MOVE q 1", "key"},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct client *c;
        struct bench *b = broker_queue("PREFETCH 1", 2, false, &c);
        struct client *v = subscriber(b, "v", ""), *w = subscriber(b, "w", "");
        char want[60];
        SAYS(c, "XPOLICY SET other g MKSTREAM", "OK");
        HEARS(v, "OK " PUSH("1-1", "1", "1")); /* one is full, the other waits */
        HEARS(w, "OK " PUSH("2-1", "2", "1"));
        SAYS(w, "XACK q g 2-1", "1");
        broker_bench_turn(b);
        bench_says(c, ends[i][0]);
        snprintf(want, sizeof(want), "[xend q g %s]", ends[i][1]);
        HEARS(v, want);
        HEARS(w, want);
        CHECK(v->pushing->subscriptions == 0 && b->engine.broker->subscriptions == 0);
        bench_says(c, "XPOLICY SET q g MKSTREAM");
        bench_says(c, "XADD q * n 1");
        broker_bench_turn(b);
        HEARS(v, "");
        CHECK(b->engine.store->waited == 0);
        broker_bench_end(b);
    }
}

/* broker U8: one that nobody looked at since its time came. */
TEST(a_visit_may_find_that_the_key_has_expired)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    struct client *v = subscriber(b, "v", ""), *w = subscriber(b, "w", "");
    HEARS(v, "OK");
    HEARS(w, "OK");
    SAYS(c, "PEXPIRE q 100", "1");
    b->engine.now_ms = b->engine.store->now_ms += 100;
    block_key_ready(&b->engine, c->db, BYTES("q"));
    broker_bench_turn(b);
    HEARS(v, "[xend q g key]");
    HEARS(w, "[xend q g key]");
    CHECK(b->engine.broker->subscriptions == 0 && b->engine.store->waited == 0);
    broker_bench_end(b);
}

/* broker U9, I1, I3. */
TEST(subscriptions_are_shown)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    struct buf line = {0};
    struct client *w = subscriber(b, "w", "");
    size_t before = b->engine.clients.held;
    bench_says(w, "XCONSUME START GROUP g w PREFETCH 5 STREAMS q");
    bench_says(w, "SELECT 1");
    bench_says(w, "XPOLICY SET q g MKSTREAM");
    bench_says(w, "XCONSUME START GROUP g w STREAMS q");
    CHECK(b->engine.broker->subscriptions == 2);
    client_line_print(w, &line);
    buf_add_char(&line, 0);
    CHECK(strstr(line.p, " xsub=2\n"));
    line.n = 0;
    client_line_print(c, &line);
    buf_add_char(&line, 0);
    CHECK(!strstr(line.p, "xsub"));
    bench_says(c, "XPOLICY STATS q g");
    struct buf raw = {0};
    broker_drain(c, &raw);
    CHECK(strstr(raw.p, "$11\r\nsubscribers\r\n:1\r\n"));
    buf_free(&raw);
    /* What one takes, as maxmemory-clients counts it. */
    CHECK(b->engine.clients.held - before < 1024);
    bench_says(w, "XCONSUME STOP");
    CHECK(!client_is_idle(w));
    buf_free(&line);
    broker_bench_end(b);
}

/* broker G4: nothing is sent while a write would not run; afterwards all. */
TEST(nothing_is_pushed_while_nothing_may_be_written)
{
    static const unsigned bits[] = {ENGINE_DISK_FAILED, ENGINE_PAUSED, ENGINE_FEW_REPLICAS};
    for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
        struct client *c;
        struct bench *b = broker_queue("", 0, false, &c);
        struct client *w = subscriber(b, "w", "");
        HEARS(w, "OK");
        state_set(&b->engine, bits[i], true);
        block_key_ready(&b->engine, c->db, BYTES("q"));
        bench_turn(b);
        CHECK(!broker_has_work(b->engine.broker));
        state_set(&b->engine, bits[i], false);
        bench_says(c, "XADD q 1-1 n 1");
        broker_bench_turn(b);
        HEARS(w, PUSH("1-1", "1", "1"));
        broker_bench_end(b);
    }
}

/* broker C4, C2: what stops readers stops pushes, and ends as for them. */
TEST(caps_of_the_group_hold_for_pushes)
{
    struct client *c;
    struct bench *b = broker_queue("PAUSE ON", 3, false, &c);
    struct client *w = subscriber(b, "w", "");
    broker_bench_turn(b);
    HEARS(w, "OK");
    SAYS(c, "XPOLICY SET q g PAUSE OFF MAXPENDING 1", "OK");
    HEARS(w, PUSH("1-1", "1", "1"));
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("2-1", "2", "1"));
    broker_bench_turn(b);
    HEARS(w, "");
    broker_bench_end(b);
}

/* The consumer of a subscription is deleted: it goes on as a new one of that name. */
TEST(a_deleted_consumer_is_made_again)
{
    struct client *c;
    struct bench *b = broker_queue("PREFETCH 1", 3, false, &c);
    struct client *w = subscriber(b, "w", "");
    HEARS(w, "OK " PUSH("1-1", "1", "1"));
    SAYS(c, "XGROUP DELCONSUMER q g w", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("1-1", "1", "2"));
    session_close(w); /* and is one that is attached */
    broker_bench_turn(b);
    CHECK(pending(b, "w") == 0);
    broker_bench_end(b);
}

/* A copy has the consumers of a group, but none of the subscriptions that wait for them. */
TEST(a_copied_consumer_has_its_own_subscriptions)
{
    struct client *c;
    struct bench *b = broker_queue("", 4, false, &c);
    struct client *w = subscriber(b, "w", "PREFETCH 1"), *x = client3(b);
    HEARS(w, "OK " PUSH("1-1", "1", "1"));
    SAYS(c, "COPY q r", "1");
    SAYS(c, "XACK r g 1-1", "1");
    broker_bench_turn(b);
    bench_says(x, "XCONSUME START GROUP g w PREFETCH 1 STREAMS r");
    broker_bench_turn(b);
    HEARS(x, "OK [xdeliver r g 2-1 [n 2] 1]");
    SAYS(c, "XACK r g 2-1", "1");
    broker_bench_turn(b);
    HEARS(x, "[xdeliver r g 3-1 [n 3] 1]");
    SAYS(c, "DEL r", "1");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_turn(b);
    HEARS(w, PUSH("2-1", "2", "1"));
    broker_bench_end(b);
}

/* Whatever removes the consumer for which a subscription waits. */
TEST(a_full_subscription_ends_with_its_consumer)
{
    static const char *const ends[] = {"DEL q",
                                       "UNLINK q",
                                       "FLUSHDB",
                                       "FLUSHDB ASYNC",
                                       "SET q x",
                                       "RENAME other q",
                                       "COPY other q REPLACE",
                                       "RENAME q r",
                                       "MOVE q 1",
                                       "SWAPDB 0 1",
                                       "XGROUP DESTROY q g",
                                       "XPOLICY DEL q g",
                                       "XGROUP DELCONSUMER q g w",
                                       "PEXPIREAT q 1",
                                       "SORT other STORE q"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct client *c;
        struct bench *b = broker_queue("", 4, false, &c);
        SAYS(c, "RPUSH other 1", "1");
        struct client *w = subscriber(b, "w", "PREFETCH 1");
        HEARS(w, "OK " PUSH("1-1", "1", "1"));
        bench_says(c, ends[i]);
        bench_says(c, "XACK q g 1-1");
        bench_says(c, "DEL q");
        HEARS(c, "*");
        broker_bench_turn(b);
        HEARS(w, "*");
        broker_bench_end(b);
    }
}

/* Another consumer in place of the first. */
TEST(a_group_is_subscribed_to_as_one_consumer)
{
    struct client *c;
    struct bench *b = broker_queue("", 1, false, &c);
    struct client *w = subscriber(b, "w", "");
    HEARS(w, "OK " PUSH("1-1", "1", "1"));
    SAYS(w, "XCONSUME START GROUP g x STREAMS q", "OK");
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    HEARS(w, PUSH("2-1", "2", "1"));
    CHECK(pending(b, "w") == 1 && pending(b, "x") == 1 && w->pushing->subscriptions == 1);
    broker_bench_end(b);
}

/* Rights that are taken away end the connection, as those to channels do. */
TEST(subscriptions_end_when_read_permission_is_revoked)
{
    struct client *c;
    struct bench *b = broker_queue("", 0, false, &c);
    SAYS(c, "ACL SETUSER ann on nopass ~q ~r +xconsume", "OK");
    struct client *w = client3(b);
    SAYS(w, "AUTH ann x", "OK");
    SAYS(w, "XCONSUME START GROUP g w STREAMS q", "OK");
    SAYS(w, "XCONSUME START GROUP g w STREAMS p", "!NOPERM No permissions to access a key");
    SAYS(c, "ACL SETUSER ann resetkeys ~q", "OK");
    CHECK(client_is_staying(w));
    SAYS(c, "ACL SETUSER ann resetkeys ~r", "OK");
    CHECK(!client_is_staying(w));
    broker_bench_turn(b);
    CHECK(b->engine.broker->subscriptions == 0);
    broker_bench_end(b);
}

/* A server that becomes a replica. */
TEST(replicas_push_nothing)
{
    struct client *c;
    struct bench *b = broker_queue("", 1, false, &c);
    struct client *w = subscriber(b, "w", "");
    block_end_all(&b->engine);
    CHECK(!client_is_staying(w) && client_is_staying(c));
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    CHECK(pending(b, "w") == 1);
    broker_bench_end(b);
}

UNIT_MAIN(T(all_is_judged_before_anything_is_subscribed),
          T(what_is_pushed_is_what_a_read_would_give), T(a_consumer_has_as_much_pending_as_it_may),
          T(who_loses_an_entry_to_a_position_set_back_has_room), T(only_who_has_room_is_looked_at),
          T(a_full_consumer_gets_its_own_again), T(what_a_lost_connection_was_sent_is_released),
          T(a_connection_that_returns_at_once_gets_all_again),
          T(subscribers_and_readers_are_served_in_turn), T(a_hot_stream_is_given_out_in_pieces),
          T(subscribers_with_a_megabyte_unsent_are_skipped), T(a_frame_waits_for_the_journal),
          T(stop_ends_some_or_all), T(a_subscriber_hears_of_the_end),
          T(a_visit_may_find_that_the_key_has_expired), T(subscriptions_are_shown),
          T(nothing_is_pushed_while_nothing_may_be_written), T(caps_of_the_group_hold_for_pushes),
          T(a_deleted_consumer_is_made_again), T(a_copied_consumer_has_its_own_subscriptions),
          T(a_full_subscription_ends_with_its_consumer),
          T(a_group_is_subscribed_to_as_one_consumer),
          T(subscriptions_end_when_read_permission_is_revoked), T(replicas_push_nothing))
