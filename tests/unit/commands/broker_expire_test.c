/* Messages that expire: XADD TTL, XSCHED EXPIRE. */
#include "broker.h"

#define EVENT(name, key) "[pmessage * __keyevent@0__:" name " " key "]"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    bench_journal(b);
    return b;
}

/* broker E1, E2, E4. */
TEST(a_message_goes_at_its_moment)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b);
    SAYS(c, "XADD q TTL 1000 * a 1", "1700000000000-0");
    SAYS(c, "XADD q TTL 1000 5-* a 1", "!ERR The ID specified in XADD*");
    SAYS(c, "XADD q * a 2", "1700000000000-1");
    SAYS(c, "XADD q MAXLEN = 2 TTL 1000 * a 3", "1700000000000-2");
    SAYS(c, "XADD q DELAY 500 TTL 600 * a 4", "1700000000500-0");
    EFFECTS(b, "{XADD q 1700000000000-0 a 1;@XSCHED EXPIRE q 1700000001000 1700000000000-0};XADD q "
               "1700000000000-1 a 2;{XADD q MAXLEN = 2 1700000000000-2 a 3;@XSCHED EXPIRE q "
               "1700000001000 1700000000000-2};{@XADD q AT 1700000000500 1700000000500-0 a "
               "4;@XSCHED EXPIRE q 1700000001100 1700000000500-0}");
    CHECK(stream_expiry_count(&broker_stream(b, "q")->extra->expiry) == 2);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    broker_bench_wait(b, 999);
    SAYS(c, "XLEN q", "3");
    broker_forget_effects(b);
    HEARS(e, EVENT("xadd", "q"));
    broker_bench_wait(b, 1);
    EFFECTS(b, "XDEL q 1700000000000-2");
    HEARS(e, EVENT("xexpired", "q"));
    broker_bench_wait(b, 100);
    EFFECTS(b, "XDEL q 1700000000500-0");
    SAYS(c, "XRANGE q - +", "[[1700000000000-1 [a 2]]]");
    CHECK(b->engine.broker->totals.expired == 2 && !broker_stream(b, "q")->extra);
    broker_bench_end(b);
}

/* broker E1, G8. */
TEST(when_it_goes_may_be_set)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q TTL 0 * a 1", "!ERR TTL must be between 1 and 315360000000");
    SAYS(c, "XADD q TTL 1 ttl 1 * a 1", "!ERR TTL specified multiple times");
    SAYS(c, "XSCHED EXPIRE q -1 1-1", "!ERR the moment must be between 0 and 253717660799999");
    SAYS(c, "XSCHED EXPIRE q 5 x", "!ERR Invalid stream ID*");
    SAYS(c, "XSCHED EXPIRE q 5 1-1 2-1", "[0 0]");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q 2-1 a 2", "2-1");
    SAYS(c, "XADD q 3-1 a 3", "3-1");
    SAYS(c, "XADD q DELAY 5000 * a 4", "1700000005000-0");
    broker_forget_effects(b);
    SAYS(c, "XSCHED EXPIRE q 1700000001000 1-1 9-9 2-1 1700000005000-0", "[1 0 1 1]");
    EFFECTS(b, "@XSCHED EXPIRE q 1700000001000 1-1 9-9 2-1 1700000005000-0");
    SAYS(c, "XSCHED EXPIRE q 0 2-1 3-1 9-9", "[1 1 0]");
    EFFECTS(b, "@XSCHED EXPIRE q 0 2-1 3-1 9-9");
    SAYS(c, "XSCHED EXPIRE q 0 3-1", "[1]");
    EFFECTS(b, "");
    SAYS(c, "XSCHED EXPIRE q 1700000000000 3-1 3-1 9-9", "[1 0 0]"); /* a moment that has passed */
    EFFECTS(b, "XDEL q 3-1");
    broker_bench_wait(b, 1000);
    EFFECTS(b, "XDEL q 1-1 1700000005000-0");
    SAYS(c, "XSCHED LEN q", "0");
    SAYS(c, "XRANGE q - +", "[[2-1 [a 2]]]");
    CHECK(stream_is_sound(broker_stream(b, "q")) && !broker_stream(b, "q")->extra);
    broker_bench_end(b);
}

