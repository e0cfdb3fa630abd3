/* SINGLE: one consumer at a time. */
#include "broker/broker_seat.h"

#include "broker.h"
#include "engine/state.h"

#define READ(name)   "XREADGROUP GROUP g " name " COUNT 1 STREAMS q >"
#define WAIT(name)   "XREADGROUP GROUP g " name " COUNT 1 BLOCK 0 STREAMS q >"
#define ENTRY(id, n) "[[q [[" id " [n " n "]]]]]"

static const char *holder(struct bench *b)
{
    const struct broker_watch *w = broker_watch_of(broker_group(b, "q", "g"));
    return w->seat.holder ? w->seat.holder->name->p : "";
}

#define HOLDS(name) CHECK(strcmp(holder(b), name) == 0)

static struct client *waits(struct bench *b, const char *line)
{
    struct client *c = bench_client(b);
    SAYS(c, line, "");
    return c;
}

/* broker S3, C5. */
TEST(one_consumer_is_served)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 3, false, &a);
    struct client *c = bench_client(b);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    SAYS(c, READ("c"), "(nil)");
    SAYS(c, "XREADGROUP GROUP g c CLAIM 0 STREAMS q >", "(nil)");
    SAYS(c, "XREADGROUP GROUP g c NOACK STREAMS q >", "(nil)");
    SAYS(c, READ("a"), ENTRY("2-1", "2")); /* names have seats, connections do not */
    SAYS(a, "XACK q g 1-1 2-1", "2");
    SAYS(c, WAIT("c"), "");
    SAYS(a, READ("a"), ENTRY("3-1", "3"));
    SAYS(a, "XADD q 4-1 n 4", "4-1");
    bench_turn(b);
    HEARS(c, "");
    SAYS(a, READ("a"), ENTRY("4-1", "4"));
    HOLDS("a");
    broker_bench_end(b);
}

/* broker S3, S4: the longest waiting takes the seat of who is gone, and finds what that had. */
TEST(the_seat_moves_when_its_holder_is_gone)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 4, false, &a);
    struct client *t = bench_client(b);
    SAYS(a, "XREADGROUP GROUP g a COUNT 2 STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    struct client *c = waits(b, WAIT("c")), *d = waits(b, WAIT("d"));
    broker_forget_effects(b);
    session_close(a);
    /* Who only comes along does not get in front of them. */
    SAYS(t, READ("t"), "(nil)");
    broker_forget_effects(b);
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    HEARS(d, "");
    HOLDS("c");
    EFFECTS(b, "{@XNACK q g FAIL IDS 2 1-1 2-1 RETRYCOUNT 1;XCLAIM q g c 0 1-1 TIME 1700000000000 "
               "RETRYCOUNT 2 FORCE JUSTID LASTID 2-1}");
    SAYS(t, "XADD q 5-1 n 5", "5-1");
    bench_turn(b);
    HEARS(d, "");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >",
         "[[q [[2-1 [n 2]] [3-1 [n 3]] [4-1 [n 4]] [5-1 [n 5]]]]]");
    SAYS(c, "RESET", "RESET");
    broker_bench_turn(b);
    HEARS(d, ENTRY("1-1", "1"));
    HOLDS("d");
    broker_bench_end(b);
}

/* broker S3, S2: with ONDISCONNECT RELEASE it is released when it closes. */
TEST(closing_may_release_as_well)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000 ONDISCONNECT RELEASE", 2, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *c = waits(b, WAIT("c"));
    broker_forget_effects(b);
    session_close(a);
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    EFFECTS(b, "@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 1;XCLAIM q g c 0 1-1 TIME 1700000000000 "
               "RETRYCOUNT 2 FORCE JUSTID LASTID 1-1");
    broker_bench_end(b);
}

/* broker S3: two connections of the holder. */
TEST(the_holder_is_gone_with_its_last_connection)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 3, false, &a);
    struct client *a2 = bench_client(b), *c;
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    SAYS(a2, READ("a"), ENTRY("2-1", "2"));
    c = waits(b, WAIT("c"));
    session_close(a);
    broker_bench_turn(b);
    HEARS(c, "");
    SAYS(a2, READ("a"), ENTRY("3-1", "3"));
    session_close(a2);
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    broker_bench_end(b);
}

