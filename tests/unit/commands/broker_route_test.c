/* Routing: who gets copies, under which IDs, and what happens when one cannot be made. */
#include "broker.h"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    bench_journal(b);
    return b;
}

static uint64_t routed(const struct bench *b)
{
    return b->engine.broker->totals.routed;
}

static uint64_t failures(const struct bench *b)
{
    return b->engine.broker->totals.route_failures;
}

/* broker B4, B6, B8, N7, I3 */
TEST(a_message_and_its_copies_are_one_transaction)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = bench_client(b);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD q DIRECT v TO e", "1");
    broker_forget_effects(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    SAYS(c, "XADD q * routing-key v a 1", "1700000000000-0");
    EFFECTS(b, "{XADD q 1700000000000-0 routing-key v a 1;XADD d 1700000000000-0 routing-key v a "
               "1;XADD e 1700000000000-0 routing-key v a 1}");
    HEARS(e, "[pmessage * __keyevent@0__:xadd q] [pmessage * __keyevent@0__:xadd d] [pmessage * "
             "__keyevent@0__:xadd e]");
    CHECK(routed(b) == 2);
    /* Its own trim is the source's only. */
    SAYS(c, "XADD q MAXLEN 1 5-* a 2",
         "!ERR The ID specified in XADD is equal or smaller than the target stream top item");
    SAYS(c, "XADD q MAXLEN 1 1700000000005-* a 2", "1700000000005-0");
    EFFECTS(b, "{XADD q MAXLEN 1 1700000000005-0 a 2;XADD d 1700000000005-0 a 2}");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XLEN d", "2");
    /* The next ID where that is passed. */
    SAYS(c, "XADD d 1800000000000-7 own x", "1800000000000-7");
    SAYS(c, "XADD q 1700000000006-3 a 3", "1700000000006-3");
    SAYS(c, "XREVRANGE d + - COUNT 1", "[[1800000000000-8 [a 3]]]");
    CHECK(failures(b) == 0);
    broker_bench_end(b);
}

/* broker B3, B5 */
TEST(chains_end)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD q TOPIC # TO d", "1");
    SAYS(c, "XBIND ADD q ALL TO e", "1");
    SAYS(c, "XBIND ADD d ALL TO e", "1");
    SAYS(c, "XBIND ADD e ALL TO q", "1");
    SAYS(c, "XBIND ADD e ALL TO e", "1");
    broker_forget_effects(b);
    SAYS(c, "XADD q 1-1 routing-key v", "1-1");
    EFFECTS(b, "{XADD q 1-1 routing-key v;XADD d 1-1 routing-key v;XADD e 1-1 routing-key v}");
    SAYS(c, "XADD e 2-1 a b", "2-1");
    EFFECTS(b, "{XADD e 2-1 a b;XADD q 2-1 a b;XADD d 2-1 a b}");
    for (int i = 0; i < 20; i++) {
        char line[60];
        snprintf(line, sizeof(line), "XBIND ADD s%d ALL TO s%d", i, i + 1);
        SAYS(c, line, "1");
    }
    SAYS(c, "XADD s0 1-1 a b", "1-1");
    SAYS(c, "XLEN s16", "1");
    SAYS(c, "XLEN s17", "0");
    CHECK(failures(b) == 1);
    broker_bench_end(b);
}

/* broker B3: also where there are many, and some more by a chain. */
TEST(many_destinations_get_it_once)
{
    struct client *c;
    struct bench *b = begin(&c);
    char line[60];
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof(line), "XBIND ADD %s ALL TO t%d", i < 25 ? "m" : "t3", i);
        SAYS(c, line, "1");
        snprintf(line, sizeof(line), "XBIND ADD t5 DIRECT v TO t%d", i);
        SAYS(c, line, "1");
    }
    SAYS(c, "XADD m 1-1 routing-key v", "1-1");
    CHECK(routed(b) == 40 && failures(b) == 0);
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof(line), "XLEN t%d", i);
        SAYS(c, line, "1");
    }
    broker_bench_end(b);
}