/* broker G3: a file whose moments have passed deletes nothing by itself. */
TEST(a_replay_only_sets)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XADD q 1-1 a 1");
    bench_says(file, "XSCHED EXPIRE q 1600000000000 1-1");
    bench_says(file, "XGROUP CREATE q g 0");
    bench_says(file, "XCLAIM q g c 0 1-1 TIME 1699999990000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "XLEN q", "1");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "0");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_end(b);
}

/* broker E1, E4, T9: the latest moment there may be is read back, and none is later. */
TEST(the_last_moment_is_read_back)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    bench_journal(b);
    SAYS(c, "XADD q AT 253402300799999 TTL 315360000000 * a 1", "253402300799999-0");
    EFFECTS(b, "{" MADE("q") "@XADD q AT 253402300799999 253402300799999-0 a 1;@XSCHED EXPIRE q "
                             "253717660799999 253402300799999-0}");
    SAYS(c, "XADD q AT 1800000000000 * a 2", "1800000000000-0");
    SAYS(c, "XSCHED EXPIRE q 253717660799999 1800000000000-0", "[1]");
    SAYS(c, "XSCHED EXPIRE q 253717660800000 1800000000000-0",
         "!ERR the moment must be between 0 and 253717660799999");
    EFFECTS(b, "@XADD q AT 1800000000000 1800000000000-0 a 2;@XSCHED EXPIRE q 253717660799999 "
               "1800000000000-0");
    SAYS(c, "XSCHED MOVE q 1800000000000-0 AT 1900000000000", "1900000000000-0");
    EFFECTS(b, "{XDEL q 1800000000000-0;@XADD q AT 1900000000000 1900000000000-0 a 2;"
               "@XSCHED EXPIRE q 253717660799999 1900000000000-0}");
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XADD r AT 253402300799999 253402300799999-0 a 1");
    bench_says(file, "XSCHED EXPIRE r 253717660799999 253402300799999-0");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    CHECK(stream_expiry_count(&broker_stream(b, "r")->extra->expiry) == 1);
    broker_bench_end(b);
}

/* The wall clock moves on, and no turn follows: what is due has not been done yet. */
static void pass(struct bench *b, int64_t ms)
{
    b->engine.steady_ms += ms;
    b->engine.now_ms = b->engine.store->now_ms += ms;
}

/* broker E2, E3: who has it may acknowledge, nobody gets it any more. */
TEST(no_group_gives_what_has_expired)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 50", "OK");
    SAYS(c, "XGROUP CREATE q h 0", "OK");
    SAYS(c, "XADD q TTL 100 * a 1", "1700000000000-0");
    SAYS(c, "XADD q TTL 100 * a 2", "1700000000000-1");
    SAYS(c, "XADD q * a 3", "1700000000000-2");
    SAYS(c, "XREADGROUP GROUP g w COUNT 2 STREAMS q >",
         "[[q [[1700000000000-0 [a 1]] [1700000000000-1 [a 2]]]]]");
    SAYS(c, "XREADGROUP GROUP h w COUNT 1 STREAMS q >", "[[q [[1700000000000-0 [a 1]]]]]");
    broker_bench_turn(b);
    pass(b, 99);
    broker_forget_effects(b);
    pass(b, 1);
    SAYS(c, "XLEN q", "3");
    SAYS(c, "XREADGROUP GROUP h w COUNT 9 STREAMS q >", "[[q [[1700000000000-2 [a 3]]]]]");
    EFFECTS(b, "{XDEL q 1700000000000-0 1700000000000-1;XCLAIM q h w 0 1700000000000-2 TIME "
               "1700000000100 RETRYCOUNT 1 FORCE JUSTID LASTID 1700000000000-2;XGROUP SETID q h "
               "1700000000000-2 ENTRIESREAD 3}");
    SAYS(c, "XACK q g 1700000000000-0", "1");
    SAYS(c, "XREADGROUP GROUP g w COUNT 9 STREAMS q >", "[[q [[1700000000000-2 [a 3]]]]]");
    SAYS(c, "XPENDING q g", "[1 1700000000000-2 1700000000000-2 [[w 1]]]");
    CHECK(!broker_stream(b, "q")->extra && b->engine.broker->totals.expired == 2);
    broker_bench_end(b);
}

