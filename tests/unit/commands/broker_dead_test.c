/* Dead letters, and what is acknowledged and deleted. */
#include "broker.h"

/* broker D1, D3, D5, X4: the dialogue of 10.3. */
TEST(a_message_fails_for_good)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b);
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 300 MAXDELIVER 2", "OK");
    SAYS(c, "XADD q * body x", "1700000000000-0");
    SAYS(c, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1700000000000-0 [body x]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-0 REASON boom", "1");
    broker_bench_wait(b, 420);
    SAYS(c, "XREADGROUP GROUP g b STREAMS q >", "[[q [[1700000000000-0 [body x]]]]]");
    broker_bench_wait(b, 200);
    bench_journal(b);
    SAYS(c, "XNACK q g FAIL IDS 1 1700000000000-0 REASON bang", "1");
    EFFECTS(b, "{XADD {q}:dlq 1700000000620-0 body x dl-reason maxdeliver dl-text bang dl-key q "
               "dl-group g dl-id 1700000000000-0 dl-consumer b dl-count 2 dl-delivered "
               "1700000000420;XACK q g 1700000000000-0}");
    SAYS(c, "XRANGE {q}:dlq - +",
         "[[1700000000620-0 [body x dl-reason maxdeliver dl-text bang dl-key q dl-group g dl-id "
         "1700000000000-0 dl-consumer b dl-count 2 dl-delivered 1700000000420]]]");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    SAYS(c, "XLEN q", "1"); /* ONACK KEEP */
    broker_bench_end(b);
}

/* broker D2, D3, G5: by a lease's end, when nobody reads; each in a group of its own. */
TEST(a_lease_that_ends_may_be_death)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1 ONACK DELETE", 2, true, &c);
    broker_bench_wait(b, 999);
    EFFECTS(b, "");
    broker_bench_wait(b, 1);
    EFFECTS(b, "{XADD {q}:dlq 1700000001000-0 n 1 dl-reason maxdeliver dl-text lease ended dl-key "
               "q dl-group g dl-id 1-1 dl-consumer c dl-count 1 dl-delivered 1700000000000;XACK q "
               "g 1-1;XDEL q 1-1};{XADD {q}:dlq 1700000001000-1 n 2 dl-reason maxdeliver dl-text "
               "lease ended dl-key q dl-group g dl-id 2-1 dl-consumer c dl-count 1 dl-delivered "
               "1700000000000;XACK q g 2-1;XDEL q 2-1}");
    CHECK(b->engine.broker->totals.dead == 2 && !broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker D2: also when something else of the group is to happen later. */
TEST(a_lease_ends_before_what_was_put_off)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 1, true, &c);
    SAYS(c, "XPOLICY SET q g MAXDELIVER 2", "OK");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 DELAY 5000", "1");
    broker_bench_turn(b);
    SAYS(c, "XPOLICY SET q g MAXDELIVER 1", "OK");
    broker_bench_turn(b);
    SAYS(c, "XADD q 2-1 n 2", "2-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[2-1 [n 2]]]]]");
    broker_bench_turn(b);
    broker_bench_wait(b, 1000);
    CHECK(b->engine.broker->totals.dead == 1);
    broker_bench_wait(b, 4000);
    CHECK(b->engine.broker->totals.dead == 2);
    broker_bench_end(b);
}

/* broker G5: a turn has a budget, and does one thing at least; the loop does not sleep meanwhile.
 */
TEST(a_turn_ends_in_time)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 2000, true, &c);
    b->settings->broker_turn_us = 0;
    broker_bench_wait(b, 1000);
    size_t before = broker_stream(b, "{q}:dlq")->log.length;
    CHECK(before >= 1 && before < 2000 && broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    CHECK(broker_stream(b, "{q}:dlq")->log.length > before);
    while (broker_has_work(b->engine.broker))
        broker_bench_turn(b);
    CHECK(broker_stream(b, "{q}:dlq")->log.length == 2000);
    /* The oldest first. */
    SAYS(c, "XRANGE {q}:dlq - + COUNT 1", "[[1700000001000-0 [n 1 *");
    broker_bench_end(b);
}

