/* CONSUMERTTL and GROUPTTL: what nobody uses goes. */
#include "broker/broker_idle.h"

#include "broker.h"
#include "engine/state.h"

static bool exists(struct bench *b, const char *name)
{
    const struct stream_group *g = broker_group(b, "q", "g");
    return g && stream_group_consumer(g, bytes_text(name));
}

/* Seconds pass, turn by turn. */
static void seconds(struct bench *b, int n)
{
    for (int i = 0; i < n * 4; i++)
        broker_bench_wait(b, 250);
}

#define READ(name) "XREADGROUP GROUP g " name " COUNT 1 STREAMS q >"

/* broker S5, L14, N7: as by XGROUP DELCONSUMER. */
TEST(a_consumer_that_is_not_seen_is_deleted)
{
    struct client *a;
    struct bench *b = broker_queue("CONSUMERTTL 10000 LEASE 600000", 4, false, &a);
    SAYS(a, READ("a"), "*");
    SAYS(a, READ("a"), "*");
    SAYS(a, READ("b"), "*");
    seconds(b, 9);
    SAYS(a, "XCLAIM q g b 999999 1-1 JUSTID", "[]"); /* claiming, if in vain */
    broker_forget_effects(b);
    seconds(b, 4);
    CHECK(!exists(b, "a") && exists(b, "b"));
    EFFECTS(b, "{@XNACK q g FAIL IDS 2 1-1 2-1 RETRYCOUNT 1;XGROUP DELCONSUMER q g a}");
    seconds(b, 8);
    CHECK(!exists(b, "b"));
    EFFECTS(b, "{@XNACK q g FAIL IDS 1 3-1 RETRYCOUNT 1;XGROUP DELCONSUMER q g b}");
    SAYS(a, READ("c"), "[[q [[1-1 [n 1]]]]]");
    SAYS(a, "XINFO GROUPS q", "[[name g consumers 1*");
    broker_bench_end(b);
}

/* broker S5: looked for at least each second, or each quarter of the span. */
TEST(it_is_looked_for_often_enough)
{
    static const struct {
        const char *rules;
        int64_t ms, late_ms;
    } all[] = {{"CONSUMERTTL 1", 1, 1000},
               {"CONSUMERTTL 700", 700, 1000},
               {"CONSUMERTTL 3000", 3000, 1000},
               {"CONSUMERTTL 20000", 20000, 5000},
               {"CONSUMERTTL 20000 GROUPTTL 1000000", 20000, 5000}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct client *c;
        struct bench *b = broker_queue(all[i].rules, 0, false, &c);
        broker_bench_wait(b, 333);
        SAYS(c, READ("a"), "(nil)");
        int64_t seen = b->engine.steady_ms, gone = 0;
        while (gone < all[i].ms + 99999 && exists(b, "a")) {
            broker_bench_wait(b, 50);
            gone = b->engine.steady_ms - seen;
        }
        CHECK(gone >= all[i].ms && gone <= all[i].ms + all[i].late_ms + 50);
        broker_bench_end(b);
    }
}

/* broker S5: a blocked reader is there the whole time, until it is no longer. */
TEST(blocked_consumers_count_as_active)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 2000", 0, false, &c);
    struct client *a = bench_client(b), *other = bench_client(b);
    SAYS(a, "XREADGROUP GROUP g a BLOCK 20000 STREAMS q >", "");
    SAYS(other, READ("o"), "(nil)");
    SAYS(other, "XREADGROUP GROUP g o BLOCK 0 STREAMS nosuch >", "!NOGROUP*");
    SAYS(other, "BLPOP l 0", "");
    seconds(b, 19);
    CHECK(exists(b, "a") && !exists(b, "o"));
    broker_bench_wait(b, 1000);
    HEARS(a, "(nil)");
    broker_bench_wait(b, 1900);
    CHECK(exists(b, "a"));
    seconds(b, 2);
    CHECK(!exists(b, "a"));
    broker_bench_end(b);
}

