/* Leases, what XREADGROUP gives in a group with a policy, and its caps. */
#include "broker.h"

/* broker L1, L2, L4, L6, L7, L8. */
TEST(a_lease_that_ended_is_given_again)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 3, false, &c);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_bench_wait(b, 10);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    broker_bench_wait(b, 989);
    SAYS(c, "XREADGROUP GROUP g b COUNT 1 STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XREADGROUP GROUP g b COUNT 1 STREAMS q >", "(nil)");
    broker_forget_effects(b);
    broker_bench_wait(b, 1);
    EFFECTS(b, ""); /* that it ended is no event */
    SAYS(c, "XREADGROUP GROUP g b COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    EFFECTS(b, "XCLAIM q g b 0 1-1 TIME 1700000001000 RETRYCOUNT 2 FORCE JUSTID LASTID 3-1");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 b 0 2] [2-1 a 990 1] [3-1 b 1 1]]");
    /* Released, then overdue, then unread; one's own too. */
    SAYS(c, "XADD q 4-1 n 4", "4-1");
    SAYS(c, "XNACK q g FAIL IDS 1 3-1", "1");
    broker_bench_wait(b, 10);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[3-1 [n 3]] [2-1 [n 2]] [4-1 [n 4]]]]]");
    /* Whoever owns it, overdue or not. */
    broker_bench_wait(b, 5000);
    SAYS(c, "XACK q g 2-1 1-1", "2");
    SAYS(c, "XACK q g 2-1", "0");
    SAYS(c, "XPOLICY SET q g LEASE 0", "OK");
    broker_bench_wait(b, 500000);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "(nil)");
    broker_bench_end(b);
}

/* broker L3, L16: one timer a group; the reader who waits first is served first. */
TEST(the_end_of_a_lease_wakes_a_reader)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 2, false, &c);
    struct client *r = bench_client(b), *s = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_bench_wait(b, 300);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 STREAMS q >");
    bench_says(s, "XREADGROUP GROUP g s COUNT 1 BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 699);
    HEARS(r, "");
    broker_bench_wait(b, 1);
    HEARS(r, "[[q [[1-1 [n 1]]]]]");
    HEARS(s, "");
    /* The history renews the other's lease. */
    SAYS(c, "XREADGROUP GROUP g a STREAMS q 0", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 r 0 2] [2-1 a 0 2]]");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_wait(b, 999);
    HEARS(s, "");
    broker_bench_wait(b, 1);
    HEARS(s, "[[q [[2-1 [n 2]]]]]");
    broker_bench_wait(b, 1000);
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker L5: renewed by a claim, also after its end. */
TEST(a_lease_is_renewed_by_a_claim)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 1, false, &c);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_bench_wait(b, 1500);
    SAYS(c, "XCLAIM q g a 0 1-1 JUSTID", "[1-1]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 a 0 1]]");
    broker_bench_wait(b, 999);
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "(nil)");
    SAYS(c, "XCLAIM q g a 0 1-1 IDLE 400 JUSTID", "[1-1]");
    broker_bench_wait(b, 599);
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "(nil)");
    broker_bench_wait(b, 1);
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_bench_end(b);
}

/* broker L9, D9. */
TEST(what_was_deleted_is_not_given)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 3, false, &c);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XDEL q 1-1 2-1", "2");
    SAYS(c, "XACK q g 1-1", "1"); /* its owner may still acknowledge */
    SAYS(c, "XPOLICY SET q g MAXDELIVER 5", "OK");
    broker_bench_wait(b, 1000);
    broker_forget_effects(b);
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    EFFECTS(b, "{XGROUP CREATECONSUMER q g b;XACK q g 2-1;XCLAIM q g b 0 3-1 TIME 1700000001000 "
               "RETRYCOUNT 2 FORCE JUSTID LASTID 3-1}");
    CHECK(b->engine.broker->totals.lost == 1);
    SAYS(c, "XDEL q 3-1", "1");
    SAYS(c, "XNACK q g FATAL IDS 1 3-1", "1");
    SAYS(c, "EXISTS {q}:dlq", "0");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

