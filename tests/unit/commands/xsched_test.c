/* Scheduled messages: XADD with DELAY and AT, XSCHED, and that they are appended. */
#include "broker.h"

/* A client that hears events of streams. */
static struct client *listener(struct bench *b)
{
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    return e;
}

#define EVENT(name, key) "[pmessage * __keyevent@0__:" name " " key "]"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    bench_journal(b);
    return b;
}

#define MOVED EVENT("xsched-moved", "q")
#define ADDED EVENT("xadd", "q")

/* The wall clock alone. */
static void step(struct bench *b, int64_t ms)
{
    b->engine.now_ms = b->engine.store->now_ms += ms;
}

/* broker T1, T2, T3, T8, 10.3: the dialogue. */
TEST(what_is_scheduled_has_its_id)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 60000 * a 1", "1700000060000-0");
    SAYS(c, "XADD q AT 1700000060000 * a 2", "1700000060000-1");
    SAYS(c, "XLEN q", "0");
    SAYS(c, "EXISTS q", "1");
    SAYS(c, "XRANGE q - +", "[]");
    SAYS(c, "XSCHED LEN q", "2");
    SAYS(c, "XSCHED RANGE q - + COUNT 1", "[[1700000060000-0 [a 1]]]");
    SAYS(c, "XSCHED RANGE q (1700000060000-0 +", "[[1700000060000-1 [a 2]]]");
    SAYS(c, "XSCHED RANGE q - (1700000060000-1", "[[1700000060000-0 [a 1]]]");
    SAYS(c, "XSCHED RANGE q 1700000060001 +", "[]");
    SAYS(c, "XDEL q 1700000060000-0 5-5", "1");
    SAYS(c, "XDELEX q IDS 2 1700000060000-0 1700000060000-1", "[-1 1]");
    SAYS(c, "XSCHED LEN q", "0");
    EFFECTS(b,
            "{" MADE("q") "@XADD q AT 1700000060000 1700000060000-0 a 1};@XADD q AT 1700000060000 "
                          "1700000060000-1 a 2;XDEL q 1700000060000-0 5-5;XDEL q 1700000060000-1");
    CHECK(!broker_stream(b, "q")->extra && b->engine.store->dbs[0].noted.acting.used == 0);
    broker_bench_wait(b, 60000);
    SAYS(c, "XLEN q", "0");
    EFFECTS(b, "");
    broker_bench_end(b);
}

/* broker T1, G8. */
TEST(arguments_are_judged_first)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 5 1-1 a 1",
         "!ERR syntax error, DELAY and AT can be used only with auto-generated IDs");
    SAYS(c, "XADD q AT 5 7-* a 1",
         "!ERR syntax error, DELAY and AT can be used only with auto-generated IDs");
    SAYS(c, "XADD q DELAY x * a 1", "!ERR DELAY must be between 0 and 315360000000");
    SAYS(c, "XADD q DELAY 315360000001 * a 1", "!ERR DELAY must be between 0 and 315360000000");
    SAYS(c, "XADD q AT -1 * a 1", "!ERR AT must be between 0 and 253402300799999");
    SAYS(c, "XADD q AT 253402300800000 * a 1", "!ERR AT must be between 0 and 253402300799999");
    SAYS(c, "XADD q DELAY 5 AT 5 * a 1", "!ERR syntax error");
    SAYS(c, "XADD q DELAY 5 delay 5 * a 1", "!ERR DELAY specified multiple times");
    SAYS(c, "XADD q DELAY 5 *", "!ERR wrong number of arguments for 'xadd' command");
    SAYS(c, "XADD q NOMKSTREAM DELAY 5 * a 1", "(nil)");
    SAYS(c, "EXISTS q", "0");
    SAYS(c, "XSCHED RANGE q x +", "!ERR Invalid stream ID specified as stream command argument");
    SAYS(c, "XSCHED RANGE q - + COUNT 0", "!ERR COUNT must be between 1 and 1000000000");
    SAYS(c, "XSCHED RANGE q - + MANY 1", "!ERR syntax error");
    SAYS(c, "XSCHED MOVE q 1-1 IN 5", "!ERR syntax error");
    SAYS(c, "XSCHED MOVE q 1-1 AT x", "!ERR AT must be between 0 and 253402300799999");
    SAYS(c, "XSCHED RUN q x", "!ERR Invalid stream ID specified as stream command argument");
    SAYS(c, "SET s x", "OK");
    SAYS(c, "XSCHED LEN s", "!WRONGTYPE*");
    SAYS(c, "XADD s DELAY 5 * a 1", "!WRONGTYPE*");
    SAYS(c, "XSCHED RUN s 1-1", "!WRONGTYPE*");
    SAYS(c, "XSCHED LEN q", "0");
    SAYS(c, "XSCHED RANGE q - +", "[]");
    SAYS(c, "XSCHED MOVE q 1-1 AT 5", "(nil)");
    SAYS(c, "XSCHED RUN q 1-1 2-1", "[(nil) (nil)]");
    SAYS(c, "XADD t 18446744073709551615-18446744073709551615 a 1", "1844674407370955161*");
    SAYS(c, "XADD t DELAY 5 * a 1", "!ERR The stream has exhausted*");
    EFFECTS(b, "SET s x;XADD t 18446744073709551615-18446744073709551615 a 1");
    broker_bench_end(b);
}

