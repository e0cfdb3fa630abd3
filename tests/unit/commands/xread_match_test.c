/* Many streams are read at once: those whose key matches and whose group has a policy. */
#include "broker/broker_match.h"

#include "broker.h"
#include "engine/state.h"

#define READ(options) "XREADGROUP GROUP g c " options " MATCH "

/* Streams of these one-letter names with group g, and so many entries each. */
static struct bench *streams(const char *names, int entries, struct client **c)
{
    struct bench *b = broker_bench();
    char line[80];
    *c = bench_client(b);
    for (; *names; names++) {
        snprintf(line, sizeof(line), "XPOLICY SET %c g MKSTREAM LEASE 100", *names);
        bench_says(*c, line);
        for (int i = 1; i <= entries; i++) {
            snprintf(line, sizeof(line), "XADD %c %d-1 n %d", *names, i, i);
            bench_says(*c, line);
        }
    }
    HEARS(*c, "*");
    return b;
}

static struct broker_ring *ring(struct bench *b)
{
    return broker_match_ring(b->engine.broker, &b->engine.store->dbs[0], BYTES("g"));
}

/* broker W1. */
TEST(arguments_say_what_matches)
{
    static const char *const wrong[][2] = {
        {"XREADGROUP GROUP g c NOACK NOACK MATCH *", "!ERR MATCH needs a COUNT that is positive"},
        {READ("COUNT 0") "*", "!ERR MATCH needs a COUNT that is positive"},
        {READ("COUNT -1") "*", "!ERR MATCH needs a COUNT that is positive"},
        {READ("COUNT x") "*", "!ERR value is not an integer or out of range"},
        {READ("COUNT 5 MAXCOUNT 4") "*", "!ERR MAXCOUNT must be greater than or equal to COUNT"},
        {"XREADGROUP GROUP g c COUNT 5 MATCH a STREAMS a >", "!ERR syntax error"},
        {"XREADGROUP GROUP g c COUNT 5 MATCH", "!ERR syntax error"},
        {"XREADGROUP COUNT 5 NOACK NOACK MATCH a", "!ERR Missing GROUP option for XREADGROUP"},
        {"XREAD COUNT 5 MATCH a STREAMS a 0",
         "!ERR The MATCH option is only supported by XREADGROUP. You called XREAD instead."},
    };
    struct client *c;
    struct bench *b = streams("ab", 1, &c);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        SAYS(c, wrong[i][0], wrong[i][1]);
    bench_says(c, "XGROUP CREATE plain g 0 MKSTREAM");
    bench_says(c, "XADD plain 1-1 n 1");
    bench_says(c, "XPOLICY SET other h MKSTREAM");
    bench_says(c, "XADD other 1-1 n 1");
    bench_says(c, "SELECT 1");
    bench_says(c, "XPOLICY SET d g MKSTREAM");
    bench_says(c, "XADD d 1-1 n 1");
    bench_says(c, "SELECT 0");
    HEARS(c, "*");
    SAYS(c, READ("COUNT 9") "x*", "(nil)");
    SAYS(c, "XREADGROUP GROUP nosuch c COUNT 9 MATCH *", "(nil)");
    SAYS(c, READ("COUNT 9") "*", "[[a [[1-1 [n 1]]]] [b [[1-1 [n 1]]]]]");
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    SAYS(c, "XREADGROUP GROUP h c COUNT 9 MATCH *", "[[other [[1-1 [n 1]]]]]");
    /* Not of streams that have nothing. */
    SAYS(c, "XPOLICY SET e g MKSTREAM", "OK");
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    CHECK(broker_group(b, "e", "g")->consumers.used == 0);
    broker_bench_end(b);
}

/* broker W1: with the other options. */
TEST(options_hold_for_the_whole_reply)
{
    struct client *c;
    struct bench *b = streams("ab", 3, &c);
    SAYS(c, READ("COUNT 5 MAXSIZE 1") "*", "[[a [[1-1 [n 1]]]]]");
    SAYS(c, READ("COUNT 4 NOACK") "*",
         "[[b [[1-1 [n 1]] [2-1 [n 2]]]] [a [[2-1 [n 2]] [3-1 [n "
         "3]]]]]");
    CHECK(broker_group(b, "a", "g")->pending.count == 1);
    CHECK(broker_group(b, "b", "g")->pending.count == 0);
    broker_bench_wait(b, 20);
    SAYS(c, READ("COUNT 4 CLAIM 50") "b", "[[b [[3-1 [n 3] 0 0]]]]");
    broker_bench_wait(b, 20);
    SAYS(c, READ("COUNT 4 CLAIM 30") "*", "[[a [[1-1 [n 1] 40 1]]]]");
    /* Waits until something will have been pending for so long. */
    struct client *w = bench_client(b);
    bench_says(w, READ("COUNT 4 CLAIM 30 BLOCK 0") "*");
    broker_bench_wait(b, 9);
    HEARS(w, "");
    broker_bench_wait(b, 1);
    HEARS(w, "[[b [[3-1 [n 3] 30 1]]]]");
    w->reply.resp = 3;
    bench_says(c, "XADD a 9-1 n 9");
    bench_says(w, READ("COUNT 1") "[ab]");
    CHECK(bench_heard(w, "%1|$1|a|*1|*2|$3|9-1|*2|$1|n|$1|9|"));
    broker_bench_end(b);
}