/* broker L9: what is too much for one read is gone on with in the next turn. */
TEST(a_read_drops_a_thousand_references)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 2500, false, &c);
    struct client *r = bench_client(b);
    bench_says(c, "XREADGROUP GROUP g a STREAMS q >");
    SAYS(c, "XTRIM q MAXLEN 0", "*");
    SAYS(c, "XADD q 9000-1 n 1", "9000-1");
    broker_bench_wait(b, 1000);
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    CHECK(broker_group(b, "q", "g")->pending.count == 1500 + 1);
    HEARS(r, "[[q [[9000-1 [n 1]]]]]"); /* it answers what it has */
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    CHECK(broker_group(b, "q", "g")->pending.count == 500 + 1);
    HEARS(r, "");
    SAYS(c, "XADD q 9001-1 n 1", "9001-1");
    broker_bench_turn(b);
    HEARS(r, "[[q [[9001-1 [n 1]]]]]");
    CHECK(broker_group(b, "q", "g")->pending.count == 2);
    broker_bench_end(b);
}

/* broker L10. */
TEST(noack_acknowledges)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 ONACK DELETE", 3, false, &c);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    broker_bench_wait(b, 1000);
    broker_forget_effects(b);
    SAYS(c, "XREADGROUP GROUP g a NOACK STREAMS q >",
         "[[q [[2-1 [n 2]] [1-1 [n 1]] [3-1 [n 3]]]]]");
    EFFECTS(b, "{XGROUP SETID q g 3-1 ENTRIESREAD 3;XACK q g 2-1 1-1;XDEL q 2-1 1-1;XDEL q 3-1}");
    SAYS(c, "XLEN q", "0");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

/* broker L11: CLAIM is min(ms, LEASE), and the reply shows counts. */
TEST(claim_takes_what_is_idle_for_so_long)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 2", 4, false, &c);
    SAYS(c, "XREADGROUP GROUP g a COUNT 3 STREAMS q >",
         "[[q [[1-1 [n 1]] [2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1 DELAY 5000", "1");
    SAYS(c, "XCLAIM q g a 0 3-1 RETRYCOUNT 2 JUSTID", "[3-1]");
    broker_bench_wait(b, 300);
    /* Neither what is deferred, nor before its lease has ended what is used up. */
    SAYS(c, "XREADGROUP GROUP g b CLAIM 300 STREAMS q >",
         "[[q [[1-1 [n 1] 300 1] [4-1 [n 4] 0 0]]]]");
    broker_bench_wait(b, 600);
    SAYS(c, "XREADGROUP GROUP g b CLAIM 700 STREAMS q >", "(nil)");
    broker_bench_wait(b, 400);
    /* 1-1 died by now, as 3-1 did; 4-1 is overdue. */
    SAYS(c, "XREADGROUP GROUP g c CLAIM 5000 STREAMS q >", "[[q [[4-1 [n 4] 1000 1]]]]");
    SAYS(c, "XLEN {q}:dlq", "2");
    SAYS(c, "XPOLICY SET q g LEASE 0 MAXDELIVER 0", "OK");
    broker_bench_wait(b, 10);
    SAYS(c, "XREADGROUP GROUP g d CLAIM 11 STREAMS q >", "(nil)");
    SAYS(c, "XREADGROUP GROUP g d CLAIM 10 STREAMS q >", "[[q [[4-1 [n 4] 10 2]]]]");
    broker_bench_end(b);
}

/* broker L11, L3: who waits with CLAIM is woken when the first entry is idle enough. */
TEST(claim_wakes_before_the_lease_ends)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 1, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 CLAIM 400 STREAMS q >");
    broker_bench_wait(b, 399);
    HEARS(r, "");
    broker_bench_wait(b, 1);
    HEARS(r, "[[q [[1-1 [n 1] 400 1]]]]");
    broker_bench_end(b);
}