/* broker S3: by the clock. The timer of the group goes off for those who wait. */
TEST(the_seat_is_free_when_its_holder_is_not_seen)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 3, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *c = waits(b, WAIT("c"));
    broker_bench_wait(b, 999);
    SAYS(a, READ("a"), ENTRY("2-1", "2")); /* seen: reading */
    broker_bench_wait(b, 999);
    SAYS(a, "XCLAIM q g a 0 1-1 JUSTID", "[1-1]"); /* claiming */
    broker_bench_wait(b, 999);
    SAYS(a, "XAUTOCLAIM q g a 999999 0", "*");
    broker_bench_wait(b, 999);
    SAYS(a, "XREADGROUP GROUP g a COUNT 1 STREAMS q 0", "*"); /* its history */
    broker_bench_wait(b, 999);
    HEARS(c, "");
    HOLDS("a");
    SAYS(a, "XACK q g 2-1", "1"); /* is neither */
    broker_bench_wait(b, 1);
    HEARS(c, ENTRY("1-1", "1"));
    HOLDS("c");
    /* It comes back, too late. */
    SAYS(a, READ("a"), "(nil)");
    SAYS(a, "XACK q g 1-1", "1");
    broker_bench_end(b);
}

/* broker S3: without anybody waiting nothing happens; the next reader finds it free. */
TEST(the_first_subscriber_takes_a_free_seat)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 3, false, &a);
    struct client *c = bench_client(b);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    broker_bench_wait(b, 5000);
    SAYS(a, READ("a"), ENTRY("2-1", "2")); /* nobody has taken it */
    broker_bench_wait(b, 999);
    SAYS(c, READ("c"), "(nil)");
    broker_bench_wait(b, 1);
    SAYS(c, READ("c"), ENTRY("1-1", "1"));
    SAYS(c, READ("c"), ENTRY("2-1", "2"));
    SAYS(a, READ("a"), "(nil)");
    broker_bench_end(b);
}

/* broker S3: a blocked holder keeps it, and what it had waited counts. */
TEST(a_blocked_holder_keeps_it)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 0, false, &a);
    struct client *t = bench_client(b);
    SAYS(a, "XREADGROUP GROUP g a BLOCK 5000 STREAMS q >", "");
    struct client *c = waits(b, WAIT("c"));
    for (int i = 0; i < 9; i++)
        broker_bench_wait(b, 500);
    HOLDS("a");
    SAYS(t, READ("t"), "(nil)");
    broker_bench_wait(b, 500);
    HEARS(a, "(nil)"); /* its own deadline; it is seen until now */
    broker_bench_wait(b, 999);
    HOLDS("a");
    SAYS(t, "XADD q 1-1 n 1", "1-1");
    bench_turn(b);
    HEARS(c, "");
    broker_bench_wait(b, 1);
    HEARS(c, ENTRY("1-1", "1"));
    HOLDS("c");
    broker_bench_end(b);
}

/* broker S3: blocked for something else is not blocked reading. */
TEST(waiting_for_something_else_is_not_reading)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 2, false, &a);
    SAYS(a, "XPOLICY SET q2 g MKSTREAM SINGLE 1000", "OK");
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    SAYS(a, "XREADGROUP GROUP g a BLOCK 0 STREAMS q2 >", "");
    struct client *c = waits(b, WAIT("c"));
    broker_bench_wait(b, 999);
    HEARS(c, "");
    broker_bench_wait(b, 1);
    HEARS(c, ENTRY("1-1", "1"));
    broker_bench_end(b);
}

/* broker S3: a consumer that is deleted has no seat. */
TEST(a_deleted_holder_has_no_seat)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 2, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *c = waits(b, WAIT("c"));
    broker_forget_effects(b);
    SAYS(a, "XGROUP DELCONSUMER q g a", "1");
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    EFFECTS(b, "{@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 1;XGROUP DELCONSUMER q g a};XCLAIM q g c 0 "
               "1-1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID 1-1");
    broker_bench_end(b);
}

/* broker S4, D1, D3: released in the order of IDs, whoever had it, before anything unread; what is
 * used up dies; what the new holder has itself stays. */
