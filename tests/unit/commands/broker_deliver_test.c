/* What a read or a subscription gets of a group: each message once. Entry n-1 of the queue is
 * [n-1 [n n]]. */
#include "broker/broker_deliver.h"

#include "broker.h"

#define PUSH(id, n, deliveries) "[xdeliver q g " id " [n " n "] " deliveries "]"

/* broker U3, C1: the subscription's own cap is reached by another's entry, behind one of its own.
 */
TEST(consumer_at_its_cap_rereads_its_own_entries_once)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100", 2, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 1 STREAMS q", "OK " PUSH("1-1", "1", "1"));
    SAYS(c, "XREADGROUP GROUP g c COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 2 STREAMS q", "OK");
    broker_bench_wait(b, 100);
    HEARS(w, PUSH("1-1", "1", "2") " " PUSH("2-1", "2", "2"));
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[w 2]]]");
    broker_bench_end(b);
}

/* broker L4: pending by force, it is unread as well. */
TEST(what_is_pending_and_unread_is_given_once)
{
    static const char *const orders[] = {"", "ORDERBY k"};
    for (int i = 0; i < 2; i++) {
        struct client *c;
        struct bench *b = broker_queue(orders[i], 2, false, &c);
        SAYS(c, "XNACK q g FAIL IDS 1 1-1 FORCE", "1");
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
        broker_bench_end(b);
    }
}

/* broker L4: what is gone makes room, which is not for what is unread. */
TEST(room_that_a_read_makes_is_for_what_is_released)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100", 4, false, &c);
    SAYS(c, "XREADGROUP GROUP g c COUNT 2 STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XNACK q g SILENT IDS 1 3-1", "1");
    SAYS(c, "XDEL q 1-1", "1");
    broker_bench_wait(b, 100);
    SAYS(c, "XPOLICY SET q g PREFETCH 2", "OK");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XNACK q g SILENT IDS 1 3-1", "1");
    SAYS(c, "XDEL q 2-1", "1");
    broker_bench_wait(b, 100);
    SAYS(c, "XPOLICY SET q g PREFETCH 1", "OK");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XADD q 5-1 n 5", "5-1");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", "[[q [[4-1 [n 4]]]]]");
    SAYS(c, "XNACK q g SILENT IDS 1 4-1", "1");
    SAYS(c, "XDEL q 3-1", "1");
    broker_bench_wait(b, 100);
    SAYS(c, "XPOLICY SET q g MAXPENDING 1", "OK"); /* of the group */
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[4-1 [n 4]]]]]");
    broker_bench_end(b);
}

/* broker U5, L3: a lease that began before anybody had to hear of its end. */
TEST(a_subscriber_hears_of_leases_from_before)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100", 1, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XPOLICY SET q g RETRY FIXED 10", "OK");
    broker_bench_turn(b); /* no timer is needed */
    SAYS(w, "XCONSUME START GROUP g w STREAMS q", "OK");
    broker_bench_wait(b, 100);
    HEARS(w, PUSH("1-1", "1", "2"));
    broker_bench_end(b);
}

/* broker C5: a claim makes room also where it finds no message. */
TEST(a_claim_of_what_is_gone_makes_room)
{
    struct client *c;
    struct bench *b = broker_queue("", 2, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 1 STREAMS q", "OK " PUSH("1-1", "1", "1"));
    SAYS(c, "XDEL q 1-1", "1");
    SAYS(c, "XCLAIM q g c 0 1-1", "[]");
    broker_bench_turn(b);
    HEARS(w, PUSH("2-1", "2", "1"));
    broker_bench_end(b);
}

/* broker C5, L11: what another reader takes over makes room under the policy's cap as well. */
TEST(what_is_taken_over_makes_room)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 PREFETCH 1", 2, false, &c);
    struct client *w = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g w STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(w, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >", "");
    broker_bench_wait(b, 100);
    SAYS(c, "XREADGROUP GROUP g c CLAIM 50 STREAMS q >", "[[q [[1-1 [n 1] 100 1]]]]");
    broker_bench_turn(b);
    HEARS(w, "[[q [[2-1 [n 2]]]]]");
    broker_bench_end(b);
}

/* broker C5, M2: references that a limit takes by itself make room. */
TEST(what_a_limit_takes_makes_room)
{
    static const char *const limits[] = {"MAXAGE 1700000000500", "MAXLEN 1"};
    for (int i = 0; i < 2; i++) {
        struct client *c;
        struct bench *b = broker_queue("", 1, false, &c);
        struct client *w = bench_client(b);
        char line[80];
        w->reply.resp = 3;
        SAYS(w, "XCONSUME START GROUP g w PREFETCH 1 STREAMS q", "OK " PUSH("1-1", "1", "1"));
        SAYS(c, "XADD q 1700000000000-1 n 2", "1700000000000-1");
        snprintf(line, sizeof(line), "XCFGSET q %s OVERFLOW DROP DELREF", limits[i]);
        SAYS(c, line, "OK");
        broker_bench_wait(b, 600);
        broker_bench_turn(b);
        HEARS(w, PUSH("1700000000000-1", "2", "1"));
        broker_bench_end(b);
    }
}

/* broker C3, C5: a full consumer's own that is left over for lack of a token. */
TEST(a_rate_token_wakes_a_blocked_reader)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 600 RATE 2 1000", 2, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(w, "XCONSUME START GROUP g w PREFETCH 2 STREAMS q",
         "OK " PUSH("1-1", "1", "1") " " PUSH("2-1", "2", "1"));
    broker_bench_wait(b, 600);
    HEARS(w, PUSH("1-1", "1", "2"));
    broker_bench_wait(b, 400);
    HEARS(w, PUSH("2-1", "2", "2"));
    broker_bench_end(b);
}