/* broker L12, L13. */
TEST(janitors_do_not_defeat_a_back_off)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 3", 3, false, &c);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 5000", "1");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    broker_bench_wait(b, 100);
    SAYS(c, "XPENDING q g IDLE 50 - + 10", "[[1-1  -1 1] [2-1  -1 1] [3-1 a 100 1]]");
    SAYS(c, "XAUTOCLAIM q g j 100 0", "[0-0 [[2-1 [n 2]] [3-1 [n 3]]] []]");
    SAYS(c, "XCLAIM q g j 0 1-1 RETRYCOUNT 9", "[[1-1 [n 1]]]");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 j 0 9] [2-1 j 0 2] [3-1 j 0 2]]");
    SAYS(c, "EXISTS {q}:dlq", "0"); /* neither looks at MAXDELIVER */
    broker_bench_end(b);
}

/* broker D2, L3: of the last ID that there is, too, a lease ends once. */
TEST(the_lease_of_the_last_id_ends)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 100 MAXDELIVER 2", 0, false, &c);
    const struct broker *broker = b->engine.broker;
    SAYS(c, "XADD q 18446744073709551615-18446744073709551615 a 1",
         "18446744073709551615-18446744073709551615");
    SAYS(c, "XREADGROUP GROUP g w STREAMS q >",
         "[[q [[18446744073709551615-18446744073709551615 [a 1]]]]]");
    broker_bench_wait(b, 100);
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == -1);
    CHECK(!broker_has_work(broker) && stream_is_sound(broker_stream(b, "q")));
    CHECK(broker_group(b, "q", "g")->pending.ended_count == 1);
    SAYS(c, "XREADGROUP GROUP g w STREAMS q >",
         "[[q [[18446744073709551615-18446744073709551615 [a 1]]]]]");
    broker_bench_wait(b, 100);
    SAYS(c, "XLEN {q}:dlq", "1");
    CHECK(!broker_has_work(broker) && stream_is_sound(broker_stream(b, "q")));
    broker_bench_end(b);
}

/* broker L14, D1. */
TEST(a_consumer_that_is_deleted_releases)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 3", 4, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q *");
    SAYS(c, "XCLAIM q g a 0 3-1 RETRYCOUNT 2 JUSTID", "[3-1]");
    SAYS(c, "XCLAIM q g a 0 4-1 RETRYCOUNT 3 JUSTID", "[4-1]");
    bench_says(r, "XREADGROUP GROUP g r COUNT 2 BLOCK 0 STREAMS q >");
    broker_forget_effects(b);
    SAYS(c, "XGROUP DELCONSUMER q g a", "4");
    EFFECTS(b, "{@XNACK q g FAIL IDS 2 1-1 2-1 RETRYCOUNT 1;@XNACK q g FAIL IDS 1 3-1 RETRYCOUNT "
               "2;XADD {q}:dlq 1700000000000-0 n 4 dl-reason maxdeliver dl-text consumer deleted "
               "dl-key q dl-group g dl-id 4-1 dl-consumer a dl-count 3 dl-delivered "
               "1700000000000;XACK q g 4-1;XGROUP DELCONSUMER q g a};XCLAIM q g r 0 1-1 2-1 TIME "
               "1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 4-1");
    HEARS(r, "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XGROUP DELCONSUMER q g none", "0");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 r 0 2] [2-1 r 0 2] [3-1  -1 2]]");
    broker_bench_end(b);
}

/* broker L15: a time in the future is that of the start. */
TEST(times_in_the_future_are_corrected)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XGROUP CREATE q g 0 MKSTREAM");
    bench_says(file, "XPOLICY SET q g LEASE 1000");
    bench_says(file, "XADD q 1-1 a 1");
    bench_says(file, "XADD q 2-1 a 1");
    bench_says(file, "XCLAIM q g c 0 1-1 TIME 1700003600000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1");
    bench_says(file, "XCLAIM q g c 0 2-1 TIME 1699999999500 RETRYCOUNT 1 FORCE JUSTID LASTID 2-1");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    broker_bench_turn(b);
    broker_bench_wait(b, 500);
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[2-1 [a 1]]]]]");
    broker_bench_wait(b, 500);
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[1-1 [a 1]]]]]");
    broker_bench_end(b);
}

