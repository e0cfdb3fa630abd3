/* XREDRIVE: dead letters go back to work. */
#include "broker.h"

/* A queue all of whose entries 1-1 to n-1 have died. */
static struct bench *dead(const char *rules, int n, struct client **c)
{
    struct bench *b = broker_bench();
    char line[200];
    *c = bench_client(b);
    snprintf(line, sizeof(line), "XPOLICY SET q g MKSTREAM DEADLETTER d%s%s", *rules ? " " : "",
             rules);
    SAYS(*c, line, "OK");
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof(line), "XADD q %d-1 n %d", i, i);
        bench_says(*c, line);
    }
    bench_says(*c, "XREADGROUP GROUP g c STREAMS q >");
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof(line), "XNACK q g FATAL IDS 1 %d-1", i);
        bench_says(*c, line);
    }
    HEARS(*c, "*");
    broker_bench_turn(b);
    bench_journal(b);
    return b;
}

/* broker V1, V2, V7: what still lies there is ready again in its group only, under its own ID. */
TEST(what_still_lies_there_is_ready_again)
{
    struct client *c;
    struct bench *b = dead("", 3, &c);
    struct client *e = bench_client(b), *r = bench_client(b);
    SAYS(c, "XGROUP CREATE q other $", "OK");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    broker_forget_effects(b);
    bench_says(c, "MULTI");
    bench_says(c, "XREDRIVE d COUNT 2");
    SAYS(c, "EXEC", "OK QUEUED [[2 1700000000000-2]]");
    EFFECTS(b, "{@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 0 FORCE;@XNACK q g FAIL IDS 1 2-1 RETRYCOUNT "
               "0 FORCE;XDEL d 1700000000000-0 1700000000000-1};XCLAIM q g r 0 1-1 2-1 TIME "
               "1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 3-1");
    HEARS(e, "[pmessage * __keyevent@0__:xdel d] [pmessage * __keyevent@0__:xredrive d]");
    HEARS(r, "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XREADGROUP GROUP other r STREAMS q >", "(nil)");
    SAYS(c, "XREDRIVE d START 1700000000000-2", "[1 0-0]");
    SAYS(c, "XREDRIVE d", "[0 0-0]");
    HEARS(e, "[pmessage * __keyevent@0__:xgroup-createconsumer q] [pmessage * __keyevent@0__:xdel "
             "d] [pmessage * __keyevent@0__:xredrive d]");
    SAYS(c, "XREDRIVE none", "[0 0-0]");
    broker_bench_end(b);
}

/* broker V2: pending or unread there already. */
TEST(what_is_there_already_is_left_alone)
{
    struct client *c;
    struct bench *b = dead("", 2, &c);
    SAYS(c, "XCLAIM q g c 0 1-1 RETRYCOUNT 5 FORCE JUSTID", "[1-1]");
    SAYS(c, "XGROUP SETID q g 1-1", "OK");
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE d", "[2 0-0]");
    EFFECTS(b, "XDEL d 1700000000000-0 1700000000000-1");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 c 0 5]]");
    broker_bench_end(b);
}

/* broker V3: gone, it is appended anew, unless others would see it twice. */
TEST(what_is_gone_is_appended_anew)
{
    struct client *c;
    struct bench *b = dead("ONACK DELETE", 2, &c);
    broker_bench_wait(b, 5);
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE d COUNT 1", "[1 1700000000000-1]");
    EFFECTS(b, "{XADD q 1700000000005-0 n 1;XDEL d 1700000000000-0}");
    SAYS(c, "XGROUP CREATE q other $", "OK");
    SAYS(c, "XREDRIVE d", "[0 0-0]");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "DEL q", "1");
    SAYS(c, "XREDRIVE d", "[1 0-0]");
    SAYS(c, "XRANGE q - +", "[[1700000000005-0 [n 2]]]");
    broker_bench_end(b);
}

/* broker V4, V5: with TO whatever it was, without it letters only. */
TEST(all_may_go_to_one_stream)
{
    struct client *c;
    struct bench *b = dead("", 1, &c);
    SAYS(c, "XADD d 1800000000000-1 plain x", "1800000000000-1");
    SAYS(c, "XREDRIVE d", "[1 0-0]");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "XNACK q g FATAL IDS 1 1-1", "1");
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE d TO t", "[2 0-0]");
    EFFECTS(b, "{XADD t 1700000000000-0 plain x;XADD t 1700000000000-1 n 1;XDEL d "
               "1800000000000-1 1800000000000-2}");
    SAYS(c, "SET s x", "OK");
    SAYS(c, "XADD d * a 1", "1800000000000-3");
    SAYS(c, "XREDRIVE d TO s", "[0 0-0]");
    SAYS(c, "XLEN d", "1");
    broker_bench_end(b);
}