/* broker S5: also who was blocked before there was a rule. */
TEST(consumers_blocked_before_the_policy_count_as_active)
{
    struct client *c;
    struct bench *b = broker_bench();
    c = bench_client(b);
    struct client *x = bench_client(b), *y = bench_client(b);
    SAYS(c, "XGROUP CREATE q g 0 MKSTREAM", "OK");
    SAYS(x, "XREADGROUP GROUP g x BLOCK 0 STREAMS q >", "");
    SAYS(y, "XREADGROUP GROUP g y BLOCK 0 STREAMS q >", "");
    SAYS(c, "XGROUP CREATECONSUMER q g z", "1");
    broker_bench_wait(b, 100000);
    SAYS(c, "XPOLICY SET q g CONSUMERTTL 1000 GROUPTTL 5000", "OK");
    broker_bench_turn(b);
    CHECK(exists(b, "z")); /* the span counts from the policy's making */
    seconds(b, 30);
    CHECK(exists(b, "x") && exists(b, "y") && !exists(b, "z"));
    broker_bench_end(b);
}

/* broker S5, D1, D3. */
TEST(what_is_used_up_dies_with_its_consumer)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 1000 MAXDELIVER 1", 1, true, &c);
    broker_forget_effects(b);
    seconds(b, 3);
    EFFECTS(b, "{XADD {q}:dlq 1700000001000-0 n 1 dl-reason maxdeliver dl-text consumer deleted "
               "dl-key q dl-group g dl-id 1-1 dl-consumer c dl-count 1 dl-delivered "
               "1700000000000;XACK q g 1-1;XGROUP DELCONSUMER q g c}");
    broker_bench_end(b);
}

/* broker S5, G5: in steps. */
TEST(much_goes_back_in_steps)
{
    struct client *c;
    struct bench *b = broker_queue("", 1000, true, &c);
    char line[100];
    for (int i = 0; i < 500; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATECONSUMER q g x%d", i);
        SAYS(c, line, "1");
    }
    SAYS(c, "XPOLICY SET q g CONSUMERTTL 1000", "OK");
    b->settings->broker_turn_us = 0;
    const struct stream_group *g = broker_group(b, "q", "g");
    broker_bench_wait(b, 1000);
    int turns = 0;
    for (; g->consumers.used && turns < 10000; turns++) {
        uint64_t had = stream_pending_owned_count(&g->pending), were = g->consumers.used;
        broker_bench_turn(b);
        uint64_t left = stream_pending_owned_count(&g->pending);
        CHECK(had - left <= 128 && were - g->consumers.used <= 1);
    }
    CHECK(turns >= 507 && turns < 10000);
    SAYS(c, "XPENDING q g", "[1000 1-1 1000-1 []]");
    broker_bench_end(b);
}

/* broker S6, N7: as by XGROUP DESTROY. */
TEST(an_idle_group_is_destroyed)
{
    struct client *c;
    struct bench *b = broker_queue("GROUPTTL 10000", 2, true, &c);
    SAYS(c, "XGROUP CREATE q other 0", "OK");
    seconds(b, 9);
    SAYS(c, READ("d"), "(nil)");
    broker_forget_effects(b);
    seconds(b, 9);
    CHECK(broker_group(b, "q", "g"));
    EFFECTS(b, "");
    seconds(b, 5);
    CHECK(!broker_group(b, "q", "g") && broker_group(b, "q", "other"));
    EFFECTS(b, "XGROUP DESTROY q g");
    SAYS(c, "XPOLICY LIST", "[]");
    SAYS(c, "XLEN q", "2");
    broker_bench_end(b);
}

/* broker S6: one that never had a consumer, and one whose consumers have gone. */
TEST(a_group_without_consumers_goes_as_well)
{
    struct client *c;
    struct bench *b = broker_queue("GROUPTTL 10000", 0, false, &c);
    seconds(b, 9);
    CHECK(broker_group(b, "q", "g"));
    seconds(b, 4);
    CHECK(!broker_group(b, "q", "g"));
    SAYS(c, "XPOLICY SET q g MKSTREAM GROUPTTL 10000 CONSUMERTTL 2000", "OK");
    seconds(b, 5);
    SAYS(c, READ("a"), "(nil)");
    seconds(b, 5);
    CHECK(broker_group(b, "q", "g") && !exists(b, "a"));
    seconds(b, 4);
    CHECK(broker_group(b, "q", "g"));
    seconds(b, 4);
    CHECK(!broker_group(b, "q", "g"));
    broker_bench_end(b);
}

/* broker S6: somebody waits for it. */
TEST(a_group_that_is_waited_for_stays)
{
    struct client *c;
    struct bench *b = broker_queue("GROUPTTL 2000", 0, false, &c);
    struct client *a = bench_client(b);
    SAYS(a, "XREADGROUP GROUP g a BLOCK 0 STREAMS q >", "");
    seconds(b, 20);
    CHECK(broker_group(b, "q", "g"));
    session_close(a);
    broker_bench_wait(b, 1900);
    CHECK(broker_group(b, "q", "g"));
    seconds(b, 3);
    CHECK(!broker_group(b, "q", "g"));
    broker_bench_end(b);
}

