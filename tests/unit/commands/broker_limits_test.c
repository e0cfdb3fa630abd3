/* Limits of streams: who is refused, what goes, and how the journal tells it. */
#include "broker.h"

#include "broker/broker_limits.h"

/* Stream q with these limits; the journal begins behind that. */
static struct bench *limited(const char *limits, struct client **c)
{
    struct bench *b = broker_bench();
    char line[200];
    *c = bench_client(b);
    snprintf(line, sizeof(line), "XCFGSET q MKSTREAM %s", limits);
    SAYS(*c, line, "OK");
    bench_journal(b);
    return b;
}

static void add(struct bench *b, struct client *c, int from, int to)
{
    char line[100], want[20];
    for (int i = from; i <= to; i++) {
        snprintf(line, sizeof(line), "XADD q %d-1 n %d", i, i);
        snprintf(want, sizeof(want), "%d-1", i);
        SAYS(c, line, want);
    }
    broker_forget_effects(b);
    CHECK(stream_is_sound(broker_stream(b, "q")));
}

static void listen(struct bench *b, struct client *c)
{
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(c, "PSUBSCRIBE *", "[psubscribe * 1]");
}

/* broker M2, M5, N7: exact after each XADD, which tells it. */
TEST(a_length_is_kept)
{
    struct client *c;
    struct bench *b = limited("MAXLEN 2", &c);
    struct client *e = bench_client(b);
    listen(b, e);
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q 2-1 a 2", "2-1");
    EFFECTS(b, "XADD q 1-1 a 1;XADD q 2-1 a 2");
    SAYS(c, "XADD q 3-1 a 3", "3-1");
    EFFECTS(b, "XADD q MAXLEN = 2 3-1 a 3");
    SAYS(c, "XADD q * a 4", "1700000000000-0");
    EFFECTS(b, "XADD q MAXLEN = 2 1700000000000-0 a 4");
    SAYS(c, "XRANGE q - +", "[[3-1 [a 3]] [1700000000000-0 [a 4]]]");
    HEARS(e, "[pmessage * __keyevent@0__:xadd q] [pmessage * __keyevent@0__:xadd q] "
             "[pmessage * __keyevent@0__:xadd q] [pmessage * __keyevent@0__:xtrim q] "
             "[pmessage * __keyevent@0__:xadd q] [pmessage * __keyevent@0__:xtrim q]");
    broker_bench_end(b);
}

/* broker M2, M5: where XADD has a trim of its own, or a message id is to be told first, both act,
 * one behind the other. */
TEST(limits_stand_behind_what_xadd_says)
{
    struct client *c;
    struct bench *b = limited("MAXLEN 3", &c);
    add(b, c, 1, 3);
    SAYS(c, "XADD q MINID 2 4-1 a 4", "4-1");
    EFFECTS(b, "XADD q MINID 2 4-1 a 4");
    SAYS(c, "XADD q MINID 2 5-1 a 5", "5-1");
    EFFECTS(b, "{XADD q MINID 2 5-1 a 5;XTRIM q MAXLEN = 3}");
    SAYS(c, "XADD q MAXLEN 2 6-1 a 6", "6-1");
    EFFECTS(b, "XADD q MAXLEN 2 6-1 a 6");
    SAYS(c, "XADD q MAXLEN 9 7-1 a 7", "7-1");
    SAYS(c, "XADD q IDMP p i * a 8", "1700000000000-0");
    EFFECTS(b, "XADD q MAXLEN 9 7-1 a 7;{XADD q 1700000000000-0 a 8;@XIDMPRECORD q p i "
               "1700000000000-0;XTRIM q MAXLEN = 3}");
    SAYS(c, "XLEN q", "3");
    broker_bench_end(b);
}

/* Entries 1-1 to 4-1, of which c has 1-1 and 2-1 pending, and 3-1 was acknowledged. */
static struct bench *pending(const char *limits, struct client **c)
{
    struct bench *b = limited(limits, c);
    SAYS(*c, "XGROUP CREATE q g 0", "OK");
    add(b, *c, 1, 4);
    bench_says(*c, "XREADGROUP GROUP g c COUNT 3 STREAMS q >");
    bench_says(*c, "XACK q g 3-1");
    HEARS(*c, "*");
    broker_forget_effects(b);
    return b;
}