/* broker B9, M4 */
TEST(a_full_destination_refuses_all_of_it)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD q ALL TO e", "1");
    SAYS(c, "XBIND ADD e ALL TO f", "1");
    SAYS(c, "XCFGSET f MKSTREAM MAXLEN 1 OVERFLOW REJECT", "OK");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    broker_forget_effects(b);
    SAYS(c, "XADD q 2-1 a 2",
         "!STREAMFULL The stream has reached its limit of 1 entries (destination 'f')");
    SAYS(c, "XADD new 1-1 a b", "1-1");
    EFFECTS(b, "XADD new 1-1 a b");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "XCFGSET f MAXLEN -1 MAXBYTES 4", "OK");
    SAYS(c, "XADD q 3-1 a long",
         "!STREAMFULL The stream has reached its limit of 4 bytes (destination 'f')");
    CHECK(failures(b) == 0 && b->engine.broker->totals.rejected == 2);
    /* What the server appends goes around it. */
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS long value", "1700000001000");
    broker_bench_wait(b, 1000);
    SAYS(c, "XREVRANGE q + - COUNT 1", "[[1700000001000-0 [long value]]]");
    SAYS(c, "XREVRANGE e + - COUNT 1", "[[1700000001000-0 [long value]]]");
    SAYS(c, "XLEN f", "1");
    CHECK(failures(b) == 1);
    broker_bench_end(b);
}

/* broker B10 */
TEST(another_type_is_skipped)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO str", "1");
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD q ALL TO last", "1");
    SAYS(c, "SET str x", "OK");
    SAYS(c, "XADD last 18446744073709551615-18446744073709551615 a b",
         "18446744073709551615-18446744073709551615");
    broker_forget_effects(b);
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    EFFECTS(b, "{XADD q 1-1 a 1;XADD d 1-1 a 1}");
    CHECK(failures(b) == 2 && b->engine.broker->route_logged_ms == b->engine.steady_ms);
    int64_t logged = b->engine.steady_ms;
    broker_bench_wait(b, 59999);
    SAYS(c, "XADD q 2-1 a 1", "2-1");
    CHECK(b->engine.broker->route_logged_ms == logged);
    broker_bench_wait(b, 1);
    SAYS(c, "XADD q 3-1 a 1", "3-1");
    CHECK(b->engine.broker->route_logged_ms == logged + 60000);
    SAYS(c, "GET str", "x");
    broker_bench_end(b);
}

/* broker B7, E1, T4: at their time, with their expiry, which goes along. */
TEST(scheduled_messages_are_routed_when_due)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCFGSET q MKSTREAM MAXLEN 0", "OK");
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XADD q DELAY 10 TTL 50 * a 1", "1700000000010-0");
    SAYS(c, "XADD q TTL 50 * a 2", "1700000000000-0");
    SAYS(c, "XRANGE d - +", "[[1700000000000-0 [a 2]]]");
    broker_forget_effects(b);
    broker_bench_wait(b, 10);
    EFFECTS(b, "{XADD q MAXLEN = 0 1700000000010-0 a 1;XADD d 1700000000010-0 a 1;@XSCHED EXPIRE d "
               "1700000000060 1700000000010-0}");
    broker_bench_wait(b, 40);
    SAYS(c, "XLEN d", "1");
    broker_bench_wait(b, 10);
    SAYS(c, "XLEN d", "0");
    SAYS(c, "XADD q DELAY 100000 * a 3", "1700000100060-0");
    broker_forget_effects(b);
    SAYS(c, "XSCHED RUN q 1700000100060-0", "[1700000000060-0]");
    EFFECTS(b, "{XDEL q 1700000100060-0;XADD q MAXLEN = 0 1700000000060-0 a 3;XADD d "
               "1700000000060-0 a 3}");
    broker_bench_end(b);
}

/* broker G5: copies take their share of a turn. */
TEST(many_copies_share_the_turn)
{
    struct client *c;
    struct bench *b = begin(&c);
    char line[60];
    for (int i = 0; i < 20; i++) {
        snprintf(line, sizeof(line), "XBIND ADD q ALL TO t%d", i);
        SAYS(c, line, "1");
    }
    for (int i = 0; i < 10; i++)
        bench_says(c, "XADD q DELAY 10 * a 1");
    HEARS(c, "*");
    b->settings->broker_turn_us = 0;
    broker_bench_wait(b, 10);
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XLEN t19", "1");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "2");
    SAYS(c, "XADD q * b 2", "1700000000010-10"); /* those that are due come first */
    broker_bench_end(b);
}