/* broker L15, Z9: so it is when who followed a primary with another clock acts again. */
TEST(times_of_another_clock_are_corrected)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 2, true, &c);
    b->engine.slow_path |= ENGINE_REPLICA;
    c->flags |= CLIENT_REPLAY;
    bench_says(c, "XCLAIM q g d 0 1-1 TIME 1700003600000 RETRYCOUNT 1 FORCE JUSTID LASTID 2-1");
    broker_bench_wait(b, 5000);
    c->flags &= ~(unsigned)CLIENT_REPLAY;
    b->engine.slow_path &= ~(unsigned)ENGINE_REPLICA;
    SAYS(c, "XLEN {q}:dlq", "0");
    broker_bench_turn(b);
    SAYS(c, "XPENDING q g - + 10", "[[1-1 d 0 1]]");
    broker_bench_wait(b, 1000);
    SAYS(c, "XPENDING q g - + 10", "[]");
    SAYS(c, "XLEN {q}:dlq", "2");
    broker_bench_end(b);
}

/* broker C1. */
TEST(a_consumer_has_as_much_as_it_may)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 PREFETCH 2", 5, false, &c);
    struct client *r = bench_client(b), *s = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "(nil)");
    bench_says(r, "XREADGROUP GROUP g a COUNT 9 BLOCK 0 STREAMS q >"); /* the same name */
    bench_says(s, "XREADGROUP GROUP g b COUNT 9 BLOCK 0 STREAMS q >");
    HEARS(s, "[[q [[3-1 [n 3]] [4-1 [n 4]]]]]"); /* others are not held back (Q12) */
    HEARS(r, "");
    /* C5: room wakes. */
    SAYS(c, "XACK q g 1-1", "1");
    bench_turn(b);
    HEARS(r, "[[q [[5-1 [n 5]]]]]");
    /* An overdue one of its own it may have again, not others'. */
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[2-1 [n 2]] [5-1 [n 5]]]]]");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "(nil)");
    broker_bench_end(b);
}

/* broker C2, C5. */
TEST(a_group_has_as_much_as_it_may)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXPENDING 3", 6, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "(nil)");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    SAYS(c, "XACK q g 2-1", "1");
    bench_turn(b);
    HEARS(r, "[[q [[4-1 [n 4]]]]]");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 STREAMS q >");
    /* Released ones wait, overdue ones do not raise the number. */
    SAYS(c, "XCLAIM q g b 0 5-1 FORCE JUSTID", "[5-1]");
    SAYS(c, "XNACK q g FAIL IDS 1 4-1", "1");
    bench_turn(b);
    HEARS(r, "");
    broker_bench_wait(b, 1000);
    HEARS(r, "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XREADGROUP GROUP g r STREAMS q >", "[[q [[3-1 [n 3]] [5-1 [n 5]]]]]");
    /* A lowered limit takes nothing away (P10). */
    SAYS(c, "XPOLICY SET q g MAXPENDING 1", "OK");
    SAYS(c, "XREADGROUP GROUP g r STREAMS q >", "(nil)");
    SAYS(c, "XPENDING q g - + 10", "[[1-1 r 0 2] [3-1 r 0 2] [4-1  -1 1] [5-1 r 0 2]]");
    broker_bench_end(b);
}