/* broker M2 */
TEST(references_are_kept_or_dropped)
{
    struct client *c;
    struct bench *b = pending("MAXLEN 4 OVERFLOW DROP KEEPREF", &c);
    SAYS(c, "XADD q 5-1 a 5", "5-1");
    EFFECTS(b, "XADD q MAXLEN = 4 5-1 a 5");
    SAYS(c, "XPENDING q g", "[2 1-1 2-1 [[c 2]]]");
    broker_bench_end(b);
    b = pending("MAXLEN 4 OVERFLOW DROP DELREF", &c);
    SAYS(c, "XADD q 5-1 a 5", "5-1");
    EFFECTS(b, "{XADD q 5-1 a 5;@XTRIM q MAXLEN = 4 DELREF;XTRIM q MAXLEN = 4}");
    SAYS(c, "XPENDING q g", "[1 2-1 2-1 [[c 1]]]");
    broker_bench_end(b);
}

/* broker M2: what a group needs stays, and the stream may be longer. */
TEST(drop_acked_trims_entries_no_group_needs)
{
    struct client *c;
    struct bench *b = pending("MAXLEN 2 OVERFLOW DROP ACKED", &c);
    SAYS(c, "XADD q 5-1 a 5", "5-1");
    EFFECTS(b, "{XADD q 5-1 a 5;XDEL q 3-1}");
    SAYS(c, "XLEN q", "4");
    SAYS(c, "XADD q 6-1 a 6", "6-1");
    EFFECTS(b, "XADD q 6-1 a 6");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_wait(b, 1);
    SAYS(c, "XLEN q", "5");
    SAYS(c, "XADD q 7-1 a 7", "7-1");
    EFFECTS(b, "XACK q g 1-1;{XADD q 7-1 a 7;XDEL q 1-1}");
    SAYS(c, "XGROUP DESTROY q g", "1");
    broker_forget_effects(b);
    SAYS(c, "XADD q 8-1 a 8", "8-1");
    EFFECTS(b, "{XADD q 8-1 a 8;XDEL q 2-1 4-1 5-1 6-1}");
    SAYS(c, "XLEN q", "2");
    broker_bench_end(b);
}

/* What is pending at the front costs an append a bounded look, and what is behind it goes. */
TEST(acked_goes_round)
{
    struct client *c;
    struct bench *b = limited("MAXLEN 100 OVERFLOW DROP ACKED", &c);
    SAYS(c, "XGROUP CREATE q g 0", "OK");
    add(b, c, 1, 400);
    bench_says(c, "XREADGROUP GROUP g c COUNT 350 STREAMS q >");
    HEARS(c, "*");
    for (int i = 301; i <= 350; i++) {
        char line[40];
        snprintf(line, sizeof(line), "XACK q g %d-1", i);
        SAYS(c, line, "1");
    }
    add(b, c, 401, 402);
    CHECK(broker_stream(b, "q")->log.length == 402);
    add(b, c, 403, 404);
    CHECK(broker_stream(b, "q")->log.length == 404 - 50);
    SAYS(c, "XACK q g 1-1", "1");
    add(b, c, 405, 410);
    CHECK(broker_stream(b, "q")->log.length == 410 - 51);
    broker_bench_end(b);
}

/* broker M3, M4, M8, G9: nothing has changed; who is known already is answered. */
TEST(a_full_stream_refuses)
{
    struct client *c;
    struct bench *b = limited("MAXLEN 2 OVERFLOW REJECT", &c);
    SAYS(c, "XADD q IDMP p i 1-* a 1", "!ERR syntax error*");
    SAYS(c, "XADD q IDMP p i * a 1", "1700000000000-0");
    SAYS(c, "XADD q * a 2", "1700000000000-1");
    broker_forget_effects(b);
    SAYS(c, "XADD q * a 3", "!STREAMFULL The stream has reached its limit of 2 entries");
    SAYS(c, "XADD q MAXLEN 1 * a 3", "!STREAMFULL The stream has reached its limit of 2 entries");
    SAYS(c, "XADD q IDMP p j * a 3", "!STREAMFULL The stream has reached its limit of 2 entries");
    SAYS(c, "XADD q IDMP p i * a 1", "1700000000000-0");
    SAYS(c, "XADD q DELAY 5 * a 3", "!STREAMFULL The stream has reached its limit of 2 entries");
    EFFECTS(b, "");
    CHECK(b->engine.broker->totals.rejected == 4);
    SAYS(c, "XINFO STREAM q",
         "[length 2 radix-tree-keys 1 radix-tree-nodes 2 last-generated-id "
         "1700000000000-1*");
    SAYS(c, "XDEL q 1700000000000-0", "1");
    SAYS(c, "XADD q * a 3", "1700000000000-2");
    broker_bench_end(b);
}