/* broker B7, X4, D3, V3: dead letters and what comes back. */
TEST(dead_letters_are_routed)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XPOLICY SET q g MKSTREAM MAXDELIVER 1", "OK");
    SAYS(c, "XBIND ADD {q}:dlq ALL TO audit", "1");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    bench_says(c, "XREADGROUP GROUP g w STREAMS q >");
    HEARS(c, "*");
    broker_forget_effects(b);
    SAYS(c, "XNACK q g FAIL IDS 1 1-1 REASON no", "1");
    EFFECTS(b,
            "{XADD {q}:dlq 1700000000000-0 a 1 dl-reason maxdeliver dl-text no dl-key q dl-group "
            "g dl-id 1-1 dl-consumer w dl-count 1 dl-delivered 1700000000000;XADD audit "
            "1700000000000-0 a 1 dl-reason maxdeliver dl-text no dl-key q dl-group g dl-id 1-1 "
            "dl-consumer w dl-count 1 dl-delivered 1700000000000;XACK q g 1-1}");
    SAYS(c, "XDEL q 1-1", "1");
    SAYS(c, "XBIND ADD q ALL TO again", "1");
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE {q}:dlq", "[1 0-0]");
    EFFECTS(b, "{XADD q 1700000000000-0 a 1;XADD again 1700000000000-0 a 1;XDEL {q}:dlq "
               "1700000000000-0}");
    broker_bench_end(b);
}

/* The hard case: letters come back to where they died, and that stream has a limit. Nothing that is
 * in somebody's hands goes. */
TEST(dead_letters_may_come_back_by_a_binding)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XPOLICY SET q g MKSTREAM MAXDELIVER 1 LEASE 100", "OK");
    SAYS(c, "XBIND ADD {q}:dlq ALL TO q", "1");
    for (int i = 1; i <= 4; i++) {
        char line[60], want[20];
        snprintf(line, sizeof(line), "XADD q %d-1 n %d", i, i);
        snprintf(want, sizeof(want), "%d-1", i);
        SAYS(c, line, want);
    }
    bench_says(c, "XREADGROUP GROUP g w COUNT 2 STREAMS q >");
    SAYS(c, "XPOLICY SET q g LEASE 100", "[[q [[1-1 [n 1]] [2-1 [n 2]]]]] OK");
    SAYS(c, "XCFGSET q MAXLEN 4 OVERFLOW DROP DELREF", "OK");
    b->engine.steady_ms += 200; /* their leases end; this read meets them first */
    bench_says(c, "XREADGROUP GROUP g w COUNT 1 STREAMS q >");
    HEARS(c, "[[q [[3-1 [n 3]]]]]");
    SAYS(c, "XLEN {q}:dlq", "2");
    SAYS(c, "XLEN q", "6");
    CHECK(stream_is_sound(broker_stream(b, "q")) && !b->engine.broker->held);
    broker_bench_wait(b, 1);
    SAYS(c, "XLEN q", "4");
    /* And round again, each death once more. */
    for (int i = 0; i < 20; i++) {
        bench_says(c, "XREADGROUP GROUP g w COUNT 3 STREAMS q >");
        HEARS(c, "*");
        broker_bench_wait(b, 150);
        CHECK(stream_is_sound(broker_stream(b, "q")));
    }
    SAYS(c, "XLEN q", "4");
    SAYS(c, "XBIND ADD q ALL TO {q}:dlq", "1");
    SAYS(c, "DEL {q}:dlq q", "2");
    /* A call of XREDRIVE ends, though what it moves comes back. */
    SAYS(c, "XBIND ADD q ALL TO l", "1");
    SAYS(c, "XADD l 1-1 a 1", "1-1");
    SAYS(c, "XREDRIVE l TO q", "[1 0-0]");
    SAYS(c, "XLEN l", "1");
    SAYS(c, "XLEN q", "1");
    broker_bench_end(b);
}