/* broker C3, C5, C6: so many deliveries, redelivered ones too, and one at a time from then on. */
TEST(a_group_delivers_at_a_rate)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 RATE 3 300", 9, false, &c);
    struct client *r = bench_client(b), *s = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a COUNT 2 STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XNACK q g SILENT IDS 1 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "(nil)");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    bench_says(s, "XREADGROUP GROUP g s BLOCK 0 STREAMS q >");
    broker_bench_wait(b, 99);
    HEARS(r, "");
    broker_bench_wait(b, 1);
    HEARS(r, "[[q [[3-1 [n 3]]]]]");
    HEARS(s, "");
    broker_bench_wait(b, 100);
    HEARS(s, "[[q [[4-1 [n 4]]]]]");
    /* Who claims, or reads its own again, is not counted. */
    SAYS(c, "XCLAIM q g a 0 5-1 FORCE JUSTID", "[5-1]");
    SAYS(c, "XREADGROUP GROUP g s STREAMS q 0", "[[q [[4-1 [n 4]]]]]");
    SAYS(c, "XREADGROUP GROUP g a CLAIM 0 STREAMS q >", "(nil)");
    broker_bench_wait(b, 250);
    SAYS(c, "XREADGROUP GROUP g a COUNT 9 STREAMS q >", "[[q [[5-1 [n 5]] [6-1 [n 6]]]]]");
    broker_bench_wait(b, 10000); /* never more than full */
    SAYS(c, "XACK q g 1-1 2-1 3-1 4-1 5-1 6-1", "6");
    SAYS(c, "XREADGROUP GROUP g a NOACK STREAMS q >",
         "[[q [[7-1 [n 7]] [8-1 [n 8]] [9-1 [n 9]]]]]");
    SAYS(c, "XADD q 10-1 n 10", "10-1");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    broker_bench_turn(b);
    HEARS(r, "");
    SAYS(c, "XPOLICY SET q g RATE 3 400", "OK"); /* another rate fills it */
    broker_bench_turn(b);
    HEARS(r, "[[q [[10-1 [n 10]]]]]");
    /* No more timers than it takes. */
    broker_bench_wait(b, 100000);
    CHECK(!broker_has_work(b->engine.broker));
    SAYS(c, "XPOLICY SET q g RATE 0 0", "OK");
    broker_bench_turn(b);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[10-1 [n 10]]]]]");
    broker_bench_end(b);
}

/* broker C1, D1: what a reader with all it may have is looked through for was judged before. */
TEST(a_full_consumer_visits_each_of_its_entries_once)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 2 PREFETCH 2", 2, false, &c);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    b->engine.steady_ms += 1000; /* the reader comes before the turn */
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, "XLEN {q}:dlq", "1");
    CHECK(broker_group(b, "q", "g")->policy->counts.dead == 1);
    broker_bench_end(b);
}

/* broker C4, C5, C6. */
TEST(a_pause_stops_deliveries_and_nothing_else)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 3, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XREADGROUP GROUP g a COUNT 2 STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    SAYS(c, "XPOLICY SET q g PAUSE ON", "OK");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "(nil)");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    SAYS(c, "XADD q 4-1 n 4", "4-1");
    bench_turn(b);
    HEARS(r, "");
    SAYS(c, "XACK q g 1-1", "1");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q 0", "[[q [[2-1 [n 2]]]]]"); /* history */
    broker_bench_wait(b, 1000);
    SAYS(c, "XLEN {q}:dlq", "1");
    HEARS(r, "");
    SAYS(c, "XPOLICY SET q g PAUSE OFF", "OK");
    bench_turn(b);
    HEARS(r, "[[q [[3-1 [n 3]] [4-1 [n 4]]]]]");
    broker_bench_end(b);
}

/* broker C5: who waits may find something. */
TEST(a_position_that_goes_back_wakes_readers)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 2, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XGROUP SETID q g $", "OK");
    bench_says(r, "XREADGROUP GROUP g r BLOCK 0 STREAMS q >");
    HEARS(r, "");
    SAYS(c, "XGROUP SETID q g 1", "OK");
    bench_turn(b);
    HEARS(r, "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    broker_bench_end(b);
}

/* broker Y1, Y2, Y3, Y4: a stream a level, one read. */
TEST(levels_are_read_in_the_order_given)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000", 1, false, &c);
    struct client *r = bench_client(b);
    SAYS(c, "XPOLICY SET high g MKSTREAM LEASE 1000", "OK");
    SAYS(c, "XADD high 1-1 n h", "1-1");
    const char *read = "XREADGROUP GROUP g a COUNT 1 MAXCOUNT 1 STREAMS high q > >";
    SAYS(c, read, "[[high [[1-1 [n h]]]]]");
    SAYS(c, read, "[[q [[1-1 [n 1]]]]]");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 MAXCOUNT 1 BLOCK 0 STREAMS high q > >");
    /* Whichever key wakes it, it looks in that order: both leases have ended. */
    broker_bench_wait(b, 1000);
    HEARS(r, "[[high [[1-1 [n h]]]]]");
    SAYS(c, "XPOLICY SET high g PAUSE ON", "OK");
    SAYS(c, "XADD high 2-1 n h", "2-1");
    SAYS(c, read, "[[q [[1-1 [n 1]]]]]");
    /* Who wants weights shuffles the keys: nothing but their order counts. */
    SAYS(c, "XPOLICY SET high g PAUSE OFF", "OK");
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    SAYS(c, "XREADGROUP GROUP g a COUNT 1 MAXCOUNT 1 STREAMS q high > >", "[[q [[2-1 [n 2]]]]]");
    SAYS(c, read, "[[high [[2-1 [n h]]]]]");
    broker_bench_end(b);
}

