/* XPOLICY STATS, and what XINFO says of groups with a policy. */
#include "broker.h"

/* What XPOLICY STATS says of the field. */
static int waiting(struct client *c, const char *key, const char *group)
{
    char line[100];
    struct buf raw = {0};
    snprintf(line, sizeof(line), "XPOLICY STATS %s %s", key, group);
    bench_says(c, line);
    broker_drain(c, &raw);
    const char *at = strstr(raw.p, "waiting\r\n:");
    CHECK(at);
    int n = atoi(at + strlen("waiting\r\n:"));
    buf_free(&raw);
    return n;
}

/* broker I1, I2, I5. */
TEST(states_and_counters)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *r = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 1000 MAXDELIVER 3", "OK");
    broker_bench_turn(b);
    SAYS(c, "XPOLICY STATS q g",
         "[ready 0 unread 0 released 0 overdue 0 leased 0 deferred 0 held 0 scheduled 0 "
         "dead-blocked 0 consumers 0 waiting 0 subscribers 0 added 0 delivered 0 redelivered 0 "
         "acked 0 failed 0 released-total 0 leases-ended 0 dead 0 discarded 0 lost 0 "
         "oldest-ready-ms -1 oldest-leased-ms -1 next-due-ms -1 added-per-sec 0 delivered-per-sec "
         "0 acked-per-sec 0 failed-per-sec 0]");
    for (int i = 0; i < 8; i++)
        bench_says(c, "XADD q * a 1");
    HEARS(c, "*");
    SAYS(c, "XDEL q 1700000000000-7", "1");
    SAYS(c, "XREADGROUP GROUP g a COUNT 5 STREAMS q >", "[[q *");
    SAYS(c, "XACK q g 1700000000000-0", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-1 DELAY 5000", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-4", "1");
    broker_bench_wait(b, 500);
    SAYS(c, "XCLAIM q g b 0 1700000000000-2 JUSTID", "[1700000000000-2]");
    broker_bench_wait(b, 500);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS none q > >");
    HEARS(r, "!NOGROUP*");
    SAYS(c, "XPOLICY STATS q g",
         "[ready 4 unread 2 released 1 overdue 1 leased 1 deferred 1 held 0 scheduled 0 "
         "dead-blocked 0 consumers 2 waiting 0 subscribers 0 added 8 delivered 5 redelivered 0 "
         "acked 1 failed 2 released-total 0 leases-ended 1 dead 0 discarded 0 lost 0 "
         "oldest-ready-ms 1000 oldest-leased-ms 1000 next-due-ms 4000 added-per-sec 8 "
         "delivered-per-sec 5 acked-per-sec 1 failed-per-sec 2]");
    /* Exact, also after deletions. */
    SAYS(c, "XINFO GROUPS q",
         "[[name g consumers 2 pending 4 last-delivered-id 1700000000000-4 "
         "entries-read (nil) lag 2]]");
    /* Looking is no look that counts: what is used up dies all the same (D2). */
    SAYS(c, "XPOLICY SET q g MAXDELIVER 1", "OK");
    SAYS(c, "XPOLICY STATS q g", "[ready 4 *");
    broker_bench_turn(b);
    SAYS(c, "XLEN {q}:dlq", "1");
    SAYS(c, "XPOLICY SET q g PAUSE ON", "OK");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    SAYS(c, "XGROUP CREATE q plain 0", "OK");
    SAYS(c, "XPOLICY STATS q plain",
         "[ready 7 unread 7 released 0 overdue 0 leased 0 deferred 0 held 0 scheduled 0 "
         "dead-blocked 0 consumers 0 waiting 0 subscribers 0 added (nil) delivered (nil) "
         "redelivered (nil) acked (nil) failed (nil) released-total (nil) leases-ended (nil) dead "
         "(nil) discarded (nil) lost (nil) oldest-ready-ms 1000 oldest-leased-ms -1 next-due-ms -1 "
         "added-per-sec (nil) delivered-per-sec (nil) acked-per-sec (nil) failed-per-sec (nil)]");
    SAYS(c, "XPOLICY STATS q g",
         "[ready 3 unread 2 released 1 overdue 0 leased 1 deferred 1 held 0 "
         "scheduled 0 dead-blocked 0 consumers 3 waiting 1 *");
    broker_bench_end(b);
}

/* broker I1, L10: what NOACK delivers counts as acknowledged, new or not, with an order too. */
TEST(noack_counts_as_acknowledged)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    const struct stream_policy_counts *n;
    SAYS(c, "XPOLICY SET q g MKSTREAM", "OK");
    for (int i = 0; i < 4; i++)
        bench_says(c, "XADD q * a 1");
    HEARS(c, "*");
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q *");
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-0", "1");
    SAYS(c, "XREADGROUP GROUP g a COUNT 2 NOACK STREAMS q >", "[[q *");
    n = &broker_group(b, "q", "g")->policy->counts;
    CHECK(n->delivered == 3 && n->redelivered == 1 && n->acked == 2);
    SAYS(c, "XPOLICY SET q g ORDERBY a", "OK");
    SAYS(c, "XREADGROUP GROUP g a COUNT 2 NOACK STREAMS q >", "[[q *");
    n = &broker_group(b, "q", "g")->policy->counts;
    CHECK(n->delivered == 4 && n->acked == 3);
    broker_bench_end(b);
}

/* broker I1: those who wait with MATCH count where their pattern matches, and the group has a
 * policy. */
TEST(readers_of_many_streams_wait)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *r = bench_client(b), *other = bench_client(b);
    SAYS(c, "XPOLICY SET q1 g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET x g MKSTREAM", "OK");
    SAYS(c, "XPOLICY SET q1 h MKSTREAM", "OK");
    SAYS(c, "XGROUP CREATE q2 g 0 MKSTREAM", "OK");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 MATCH q*");
    bench_says(other, "SELECT 1");
    bench_says(other, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 MATCH q*");
    CHECK(waiting(c, "q1", "g") == 1 && waiting(c, "x", "g") == 0);
    CHECK(waiting(c, "q1", "h") == 0 && waiting(c, "q2", "g") == 0);
    SAYS(c, "XADD q1 1-1 a 1", "1-1");
    broker_bench_turn(b);
    HEARS(r, "[[q1 [[1-1 [a 1]]]]]");
    CHECK(waiting(c, "q1", "g") == 0);
    broker_bench_end(b);
}

/* broker I1: also where nobody acts, as on a replica, leases that have ended are counted. */
TEST(overdue_is_counted_without_a_turn)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 1000 MAXDELIVER 1", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XREADGROUP GROUP g a COUNT 5 STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    b->engine.steady_ms += 1000;
    for (int i = 0; i < 2; i++)
        SAYS(c, "XPOLICY STATS q g", "[ready 1 unread 0 released 0 overdue 1 leased 0 *");
    broker_bench_turn(b);
    SAYS(c, "XLEN {q}:dlq", "1");
    broker_bench_end(b);
}

UNIT_MAIN(T(states_and_counters), T(noack_counts_as_acknowledged), T(readers_of_many_streams_wait),
          T(overdue_is_counted_without_a_turn))