/* What XREDRIVE moves and a binding brings back is for the next call, also when there are many. */
TEST(a_call_of_xredrive_ends)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO l", "1");
    for (int i = 1; i <= 1500; i++) {
        char line[40];
        snprintf(line, sizeof(line), "XADD l %d-1 a 1", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    SAYS(c, "XREDRIVE l TO q COUNT 100000", "[1500 1700000000000-0]");
    SAYS(c, "XLEN l", "1500");
    SAYS(c, "XLEN q", "1500");
    broker_bench_end(b);
}

/* While a key is on its way to another server, who may write to it by a binding is held. */
TEST(writes_that_may_lead_to_a_moving_key_wait)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XCAPTURE ADD d news", "1");
    SAYS(c, "XADD plain 1-1 a 1", "1-1");
    pause_key(&b->engine, b->engine.store->dbs, BYTES("d"), true);
    CHECK(pause_is_moving(&b->engine, b->engine.store->dbs, BYTES("d")));
    SAYS(c, "XADD plain 2-1 a 1", "2-1");
    SAYS(c, "PUBLISH news x", "0"); /* it does not wait, and is not captured */
    CHECK(b->engine.broker->totals.capture_failures == 1);
    bench_says(c, "XADD q 1-1 a 1");
    HEARS(c, "");
    pause_key(&b->engine, b->engine.store->dbs, BYTES("d"), false);
    SAYS(bench_client(b), "XLEN d", "0");
    broker_bench_end(b);
}

/* broker T6, T7, T13 in a destination: what is due there comes first, and an ID that is scheduled
 * makes room. */
TEST(copies_find_scheduled_messages)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XADD d DELAY 5 * due 1", "1700000000005-0");
    SAYS(c, "XADD d AT 1700000000009 * later 1", "1700000000009-0");
    broker_forget_effects(b);
    b->engine.now_ms = b->engine.store->now_ms += 7;
    SAYS(c, "XADD q * a 1", "1700000000007-0");
    EFFECTS(b, "{XADD d 1700000000005-0 due 1;XADD q 1700000000007-0 a 1;XADD d 1700000000007-0 a "
               "1}");
    SAYS(c, "XADD q 1700000000009-0 a 2", "1700000000009-0");
    EFFECTS(b, "{XADD q 1700000000009-0 a 2;XDEL d 1700000000009-0;@XADD d AT 1700000000009 "
               "1700000000009-1 later 1;XADD d 1700000000009-0 a 2}");
    /* Two streams that are bound to each other, both with something due. */
    SAYS(c, "XBIND ADD d ALL TO q", "1");
    SAYS(c, "XADD q DELAY 20 * x 1", "1700000000027-0");
    SAYS(c, "XADD d DELAY 21 * y 1", "1700000000028-0");
    b->engine.now_ms = b->engine.store->now_ms += 100;
    SAYS(c, "XADD q * z 1", "1700000000107-0");
    SAYS(c, "XRANGE q 1700000000010 +",
         "[[1700000000027-0 [x 1]] [1700000000028-0 [y 1]] [1700000000107-0 [z 1]]]");
    SAYS(c, "XRANGE d 1700000000010 +",
         "[[1700000000027-0 [x 1]] [1700000000028-0 [y 1]] [1700000000107-0 [z 1]]]");
    broker_bench_end(b);
}

/* broker B7, M3, G7: what is due in a destination may be copied to the stream itself. It counts
 * before the limit and the last ID are looked at, also if the server appends by itself. */
TEST(what_comes_back_first_takes_room)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD letters 1-1 a 1", "1-1");
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD d ALL TO q", "1");
    SAYS(c, "XCFGSET q MAXLEN 1 OVERFLOW REJECT", "OK");
    SAYS(c, "XADD d DELAY 5 * due 1", "1700000000005-0");
    b->engine.now_ms = b->engine.store->now_ms += 6;
    SAYS(c, "XREDRIVE letters TO q", "[0 0-0]");
    SAYS(c, "XRANGE q - +", "[[1700000000005-0 [due 1]]]");
    SAYS(c, "XCFGSET q MAXLEN -1", "OK");
    SAYS(c, "XSETID q 18446744073709551615-18446744073709551614", "OK");
    SAYS(c, "XADD d DELAY 5 * due 2", "1700000000011-0");
    b->engine.now_ms = b->engine.store->now_ms += 6;
    SAYS(c, "XREDRIVE letters TO q", "[0 0-0]");
    SAYS(c, "XREVRANGE q + - COUNT 1", "[[18446744073709551615-18446744073709551615 [due 2]]]");
    SAYS(c, "XLEN letters", "1");
    broker_bench_end(b);
}