/* broker D1: SILENT does not kill, FATAL does; reads and claims count. */
TEST(nack_modes_and_the_delivery_limit)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 2", 3, true, &c);
    SAYS(c, "XNACK q g SILENT IDS 1 1-1 RETRYCOUNT 9", "1");
    SAYS(c, "EXISTS {q}:dlq", "0");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q 0", "[[q [[2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q 0", "[[q [[2-1 [n 2]] [3-1 [n 3]]]]]");
    SAYS(c, "XNACK q g FAIL IDS 1 3-1", "1");
    SAYS(c, "XRANGE {q}:dlq - +",
         "[[1700000000000-0 [n 3 dl-reason maxdeliver dl-text  dl-key q "
         "dl-group g dl-id 3-1 dl-consumer c dl-count 3 *");
    /* What is used up and released dies when its turn comes (P10). */
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "(nil)");
    SAYS(c, "XRANGE {q}:dlq 1700000000000-1 +",
         "[[1700000000000-1 [n 1 dl-reason maxdeliver dl-text  dl-key q dl-group g dl-id 1-1 "
         "dl-consumer  dl-count 9 dl-delivered 0]]]");
    broker_bench_end(b);
}

/* broker D4: a letter that dies again is as long as before. */
TEST(a_letter_does_not_grow)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 1", 1, true, &c);
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON first", "1");
    SAYS(c, "XPOLICY SET {q}:dlq g MKSTREAM MAXDELIVER 1 DEADLETTER {q}:dead", "OK");
    bench_says(c, "XREADGROUP GROUP g d STREAMS {q}:dlq >");
    HEARS(c, "*");
    SAYS(c, "XNACK {q}:dlq g FATAL IDS 1 1700000000000-0 REASON second", "1");
    SAYS(c, "XRANGE {q}:dead - +",
         "[[1700000000000-0 [n 1 dl-reason fatal dl-text second dl-key {q}:dlq dl-group g dl-id "
         "1700000000000-0 dl-consumer d dl-count 1 dl-delivered 1700000000000]]]");
    broker_bench_end(b);
}

/* broker D6: nothing is lost when the letter cannot be written. */
TEST(a_letter_that_cannot_be_written_waits)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 1", 2, true, &c);
    struct client *e = bench_client(b);
    SAYS(c, "SET {q}:dlq x", "OK");
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    broker_forget_effects(b);
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON why", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 AT 1700000060000 REASON why RETRYCOUNT 1");
    HEARS(e, "[pmessage * __keyevent@0__:xdeadletter-blocked q]");
    SAYS(c, "XNACK q g FATAL IDS 1 2-1", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 2-1 AT 1700000060000 RETRYCOUNT 1");
    HEARS(e, "*");
    CHECK(stream_pending_blocked_count(&broker_group(b, "q", "g")->pending) == 2);
    CHECK(b->engine.broker->totals.dead_blocked == 2);
    broker_bench_wait(b, 59999);
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "(nil)");
    broker_bench_wait(b, 1); /* again in vain */
    CHECK(b->engine.broker->totals.dead_blocked == 4);
    SAYS(c, "XPOLICY RETRIES q g", "[[1-1 1700000120000 1 why] [2-1 1700000120000 1 ]]");
    SAYS(c, "DEL {q}:dlq", "1");
    broker_bench_wait(b, 60000);
    SAYS(c, "XRANGE {q}:dlq - +",
         "[[1700000120000-0 [n 1 dl-reason maxdeliver dl-text why dl-key q dl-group g dl-id 1-1 "
         "dl-consumer  dl-count 1 dl-delivered 0]] [1700000120000-1 [n 2 dl-reason maxdeliver*");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

/* broker D6: what was given up below its limit is not given to readers either, after a restart. */
TEST(a_fatal_letter_that_waits_stays_dead)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 5", 1, true, &c);
    SAYS(c, "SET {q}:dlq x", "OK");
    broker_forget_effects(b);
    SAYS(c, "XNACK q g FATAL IDS 1 1-1", "1");
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 AT 1700000060000 RETRYCOUNT 9223372036854775807");
    SAYS(c, "DEL {q}:dlq", "1");
    broker_bench_wait(b, 60000);
    SAYS(c, "XRANGE {q}:dlq - +", "[[1700000060000-0 [n 1 dl-reason fatal *");
    broker_bench_end(b);
}

/* broker D7, N7. */
TEST(without_a_dead_letter_key_the_dead_are_dropped)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 1 ONACK DELETE DEADLETTER  PAUSE OFF", 2, true, &c);
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "XNACK q g FAIL IDS 1 1-1", "1");
    EFFECTS(b, "{XACK q g 1-1;XDEL q 1-1}");
    HEARS(e, "[pmessage * __keyevent@0__:xdel q] [pmessage * __keyevent@0__:xdiscard q]");
    CHECK(b->engine.broker->totals.discarded == 1 && b->engine.broker->totals.dead == 0);
    SAYS(c, "XPOLICY SET q g DEADLETTER x", "OK");
    HEARS(e, "*");
    SAYS(c, "XNACK q g FATAL IDS 1 2-1", "1");
    HEARS(e, "[pmessage * __keyevent@0__:xadd x] [pmessage * __keyevent@0__:xdel q] "
             "[pmessage * __keyevent@0__:xdeadletter q]");
    broker_bench_end(b);
}

