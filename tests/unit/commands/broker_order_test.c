/* ORDERBY: entries with the same value come one after the other, in the order of their IDs. */
#include "broker.h"

/* A queue ordered by k, with an entry for each letter: 1-1 with k a, 2-1 with k b, ... '.': without
 * the field. */
static struct bench *ordered(const char *rules, const char *values, struct client **c)
{
    char line[300];
    snprintf(line, sizeof(line), "%s ORDERBY k", rules);
    struct bench *b = broker_queue(line, 0, false, c);
    for (int i = 0; values[i]; i++) {
        if (values[i] == '.')
            snprintf(line, sizeof(line), "XADD q %d-1 n 1", i + 1);
        else
            snprintf(line, sizeof(line), "XADD q %d-1 k %c", i + 1, values[i]);
        bench_says(*c, line);
    }
    HEARS(*c, "*");
    broker_forget_effects(b);
    return b;
}

static void is_sound(struct bench *b)
{
    CHECK(stream_group_is_sound(broker_group(b, "q", "g")));
}

static void ends(struct bench *b)
{
    is_sound(b);
    broker_bench_end(b);
}

static uint64_t held(struct bench *b)
{
    return stream_pending_held_count(&broker_group(b, "q", "g")->pending);
}

/* broker O1, O2, O3, O5: one of a value at a time, in the order of IDs; who has no such field is
 * free.
 */
TEST(one_of_a_value_at_a_time)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aab.aba", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]] [4-1 [n 1]]]]]");
    EFFECTS(b, "{XGROUP CREATECONSUMER q g x;"
               "XCLAIM q g x 0 1-1 3-1 4-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 7-1;"
               "@XNACK q g FAIL IDS 4 2-1 5-1 6-1 7-1 RETRYCOUNT 0 FORCE;"
               "XGROUP SETID q g 7-1 ENTRIESREAD 7}");
    CHECK(held(b) == 4);
    is_sound(b);
    /* They are as released ones, to those who look (broker L13). */
    SAYS(c, "XPENDING q g - + 2", "[[1-1 x 0 1] [2-1  -1 0]]");
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "(nil)");
    broker_forget_effects(b);
    SAYS(c, "XACK q g 1-1", "1");
    EFFECTS(b, "XACK q g 1-1"); /* that another one's turn has come is no event */
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[2-1 [k a]]]]]");
    SAYS(c, "XACK q g 2-1 3-1", "2");
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[5-1 [k a]] [6-1 [k b]]]]]");
    /* New ones stand behind. */
    SAYS(c, "XADD q 8-1 k b", "8-1");
    SAYS(c, "XADD q 9-1 k c k a", "9-1"); /* the first field of that name counts */
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[9-1 [k c k a]]]]]");
    SAYS(c, "XACK q g 5-1 6-1 9-1", "3");
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[7-1 [k a]] [8-1 [k b]]]]]");
    SAYS(c, "XACK q g 4-1 7-1 8-1", "3");
    CHECK(broker_group(b, "q", "g")->order->n == 0);
    ends(b);
}

/* broker O1, O3: an overdue one keeps its value, is given again, and dies; then the next one comes.
 */
TEST(an_overdue_one_comes_first)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000 MAXDELIVER 2", "aa", &c);
    struct client *r = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 1000);
    HEARS(r, "[[q [[1-1 [k a]]]]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 999);
    HEARS(r, "");
    broker_bench_wait(b, 1); /* it dies, without anybody's reading */
    HEARS(r, "[[q [[2-1 [k a]]]]]");
    SAYS(c, "XLEN {q}:dlq", "1");
    /* A death that is told. */
    SAYS(c, "XADD q 3-1 k a", "3-1");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "");
    SAYS(c, "XNACK q g FATAL IDS 1 2-1", "1");
    broker_bench_turn(b);
    HEARS(r, "[[q [[3-1 [k a]]]]]");
    ends(b);
}

/* broker O4: with HOLD nothing overtakes a retry, be it deferred or released. */
TEST(nothing_overtakes_a_retry)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000 RETRY FIXED 500", "aab", &c);
    SAYS(c, "XREADGROUP GROUP g x COUNT 1 STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[3-1 [k b]]]]]");
    broker_bench_wait(b, 500);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XNACK q g SILENT IDS 1 1-1", "1");
    is_sound(b);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "(nil)");
    SAYS(c, "XGROUP DELCONSUMER q g x", "2"); /* released: still before 2-1 */
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    ends(b);
}