/* broker G6: spans go by the steady clock, whatever the wall clock does. */
TEST(a_wall_clock_that_is_set_ends_no_lease)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        struct client *c;
        struct bench *b = broker_queue("LEASE 1000 RETRY FIXED 1000", 2, false, &c);
        SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
        SAYS(c, "XNACK q g FAIL IDS 1 2-1", "1");
        b->engine.now_ms = b->engine.store->now_ms += sign * 3600000;
        broker_bench_wait(b, 999);
        SAYS(c, "XPENDING q g - + 10", "[[1-1 a 999 1] [2-1  -1 1]]");
        SAYS(c, "XINFO CONSUMERS q g", "[[name a pending 1 idle 999 inactive 999]]");
        SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "(nil)");
        broker_bench_wait(b, 1);
        SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "[[q [[2-1 [n 2]] [1-1 [n 1]]]]]");
        SAYS(c, "XPENDING q g - + 10", "[[1-1 b 0 2] [2-1 b 0 2]]");
        /* A moment by the wall clock is the same moment by the other. */
        char line[80], want[80];
        snprintf(line, sizeof(line), "XNACK q g FAIL IDS 1 1-1 AT %lld",
                 (long long)b->engine.now_ms + 500);
        SAYS(c, line, "1");
        snprintf(want, sizeof(want), "[[1-1 %lld 2 ]]", (long long)b->engine.steady_ms + 500);
        SAYS(c, "XPOLICY RETRIES q g", want);
        broker_bench_end(b);
    }
}

/* broker G2, G10, X1, X2, X4: in a transaction time stands still, and its effects are one group. */
TEST(a_transaction_is_one_group)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 1 ONACK DELETE DEADLETTER  PAUSE OFF", 2, false, &c);
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    broker_forget_effects(b);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "XACK q g 1-1", "QUEUED");
    SAYS(c, "XNACK q g FAIL IDS 1 2-1", "QUEUED");
    SAYS(c, "SET done 1", "QUEUED");
    SAYS(c, "XREADGROUP GROUP g a BLOCK 0 STREAMS q >", "QUEUED");
    SAYS(c, "EXEC", "[1 1 OK (nil)]");
    EFFECTS(b, "{XACK q g 1-1;XDEL q 1-1;XACK q g 2-1;XDEL q 2-1;SET done 1}");
    broker_bench_end(b);
}

UNIT_MAIN(T(a_lease_that_ended_is_given_again), T(the_end_of_a_lease_wakes_a_reader),
          T(a_lease_is_renewed_by_a_claim), T(what_was_deleted_is_not_given),
          T(the_lease_of_the_last_id_ends), T(a_read_drops_a_thousand_references),
          T(noack_acknowledges), T(claim_takes_what_is_idle_for_so_long),
          T(claim_wakes_before_the_lease_ends), T(janitors_do_not_defeat_a_back_off),
          T(a_consumer_that_is_deleted_releases), T(times_in_the_future_are_corrected),
          T(times_of_another_clock_are_corrected), T(a_consumer_has_as_much_as_it_may),
          T(a_group_has_as_much_as_it_may), T(a_group_delivers_at_a_rate),
          T(a_full_consumer_visits_each_of_its_entries_once),
          T(a_pause_stops_deliveries_and_nothing_else), T(a_position_that_goes_back_wakes_readers),
          T(levels_are_read_in_the_order_given), T(a_wall_clock_that_is_set_ends_no_lease),
          T(a_transaction_is_one_group))