/* broker T4, T6, T11, L3: at its moment, not before; readers are woken. */
TEST(a_message_comes_at_its_moment)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *reader = bench_client(b), *worker = bench_client(b), *e = listener(b);
    SAYS(c, "XGROUP CREATE q g 0 MKSTREAM", "OK");
    SAYS(c, "XADD q DELAY 1000 * a 1", "1700000001000-0");
    SAYS(c, "XADD q DELAY 500 * a 2", "1700000000500-0");
    HEARS(e, EVENT("xgroup-create", "q") " " EVENT("xsched", "q") " " EVENT("xsched", "q"));
    bench_says(reader, "XREAD BLOCK 0 STREAMS q $");
    bench_says(worker, "XREADGROUP GROUP g w BLOCK 0 STREAMS q >");
    broker_forget_effects(b);
    broker_bench_wait(b, 499);
    EFFECTS(b, "");
    HEARS(reader, "");
    broker_bench_wait(b, 1);
    HEARS(reader, "[[q [[1700000000500-0 [a 2]]]]]");
    HEARS(worker, "[[q [[1700000000500-0 [a 2]]]]]");
    HEARS(e, EVENT("xgroup-createconsumer", "q") " " EVENT("xadd", "q"));
    EFFECTS(b, "XADD q 1700000000500-0 a 2;{XCLAIM q g w 0 1700000000500-0 TIME 1700000000500 "
               "RETRYCOUNT 1 FORCE JUSTID LASTID 1700000000500-0;XGROUP SETID q g "
               "1700000000500-0 ENTRIESREAD 1}");
    broker_bench_wait(b, 500);
    SAYS(c, "XRANGE q - +", "[[1700000000500-0 [a 2]] [1700000001000-0 [a 1]]]");
    SAYS(c, "XSCHED LEN q", "0");
    CHECK(b->engine.broker->totals.appended_scheduled == 2);
    broker_bench_end(b);
}

/* broker T5. */
TEST(what_is_past_is_appended_at_once)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q AT 1700000000000 * a 1", "1700000000000-0");
    SAYS(c, "XADD q DELAY 0 * a 1", "1700000000000-1");
    SAYS(c, "XADD q AT 5 * a 1", "1700000000000-2");
    SAYS(c, "XLEN q", "3");
    EFFECTS(b, "XADD q 1700000000000-0 a 1;XADD q 1700000000000-1 a 1;XADD q 1700000000000-2 a 1");
    CHECK(!broker_stream(b, "q")->extra);
    broker_bench_end(b);
}

/* broker T1: trimming acts on what is there, IDMP remembers the ID. */
TEST(other_options_combine)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q 2-1 a 1", "2-1");
    broker_forget_effects(b);
    SAYS(c, "XADD q IDMP p i MAXLEN 1 TTL 9 DELAY 10 * a 3", "1700000000010-0");
    EFFECTS(b, "{@XADD q AT 1700000000010 1700000000010-0 a 3;@XIDMPRECORD q p i "
               "1700000000010-0;@XSCHED EXPIRE q 1700000000019 1700000000010-0;XTRIM q MAXLEN = "
               "1}");
    SAYS(c, "XADD q IDMP p i MAXLEN 1 DELAY 999 * a 3", "1700000000010-0");
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XSCHED LEN q", "1");
    broker_bench_wait(b, 10);
    SAYS(c, "XADD q IDMP p i * a 3", "1700000000010-0");
    EFFECTS(b, "XADD q 1700000000010-0 a 3");
    broker_bench_end(b);
}