/* broker M3, M7: bytes are compared before they are added; a block counts until its last entry is
 * gone. */
TEST(a_large_stream_refuses)
{
    struct client *c;
    struct bench *b = limited("MAXBYTES 10 OVERFLOW REJECT", &c);
    b->settings->stream_node_max_entries = 2;
    SAYS(c, "XADD q 1-1 name 12", "1-1");
    SAYS(c, "XADD q 2-1 name 1", "!STREAMFULL The stream has reached its limit of 10 bytes");
    SAYS(c, "XADD q 2-1 nam 1", "2-1");
    SAYS(c, "XADD q 3-1 a \"\"", "!STREAMFULL The stream has reached its limit of 10 bytes");
    SAYS(c, "XDEL q 1-1", "1");
    SAYS(c, "XADD q 3-1 a 1", "!STREAMFULL The stream has reached its limit of 10 bytes");
    SAYS(c, "XDEL q 2-1", "1");
    SAYS(c, "XADD q 3-1 name 123456", "3-1");
    broker_bench_end(b);
}

/* broker M3, M5, M8: what was accepted is appended later, whatever came in between. */
TEST(scheduled_messages_count_as_present)
{
    struct client *c;
    struct bench *b = limited("MAXLEN 2 MAXBYTES 8 OVERFLOW REJECT", &c);
    SAYS(c, "XADD q DELAY 1000 * a 1", "1700000001000-0");
    SAYS(c, "XADD q 5-1 abc 123", "5-1");
    SAYS(c, "XADD q 6-1 a 1", "!STREAMFULL The stream has reached its limit of 2 entries");
    SAYS(c, "XCFGSET q MAXLEN 3", "OK");
    SAYS(c, "XADD q 6-1 a 1", "!STREAMFULL The stream has reached its limit of 8 bytes");
    SAYS(c, "XCFGSET q MAXLEN 0", "OK");
    broker_bench_wait(b, 1000);
    SAYS(c, "XRANGE q - +", "[[5-1 [abc 123]] [1700000001000-0 [a 1]]]");
    broker_bench_end(b);
    /* DROP acts on them when they are appended. */
    b = limited("MAXLEN 1", &c);
    SAYS(c, "XADD q DELAY 1000 * a 1", "1700000001000-0");
    SAYS(c, "XADD q DELAY 1000 * a 2", "1700000001000-1");
    SAYS(c, "XADD q 5-1 a 1", "5-1");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q MAXLEN = 1 1700000001000-0 a 1;XADD q MAXLEN = 1 1700000001000-1 a 2}");
    SAYS(c, "XRANGE q - +", "[[1700000001000-1 [a 2]]]");
    broker_bench_end(b);
}

/* broker M6, G3, Z6: references to entries deleted earlier go only with a trim that is journalled.
 */
TEST(no_reference_goes_unjournalled)
{
    struct client *c;
    struct bench *b = limited("MAXAGE 1000 OVERFLOW DROP DELREF", &c);
    SAYS(c, "XPOLICY SET q g MKSTREAM", "OK");
    SAYS(c, "XADD q * n 1", "1700000000000-0");
    SAYS(c, "XADD q * n 2", "1700000000000-1");
    SAYS(c, "XREADGROUP GROUP g x STREAMS q >", "[[q *");
    SAYS(c, "XDEL q 1700000000000-0", "1");
    broker_forget_effects(b);
    SAYS(c, "XADD q * n 3", "1700000000000-2");
    EFFECTS(b, "XADD q 1700000000000-2 n 3");
    SAYS(c, "XPENDING q g - + 9", "[[1700000000000-0 x 0 1] [1700000000000-1 x 0 1]]");
    broker_bench_wait(b, 1001);
    EFFECTS(b, "{@XTRIM q MINID = 1700000000001-0 DELREF;XTRIM q MINID = 1700000000001-0}");
    SAYS(c, "XPENDING q g - + 9", "[]");
    broker_bench_end(b);
}