/* broker W2. */
TEST(a_busy_stream_does_not_starve_others)
{
    struct client *c;
    struct bench *b = streams("a", 100, &c);
    SAYS(c, "XPOLICY SET b g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET c g MKSTREAM", "OK");
    SAYS(c, "XADD b 1-1 n 1", "1-1");
    SAYS(c, "XADD c 1-1 n 1", "1-1");
    SAYS(c, READ("COUNT 6") "*",
         "[[a [[1-1 [n 1]] [2-1 [n 2]]]] [b [[1-1 [n 1]]]] [c [[1-1 [n 1]]]]]");
    SAYS(c, "XADD b 2-1 n 2", "2-1");
    SAYS(c, "XADD c 2-1 n 2", "2-1");
    /* Fewer than there are: where the last read ended the next one goes on. */
    SAYS(c, READ("COUNT 2") "*", "[[a [[3-1 [n 3]]]] [b [[2-1 [n 2]]]]]");
    SAYS(c, READ("COUNT 2") "*", "[[c [[2-1 [n 2]]]] [a [[4-1 [n 4]]]]]");
    SAYS(c, READ("COUNT 2") "*", "[[a [[5-1 [n 5]]]]]");
    SAYS(c, READ("COUNT 2") "*", "[[a [[6-1 [n 6]] [7-1 [n 7]]]]]");
    broker_bench_end(b);
}

/* broker W3. */
TEST(a_read_waits_for_any_also_for_one_made_later)
{
    struct client *c;
    struct bench *b = streams("ab", 0, &c);
    struct client *w[3];
    for (int i = 0; i < 3; i++)
        bench_says(w[i] = bench_client(b), READ("COUNT 5 BLOCK 1000") "*");
    CHECK(b->engine.blocking.count == 3 && !broker_has_work(b->engine.broker) == 0);
    broker_bench_turn(b);
    SAYS(c, "XADD b 1-1 n 1", "1-1");
    CHECK(broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    HEARS(w[0], "[[b [[1-1 [n 1]]]]]");
    HEARS(w[1], "");
    /* The order is kept by those who found nothing. */
    SAYS(c, "XADD new 1-1 n 1", "1-1");
    SAYS(c, "XPOLICY SET new g MKSTREAM", "OK");
    broker_bench_turn(b);
    HEARS(w[1], "[[new [[1-1 [n 1]]]]]");
    HEARS(w[2], "");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_wait(b, 99);
    HEARS(w[2], "");
    broker_bench_wait(b, 1); /* leases end */
    HEARS(w[2], "[[b [[1-1 [n 1]]]]]");
    bench_says(w[2], READ("COUNT 5 BLOCK 50") "*");
    broker_bench_wait(b, 50);
    HEARS(w[2], "(nil)");
    /* Also where nothing acts: a replica that takes writes. */
    bench_says(w[2], READ("COUNT 5 BLOCK 0") "*");
    state_set(&b->engine, ENGINE_REPLICA, true);
    SAYS(c, "XADD b 2-1 n 2", "2-1");
    broker_bench_turn(b);
    HEARS(w[2], "[[b [[2-1 [n 2]]]]]");
    state_set(&b->engine, ENGINE_REPLICA, false);
    /* Nothing at all is there: it waits. */
    bench_says(w[0], "XREADGROUP GROUP h c COUNT 5 BLOCK 0 MATCH *");
    SAYS(c, "XPOLICY SET z h MKSTREAM", "OK");
    SAYS(c, "XADD z 1-1 n 1", "1-1");
    broker_bench_turn(b);
    HEARS(w[0], "[[z [[1-1 [n 1]]]]]");
    bench_says(w[0], "XREADGROUP GROUP h c COUNT 5 BLOCK 0 MATCH *");
    session_close(w[0]);
    SAYS(c, "XADD z 2-1 n 2", "2-1");
    broker_bench_turn(b);
    broker_bench_end(b);
}

/* broker W4. */
TEST(what_has_nothing_costs_nothing)
{
    struct client *c;
    struct bench *b = streams("abcdefgh", 0, &c);
    struct broker *broker = b->engine.broker;
    SAYS(c, READ("COUNT 9") "*", "(nil)"); /* all are looked at once */
    CHECK(broker->rings.used == 1 && ring(b)->ready_n == 0);
    SAYS(c, "XADD c 1-1 n 1", "1-1");
    SAYS(c, "XADD f 1-1 n 1", "1-1");
    CHECK(ring(b)->ready_n == 2);
    SAYS(c, READ("COUNT 9") "c", "[[c [[1-1 [n 1]]]]]");
    SAYS(c, READ("COUNT 9") "c", "(nil)");
    CHECK(ring(b)->ready_n == 1);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "XADD a 1-1 n 1", "QUEUED");
    SAYS(c, READ("COUNT 9 BLOCK 0") "*", "QUEUED");
    SAYS(c, READ("COUNT 9 BLOCK 0") "*", "QUEUED");
    SAYS(c, "EXEC", "[1-1 [[f [[1-1 [n 1]]]] [a [[1-1 [n 1]]]]] (nil)]");
    /* Names that nobody has do not stay. */
    for (int i = 0; i < 5; i++) {
        char line[60];
        snprintf(line, sizeof(line), "XREADGROUP GROUP x%d c COUNT 9 MATCH *", i);
        SAYS(c, line, "(nil)");
    }
    CHECK(broker->rings.used == 2);
    SAYS(c, "FLUSHDB", "OK");
    CHECK(b->engine.store->waited == 0);
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    broker_bench_end(b);
}