TEST(the_new_holder_finds_what_others_had)
{
    struct client *a;
    struct bench *b = broker_queue("", 6, false, &a);
    SAYS(a, "XREADGROUP GROUP g a COUNT 4 STREAMS q >", "*");
    SAYS(a, "XCLAIM q g b 0 3-1 1-1 JUSTID", "*");
    SAYS(a, "XCLAIM q g c 0 2-1 JUSTID", "*");
    SAYS(a, "XCLAIM q g b 0 3-1 RETRYCOUNT 9 JUSTID", "*");
    SAYS(a, "XREADGROUP GROUP g d COUNT 1 STREAMS q >", ENTRY("5-1", "5"));
    SAYS(a, "XNACK q g SILENT IDS 1 5-1", "1");
    SAYS(a, "XPOLICY SET q g SINGLE 1000 MAXDELIVER 9", "OK");
    broker_bench_turn(b);
    broker_forget_effects(b);
    SAYS(a, "XREADGROUP GROUP g c STREAMS q >",
         "[[q [[5-1 [n 5]] [1-1 [n 1]] [4-1 [n 4]] [6-1 [n 6]]]]]");
    EFFECTS(b, "{@XNACK q g FAIL IDS 1 1-1 RETRYCOUNT 1;XADD {q}:dlq 1700000000000-0 n 3 dl-reason "
               "maxdeliver dl-text seat moved dl-key q dl-group g dl-id 3-1 dl-consumer b dl-count "
               "9 dl-delivered 1700000000000;XACK q g 3-1;@XNACK q g FAIL IDS 1 4-1 RETRYCOUNT "
               "1;XCLAIM q g c 0 5-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID "
               "5-1;XCLAIM q g c 0 1-1 4-1 TIME 1700000000000 RETRYCOUNT 2 FORCE JUSTID LASTID "
               "5-1;XCLAIM q g c 0 6-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID "
               "6-1;XGROUP SETID q g 6-1 ENTRIESREAD 6}");
    SAYS(a, "XPENDING q g", "[5 1-1 6-1 [[c 5]]]");
    broker_bench_end(b);
}

/* broker S4, C2: what others had does not count for the group's cap any more. */
TEST(a_seat_makes_room)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000 MAXPENDING 2", 3, false, &a);
    SAYS(a, "XREADGROUP GROUP g a STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    broker_bench_wait(b, 1000);
    SAYS(a, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    broker_bench_end(b);
}

/* broker S4: a read does no more than it may; turns do the rest, and the holder waits for them. */
TEST(much_moves_in_steps)
{
    struct client *a;
    struct bench *b = broker_queue("", 3000, true, &a);
    SAYS(a, "XPOLICY SET q g SINGLE 60000", "OK");
    b->settings->broker_turn_us = 0;
    struct client *w = bench_client(b), *x = bench_client(b);
    SAYS(w, READ("w"), "(nil)");
    HOLDS("w");
    SAYS(w, WAIT("w"), "");
    SAYS(x, WAIT("x"), "");
    int turns = 0;
    CHECK(broker_group(b, "q", "g")->pending.touched.released_count == 1000);
    for (; broker_watch_of(broker_group(b, "q", "g"))->seat.moves; turns++) {
        HEARS(w, "");
        broker_bench_turn(b);
    }
    CHECK(turns >= 15);
    HEARS(w, ENTRY("1-1", "1"));
    HEARS(x, "");
    broker_bench_end(b);
}

/* broker S3: a holder that goes while things move. */
TEST(the_seat_may_move_again_meanwhile)
{
    struct client *a;
    struct bench *b = broker_queue("", 3000, true, &a);
    SAYS(a, "XPOLICY SET q g SINGLE 60000", "OK");
    b->settings->broker_turn_us = 0;
    struct client *w = bench_client(b);
    SAYS(w, READ("w"), "(nil)");
    struct client *x = waits(b, WAIT("x"));
    session_close(w);
    for (int i = 0; i < 100; i++)
        broker_bench_turn(b);
    HEARS(x, ENTRY("1-1", "1"));
    HOLDS("x");
    SAYS(x, "XPENDING q g", "[3000 1-1 3000-1 [[x 1]]]");
    broker_bench_end(b);
}

/* broker S3, P10: set, changed and taken away while people wait. */
TEST(the_rule_may_come_and_go)
{
    struct client *t;
    struct bench *b = broker_queue("PAUSE ON", 4, false, &t);
    struct client *c = waits(b, WAIT("c")), *d = waits(b, WAIT("d"));
    SAYS(t, "XPOLICY SET q g SINGLE 1000 PAUSE OFF", "OK");
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    HEARS(d, "");
    struct client *e = waits(b, WAIT("e"));
    broker_bench_wait(b, 500);
    SAYS(t, "XPOLICY SET q g SINGLE 600", "OK");
    broker_bench_wait(b, 99);
    HEARS(d, "");
    broker_bench_wait(b, 1);
    HEARS(d, ENTRY("1-1", "1"));
    HEARS(e, "");
    SAYS(t, "XPOLICY SET q g SINGLE 0", "OK");
    broker_bench_turn(b);
    HEARS(e, ENTRY("2-1", "2"));
    SAYS(t, READ("t"), ENTRY("3-1", "3"));
    /* And back: nobody has it. */
    SAYS(t, "XPOLICY SET q g SINGLE 600", "OK");
    SAYS(t, READ("t"), ENTRY("1-1", "1"));
    HOLDS("t");
    SAYS(t, "XPOLICY DEL q g", "1");
    SAYS(c, READ("c"), ENTRY("4-1", "4"));
    broker_bench_end(b);
}

/* broker S3: all who wait are asked when the rule comes, also those behind one that found nothing.
 */
TEST(readers_blocked_before_the_policy_are_known)
{
    struct client *t;
    struct bench *b = broker_queue("", 0, false, &t);
    struct client *c = waits(b, WAIT("c")), *d = waits(b, WAIT("d"));
    SAYS(t, "XPOLICY SET q g SINGLE 1000", "OK");
    broker_bench_turn(b);
    HOLDS("c");
    CHECK(broker_watch_of(broker_group(b, "q", "g"))->attachments.waiting == 2);
    session_close(c);
    SAYS(t, READ("t"), "(nil)");
    broker_bench_turn(b);
    HOLDS("d");
    HEARS(d, "");
    broker_bench_end(b);
}

/* broker S3: a wait that ends although the seat is free leaves nobody waiting for ever. */
TEST(no_reader_stays_blocked_while_the_seat_is_free)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 1, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *c = waits(b, WAIT("c"));
    client_close(c); /* it is on its way out when the seat becomes free */
    session_close(a);
    broker_turn(b->engine.broker);
    block_serve(&b->engine);
    struct client *d = waits(b, WAIT("d"));
    broker_bench_turn(b);
    broker_bench_turn(b);
    HEARS(d, ENTRY("1-1", "1"));
    broker_bench_end(b);
}