/* broker C3: also where nobody has read with the values in between. */
TEST(changed_values_fill_the_bucket)
{
    struct client *c;
    struct bench *b = broker_queue("RATE 1 1000", 3, false, &c);
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XPOLICY SET q g RATE 1 1000", "OK");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "(nil)");
    SAYS(c, "XPOLICY SET q g RATE 0 1", "OK");
    broker_bench_turn(b); /* nobody waits for a token any more */
    SAYS(c, "XPOLICY SET q g RATE 1 1000", "OK");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "(nil)");
    broker_bench_end(b);
}

/* broker O6: who waits hears of it when the value of the message at which reading has stopped is
 * free, though nobody was held for it. */
TEST(reading_goes_on_when_a_value_is_free)
{
    static const char *const ways[] = {"XACK q g 2-1", "XNACK q g SILENT IDS 1 2-1 DELAY 1000",
                                       "XDELEX q DELREF IDS 1 2-1"};
    for (int i = 0; i < 3; i++) {
        struct client *c;
        struct bench *b = broker_queue("ORDERBY k SKIP", 0, false, &c);
        struct client *d = bench_client(b);
        b->settings->broker_order_ahead = 1;
        SAYS(c, "XADD q 1-1 k a", "1-1");
        SAYS(c, "XADD q 2-1 k b", "2-1");
        SAYS(c, "XADD q 3-1 k a", "3-1"); /* held */
        SAYS(c, "XADD q 4-1 k b", "4-1"); /* may not be */
        SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [k a]] [2-1 [k b]]]]]");
        SAYS(d, "XREADGROUP GROUP g d BLOCK 0 STREAMS q >", "");
        bench_says(c, ways[i]);
        broker_bench_turn(b);
        HEARS(d, "[[q [[4-1 [k b]]]]]");
        broker_bench_end(b);
    }
}

/* broker S5. */
TEST(a_subscriber_was_seen_when_it_closed)
{
    struct client *c;
    struct bench *b = broker_queue("CONSUMERTTL 1000", 0, false, &c);
    struct client *w = bench_client(b);
    w->reply.resp = 3;
    SAYS(w, "XCONSUME START GROUP g w STREAMS q", "OK");
    broker_bench_wait(b, 990);
    session_close(w);
    broker_bench_wait(b, 980);
    broker_bench_wait(b, 10);
    SAYS(c, "XINFO CONSUMERS q g", "[[name w *");
    broker_bench_wait(b, 1020);
    SAYS(c, "XINFO CONSUMERS q g", "[]");
    broker_bench_end(b);
}

UNIT_MAIN(T(consumer_at_its_cap_rereads_its_own_entries_once),
          T(what_is_pending_and_unread_is_given_once),
          T(room_that_a_read_makes_is_for_what_is_released),
          T(a_subscriber_hears_of_leases_from_before), T(a_claim_of_what_is_gone_makes_room),
          T(what_is_taken_over_makes_room), T(what_a_limit_takes_makes_room),
          T(a_rate_token_wakes_a_blocked_reader), T(changed_values_fill_the_bucket),
          T(reading_goes_on_when_a_value_is_free), T(a_subscriber_was_seen_when_it_closed))