/* broker O4: with SKIP a deferred one lets the next ones pass, and waits when it falls due. */
TEST(a_deferred_one_is_skipped)
{
    struct client *c;
    struct bench *b = ordered("LEASE 5000 RETRY FIXED 500", "aaab", &c);
    SAYS(c, "XPOLICY SET q g ORDERBY k SKIP", "OK");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]] [4-1 [k b]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON no", "1");
    is_sound(b);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[2-1 [k a]]]]]");
    broker_forget_effects(b);
    broker_bench_wait(b, 500);
    EFFECTS(b, "");
    CHECK(held(b) == 2);
    is_sound(b);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "(nil)");
    SAYS(c, "XACK q g 2-1", "1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    /* When nobody has the value, it is ready when it falls due. */
    SAYS(c, "XNACK q g FAIL IDS 1 1-1", "1");
    SAYS(c, "XACK q g 3-1", "1");
    broker_bench_wait(b, 500);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    ends(b);
}

/* broker O6: so far ahead, and no further; what is free comes as long as nothing is in front. */
TEST(only_so_many_are_held)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaaabaac", &c);
    struct client *r = bench_client(b);
    SAYS(c, "CONFIG SET broker-order-ahead 2", "*");
    b->settings->broker_order_ahead = 2;
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    CHECK(held(b) == 2);
    SAYS(c, "XINFO GROUPS q",
         "[[name g consumers 1 pending 3 last-delivered-id 3-1 entries-read 3 "
         "lag 5]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_turn(b);
    HEARS(r, "[[q [[2-1 [k a]] [5-1 [k b]]]]]");
    CHECK(held(b) == 2);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    SAYS(c, "XACK q g 4-1", "1"); /* a held one that goes makes room (broker O7) */
    broker_bench_turn(b);
    CHECK(held(b) == 2);
    HEARS(r, "");
    SAYS(c, "XACK q g 3-1", "1");
    broker_bench_turn(b);
    HEARS(r, "[[q [[8-1 [k c]]]]]");
    CHECK(held(b) == 2);
    /* None at all: who is first stops all that follow. */
    b->settings->broker_order_ahead = 0;
    SAYS(c, "XADD q 9-1 k a", "9-1");
    SAYS(c, "XADD q 10-1 k d", "10-1");
    SAYS(c, "XREADGROUP GROUP g r STREAMS q >", "(nil)");
    SAYS(c, "XACK q g 2-1 6-1 7-1", "3");
    SAYS(c, "XREADGROUP GROUP g r STREAMS q >", "[[q [[9-1 [k a]] [10-1 [k d]]]]]");
    ends(b);
}

/* Of 1-1 to 4-1 with the values a, a, a, b the first is leased, the second held; a waiting reader
 * has stopped at the third, as broker-order-ahead is 1. */