/* A read of several streams; in EXEC. */
TEST(seats_in_larger_reads)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 2, false, &a);
    struct client *c = bench_client(b);
    SAYS(a, "XPOLICY SET r g MKSTREAM SINGLE 60000", "OK");
    SAYS(a, "XADD r 1-1 n 1", "1-1");
    SAYS(a, "MULTI", "OK");
    SAYS(a, READ("a"), "QUEUED");
    SAYS(a, READ("c"), "QUEUED");
    SAYS(a, "EXEC", "[" ENTRY("1-1", "1") " (nil)]");
    SAYS(c, "XREADGROUP GROUP g c STREAMS q r > >", "[[r [[1-1 [n 1]]]]]");
    SAYS(c, "XREADGROUP GROUP g c BLOCK 0 STREAMS q r > >", "");
    SAYS(a, "XREADGROUP GROUP g a BLOCK 0 STREAMS r q > >", "[[q [[2-1 [n 2]]]]]");
    session_close(a);
    broker_bench_turn(b);
    HEARS(c, "[[q [[1-1 [n 1]] [2-1 [n 2]]]]]");
    broker_bench_end(b);
}

/* broker G4: a pause. The holder could not be seen meanwhile. */
TEST(a_pause_takes_no_seat)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 2, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *c = waits(b, WAIT("c"));
    SAYS(a, "CLIENT PAUSE 5000 WRITE", "OK");
    broker_bench_wait(b, 3000);
    HEARS(c, "");
    pause_end(&b->engine);
    broker_bench_turn(b);
    HEARS(c, "");
    broker_bench_wait(b, 999);
    HEARS(c, "");
    broker_bench_wait(b, 1);
    HEARS(c, ENTRY("1-1", "1"));
    broker_bench_end(b);
}