/* broker T6: what is due comes before an ID that "*" gives; more than 1,000 wait for turns. */
TEST(what_is_due_comes_first)
{
    struct client *c;
    struct bench *b = begin(&c);
    for (int i = 0; i < 1500; i++)
        bench_says(c, "XADD q DELAY 10 * a 1");
    HEARS(c, "1700000000010-0*");
    broker_forget_effects(b);
    step(b, 9);
    SAYS(c, "XADD q * b 1", "1700000000009-0");
    EFFECTS(b, "XADD q 1700000000009-0 b 1");
    step(b, 1);
    SAYS(c, "XADD q * b 2", "1700000000010-1000");
    SAYS(c, "XLEN q", "1002");
    SAYS(c, "XSCHED LEN q", "500");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "1502");
    SAYS(c, "XADD q DELAY 10 * a 1", "1700000000020-0");
    broker_forget_effects(b);
    step(b, 15);
    SAYS(c, "XADD q 1700000000019-5 c 1", "!ERR The ID specified in XADD*");
    EFFECTS(b, "XADD q 1700000000020-0 a 1");
    broker_bench_end(b);
}

/* broker T6, G4, X2: time stands still in a transaction. */
TEST(in_a_transaction_nothing_comes_first)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 10 * a 1", "1700000000010-0");
    step(b, 10);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "XSCHED LEN q", "QUEUED");
    SAYS(c, "XADD q 1700000000011-0 b 1", "QUEUED");
    SAYS(c, "XADD q DELAY 0 * b 1", "QUEUED");
    SAYS(c, "XLEN q", "QUEUED");
    broker_forget_effects(b);
    bench_says(c, "EXEC"); /* by the machine's clock, which is far ahead */
    HEARS(c, "[1 1700000000011-0*");
    SAYS(c, "XSCHED LEN q", "1");
    SAYS(c, "XLEN q", "2");
    broker_bench_turn(b);
    SAYS(c, "XSCHED LEN q", "0");
    SAYS(c, "XLEN q", "3");
    broker_bench_end(b);
}

/* broker T7: the only case in which an ID changes. */
TEST(an_id_that_is_passed_changes)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e;
    SAYS(c, "XADD q DELAY 10 TTL 1000 * a 1", "1700000000010-0");
    SAYS(c, "XADD q DELAY 10 * a 2", "1700000000010-1");
    SAYS(c, "XADD q 1700000000010-5 b 1", "1700000000010-5");
    SAYS(c, "XADD q DELAY 10 * a 3", "1700000000010-6");
    e = listener(b);
    broker_forget_effects(b);
    broker_bench_wait(b, 10);
    EFFECTS(b, "{XDEL q 1700000000010-6;@XADD q AT 1700000000010 1700000000010-7 a 3;XDEL q "
               "1700000000010-0;XADD q 1700000000010-6 a 1;@XSCHED EXPIRE q 1700000001010 "
               "1700000000010-6;XDEL q 1700000000010-7;@XADD q AT 1700000000010 1700000000010-8 a "
               "3;XDEL q 1700000000010-1;XADD q 1700000000010-7 a 2;XADD q 1700000000010-8 a 3}");
    HEARS(e, MOVED " " ADDED " " MOVED " " MOVED " " ADDED " " MOVED " " ADDED);
    SAYS(c, "XSETID q 1700000005000-0", "OK");
    SAYS(c, "XADD q DELAY 20 * a 4", "1700000000030-0");
    broker_bench_wait(b, 20);
    SAYS(c, "XREVRANGE q + - COUNT 1", "[[1700000005000-1 [a 4]]]");
    CHECK(stream_is_sound(broker_stream(b, "q")));
    broker_bench_end(b);
}

/* broker T4: a stream that has given its last ID appends nothing, until XSETID takes that back. */
TEST(a_position_that_goes_back_lets_messages_come)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 10 * a 1", "1700000000010-0");
    SAYS(c, "XSETID q 18446744073709551615-18446744073709551615", "OK");
    broker_bench_wait(b, 10);
    SAYS(c, "XSCHED LEN q", "1");
    CHECK(!broker_has_work(b->engine.broker));
    SAYS(c, "XSETID q 5-0", "OK");
    broker_bench_turn(b);
    SAYS(c, "XRANGE q - +", "[[1700000000010-0 [a 1]]]");
    broker_bench_end(b);
}