static struct bench *stopped(struct client **c, struct client **reader)
{
    struct bench *b = ordered("LEASE 1000", "aaab", c);
    *reader = bench_client(b);
    b->settings->broker_order_ahead = 1;
    SAYS(*c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    bench_says(*reader, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    broker_bench_turn(b);
    HEARS(*reader, "");
    return b;
}

/* broker O6: raising the number by CONFIG SET wakes readers that the lower one had stopped. */
TEST(more_may_be_held_from_now_on)
{
    struct client *c, *r;
    struct bench *b = stopped(&c, &r);
    CHECK(!broker_has_work(b->engine.broker));
    b->settings->broker_order_ahead = 2;
    CHECK(broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    HEARS(r, "[[q [[4-1 [k b]]]]]");
    CHECK(held(b) == 2 && !broker_has_work(b->engine.broker));
    ends(b);
}

/* broker O1, L11: of two that are in flight one leaves, and a reader with CLAIM who waits may take
 * the other before its lease has ended. */
TEST(a_blocked_claiming_reader_gets_the_other_of_two_ordered_entries)
{
    const char *const ways[] = {"XACK q g 2-1", "XACK q g 1-1", "XDELEX q DELREF IDS 1 2-1"};
    const char *const got[] = {"[[q [[1-1 [k a] *", "[[q [[2-1 [k a] *", "[[q [[1-1 [k a] *"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        struct client *c;
        struct bench *b = ordered("LEASE 1000", "aa", &c);
        struct client *r = bench_client(b);
        SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
        SAYS(c, "XCLAIM q g y 0 2-1 JUSTID", "[2-1]");
        bench_says(r, "XREADGROUP GROUP g r BLOCK 0 CLAIM 50 STREAMS q >");
        broker_bench_wait(b, 100);
        HEARS(r, "");
        bench_says(c, ways[i]);
        HEARS(c, "*");
        broker_bench_turn(b);
        HEARS(r, got[i]);
        ends(b);
    }
}

/* broker O6: nothing unread is passed over any more; when the message at which a read stopped goes,
 * or the position passes it, who waits gets what stands behind it. */
TEST(the_message_that_stops_a_read_goes)
{
    const char *const ways[] = {"XDEL q 3-1",           "XDELEX q KEEPREF IDS 1 3-1",
                                "XDELEX q IDS 1 3-1",   "XDELEX q DELREF IDS 1 3-1",
                                "XTRIM q MINID 4-1",    "XTRIM q MAXLEN = 1",
                                "XCFGSET q MAXLEN 1",   "XSCHED EXPIRE q 1 3-1",
                                "XGROUP SETID q g 3-1", "XCLAIM q g c 0 9-1 LASTID 3-1"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        struct client *c, *r;
        struct bench *b = stopped(&c, &r);
        bench_says(c, ways[i]);
        HEARS(c, "*");
        broker_bench_turn(b);
        HEARS(r, "[[q [[4-1 [k b]]]]]");
        CHECK(held(b) == 1);
        ends(b);
    }
}

/* broker O6: a read passes over a thousand, and goes on in the next turn. */
TEST(a_read_passes_over_a_thousand)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "", &c);
    struct client *r = bench_client(b);
    b->settings->broker_order_ahead = 100000;
    for (int i = 1; i <= 2600; i++) {
        char line[60];
        snprintf(line, sizeof(line), "XADD q %d-1 k %s", i, i < 2600 ? "a" : "b");
        bench_says(c, line);
    }
    HEARS(c, "*");
    SAYS(c, "XREADGROUP GROUP g x COUNT 1 STREAMS q >", "[[q [[1-1 [k a]]]]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    CHECK(held(b) == 1000);
    HEARS(r, "");
    broker_bench_turn(b);
    CHECK(held(b) == 2000);
    broker_bench_turn(b);
    CHECK(held(b) == 2598);
    HEARS(r, "[[q [[2600-1 [k b]]]]]");
    ends(b);
}

/* broker O7, L12: by ID a held one is claimed; two of a value are in flight then, and nothing more
 * is given before both are through. Janitors pass it over. */
TEST(a_claim_takes_a_held_one)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaab", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]] [4-1 [k b]]]]]");
    SAYS(c, "XAUTOCLAIM q g z 0 2-1", "[0-0 [[4-1 [k b]]] []]");
    SAYS(c, "XREADGROUP GROUP g z CLAIM 0 STREAMS q >", "[[q [[4-1 [k b] 0 2] [1-1 [k a] 0 1]]]]");
    SAYS(c, "XCLAIM q g y 0 2-1", "[[2-1 [k a]]]");
    is_sound(b);
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "(nil)");
    SAYS(c, "XACK q g 2-1", "1");
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "[[q [[3-1 [k a]]]]]");
    ends(b);
}

/* broker O1, O5, O7: of two in flight whose leases have ended only the first is given again; the
 * other one is held, which is an effect since somebody had it. */
TEST(of_two_overdue_ones_one_is_given)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaa", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XCLAIM q g y 0 2-1 JUSTID", "[2-1]");
    /* A released one waits for the other. */
    SAYS(c, "XNACK q g SILENT IDS 1 1-1", "1");
    CHECK(held(b) == 2);
    SAYS(c, "XCLAIM q g x 0 1-1 JUSTID", "[1-1]");
    broker_bench_wait(b, 1000);
    broker_forget_effects(b);
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "[[q [[1-1 [k a]]]]]");
    EFFECTS(b, "{XGROUP CREATECONSUMER q g z;@XNACK q g FAIL IDS 1 2-1 RETRYCOUNT 0;"
               "XCLAIM q g z 0 1-1 TIME 1700000001000 RETRYCOUNT 1 FORCE JUSTID LASTID 3-1}");
    is_sound(b);
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "[[q [[2-1 [k a]]]]]");
    /* One whose lease has ended waits as long as another one's runs. */
    SAYS(c, "XCLAIM q g y 0 3-1 IDLE 500 JUSTID", "[3-1]");
    broker_bench_wait(b, 500);
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "(nil)");
    SAYS(c, "XACK q g 2-1", "1");
    SAYS(c, "XREADGROUP GROUP g z STREAMS q >", "[[q [[3-1 [k a]]]]]");
    ends(b);
}