/* Whether the blocked client has been run since *ticks was noted, which is noted anew. */
static bool has_run(const struct client *w, uint64_t *ticks)
{
    bool ran = w->blocked_ticks != *ticks;
    *ticks = w->blocked_ticks;
    return ran;
}

/* broker W4: a waiter is run for streams whose key fits its pattern, and for no other. */
TEST(a_waiter_is_run_for_what_fits_its_pattern)
{
    struct client *c;
    struct bench *b = streams("abcd", 1, &c);
    struct client *other = bench_client(b), *capped = bench_client(b), *late = bench_client(b);
    uint64_t other_ticks = 0, capped_ticks = 0;
    int other_runs = 0, capped_runs = 0;
    char line[80];
    SAYS(c, "XPOLICY SET a g PREFETCH 1 LEASE 0", "OK");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 MATCH a", "[[a [[1-1 [n 1]]]]]");
    bench_says(other, READ("COUNT 1 BLOCK 0") "z*");
    bench_says(capped, "XREADGROUP GROUP g d COUNT 1 BLOCK 0 MATCH a*");
    bench_says(late, READ("COUNT 1 BLOCK 0") "zz");
    has_run(other, &other_ticks);
    has_run(capped, &capped_ticks);
    for (int i = 2; i <= 9; i++) {
        snprintf(line, sizeof(line), "XADD %c %d-1 n 1", i % 2 ? 'b' : 'a', i);
        bench_says(c, line);
        for (int turn = 0; turn < 3; turn++) {
            broker_bench_turn(b);
            other_runs += has_run(other, &other_ticks);
            capped_runs += has_run(capped, &capped_ticks);
        }
        CHECK(!broker_has_work(b->engine.broker));
    }
    CHECK(other_runs == 0);
    CHECK(capped_runs == 4); /* once for each entry, and then it rests at its cap */
    HEARS(capped, "");
    bench_says(c, "XACK a g 1-1");
    broker_bench_turn(b);
    HEARS(capped, "[[a [[2-1 [n 1]]]]]");
    /* What is ready gets a name that fits: the longest waiting has it. */
    HEARS(c, "*");
    SAYS(c, "RENAME b zz", "OK");
    broker_bench_turn(b);
    HEARS(other, "[[zz [[1-1 [n 1]]]]]");
    HEARS(late, "[[zz [[3-1 [n 1]]]]]");
    broker_bench_end(b);
}