/* broker D8. */
TEST(a_read_moves_128_dead_on_its_way)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 5", 300, true, &c);
    struct client *r = bench_client(b);
    for (int i = 1; i <= 300; i++) {
        char line[80];
        snprintf(line, sizeof(line), "XNACK q g SILENT IDS 1 %d-1 RETRYCOUNT %d", i,
                 i == 300 ? 1 : 5);
        SAYS(c, line, "1");
    }
    SAYS(c, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", "(nil)");
    SAYS(c, "XLEN {q}:dlq", "128");
    bench_says(r, "XREADGROUP GROUP g r COUNT 1 BLOCK 0 STREAMS q >");
    HEARS(r, "");
    SAYS(c, "XLEN {q}:dlq", "256");
    broker_bench_turn(b);
    HEARS(r, "[[q [[300-1 [n 300]]]]]");
    SAYS(c, "XLEN {q}:dlq", "299");
    broker_bench_end(b);
}

/* broker A1, A2, A3. */
TEST(what_no_group_needs_is_deleted)
{
    struct client *c;
    struct bench *b = broker_queue("ONACK DELETE", 4, true, &c);
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "XACK q g 1-1 9-9", "1");
    EFFECTS(b, "{XACK q g 1-1;XDEL q 1-1}");
    HEARS(e, "[pmessage * __keyevent@0__:xdel q]");
    /* One group that asks for it is enough; the last acknowledgement deletes, whoever's it is. */
    SAYS(c, "XGROUP CREATE q h 0", "OK");
    SAYS(c, "XREADGROUP GROUP h c STREAMS q >", "[[q [[2-1 [n 2]] [3-1 [n 3]] [4-1 [n 4]]]]]");
    HEARS(e, "*");
    broker_forget_effects(b);
    SAYS(c, "XACK q g 2-1", "1");
    EFFECTS(b, "XACK q g 2-1");
    SAYS(c, "XACK q h 2-1 3-1", "2");
    EFFECTS(b, "{XACK q h 2-1 3-1;XDEL q 2-1}");
    SAYS(c, "XACKIF q g c IDS 2 3-1 4-1", "[1 1]");
    EFFECTS(b, "{XACK q g 3-1 4-1;XDEL q 3-1}");
    SAYS(c, "XLEN q", "1");
    /* What no group needs when one is destroyed stays. */
    SAYS(c, "XGROUP DESTROY q h", "1");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XADD q 5-1 n 5", "5-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[5-1 [n 5]]]]]");
    SAYS(c, "XACKDEL q g KEEPREF IDS 1 5-1", "[1]");
    SAYS(c, "XPOLICY SET q g ONACK KEEP", "OK");
    SAYS(c, "XADD q 6-1 n 6", "6-1");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[6-1 [n 6]]]]]");
    SAYS(c, "XACK q g 6-1", "1");
    SAYS(c, "XRANGE q - +", "[[4-1 [n 4]] [6-1 [n 6]]]");
    broker_bench_end(b);
}

/* broker A2, L10: NOACK of a group without a policy. */
TEST(noack_of_another_group_deletes)
{
    struct client *c;
    struct bench *b = broker_queue("ONACK DELETE", 1, true, &c);
    SAYS(c, "XGROUP CREATE q h 0", "OK");
    SAYS(c, "XACK q g 1-1", "1");
    broker_forget_effects(b);
    SAYS(c, "XREADGROUP GROUP h c NOACK STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    EFFECTS(b, "{XGROUP CREATECONSUMER q h c;XGROUP SETID q h 1-1 ENTRIESREAD 1;XDEL q 1-1}");
    SAYS(c, "XLEN q", "0");
    broker_bench_end(b);
}

/* broker A4. */
TEST(a_condition_fences)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 ONACK DELETE", 1, true, &c);
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g d STREAMS q >", "[[q [[1-1 [n 1]]]]]");
    SAYS(c, "XACKIF q g c IDS 1 1-1", "[0]");
    SAYS(c, "XACKIF q g d DELIVERY 1 IDS 1 1-1", "[0]");
    SAYS(c, "XACKIF q g d DELIVERY 2 IDS 2 1-1 2-2", "[1 -1]");
    SAYS(c, "XLEN q", "0");
    broker_bench_end(b);
}

/* broker N8: like the commands that they equal, what the server does is heard by WATCH. */
TEST(dead_lettering_notifies_keyspace_events)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1", 1, true, &c);
    struct client *w = bench_client(b);
    SAYS(w, "WATCH {q}:dlq", "OK");
    broker_bench_wait(b, 1000);
    SAYS(w, "MULTI", "OK");
    SAYS(w, "GET k", "QUEUED");
    SAYS(w, "EXEC", "(nil)");
    broker_bench_end(b);
}

UNIT_MAIN(T(a_message_fails_for_good), T(a_lease_that_ends_may_be_death),
          T(a_lease_ends_before_what_was_put_off), T(a_turn_ends_in_time),
          T(nack_modes_and_the_delivery_limit), T(a_letter_does_not_grow),
          T(a_letter_that_cannot_be_written_waits), T(a_fatal_letter_that_waits_stays_dead),
          T(without_a_dead_letter_key_the_dead_are_dropped), T(a_read_moves_128_dead_on_its_way),
          T(what_no_group_needs_is_deleted), T(noack_of_another_group_deletes),
          T(a_condition_fences), T(dead_lettering_notifies_keyspace_events))