/* broker M6, M8: by the ID's time, at each XADD; IDs ahead of the clock stay; with REJECT too. */
TEST(an_append_takes_what_is_too_old)
{
    struct client *c;
    for (int rejects = 0; rejects < 2; rejects++) {
        struct bench *b = limited(rejects ? "MAXAGE 1000 OVERFLOW REJECT" : "MAXAGE 1000", &c);
        SAYS(c, "XADD q 1699999999999-0 a 1", "1699999999999-0");
        SAYS(c, "XADD q * a 1", "1700000000000-0");
        SAYS(c, "XADD q 1700000005000-0 a 1", "1700000005000-0");
        broker_forget_effects(b);
        b->engine.now_ms = b->engine.store->now_ms += 1000;
        SAYS(c, "XADD q * a 2", "1700000005000-1");
        EFFECTS(b, "XADD q MINID = 1700000000000-0 1700000005000-1 a 2");
        SAYS(c, "XLEN q", "3");
        broker_bench_end(b);
    }
}

/* broker M6: a thousand at a time. */
TEST(an_append_takes_a_thousand_old_ones)
{
    struct client *c;
    struct bench *b = limited("MAXAGE 1000", &c);
    for (int i = 0; i < 1500; i++)
        bench_says(c, "XADD q * a 1");
    HEARS(c, "*");
    b->engine.now_ms = b->engine.store->now_ms += 2000;
    SAYS(c, "XADD q * a 2", "1700000002000-0");
    SAYS(c, "XLEN q", "501");
    SAYS(c, "XADD q * a 2", "1700000002000-1");
    SAYS(c, "XLEN q", "2");
    broker_bench_end(b);
}

/* broker M6: the way is OVERFLOW's. */
TEST(what_is_too_old_goes_by_itself)
{
    struct client *c, *e;
    struct bench *b = pending("MAXLEN 9 OVERFLOW DROP DELREF", &c);
    e = bench_client(b);
    listen(b, e);
    SAYS(c, "XCFGSET q MAXAGE 1000", "OK");
    broker_forget_effects(b);
    broker_bench_wait(b, 1);
    EFFECTS(b, "{@XTRIM q MINID = 1699999999001-0 DELREF;XTRIM q MINID = 1699999999001-0}");
    HEARS(e, "[pmessage * __keyevent@0__:xtrim q]");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

static int64_t sleep_ms(const struct bench *b)
{
    return timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms);
}

/* broker M6, M2: by themselves go those that nobody needs, and within a second those that are
 * needed no more. */
TEST(what_is_too_old_goes_when_it_is_acknowledged)
{
    struct client *c, *e;
    struct bench *b = pending("MAXLEN 9 OVERFLOW DROP ACKED", &c);
    e = bench_client(b);
    listen(b, e);
    SAYS(c, "XCFGSET q MAXAGE 1000", "OK");
    broker_forget_effects(b);
    broker_bench_wait(b, 1);
    EFFECTS(b, "XDEL q 3-1");
    HEARS(e, "[pmessage * __keyevent@0__:xtrim q]");
    CHECK(sleep_ms(b) == 1000 && !broker_has_work(b->engine.broker));
    SAYS(c, "XADD q * a 1", "1700000000001-0");
    EFFECTS(b, "XADD q 1700000000001-0 a 1");
    broker_bench_wait(b, 1000);
    EFFECTS(b, "");
    SAYS(c, "XACK q g 1-1", "1");
    broker_bench_wait(b, 999);
    EFFECTS(b, "XACK q g 1-1");
    broker_bench_wait(b, 1);
    EFFECTS(b, "XDEL q 1-1");
    SAYS(c, "XGROUP DESTROY q g", "1");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "XDEL q 2-1 4-1 1700000000001-0");
    CHECK(sleep_ms(b) == -1);
    /* The first that is left is not too old yet. */
    SAYS(c, "XADD q * a 1", "1700000003001-0");
    broker_bench_wait(b, 1000);
    SAYS(c, "XLEN q", "1");
    broker_bench_wait(b, 1);
    SAYS(c, "XLEN q", "0");
    broker_bench_end(b);
}