/* broker S5, S6: who waits for many streams is there wherever it has read, and the groups stay. */
TEST(a_consumer_blocked_on_many_streams_counts_as_active)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 2000 GROUPTTL 3000", 1, false, &c);
    struct client *m = bench_client(b);
    SAYS(c, "XPOLICY SET q2 g MKSTREAM GROUPTTL 3000", "OK");
    SAYS(m, "XREADGROUP GROUP g m COUNT 1 MATCH q*", "[[q [[1-1 [n 1]]]]]");
    SAYS(m, "XREADGROUP GROUP g m COUNT 1 BLOCK 0 MATCH q*", "");
    seconds(b, 20);
    CHECK(exists(b, "m") && broker_group(b, "q2", "g"));
    SAYS(c, "XADD q2 1-1 n 1", "1-1");
    broker_bench_turn(b);
    HEARS(m, "[[q2 [[1-1 [n 1]]]]]");
    broker_bench_wait(b, 1900);
    CHECK(exists(b, "m"));
    session_close(m);
    seconds(b, 5);
    CHECK(!broker_group(b, "q", "g") && !broker_group(b, "q2", "g"));
    broker_bench_end(b);
}

/* broker G4, S5: while nobody could be seen no time counts. */
TEST(no_consumer_is_deleted_during_a_pause)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 2000 GROUPTTL 3000", 1, true, &c);
    broker_forget_effects(b);
    SAYS(c, "CLIENT PAUSE 60000 WRITE", "OK");
    broker_bench_wait(b, 30000);
    EFFECTS(b, "");
    pause_end(&b->engine);
    broker_bench_turn(b);
    broker_bench_wait(b, 1900);
    EFFECTS(b, "");
    seconds(b, 4);
    CHECK(!broker_group(b, "q", "g"));
    broker_bench_end(b);
}

/* broker Z9, S5, S6: a replica deletes nobody, and begins anew when it is promoted. */
TEST(a_replica_deletes_no_consumers)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 2000 GROUPTTL 3000", 1, true, &c);
    broker_forget_effects(b);
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    seconds(b, 60);
    EFFECTS(b, "");
    state_set_role(&b->engine, ROLE_PRIMARY);
    broker_bench_turn(b);
    broker_bench_wait(b, 1900);
    EFFECTS(b, "");
    CHECK(exists(b, "c"));
    seconds(b, 5);
    CHECK(!broker_group(b, "q", "g"));
    broker_bench_end(b);
}

/* Times of a file whose clock was ahead are now. */
TEST(last_seen_times_in_the_future_count_as_now)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 2000", 1, true, &c);
    struct stream_consumer *x = stream_group_consumer(broker_group(b, "q", "g"), bytes_text("c"));
    stream_group_seen(x, b->engine.steady_ms + 1000000);
    seconds(b, 2);
    CHECK(exists(b, "c"));
    seconds(b, 3);
    CHECK(!exists(b, "c"));
    broker_bench_end(b);
}

/* The rule may change. */
TEST(the_span_may_be_changed)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 1000000", 1, true, &c);
    seconds(b, 100);
    SAYS(c, "XPOLICY SET q g CONSUMERTTL 0", "OK");
    seconds(b, 1000);
    CHECK(exists(b, "c"));
    SAYS(c, "XPOLICY SET q g CONSUMERTTL 1000", "OK");
    broker_bench_turn(b); /* it acts at once */
    CHECK(!exists(b, "c"));
    broker_bench_end(b);
}

UNIT_MAIN(T(a_consumer_that_is_not_seen_is_deleted), T(it_is_looked_for_often_enough),
          T(blocked_consumers_count_as_active),
          T(consumers_blocked_before_the_policy_count_as_active),
          T(what_is_used_up_dies_with_its_consumer), T(much_goes_back_in_steps),
          T(an_idle_group_is_destroyed), T(a_group_without_consumers_goes_as_well),
          T(a_group_that_is_waited_for_stays),
          T(a_consumer_blocked_on_many_streams_counts_as_active),
          T(no_consumer_is_deleted_during_a_pause), T(a_replica_deletes_no_consumers),
          T(last_seen_times_in_the_future_count_as_now), T(the_span_may_be_changed))