/* broker E3: claims and the history are deliveries too. */
TEST(no_claim_gives_what_has_expired)
{
    static const char *const ways[] = {"XCLAIM q g v 0 1-1", "XAUTOCLAIM q g v 0 0",
                                       "XREADGROUP GROUP g w STREAMS q 0",
                                       "XREADGROUP GROUP g v CLAIM 0 STREAMS q >"};
    static const char *const says[] = {"[]", "[0-0 [] [1-1]]", "[[q [[1-1 (nil)]]]]", "(nil)"};
    for (int i = 0; i < 4; i++) {
        struct client *c;
        struct bench *b = begin(&c);
        SAYS(c, "XGROUP CREATE q g 0 MKSTREAM", "OK");
        SAYS(c, "XADD q TTL 100 1-1 a 1", "1-1");
        SAYS(c, "XREADGROUP GROUP g w STREAMS q >", "[[q [[1-1 [a 1]]]]]");
        pass(b, 100);
        SAYS(c, ways[i], says[i]);
        SAYS(c, "XLEN q", "0");
        broker_bench_end(b);
    }
}

/* broker E3: nor when there is more than a command takes away at once, and who asks for what is
 * pending hears of it all the same. */
TEST(no_claim_gives_what_is_one_too_many)
{
    static const struct {
        const char *way, *says;
    } all[] = {
        {"XCLAIM q g v 0 1501-1 1502-1 1503-1", "[[1503-1 [a 3]]]"},
        {"XAUTOCLAIM q g v 0 0", "[0-0 [[1503-1 [a 3]]] [1501-1 1502-1]]"},
        {"XREADGROUP GROUP g w STREAMS q 0",
         "[[q [[1501-1 (nil)] [1502-1 (nil)] [1503-1 [a 3]]]]]"},
        {"XREADGROUP GROUP g w BLOCK 0 STREAMS q 1501-1", "[[q [[1502-1 (nil)] [1503-1 [a 3]]]]]"},
        {"XREADGROUP GROUP g u BLOCK 0 STREAMS q 0", "[[q []]]"}};
    for (int i = 0; i < 10; i++) {
        struct client *c;
        struct bench *b = begin(&c);
        char line[100];
        SAYS(c, i < 5 ? "XGROUP CREATE q g 1500-1 MKSTREAM" : "XPOLICY SET q g MKSTREAM", "OK");
        for (int k = 1; k <= 1502; k++) {
            snprintf(line, sizeof(line), "XADD q TTL %d %d-1 a 1", k <= 1500 ? 100 : 101, k);
            bench_says(c, line);
        }
        bench_says(c, "XADD q 1503-1 a 3");
        bench_says(c, "XGROUP SETID q g 1500-1");
        bench_says(c, "XREADGROUP GROUP g w STREAMS q >");
        HEARS(c, "*");
        pass(b, 101);
        SAYS(c, all[i % 5].way, all[i % 5].says);
        broker_bench_turn(b);
        SAYS(c, "XLEN q", "1");
        CHECK(stream_is_sound(broker_stream(b, "q")) && b->engine.broker->totals.expired == 1502);
        broker_bench_end(b);
    }
}