/* broker T9, T11. */
TEST(a_message_may_be_moved)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e;
    SAYS(c, "XADD q AT 1700000060000 * a 1", "1700000060000-0");
    SAYS(c, "XADD q AT 1700000060000 TTL 500 * a 2", "1700000060000-1");
    SAYS(c, "XADD q AT 1700000090000 * a 3", "1700000090000-0");
    e = listener(b);
    broker_forget_effects(b);
    SAYS(c, "XSCHED MOVE q 1700000060000-1 AT 1700000090000", "1700000090000-1");
    EFFECTS(b, "{XDEL q 1700000060000-1;@XADD q AT 1700000090000 1700000090000-1 a 2;@XSCHED "
               "EXPIRE q 1700000090500 1700000090000-1}");
    HEARS(e, EVENT("xsched-move", "q"));
    SAYS(c, "XSCHED MOVE q 1700000060000-1 AT 1700000090000", "(nil)");
    SAYS(c, "XSCHED MOVE q 1700000090000-1 DELAY 1000", "1700000001000-0");
    EFFECTS(b, "{XDEL q 1700000090000-1;@XADD q AT 1700000001000 1700000001000-0 a 2;@XSCHED "
               "EXPIRE q 1700000001500 1700000001000-0}");
    broker_bench_wait(b, 1000);
    EFFECTS(b, "XADD q 1700000001000-0 a 2");
    SAYS(c, "XSCHED MOVE q 1700000060000-0 AT 5", "1700000001000-1");
    EFFECTS(b, "{XDEL q 1700000060000-0;XADD q 1700000001000-1 a 1}");
    SAYS(c, "XSCHED RANGE q - +", "[[1700000090000-0 [a 3]]]");
    broker_bench_end(b);
}

/* broker T10, T11. */
TEST(a_message_may_be_run)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *reader = bench_client(b);
    SAYS(c, "XADD q AT 1700000060000 TTL 500 * a 1", "1700000060000-0");
    SAYS(c, "XADD q AT 1700000060000 * a 2", "1700000060000-1");
    bench_says(reader, "XREAD BLOCK 0 STREAMS q 0");
    broker_forget_effects(b);
    SAYS(c, "XSCHED RUN q 1700000060000-1 5-5 1700000060000-0",
         "[1700000000000-0 (nil) 1700000000000-1]");
    EFFECTS(b, "{XDEL q 1700000060000-1;XADD q 1700000000000-0 a 2;XDEL q 1700000060000-0;XADD q "
               "1700000000000-1 a 1;@XSCHED EXPIRE q 1700000060500 1700000000000-1}");
    bench_turn(b);
    HEARS(reader, "[[q [[1700000000000-0 [a 2]] [1700000000000-1 [a 1]]]]]");
    SAYS(c, "XSCHED LEN q", "0");
    broker_bench_end(b);
}

/* broker T11, Z10, G3: what the effects say is done, and nothing else. */
TEST(a_replay_takes_it_literally)
{
    struct bench *b = broker_bench();
    struct client *c = bench_client(b), *file = bench_client(b);
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XADD q AT 1699999990000 1699999990000-0 a 1");
    bench_says(file, "XADD q AT 1699999990000 1699999990000-1 a 2");
    bench_says(file, "XADD q AT 1699999990000 1699999990000-1 a 2"); /* malformed */
    bench_says(file, "XSCHED EXPIRE q 1699999990500 1699999990000-0");
    bench_says(file, "XADD q AT 1800000000000 1800000000000-0 a 3");
    bench_says(file, "XADD q AT 1800000000000 1800000000000-3 a 4");
    bench_says(file, "XADD q 1699999980000-0 b 1");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XSCHED LEN q", "4");
    file->flags |= CLIENT_REPLAY;
    bench_says(file, "XADD q 1699999990000-0 a 1");
    bench_says(file, "XDEL q 1699999990000-1");
    bench_says(file, "XADD q 1700000000000-0 a 2");
    file->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "XSCHED RANGE q - +", "[[1800000000000-0 [a 3]] [1800000000000-3 [a 4]]]");
    SAYS(c, "XRANGE q - +",
         "[[1699999980000-0 [b 1]] [1699999990000-0 [a 1]] [1700000000000-0 [a "
         "2]]]");
    CHECK(stream_expiry_count(&broker_stream(b, "q")->extra->expiry) == 1);
    CHECK(stream_is_sound(broker_stream(b, "q")));
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "2");
    broker_bench_end(b);
}