/* broker M6, G5: in steps, round and round; a long round is followed by a long pause. */
TEST(a_round_by_age_goes_in_steps)
{
    struct client *c;
    struct bench *b = limited("MAXAGE 1000 OVERFLOW DROP ACKED", &c);
    SAYS(c, "XCFGSET q MAXAGE -1", "OK");
    SAYS(c, "XGROUP CREATE q g 0", "OK");
    add(b, c, 1, 2500);
    bench_says(c, "XREADGROUP GROUP g c COUNT 2400 STREAMS q >");
    bench_says(c, "XACK q g 1500-1 2399-1 2400-1");
    SAYS(c, "XCFGSET q MAXAGE 1000", "*");
    b->settings->broker_turn_us = 0;
    broker_forget_effects(b);
    broker_bench_turn(b);
    EFFECTS(b, "");
    CHECK(broker_has_work(b->engine.broker));
    broker_bench_turn(b);
    EFFECTS(b, "XDEL q 1500-1");
    broker_bench_turn(b);
    EFFECTS(b, "XDEL q 2399-1 2400-1");
    CHECK(!broker_has_work(b->engine.broker) && sleep_ms(b) == 1000);
    SAYS(c, "XLEN q", "2497");
    broker_stream(b, "q")->extra->aged_looks = 500000;
    broker_bench_wait(b, 1000);
    while (broker_has_work(b->engine.broker))
        broker_bench_turn(b);
    SAYS(c, "XACK q g 1-1", "1");
    broker_forget_effects(b);
    broker_bench_wait(b, 5022);
    EFFECTS(b, "");
    broker_bench_wait(b, 1);
    broker_bench_turn(b);
    EFFECTS(b, "XDEL q 1-1");
    broker_bench_end(b);
}

/* broker M6, G5: a thousand in an action. */
TEST(many_that_are_too_old_go_in_steps)
{
    struct client *c;
    struct bench *b = limited("MAXAGE 1000", &c);
    for (int i = 0; i < 1500; i++)
        bench_says(c, "XADD q * a 1");
    HEARS(c, "*");
    b->settings->broker_turn_us = 0;
    broker_forget_effects(b);
    broker_bench_wait(b, 1001);
    EFFECTS(b, "XTRIM q MINID = 1700000000000-1000");
    broker_bench_turn(b);
    EFFECTS(b, "XTRIM q MINID = 1700000000001-0");
    SAYS(c, "XLEN q", "0");
    broker_bench_end(b);
}

/* broker M2, M7: whole blocks, never the newest. */
TEST(bytes_go_by_whole_blocks)
{
    struct client *c;
    struct bench *b = limited("MAXBYTES 6", &c);
    b->settings->stream_node_max_entries = 2;
    add(b, c, 1, 3); /* n and a digit: two bytes each */
    SAYS(c, "XADD q 4-1 n 4", "4-1");
    EFFECTS(b, "XADD q MINID = 3-1 4-1 n 4");
    add(b, c, 5, 5);
    SAYS(c, "XADD q 6-1 n 0123456789", "6-1");
    EFFECTS(b, "XADD q MINID = 5-1 6-1 n 0123456789");
    SAYS(c, "XLEN q", "2");
    SAYS(c, "XCFGSET q MAXBYTES 0", "OK");
    SAYS(c, "XADD q 7-1 n 7", "7-1");
    SAYS(c, "XLEN q", "1");
    broker_bench_end(b);
    b = limited("MAXBYTES 8 OVERFLOW DROP ACKED", &c);
    b->settings->stream_node_max_entries = 2;
    SAYS(c, "XGROUP CREATE q g 0", "OK");
    add(b, c, 1, 6);
    bench_says(c, "XREADGROUP GROUP g c STREAMS q >");
    bench_says(c, "XACK q g 1-1 2-1 3-1 5-1 6-1"); /* 4-1 keeps its block */
    HEARS(c, "*");
    broker_forget_effects(b);
    SAYS(c, "XADD q 7-1 n 7", "7-1");
    EFFECTS(b, "{XADD q 7-1 n 7;XDEL q 1-1 2-1 3-1}");
    broker_bench_end(b);
}

/* broker M9 */
TEST(nothing_is_kept)
{
    struct client *c, *r;
    struct bench *b = limited("MAXLEN 0", &c);
    r = bench_client(b);
    bench_says(r, "XREAD BLOCK 0 STREAMS q $");
    SAYS(c, "XADD q 1-1 a 1", "1-1");
    SAYS(c, "XADD q TTL 5 * a 1", "1700000000000-0");
    EFFECTS(b, "XADD q MAXLEN = 0 1-1 a 1;XADD q MAXLEN = 0 1700000000000-0 a 1");
    SAYS(c, "XLEN q", "0");
    SAYS(c, "XINFO STREAM q",
         "[length 0 radix-tree-keys 0 radix-tree-nodes 1 last-generated-id "
         "1700000000000-0*");
    HEARS(r, "");
    SAYS(c, "XCFGSET q OVERFLOW REJECT", "OK");
    SAYS(c, "XADD q 1-1 a 1", "!STREAMFULL The stream has reached its limit of 0 entries");
    broker_bench_end(b);
}