/* broker E3: a read takes 1,000 away; the reader is woken when the rest has gone. */
TEST(a_read_takes_a_thousand_away)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *w = bench_client(b);
    SAYS(c, "XGROUP CREATE q g 0 MKSTREAM", "OK");
    for (int i = 0; i < 1500; i++)
        bench_says(c, "XADD q TTL 100 * a 1");
    bench_says(c, "XADD q TTL 200 * a 2");
    HEARS(c, "*");
    pass(b, 100);
    bench_says(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >");
    SAYS(c, "XLEN q", "501");
    HEARS(w, "");
    broker_bench_turn(b);
    HEARS(w, "[[q [[1700000000000-1500 [a 2]]]]]");
    broker_bench_end(b);
}

/* broker E2, A1: expiry goes with its message, whichever way that goes. */
TEST(deleted_messages_do_not_expire)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XPOLICY SET q g MKSTREAM ONACK DELETE", "OK");
    SAYS(c, "XADD q TTL 100 1-1 a 1", "1-1");
    SAYS(c, "XADD q TTL 100 2-1 a 1", "2-1");
    SAYS(c, "XADD q TTL 100 3-1 a 1", "3-1");
    SAYS(c, "XADD q TTL 100 DELAY 50 * a 1", "1700000000050-0");
    SAYS(c, "XREADGROUP GROUP g w COUNT 1 STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XTRIM q MAXLEN 1", "1");
    SAYS(c, "XDEL q 3-1 1700000000050-0", "2");
    CHECK(!broker_stream(b, "q")->extra);
    SAYS(c, "XADD q TTL 100 4-1 a 1", "4-1");
    SAYS(c, "XTRIM q MAXLEN 0", "1");
    broker_forget_effects(b);
    SAYS(c, "XADD q MAXLEN = 0 TTL 100 5-1 a 1", "5-1");
    EFFECTS(b, "XADD q MAXLEN = 0 5-1 a 1");
    broker_bench_wait(b, 100);
    EFFECTS(b, "");
    CHECK(!broker_stream(b, "q")->extra && !b->engine.broker->totals.expired);
    broker_bench_end(b);
}

/* broker E2: also of the last ID that there is. */
TEST(the_last_id_does_not_expire_either)
{
    static const char *const ways[] = {"XTRIM q MAXLEN 0", "XTRIM q MAXLEN 0 DELREF",
                                       "XDEL q 18446744073709551615-18446744073709551615"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        struct client *c;
        struct bench *b = begin(&c);
        SAYS(c, "XADD q TTL 100 5-1 a 1", "5-1");
        SAYS(c, "XADD q TTL 100 18446744073709551615-18446744073709551615 a 1",
             "18446744073709551615-18446744073709551615");
        SAYS(c, "XDEL q 5-1", "1");
        SAYS(c, ways[i], "1");
        CHECK(stream_is_sound(broker_stream(b, "q")));
        broker_bench_wait(b, 100);
        CHECK(!broker_stream(b, "q")->extra && !b->engine.broker->totals.expired);
        broker_bench_end(b);
    }
}

/* broker E2: no dead letter, and no more retries. */
TEST(a_retry_may_expire)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XPOLICY SET q g MKSTREAM RETRY FIXED 1000 MAXDELIVER 5", "OK");
    SAYS(c, "XADD q TTL 500 * a 1", "1700000000000-0");
    SAYS(c, "XREADGROUP GROUP g w STREAMS q >", "[[q [[1700000000000-0 [a 1]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-0", "1");
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g w STREAMS q >", "(nil)");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    SAYS(c, "EXISTS {q}:dlq", "0");
    broker_bench_end(b);
}

UNIT_MAIN(T(a_message_goes_at_its_moment), T(when_it_goes_may_be_set), T(a_replay_only_sets),
          T(the_last_moment_is_read_back), T(no_group_gives_what_has_expired),
          T(no_claim_gives_what_has_expired), T(no_claim_gives_what_is_one_too_many),
          T(a_read_takes_a_thousand_away), T(deleted_messages_do_not_expire),
          T(the_last_id_does_not_expire_either), T(a_retry_may_expire))