/* broker W4, S3: who stands by finds nothing, but the stream does not rest for whom it serves. */
TEST(the_seat_holder_is_served_after_earlier_readers)
{
    struct client *c;
    struct bench *b = streams("ax", 1, &c);
    struct client *other = bench_client(b), *holder = bench_client(b);
    SAYS(c, "XPOLICY SET a g SINGLE 60000 LEASE 0", "OK");
    SAYS(holder, "XREADGROUP GROUP g h COUNT 1 MATCH a", "[[a [[1-1 [n 1]]]]]");
    SAYS(c, "XACK a g 1-1", "1");
    bench_says(other, "XREADGROUP GROUP g o COUNT 1 BLOCK 0 MATCH a");
    bench_says(holder, "XREADGROUP GROUP g h COUNT 1 BLOCK 0 MATCH a");
    broker_bench_turn(b);
    SAYS(c, "XADD a 2-1 n 2", "2-1");
    broker_bench_turn(b);
    HEARS(holder, "[[a [[2-1 [n 2]]]]]");
    HEARS(other, "");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker W4: streams that move, caps, seats. */
TEST(a_stream_is_ready_again_when_that_has_changed)
{
    struct client *c;
    struct bench *b = streams("a", 2, &c);
    SAYS(c, "XPOLICY SET a g LEASE 0 PREFETCH 1", "OK");
    SAYS(c, READ("COUNT 9") "*", "[[a [[1-1 [n 1]]]]]");
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    SAYS(c, "XREADGROUP GROUP g d COUNT 9 MATCH *", "[[a [[2-1 [n 2]]]]]"); /* another may */
    SAYS(c, "XADD a 3-1 n 3", "3-1");
    struct client *w = bench_client(b);
    bench_says(w, READ("COUNT 9 BLOCK 0") "*");
    SAYS(c, "XACK a g 1-1", "1");
    broker_bench_turn(b);
    HEARS(w, "[[a [[3-1 [n 3]]]]]");
    SAYS(c, "XPOLICY SET a g PREFETCH 0 PAUSE ON", "OK");
    SAYS(c, "XADD a 4-1 n 4", "4-1");
    bench_says(w, READ("COUNT 9 BLOCK 0") "*");
    broker_bench_turn(b);
    HEARS(w, "");
    SAYS(c, "XPOLICY SET a g PAUSE OFF", "OK");
    broker_bench_turn(b);
    HEARS(w, "[[a [[4-1 [n 4]]]]]");
    SAYS(c, "RENAME a b", "OK");
    SAYS(c, "XADD b 5-1 n 5", "5-1");
    SAYS(c, READ("COUNT 9") "*", "[[b [[5-1 [n 5]]]]]");
    SAYS(c, "XADD b 6-1 n 6", "6-1");
    SAYS(c, "SWAPDB 0 1", "OK");
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    SAYS(c, "SELECT 1", "OK");
    SAYS(c, READ("COUNT 9") "*", "[[b [[6-1 [n 6]]]]]");
    SAYS(c, "PEXPIRE b 10", "1");
    SAYS(c, "XADD b 7-1 n 7", "7-1");
    b->engine.now_ms = b->engine.store->now_ms += 10;
    SAYS(c, READ("COUNT 9") "*", "(nil)");
    CHECK(b->engine.store->waited == 0);
    broker_bench_end(b);
}

/* broker W5, N6. */
TEST(pattern_reads_need_an_acl_rule_equal_to_the_pattern)
{
    struct client *c;
    struct bench *b = streams("ab", 1, &c);
    struct client *u = bench_client(b);
    SAYS(c, "ACL SETUSER ann on nopass %R~a* ~b +@all", "OK");
    SAYS(u, "AUTH ann x", "OK");
    SAYS(u, READ("COUNT 9") "*", "!NOPERM No permissions to access a key");
    SAYS(u, READ("COUNT 9") "a", "!NOPERM No permissions to access a key");
    SAYS(u, READ("COUNT 9") "a*", "[[a [[1-1 [n 1]]]]]");
    SAYS(u, READ("COUNT 9") "b", "[[b [[1-1 [n 1]]]]]");
    SAYS(c, "ACL DRYRUN ann " READ("COUNT 9") "a*", "OK");
    bench_says(c, "ACL DRYRUN ann " READ("COUNT 9") "*");
    HEARS(c, "MATCH denied due to insufficient ACL permissions");
    SAYS(c, "ACL SETUSER ann resetkeys %W~* +@all", "OK");
    SAYS(u, READ("COUNT 9") "a*", "!NOPERM No permissions to access a key");
    SAYS(c, "ACL SETUSER ann resetkeys ~*", "OK");
    SAYS(u, READ("COUNT 9") "a*", "(nil)");
    broker_bench_end(b);
}

UNIT_MAIN(T(arguments_say_what_matches), T(options_hold_for_the_whole_reply),
          T(a_busy_stream_does_not_starve_others), T(a_read_waits_for_any_also_for_one_made_later),
          T(what_has_nothing_costs_nothing), T(a_waiter_is_run_for_what_fits_its_pattern),
          T(the_seat_holder_is_served_after_earlier_readers),
          T(a_stream_is_ready_again_when_that_has_changed),
          T(pattern_reads_need_an_acl_rule_equal_to_the_pattern))