/* broker O3, L9: a message that is gone frees its value when its reference goes, in the same read.
 */
TEST(what_is_gone_frees_its_value)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaaaaa", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XDEL q 1-1 2-1 3-1", "3");
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "(nil)");
    broker_bench_wait(b, 1000);
    broker_forget_effects(b);
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[4-1 [k a]]]]]");
    EFFECTS(b, "{XACK q g 1-1;XACK q g 2-1;XACK q g 3-1;"
               "XCLAIM q g y 0 4-1 TIME 1700000001000 RETRYCOUNT 1 FORCE JUSTID LASTID 6-1}");
    /* DELREF takes the reference at once. */
    struct client *r = bench_client(b);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    SAYS(c, "XDELEX q DELREF IDS 1 4-1", "[1]");
    broker_bench_turn(b);
    HEARS(r, "[[q [[5-1 [k a]]]]]");
    SAYS(c, "XTRIM q MAXLEN 0 DELREF", "*");
    CHECK(broker_group(b, "q", "g")->order->n == 0);
    ends(b);
}

/* broker O5, L10: with NOACK a read gives a value once, too, and it is free again behind the read.
 */
TEST(noack_gives_a_value_once)
{
    struct client *c;
    struct bench *b = ordered("JOBS", "aaba", &c);
    SAYS(c, "XREADGROUP GROUP g x NOACK STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    EFFECTS(b, "{XGROUP CREATECONSUMER q g x;@XNACK q g FAIL IDS 2 2-1 4-1 RETRYCOUNT 0 FORCE;"
               "XGROUP SETID q g 4-1 ENTRIESREAD 4;XDEL q 1-1 3-1}");
    SAYS(c, "XREADGROUP GROUP g x NOACK STREAMS q >", "[[q [[2-1 [k a]]]]]");
    SAYS(c, "XREADGROUP GROUP g x NOACK STREAMS q >", "[[q [[4-1 [k a]]]]]");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    SAYS(c, "XLEN q", "0");
    ends(b);
}

/* broker O1: MAXSIZE and COUNT cut a read short; what was not reached stays unread. */
TEST(a_read_that_is_full_leaves_the_rest)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aabbcc", &c);
    SAYS(c, "XREADGROUP GROUP g x MAXSIZE 30 STREAMS q >", "[[q [[1-1 [k a]]]]]");
    CHECK(held(b) == 0);
    SAYS(c, "XREADGROUP GROUP g x COUNT 1 STREAMS q >", "[[q [[3-1 [k b]]]]]");
    CHECK(held(b) == 1);
    SAYS(c, "XREADGROUP GROUP g x MAXCOUNT 5 STREAMS q q > >", "[[q [[5-1 [k c]]]]]");
    ends(b);
}

/* broker O8: it is set, changed and taken away while something is pending. */
TEST(it_is_set_on_what_is_pending)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 0, false, &c);
    for (int i = 1; i <= 6; i++) {
        char line[60];
        snprintf(line, sizeof(line), "XADD q %d-1 k %c", i, i % 2 ? 'a' : 'b');
        bench_says(c, line);
    }
    HEARS(c, "*");
    SAYS(c, "XREADGROUP GROUP g x COUNT 5 STREAMS q >", "*");
    SAYS(c, "XNACK q g SILENT IDS 2 5-1 4-1", "2");
    SAYS(c, "XACK q g 2-1", "1");
    SAYS(c, "XPOLICY SET q g ORDERBY k", "OK");
    /* 1-1 and 3-1 are in flight already; 4-1 is the next of its value. */
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[4-1 [k b]]]]]");
    CHECK(held(b) == 2);
    is_sound(b);
    SAYS(c, "XPOLICY SET q g ORDERBY other", "OK");
    is_sound(b);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[5-1 [k a]] [6-1 [k b]]]]]");
    SAYS(c, "XPOLICY SET q g ORDERBY k", "OK");
    broker_bench_turn(b);
    is_sound(b);
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[4-1 [k b]] [1-1 [k a]]]]]");
    CHECK(held(b) == 3);
    SAYS(c, "XPOLICY SET q g ORDERBY \"\"", "OK");
    CHECK(held(b) == 0 && !broker_group(b, "q", "g")->order);
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[5-1 [k a]] [6-1 [k b]] [3-1 [k a]]]]]");
    ends(b);
}