/* broker T12, G5: in the order of IDs, an action at a time, and others in between. */
TEST(many_that_are_due_take_turns)
{
    struct client *c;
    struct bench *b = begin(&c);
    for (int i = 0; i < 40; i++)
        bench_says(c, i % 2 ? "XADD q DELAY 10 * a 1" : "XADD r DELAY 5 * a 1");
    HEARS(c, "*");
    b->settings->broker_turn_us = 0;
    broker_bench_wait(b, 100);
    SAYS(c, "XLEN r", "16");
    SAYS(c, "XLEN q", "0");
    CHECK(broker_has_work(b->engine.broker) && broker_late_ms(b->engine.broker) == 95);
    b->engine.steady_ms++;
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "16");
    broker_bench_turn(b);
    broker_bench_turn(b);
    SAYS(c, "XLEN r", "20");
    SAYS(c, "XLEN q", "20");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker T12, G6. */
TEST(moments_are_of_the_wall_clock)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 3600000 * a 1", "1700003600000-0");
    step(b, 3600000);
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XADD q DELAY 10 * a 2", "1700003600010-0");
    step(b, -3600000);
    broker_bench_wait(b, 1000);
    SAYS(c, "XLEN q", "1");
    SAYS(c, "XADD q * b 1", "1700003600000-1");
    broker_bench_wait(b, 3600000);
    SAYS(c, "XLEN q", "3");
    broker_bench_end(b);
}

/* broker T13: an explicit ID, and the next one of a stream whose IDs are ahead of the clock. */
TEST(an_id_is_never_both)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e;
    SAYS(c, "XADD q AT 1700000060000 TTL 7 * a 1", "1700000060000-0");
    SAYS(c, "XADD q AT 1700000060000 * a 2", "1700000060000-1");
    e = listener(b);
    broker_forget_effects(b);
    SAYS(c, "XADD q 1700000060000-0 b 1", "1700000060000-0");
    EFFECTS(b, "{XDEL q 1700000060000-0;@XADD q AT 1700000060000 1700000060000-2 a 1;@XSCHED "
               "EXPIRE q 1700000060007 1700000060000-2;XADD q 1700000060000-0 b 1}");
    HEARS(e, MOVED " " ADDED);
    SAYS(c, "XADD q * b 2", "1700000060000-1");
    SAYS(c, "XSCHED RANGE q - +", "[[1700000060000-2 [a 1]] [1700000060000-3 [a 2]]]");
    SAYS(c, "XADD q AT 1700000060000 * a 3", "1700000060000-4");
    SAYS(c, "XADD q AT 1700000050000 * a 4", "1700000050000-0");
    CHECK(stream_is_sound(broker_stream(b, "q")));
    broker_bench_wait(b, 60000);
    SAYS(c, "XRANGE q - +",
         "[[1700000060000-0 [b 1]] [1700000060000-1 [b 2]] [1700000060000-2 [a 4]] "
         "[1700000060000-3 [a 2]] [1700000060000-4 [a 3]] [1700000060000-5 [a 1]]]");
    broker_bench_end(b);
}

/* broker T2, T13: the next sequence number that is free, of streams whose IDs are ahead of the
 * clock.
 */
TEST(an_id_is_free)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q 1700000060000-3 b 1", "1700000060000-3");
    SAYS(c, "XADD q 1700000060000-4 b 2", "1700000060000-4");
    SAYS(c, "XDEL q 1700000060000-4", "1");
    SAYS(c, "XADD q AT 1700000060000 * a 1", "1700000060000-5");
    SAYS(c, "XDEL q 1700000060000-5", "1");
    SAYS(c, "XADD q 1700000070000-0 b 1", "1700000070000-0");
    SAYS(c, "XADD q AT 1700000060000 * a 2", "1700000060000-4");
    SAYS(c, "XADD q AT 1700000060000 * a 3", "1700000060000-5");
    SAYS(c, "XADD r 1700000060000-18446744073709551615 b 1", "1700000060000-1844*");
    SAYS(c, "XADD r AT 1700000060000 * a 1", "1700000060001-0");
    CHECK(stream_is_sound(broker_stream(b, "q")));
    broker_bench_end(b);
}