/* broker V6. */
TEST(some_may_be_chosen_or_put_off)
{
    struct client *c;
    struct bench *b = dead("RETRY FIXED 1", 3, &c);
    SAYS(c, "XREDRIVE d MATCH n 2", "[1 0-0]");
    SAYS(c, "XREDRIVE d MATCH dl-id 3-1 DELAY 500", "[1 0-0]");
    SAYS(c, "XPENDING q g - + 10", "[[2-1  -1 0] [3-1  -1 0]]");
    SAYS(c, "XPOLICY RETRIES q g", "[[3-1 1700000000500 0 ]]");
    SAYS(c, "XREDRIVE d MATCH n 9", "[0 0-0]");
    SAYS(c, "XLEN d", "1");
    /* A stream that is made for later exists for a Redis as well (broker Z5). */
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE d TO t DELAY 500", "[1 0-0]");
    EFFECTS(b, "{XGROUP CREATE t millrace-made 0 MKSTREAM;XGROUP DESTROY t millrace-made;@XADD t "
               "AT 1700000000500 1700000000500-0 n 1;XDEL d 1700000000000-0}");
    broker_bench_end(b);
}

/* broker V8: targets are in the data; the caller must be allowed to write there. */
TEST(a_target_needs_a_right)
{
    struct client *c;
    struct bench *b = dead("", 1, &c);
    struct client *u = bench_client(b);
    SAYS(c, "ACL SETUSER u on nopass +@stream ~d %R~q", "OK");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XREDRIVE d", "[0 0-0]");
    SAYS(u, "XREDRIVE d TO q", "!NOPERM*");
    SAYS(c, "ACL SETUSER u ~q", "OK");
    SAYS(u, "XREDRIVE d", "[1 0-0]");
    broker_bench_end(b);
}

/* broker N3: letters that go elsewhere can be read there. */
TEST(letters_need_the_right_to_read_them)
{
    struct client *c;
    struct bench *b = dead("", 1, &c);
    struct client *u = bench_client(b);
    SAYS(c, "ACL SETUSER u on nopass +@all %W~d ~mine ~q", "OK");
    SAYS(u, "AUTH u x", "OK");
    SAYS(u, "XREDRIVE d TO mine", "!NOPERM*");
    SAYS(u, "XREDRIVE d", "!NOPERM*");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "ACL SETUSER u %R~d", "OK");
    SAYS(u, "XREDRIVE d TO mine", "[1 0-0]");
    broker_bench_end(b);
}

/* broker V9, G8. */
TEST(exactly_these_may_be_named)
{
    struct client *c;
    struct bench *b = dead("", 3, &c);
    SAYS(c, "XREDRIVE d IDS 3 1700000000000-2 5-5 1700000000000-0", "[2 0-0]");
    SAYS(c, "XREADGROUP GROUP g r STREAMS q >", "[[q [[3-1 [n 3]] [1-1 [n 1]]]]]");
    SAYS(c, "XREDRIVE d IDS 1 1-1 COUNT 1", "!ERR syntax error");
    SAYS(c, "XREDRIVE d START 1 IDS 1 1-1", "!ERR syntax error");
    SAYS(c, "XREDRIVE d IDS 2 1-1", "!ERR syntax error");
    SAYS(c, "XREDRIVE d IDS 1 x", "!ERR Invalid stream ID*");
    SAYS(c, "XREDRIVE d IDS 0", "!ERR IDS must be between 1 and 1000");
    SAYS(c, "XREDRIVE d IDS 1001 1-1", "!ERR IDS must be between 1 and 1000");
    SAYS(c, "XREDRIVE d COUNT 0", "!ERR COUNT must be between 1 and 100000");
    SAYS(c, "XREDRIVE d COUNT 1 COUNT 1", "!ERR COUNT specified multiple times");
    SAYS(c, "XREDRIVE d MATCH a", "!ERR syntax error");
    SAYS(c, "XREDRIVE d DELAY -1", "!ERR DELAY must be between 0 and 315360000000");
    SAYS(c, "XREDRIVE d SOON", "!ERR syntax error");
    /* A word of a pair is no option: rights look for TO as the handler does. */
    SAYS(c, "XREDRIVE d MATCH TO x", "[0 0-0]");
    SAYS(c, "COMMAND GETKEYS XREDRIVE d MATCH TO x TO t", "[d t]");
    SAYS(c, "SET s x", "OK");
    SAYS(c, "XREDRIVE s", "!WRONGTYPE*");
    broker_bench_end(b);
}

/* broker V1: ten times as many are looked at as may be moved. */
TEST(a_call_looks_at_so_many)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    for (int i = 1; i <= 25; i++)
        bench_says(c, "XADD d * a 1");
    HEARS(c, "*");
    SAYS(c, "XREDRIVE d COUNT 1", "[0 1700000000000-10]");
    SAYS(c, "XREDRIVE d COUNT 1 START 1700000000000-10", "[0 1700000000000-20]");
    SAYS(c, "XREDRIVE d COUNT 1 START 1700000000000-20", "[0 0-0]");
    broker_bench_end(b);
}

UNIT_MAIN(T(what_still_lies_there_is_ready_again), T(what_is_there_already_is_left_alone),
          T(what_is_gone_is_appended_anew), T(all_may_go_to_one_stream),
          T(some_may_be_chosen_or_put_off), T(a_target_needs_a_right),
          T(letters_need_the_right_to_read_them), T(exactly_these_may_be_named),
          T(a_call_looks_at_so_many))