/* broker P8: without the policy what was held is released, as in Redis. */
TEST(it_ends_with_the_policy)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aa", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XPOLICY DEL q g", "1");
    CHECK(held(b) == 0);
    is_sound(b);
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "(nil)");
    SAYS(c, "XAUTOCLAIM q g y 100 0", "[0-0 [[2-1 [k a]]] []]");
    ends(b);
}

/* broker O8: not with a hundred thousand pending; where there are many it is found out in steps,
 * and nothing is given before. */
TEST(many_are_looked_at_in_steps)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100000", 0, false, &c);
    struct client *r = bench_client(b);
    for (int i = 1; i <= 100000; i++) {
        char line[60];
        snprintf(line, sizeof(line), "XADD q %d-1 k %d", i, i % 100);
        bench_says(c, line);
    }
    bench_says(c, "XREADGROUP GROUP g x STREAMS q >");
    bench_says(c, "XADD q 100001-1 k 1");
    bench_says(c, "XADD q 100002-1 k new");
    HEARS(c, "*");
    SAYS(c, "XPOLICY SET q g ORDERBY k",
         "!ERR ORDERBY cannot be changed while 100000 or more entries are pending");
    SAYS(c, "XACK q g 50000-1", "1");
    SAYS(c, "XPOLICY SET q g ORDERBY k", "OK");
    b->settings->broker_turn_us = 0; /* one action a turn */
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "");
    const struct stream_group *g = broker_group(b, "q", "g");
    for (int i = 0; i < 3; i++)
        broker_bench_turn(b);
    CHECK(g->order && !g->order->is_complete && g->order->n > 1000 && g->order->n < 2000);
    HEARS(r, "");
    /* What happens meanwhile is not lost. */
    SAYS(c, "XNACK q g SILENT IDS 2 1-1 99999-1", "2");
    SAYS(c, "XCLAIM q g x 0 100002-1 FORCE JUSTID", "[100002-1]");
    SAYS(c, "XACK q g 100002-1 2-1", "2");
    b->settings->broker_turn_us = (int64_t)1 << 50;
    broker_bench_turn(b);
    CHECK(g->order->is_complete && g->order->n >= 99998);
    is_sound(b);
    HEARS(r, "[[q [[100002-1 [k new]]]]]");
    SAYS(c, "XACK q g 3-1", "1"); /* 99,999 are left */
    SAYS(c, "XPOLICY SET q g ORDERBY \"\"", "OK");
    ends(b);
}

/* broker O1: XGROUP SETID back: entries are delivered as new, those that are pending as well; the
 * order holds. */
TEST(the_position_goes_back)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aab", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    SAYS(c, "XACK q g 3-1", "1");
    SAYS(c, "XGROUP SETID q g 0", "OK");
    SAYS(c, "XREADGROUP GROUP g y STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    CHECK(held(b) == 1);
    is_sound(b);
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XGROUP SETID q g 0", "OK");
    /* A read gives what is ready, or what is unread. */
    SAYS(c, "XREADGROUP GROUP g y NOACK STREAMS q >", "[[q [[2-1 [k a]]]]]");
    SAYS(c, "XREADGROUP GROUP g y NOACK STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    SAYS(c, "XPENDING q g - + 9", "[[2-1  -1 0] [3-1 y 0 1]]");
    is_sound(b);
    ends(b);
}

/* broker O2, V2, R1: what becomes pending by force or is given back by somebody else waits for its
 * turn. */
TEST(by_force_it_waits_too)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000 RETRY FIXED 100", "aab", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]] [3-1 [k b]]]]]");
    SAYS(c, "XACK q g 2-1 3-1", "2");
    SAYS(c, "XNACK q g SILENT IDS 1 2-1 FORCE", "1");
    CHECK(held(b) == 1);
    SAYS(c, "XNACK q g SILENT IDS 1 2-1", "1");
    CHECK(held(b) == 1);
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1"); /* deferred: it takes the value too */
    CHECK(held(b) == 0);
    is_sound(b);
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XADD q 4-1 k a", "4-1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "(nil)");
    broker_bench_wait(b, 100);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[2-1 [k a]]]]]");
    SAYS(c, "XCLAIM q g y 0 1-1 FORCE JUSTID", "[1-1]");
    SAYS(c, "XACK q g 2-1", "1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "(nil)");
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[4-1 [k a]]]]]");
    ends(b);
}

