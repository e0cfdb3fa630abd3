/* Which streams have a timer, and when it goes off: with MAXAGE, the plainest of what has a moment.
 */
#include "broker.h"

#include "broker/broker_limits.h"

static void limit_age(struct bench *b, const char *key, int64_t ms)
{
    struct broker_group x = {.engine = &b->engine,
                             .db = &b->engine.store->dbs[0],
                             .key = bytes_text(key),
                             .stream = broker_stream(b, key)};
    stream_need_extra(x.stream)->limits.max_age_ms = ms;
    broker_moments_changed(&x);
}

/* 1700000000001-0 to -00n-0, so long before they are 1000 ms old. */
static struct bench *aging(int n, struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    for (int i = 1; i <= n; i++) {
        char line[100];
        snprintf(line, sizeof(line), "XADD q 17000000000%02d-0 n %d", i, i);
        bench_says(*c, line);
    }
    HEARS(*c, "*");
    bench_journal(b);
    limit_age(b, "q", 1000);
    return b;
}

TEST(the_timer_is_set_for_what_comes_first)
{
    struct client *c;
    struct bench *b = aging(3, &c);
    limit_age(b, "q", 2000);
    limit_age(b, "q", 1000);
    broker_bench_wait(b, 1001);
    EFFECTS(b, "");
    broker_bench_wait(b, 1);
    EFFECTS(b, "XTRIM q MINID = 1700000000002-0");
    broker_bench_wait(b, 2);
    EFFECTS(b, "XTRIM q MINID = 1700000000004-0");
    CHECK(!broker_has_work(b->engine.broker));
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == -1);
    broker_bench_end(b);
}

/* broker G6: a clock that is set forward makes due what it jumped over, one set back delays. */
TEST(moments_go_by_the_wall_clock)
{
    struct client *c;
    struct bench *b = aging(2, &c);
    b->engine.now_ms = b->engine.store->now_ms += 3600000;
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == 0);
    timer_run(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms);
    CHECK(broker_late_ms(b->engine.broker) == 3600000 - 1002);
    b->engine.now_ms = b->engine.store->now_ms -= 3600000; /* back, before it was done */
    broker_bench_turn(b);
    EFFECTS(b, "");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_wait(b, 1002);
    EFFECTS(b, "XTRIM q MINID = 1700000000002-0");
    broker_bench_end(b);
}

/* What goes by the steady clock and what goes by the wall clock stand in one line. */
TEST(groups_and_streams_stand_in_one_line)
{
    struct client *c;
    struct bench *b = aging(1, &c);
    SAYS(c, "XPOLICY SET p g MKSTREAM LEASE 1000 MAXDELIVER 1 DEADLETTER d", "OK");
    SAYS(c, "XADD p 1-1 a 1", "1-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS p >", "[[p [[1-1 [a 1]]]]]");
    broker_bench_turn(b);
    broker_forget_effects(b);
    broker_bench_wait(b, 1005);
    EFFECTS(b, "{XADD d 1700000001005-0 a 1 dl-reason maxdeliver dl-text lease ended dl-key p "
               "dl-group g dl-id 1-1 dl-consumer c dl-count 1 dl-delivered 1700000000000;XACK p g "
               "1-1};XTRIM q MINID = 1700000000005-0");
    SAYS(c, "XADD p 2-1 a 1", "2-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS p >", "[[p [[2-1 [a 1]]]]]");
    SAYS(c, "XADD q 1700000001004-0 n 2", "1700000001004-0");
    limit_age(b, "q", 1000 - 1);
    broker_forget_effects(b);
    broker_bench_wait(b, 1005);
    EFFECTS(b, "XTRIM q MINID = 1700000001011-0;{XADD d 1700000002010-0 a 1 dl-reason maxdeliver "
               "dl-text lease ended dl-key p dl-group g dl-id 2-1 dl-consumer c dl-count 1 "
               "dl-delivered 1700000001005;XACK p g 2-1}");
    broker_bench_end(b);
}

/* broker G5: at least one action in a turn, and then the next in line. */
TEST(a_turn_that_is_over_leaves_the_rest)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    for (int i = 0; i < 2500; i++)
        bench_says(c, i < 2200 ? "XADD q * a 1" : "XADD r * a 1");
    HEARS(c, "*");
    limit_age(b, "q", 10);
    limit_age(b, "r", 11);
    b->settings->broker_turn_us = 0;
    broker_bench_wait(b, 20);
    SAYS(c, "XLEN q", "1200");
    CHECK(broker_has_work(b->engine.broker));
    b->engine.steady_ms++;
    broker_bench_turn(b);
    SAYS(c, "XLEN r", "0");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "200");
    CHECK(broker_late_ms(b->engine.broker) == 20 + 1 - 11);
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "0");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

TEST(timers_follow_the_stream)
{
    struct client *c;
    struct bench *b = aging(1, &c);
    SAYS(c, "RENAME q r", "OK");
    SAYS(c, "COPY r s", "1");
    SAYS(c, "MOVE s 3", "1");
    SAYS(c, "COPY r t", "1");
    SAYS(c, "DEL t", "1");
    broker_forget_effects(b);
    broker_bench_wait(b, 1002);
    EFFECTS(b, "XTRIM r MINID = 1700000000002-0;SELECT 3;XTRIM s MINID = 1700000000002-0");
    SAYS(c, "SWAPDB 0 3", "OK");
    SAYS(c, "XADD s 1700000002000-0 n 1", "1700000002000-0");
    limit_age(b, "s", 2000);
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) > 0);
    SAYS(c, "FLUSHDB", "OK");
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == -1);
    broker_bench_end(b);
}

TEST(extras_that_are_empty_go)
{
    struct client *c;
    struct bench *b = aging(1, &c);
    struct db *db = &b->engine.store->dbs[0];
    CHECK(db->noted.acting.used == 1);
    limit_age(b, "q", STREAM_LIMITS_NONE);
    CHECK(db->noted.acting.used == 0 && !broker_stream(b, "q")->extra);
    broker_bench_wait(b, 5000);
    EFFECTS(b, "");
    broker_bench_end(b);
}

/* broker G4: an action waits until a client's write would run. */
TEST(nothing_happens_while_nothing_may_be_written)
{
    struct client *c;
    struct bench *b = aging(1, &c);
    SAYS(c, "CLIENT PAUSE 5000 WRITE", "OK");
    broker_bench_wait(b, 2002);
    EFFECTS(b, "");
    CHECK(!broker_has_work(b->engine.broker) && broker_late_ms(b->engine.broker) == 1000);
    b->engine.role = ROLE_REPLICA_UP;
    CHECK(broker_late_ms(b->engine.broker) == 0);
    b->engine.role = ROLE_PRIMARY;
    SAYS(c, "CLIENT UNPAUSE", "OK");
    broker_bench_turn(b);
    EFFECTS(b, "XTRIM q MINID = 1700000001002-0");
    broker_bench_end(b);
}

UNIT_MAIN(T(the_timer_is_set_for_what_comes_first), T(moments_go_by_the_wall_clock),
          T(groups_and_streams_stand_in_one_line), T(a_turn_that_is_over_leaves_the_rest),
          T(timers_follow_the_stream), T(extras_that_are_empty_go),
          T(nothing_happens_while_nothing_may_be_written))