/* broker B7, Y5: an IDMP duplicate is not routed; a level is chosen by a binding. */
TEST(duplicates_are_not_routed)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q DIRECT high BY prio TO q:high", "1");
    SAYS(c, "XBIND ADD q ALTERNATE TO q:low", "1");
    SAYS(c, "XADD q IDMP p 1 * prio high", "1700000000000-0");
    SAYS(c, "XADD q IDMP p 1 * prio high", "1700000000000-0");
    SAYS(c, "XADD q * prio some", "1700000000000-1");
    SAYS(c, "XADD q * n 1", "1700000000000-2");
    SAYS(c, "XLEN q:high", "1");
    SAYS(c, "XLEN q:low", "2");
    SAYS(c, "XADD q PRIORITY 5 * a 1", "!ERR syntax error");
    SAYS(c, "XADD q MAXLEN 5 PRIORITY 5 * a 1", "!ERR syntax error");
    broker_bench_end(b);
}

/* broker B6, G3: what effects say is done, and nothing else. */
TEST(a_replay_routes_nothing)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "SET str x", "OK");
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XADD q 1-1 a 1");
    bench_says(file, "XADD q AT 1699999990000 1699999990000-0 a 1");
    bench_says(file, "XADD q 1699999990000-0 a 1");
    bench_says(file, "XBIND ADD q DIRECT v BY f TO d");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "EXISTS d", "0");
    SAYS(c, "XBIND LIST q", "[[ALL []  d] [DIRECT [v] f d]]");
    CHECK(routed(b) == 0);
    broker_bench_end(b);
}

/* broker X1, X4, B6: within EXEC as well; who waits at a destination, or watches it, hears of it.
 */
TEST(others_hear_of_copies)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *reader = bench_client(b), *watcher = bench_client(b);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    bench_says(reader, "XREAD BLOCK 0 STREAMS d $");
    SAYS(watcher, "WATCH d", "OK");
    broker_forget_effects(b);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "SET k v", "QUEUED");
    SAYS(c, "XADD q 1-1 a 1", "QUEUED");
    SAYS(c, "EXEC", "[OK 1-1]");
    EFFECTS(b, "{SET k v;XADD q 1-1 a 1;XADD d 1-1 a 1}");
    bench_turn(b);
    HEARS(reader, "[[d [[1-1 [a 1]]]]]");
    SAYS(watcher, "MULTI", "OK");
    SAYS(watcher, "SET k w", "QUEUED");
    SAYS(watcher, "EXEC", "(nil)");
    broker_bench_end(b);
}

/* broker I4 */
TEST(information_counts_them)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XBIND ADD q ALL TO d", "1");
    SAYS(c, "XBIND ADD q ALTERNATE TO e", "1");
    SAYS(c, "XCAPTURE ADD q a* b*", "2");
    SAYS(c, "XINFO STREAM q",
         "[length 0 radix-tree-keys 0 radix-tree-nodes 1 last-generated-id 0-0 "
         "max-deleted-entry-id 0-0 entries-added 0 recorded-first-entry-id 0-0 idmp-duration 100 "
         "idmp-maxsize 100 pids-tracked 0 iids-tracked 0 iids-added 0 iids-duplicates 0 groups 0 "
         "first-entry (nil) last-entry (nil) maxlen -1 maxbytes -1 maxage -1 overflow DROP KEEPREF "
         "scheduled 0 next-scheduled-id 0-0 expiries 0 schedules 0 bindings 2 captures 2]");
    broker_bench_end(b);
}

UNIT_MAIN(T(a_message_and_its_copies_are_one_transaction), T(chains_end),
          T(many_destinations_get_it_once), T(a_full_destination_refuses_all_of_it),
          T(another_type_is_skipped), T(scheduled_messages_are_routed_when_due),
          T(many_copies_share_the_turn), T(dead_letters_are_routed),
          T(dead_letters_may_come_back_by_a_binding), T(a_call_of_xredrive_ends),
          T(writes_that_may_lead_to_a_moving_key_wait), T(copies_find_scheduled_messages),
          T(what_comes_back_first_takes_room), T(duplicates_are_not_routed),
          T(a_replay_routes_nothing), T(others_hear_of_copies), T(information_counts_them))