/* broker V6: letters that are appended anew with a delay are scheduled. */
TEST(letters_may_come_back_later)
{
    struct client *c;
    struct bench *b = broker_queue("MAXDELIVER 1", 1, true, &c);
    SAYS(c, "XNACK q g FATAL IDS 1 1-1", "1");
    SAYS(c, "XDEL q 1-1", "1");
    broker_forget_effects(b);
    SAYS(c, "XREDRIVE {q}:dlq DELAY 1000", "[1 0-0]");
    EFFECTS(b, "{@XADD q AT 1700000001000 1700000001000-0 n 1;XDEL {q}:dlq 1700000000000-0}");
    broker_bench_wait(b, 1000);
    SAYS(c, "XREADGROUP GROUP g c STREAMS q >", "[[q [[1700000001000-0 [n 1]]]]]");
    broker_bench_end(b);
}

/* broker X5: half messages. */
TEST(a_half_message_is_decided_or_comes_back)
{
    struct client *c;
    struct bench *b = broker_bench();
    c = bench_client(b);
    SAYS(c, "XADD tx DELAY 60000 * dest orders body 1", "1700000060000-0");
    SAYS(c, "XADD tx DELAY 60000 * dest orders body 2", "1700000060000-1");
    SAYS(c, "XADD tx DELAY 60000 * dest orders body 3", "1700000060000-2");
    SAYS(c, "XDEL tx 1700000060000-1", "1"); /* rolled back */
    bench_journal(b);
    SAYS(c, "MULTI", "OK");
    SAYS(c, "XDEL tx 1700000060000-0", "QUEUED");
    SAYS(c, "XADD orders 1-1 body 1", "QUEUED");
    SAYS(c, "EXEC", "[1 1-1]");
    EFFECTS(b, "{XDEL tx 1700000060000-0;XADD orders 1-1 body 1}");
    b->engine.now_ms = b->engine.store->now_ms = 1700000060000;
    broker_bench_turn(b);
    SAYS(c, "XRANGE tx - +", "[[1700000060000-2 [dest orders body 3]]]");
    broker_bench_end(b);
}

/* broker T3, Z7: it goes where the stream goes. */
TEST(the_future_goes_with_the_stream)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XADD q DELAY 10 * a 1", "1700000000010-0");
    SAYS(c, "RENAME q r", "OK");
    SAYS(c, "COPY r s", "1");
    SAYS(c, "DEL r", "1");
    broker_bench_wait(b, 10);
    SAYS(c, "XLEN s", "1");
    SAYS(c, "EXISTS r q", "0");
    broker_bench_end(b);
}

/* broker I1, I4: what is there to be seen of it. */
TEST(what_is_scheduled_is_shown)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct buf text = {0}, raw = {0};
    SAYS(c, "XPOLICY SET q g MKSTREAM LEASE 5", "OK");
    SAYS(c, "XADD q DELAY 10 TTL 5 * a 1", "1700000000010-0");
    SAYS(c, "XADD q DELAY 20 * a 1", "1700000000020-0");
    bench_says(c, "XINFO STREAM q");
    broker_drain(c, &raw);
    broker_text(raw.p, &text);
    buf_add_char(&text, 0);
    const char *more = strstr(text.p, "last-entry (nil) ");
    CHECK(more &&
          strcmp(more + 17, "maxlen -1 maxbytes -1 maxage -1 overflow DROP KEEPREF scheduled "
                            "2 next-scheduled-id 1700000000010-0 expiries 1 schedules 0 "
                            "bindings 0 captures 0]") == 0);
    SAYS(c, "XPOLICY STATS q g",
         "[ready 0 unread 0 released 0 overdue 0 leased 0 deferred 0 held 0 "
         "scheduled 2 dead-blocked 0*");
    buf_free(&raw);
    buf_free(&text);
    broker_bench_end(b);
}

UNIT_MAIN(T(what_is_scheduled_has_its_id), T(arguments_are_judged_first),
          T(a_message_comes_at_its_moment), T(what_is_past_is_appended_at_once),
          T(other_options_combine), T(what_is_due_comes_first),
          T(in_a_transaction_nothing_comes_first), T(an_id_that_is_passed_changes),
          T(a_position_that_goes_back_lets_messages_come), T(a_message_may_be_moved),
          T(a_message_may_be_run), T(a_replay_takes_it_literally), T(many_that_are_due_take_turns),
          T(moments_are_of_the_wall_clock), T(an_id_is_never_both), T(an_id_is_free),
          T(letters_may_come_back_later), T(a_half_message_is_decided_or_comes_back),
          T(the_future_goes_with_the_stream), T(what_is_scheduled_is_shown))