/* broker M10, G5: what a limit finds too much goes in steps, and an append does not wait. */
TEST(a_limit_that_is_lowered)
{
    struct client *c;
    struct bench *b = broker_bench();
    c = bench_client(b);
    for (int i = 1; i <= 2500; i++) {
        char line[40];
        snprintf(line, sizeof(line), "XADD q %d-1 n 1", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    b->settings->broker_turn_us = 0;
    SAYS(c, "XCFGSET q MAXLEN 100", "OK");
    SAYS(c, "XLEN q", "2500");
    bench_journal(b);
    broker_bench_turn(b);
    EFFECTS(b, "XTRIM q MINID = 1001-1");
    CHECK(broker_has_work(b->engine.broker) && broker_late_ms(b->engine.broker) == 0);
    SAYS(c, "XADD q 3000-1 n 1", "3000-1");
    EFFECTS(b, "XADD q MAXLEN = 100 3000-1 n 1");
    broker_bench_turn(b);
    CHECK(!broker_has_work(b->engine.broker));
    SAYS(c, "XCFGSET q MAXLEN 0", "OK");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "0");
    EFFECTS(b, "@XCFGSET q MAXLEN 0 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF;XTRIM q MAXLEN = "
               "0");
    /* Bytes; and not with REJECT, nor with ACKED. */
    SAYS(c, "XCFGSET q MAXLEN -1", "OK");
    b->settings->stream_node_max_entries = 2;
    add(b, c, 4001, 4006);
    SAYS(c, "XCFGSET q MAXBYTES 5 OVERFLOW REJECT", "OK");
    broker_bench_turn(b);
    SAYS(c, "XCFGSET q OVERFLOW DROP ACKED", "OK");
    broker_bench_turn(b);
    SAYS(c, "XLEN q", "6");
    broker_forget_effects(b);
    SAYS(c, "XCFGSET q OVERFLOW DROP", "OK");
    broker_forget_effects(b);
    broker_bench_turn(b);
    EFFECTS(b, "XTRIM q MINID = 4005-1");
    CHECK(!broker_has_work(b->engine.broker));
    broker_bench_end(b);
}

/* broker M8, D6: a dead letter that finds no room is not lost. */
TEST(dead_letters_wait_for_room)
{
    struct client *c;
    struct bench *b = broker_queue("LEASE 1000 MAXDELIVER 1 DEADLETTER d", 1, true, &c);
    SAYS(c, "XCFGSET d MKSTREAM MAXLEN 0 OVERFLOW REJECT", "OK");
    broker_bench_wait(b, 1000);
    CHECK(b->engine.broker->totals.dead_blocked == 1);
    SAYS(c, "XPENDING q g", "[1 1-1 1-1 []]");
    SAYS(c, "XCFGSET d MAXLEN 5", "OK");
    broker_bench_wait(b, 60000);
    SAYS(c, "XLEN d", "1");
    SAYS(c, "XPENDING q g", "[0 (nil) (nil) (nil)]");
    broker_bench_end(b);
}

/* broker M8, V7: what finds no room stays where it is. */
TEST(what_is_redriven_stays_where_the_target_is_full)
{
    struct client *c;
    struct bench *b = broker_bench();
    c = bench_client(b);
    SAYS(c, "XADD d 1-1 a 1", "1-1");
    SAYS(c, "XADD d 2-1 a 2", "2-1");
    SAYS(c, "XCFGSET q MKSTREAM MAXLEN 1 OVERFLOW REJECT", "OK");
    SAYS(c, "XREDRIVE d TO q", "[1 0-0]");
    SAYS(c, "XLEN d", "1");
    SAYS(c, "XRANGE q - +", "[[1700000000000-0 [a 1]]]");
    broker_bench_end(b);
}

UNIT_MAIN(T(a_length_is_kept), T(limits_stand_behind_what_xadd_says),
          T(references_are_kept_or_dropped), T(drop_acked_trims_entries_no_group_needs),
          T(acked_goes_round), T(a_full_stream_refuses), T(a_large_stream_refuses),
          T(scheduled_messages_count_as_present), T(an_append_takes_what_is_too_old),
          T(no_reference_goes_unjournalled), T(an_append_takes_a_thousand_old_ones),
          T(what_is_too_old_goes_by_itself), T(what_is_too_old_goes_when_it_is_acknowledged),
          T(a_round_by_age_goes_in_steps), T(many_that_are_too_old_go_in_steps),
          T(bytes_go_by_whole_blocks), T(nothing_is_kept), T(a_limit_that_is_lowered),
          T(dead_letters_wait_for_room), T(what_is_redriven_stays_where_the_target_is_full))