/* broker I1, I3. */
TEST(held_ones_are_counted)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaa", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "XPOLICY STATS q g",
         "[ready 0 unread 0 released 0 overdue 0 leased 1 deferred 0 held 2 scheduled 0 *");
    /* One that was held is new to who gets it. */
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g x CLAIM 5000 STREAMS q >", "[[q [[2-1 [k a] 0 0]]]]");
    const struct stream_policy_counts *counts = &broker_group(b, "q", "g")->policy->counts;
    CHECK(counts->delivered == 2 && counts->redelivered == 0);
    ends(b);
}

/* broker O1, Z7: a copy, and what is renamed, go on by themselves. */
TEST(copies_have_their_own_order)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "aaa", &c);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1-1 [k a]]]]]");
    SAYS(c, "COPY q copy", "1");
    SAYS(c, "RENAME q q2", "OK");
    SAYS(c, "XREADGROUP GROUP g x STREAMS copy >", "(nil)");
    SAYS(c, "XACK copy g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS copy >", "[[copy [[2-1 [k a]]]]]");
    struct client *r = bench_client(b);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q2 >");
    SAYS(c, "XACK q2 g 1-1", "1");
    broker_bench_turn(b);
    HEARS(r, "[[q2 [[2-1 [k a]]]]]");
    CHECK(stream_group_is_sound(broker_group(b, "q2", "g")) &&
          stream_group_is_sound(broker_group(b, "copy", "g")));
    broker_bench_end(b);
}

/* Entries that the order knows: as many as are pending, whatever their states. */
static uint32_t known(struct bench *b)
{
    const struct stream_group *g = broker_group(b, "q", "g");
    CHECK(!g->order || g->order->n == g->pending.count);
    return g->order ? g->order->n : 0;
}

static size_t memory(struct bench *b)
{
    const struct stream_group *g = broker_group(b, "q", "g");
    return g->order ? stream_order_memory(g->order) : 0;
}

static void read_and_ack(struct client *c, int from, int to)
{
    char line[100];
    snprintf(line, sizeof(line), "XREADGROUP GROUP g x COUNT %d STREAMS q >", to - from + 1);
    bench_says(c, line);
    for (int i = from; i <= to; i++) {
        snprintf(line, sizeof(line), "XACK q g %d-1", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
}

/* broker O9: neither messages that nobody has been given nor values that are done with are kept. */
TEST(only_pending_values_take_memory)
{
    struct client *c;
    struct bench *b = ordered("LEASE 1000", "", &c);
    char line[100];
    for (int i = 1; i <= 3000; i++) {
        snprintf(line, sizeof(line), "XADD q %d-1 k value-%d", i, i);
        bench_says(c, line);
    }
    bench_says(c, "XADD q 3001-1 k value-3000");
    HEARS(c, "*");
    CHECK(known(b) == 0);
    size_t unread = memory(b);
    for (int i = 1; i < 1000; i += 9)
        read_and_ack(c, i, i + 8);
    CHECK(known(b) == 0 && memory(b) <= unread + 1024);
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q [[1000-1 *");
    CHECK(known(b) == 2002 && memory(b) > 2002 * 40);
    /* Leased, deferred, released and held ones, and then overdue ones. */
    SAYS(c, "XNACK q g FAIL IDS 1 1000-1 DELAY 5000", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 1001-1", "1");
    CHECK(known(b) == 2002 && held(b) == 1);
    broker_bench_wait(b, 1000);
    CHECK(known(b) == 2002);
    for (int i = 1000; i <= 3001; i++) {
        snprintf(line, sizeof(line), "XACK q g %d-1", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    CHECK(known(b) == 0 && memory(b) <= unread + 1024);
    ends(b);
}

UNIT_MAIN(T(one_of_a_value_at_a_time), T(an_overdue_one_comes_first), T(nothing_overtakes_a_retry),
          T(a_deferred_one_is_skipped),
          T(a_blocked_claiming_reader_gets_the_other_of_two_ordered_entries),
          T(only_so_many_are_held), T(more_may_be_held_from_now_on),
          T(the_message_that_stops_a_read_goes), T(a_read_passes_over_a_thousand),
          T(a_claim_takes_a_held_one), T(of_two_overdue_ones_one_is_given),
          T(what_is_gone_frees_its_value), T(noack_gives_a_value_once),
          T(a_read_that_is_full_leaves_the_rest), T(it_is_set_on_what_is_pending),
          T(it_ends_with_the_policy), T(many_are_looked_at_in_steps), T(the_position_goes_back),
          T(by_force_it_waits_too), T(held_ones_are_counted), T(copies_have_their_own_order),
          T(only_pending_values_take_memory))