/* Many who stand by cost an entry for the holder next to nothing. */
TEST(standby_consumers_are_not_served)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 0, false, &a);
    char line[100];
    struct client *first = bench_client(b);
    SAYS(first, WAIT("w0"), "");
    for (int i = 1; i < 50; i++) {
        struct client *w = bench_client(b);
        snprintf(line, sizeof(line), "XREADGROUP GROUP g w%d BLOCK 0 STREAMS q >", i);
        bench_says(w, line);
    }
    session_close(first); /* the second one has it now */
    broker_bench_turn(b);
    HOLDS("w1");
    SAYS(a, "XADD q 1-1 n 1", "1-1");
    bench_turn(b);
    SAYS(a, "XPENDING q g", "[1 1-1 1-1 [[w1 1]]]");
    broker_bench_end(b);
}

/* A holder whose read was held up by messages that have expired is not taken for one that stands
 * by. */
TEST(the_seat_holder_is_served_regardless_of_standbys)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000", 0, false, &a);
    struct client *t = bench_client(b);
    SAYS(a, READ("a"), "(nil)");
    struct client *c = waits(b, WAIT("c"));
    for (int i = 0; i < 2100; i++)
        bench_says(t, "XADD q TTL 1 * n 1");
    HEARS(t, "*");
    b->engine.steady_ms += 10;
    b->engine.now_ms = b->engine.store->now_ms += 10;
    SAYS(a, WAIT("a"), "");
    for (int i = 0; i < 5; i++)
        broker_bench_turn(b);
    SAYS(t, "XLEN q", "0");
    SAYS(t, "XADD q 1800000000000-0 n 1", "1800000000000-0");
    broker_bench_turn(b);
    HEARS(a, "[[q [[1800000000000-0 [n 1]]]]]");
    HEARS(c, "");
    broker_bench_end(b);
}

/* broker S3: a read of many streams that waits is woken as well, and keeps what it has. */
TEST(seats_of_pattern_readers)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 1000", 1, false, &a);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    struct client *m = waits(b, "XREADGROUP GROUP g m COUNT 1 BLOCK 0 MATCH q*");
    broker_bench_wait(b, 999);
    HEARS(m, "");
    broker_bench_wait(b, 1);
    broker_bench_turn(b);
    HEARS(m, ENTRY("1-1", "1"));
    HOLDS("m");
    SAYS(m, "XREADGROUP GROUP g m COUNT 1 BLOCK 0 MATCH q*", "");
    struct client *c = waits(b, WAIT("c"));
    for (int i = 0; i < 5; i++)
        broker_bench_wait(b, 1000);
    HOLDS("m");
    session_close(m);
    broker_bench_turn(b);
    HEARS(c, ENTRY("1-1", "1"));
    broker_bench_end(b);
}

/* broker Z9: a replica has no seats, and one that is promoted begins without. */
TEST(a_promoted_server_begins_with_free_seats)
{
    struct client *a;
    struct bench *b = broker_queue("SINGLE 60000 ONDISCONNECT RELEASE", 3, false, &a);
    struct client *c = bench_client(b);
    SAYS(a, READ("a"), ENTRY("1-1", "1"));
    state_set_role(&b->engine, ROLE_REPLICA_UP);
    broker_bench_turn(b);
    HOLDS("");
    CHECK(!a->attached);
    state_set_role(&b->engine, ROLE_PRIMARY);
    broker_bench_turn(b);
    SAYS(c, READ("c"), ENTRY("1-1", "1"));
    broker_forget_effects(b);
    session_close(a);
    broker_bench_turn(b);
    EFFECTS(b, "");
    broker_bench_end(b);
}

UNIT_MAIN(T(one_consumer_is_served), T(the_seat_moves_when_its_holder_is_gone),
          T(closing_may_release_as_well), T(the_holder_is_gone_with_its_last_connection),
          T(the_seat_is_free_when_its_holder_is_not_seen),
          T(the_first_subscriber_takes_a_free_seat), T(a_blocked_holder_keeps_it),
          T(waiting_for_something_else_is_not_reading), T(a_deleted_holder_has_no_seat),
          T(the_new_holder_finds_what_others_had), T(a_seat_makes_room), T(much_moves_in_steps),
          T(the_seat_may_move_again_meanwhile), T(the_rule_may_come_and_go),
          T(readers_blocked_before_the_policy_are_known),
          T(no_reader_stays_blocked_while_the_seat_is_free), T(seats_in_larger_reads),
          T(a_pause_takes_no_seat), T(standby_consumers_are_not_served),
          T(seats_of_pattern_readers), T(the_seat_holder_is_served_regardless_of_standbys),
          T(a_promoted_server_begins_with_free_seats))
