/* XCRON: schedules that are made, shown, fired, missed, and end. The bench's clock begins on 14
 * November 2023 at 22:13:20 UTC, a Tuesday. */
#include "broker.h"
#include "engine/exec.h"
#include "persist/dump.h"

#include <sys/mman.h>

#define T0  1700000000000
#define MIN 60000

/* As SAYS(), but '_' stands for a blank within a word. */
static bool asks(struct client *c, const char *line, const char *want)
{
    struct buf request = {0}, words = {0};
    int n = 0;
    for (const char *p = line; *p; n++) {
        size_t len = strcspn(p, " ");
        buf_printf(&words, "$%zu\r\n%.*s\r\n", len, (int)len, p);
        p += len + (p[len] == ' ');
    }
    for (size_t i = 0; i < words.n; i++)
        words.p[i] = words.p[i] == '_' ? ' ' : words.p[i];
    buf_printf(&request, "*%d\r\n", n);
    buf_add(&request, buf_bytes(&words));
    bench_says_bytes(c, buf_bytes(&request));
    buf_free(&request);
    buf_free(&words);
    return broker_heard(c, want);
}
#undef SAYS
#define SAYS(client, line, want) CHECK(asks(client, line, want))

static struct client *listener(struct bench *b)
{
    struct client *e = bench_client(b);
    b->engine.store->notify = DB_EVENT_KEYEVENT | DB_EVENT_STREAM;
    SAYS(e, "PSUBSCRIBE *", "[psubscribe * 1]");
    return e;
}

#define EVENT(name) "[pmessage * __keyevent@0__:" name " q]"

static struct bench *begin(struct client **c)
{
    struct bench *b = broker_bench();
    *c = bench_client(b);
    bench_journal(b);
    return b;
}

static struct stream_schedule *schedule(struct bench *b, const char *name)
{
    const struct stream *s = broker_stream(b, "q");
    return s && s->extra ? stream_schedules_find(&s->extra->schedules, bytes_text(name)) : NULL;
}

/* The wall clock alone. */
static void step(struct bench *b, int64_t ms)
{
    b->engine.now_ms = b->engine.store->now_ms += ms;
}

/* The server was away so long: nothing ran meanwhile. */
static void away(struct bench *b, int64_t ms)
{
    b->engine.steady_ms += ms;
    step(b, ms);
    broker_bench_turn(b);
}

/* broker G8, G11, K1, K2, K3, K5: every refusal, and that nothing is made by one. */
TEST(arguments_are_judged_before_anything_is_made)
{
    static const struct {
        const char *line, *reply;
    } all[] = {
        {"XCRON SET q n EVERY 1000 FIELDS a",
         "!ERR wrong number of arguments for 'xcron|set' command"},
        {"XCRON SET q n EVERY 1000 FIELDS a 1 b", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 START 5 FIELDS", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 START 5 LIMIT", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 START 5 LIMIT 5", "!ERR syntax error"},
        {"XCRON SET q n CATCHUP ONE START 5 FIELDS a 1", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 CRON @daily FIELDS a 1", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 TZ UTC FIELDS a 1", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 SOON 5 FIELDS a 1", "!ERR syntax error"},
        {"XCRON SET q n EVERY 1000 CATCHUP SOME FIELDS a 1", "!ERR syntax error"},
        {"XCRON SET q n EVERY 99 FIELDS a 1", "!ERR EVERY must be between 100 and 31536000000"},
        {"XCRON SET q n EVERY x FIELDS a 1", "!ERR EVERY must be between 100 and 31536000000"},
        {"XCRON SET q n EVERY 100 START -1 FIELDS a 1",
         "!ERR START must be between 0 and 253402300799999"},
        {"XCRON SET q n EVERY 100 UNTIL 0 FIELDS a 1",
         "!ERR UNTIL must be between 1 and 253402300799999"},
        {"XCRON SET q n EVERY 100 LIMIT 0 FIELDS a 1",
         "!ERR LIMIT must be between 1 and 1000000000000000"},
        {"XCRON SET q n EVERY 100 LIMIT 1 LIMIT 1 FIELDS a 1",
         "!ERR LIMIT specified multiple times"},
        {"XCRON SET q n CRON @daily CRON @daily FIELDS a 1", "!ERR CRON specified multiple times"},
        {"XCRON SET q n CRON 61_*_*_*_* FIELDS a 1",
         "!ERR invalid cron expression: minute '61': a value must be between 0 and 59"},
        {"XCRON SET q n CRON 0_0_30_2_* FIELDS a 1",
         "!ERR invalid cron expression: it has no occurrence within 10 years"},
        {"XCRON SET q n CRON @daily TZ Land FIELDS a 1", "!ERR unknown time zone 'Land'"},
        {"XCRON SET q n EVERY 100 UNTIL 5 FIELDS a 1",
         "!ERR the schedule has no future occurrence"},
        {"XCRON SET q n CRON @daily UNTIL 1700000000000 FIELDS a 1",
         "!ERR the schedule has no future occurrence"},
        {"XCRON SET str n EVERY 100 FIELDS a 1",
         "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XCRON GET q n", "(nil)"},
        {"XCRON LIST q", "[]"},
        {"XCRON DEL q n m", "0"},
        {"XCRON RUN q n", "(nil)"},
        {"XCRON MARK q n 5 5", "0"},
        {"XCRON MARK q n -1 5", "!ERR the moment must be between 0 and 253402300799999"},
        {"XCRON MARK q n 5 5 -1", "!ERR the moment must be between 0 and 253402300799999"},
        {"XCRON MARK q n 5 5 5 5", "!ERR syntax error"},
        {"XCRON MARK q n 5 x", "!ERR the count must be between 0 and 9223372036854775807"},
        {"XCRON GET str n", "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XCRON RUN str n", "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"XCRON DEL str n", "!WRONGTYPE Operation against a key holding the wrong kind of value"},
        {"EXISTS q", "0"},
    };
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "SET str v", "OK");
    broker_forget_effects(b);
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        SAYS(c, all[i].line, all[i].reply);
    EFFECTS(b, "");
    broker_bench_end(b);
}

/* broker K1, K9, K11, Z5: what is set is shown, told with its start, and told once. */
TEST(a_schedule_is_made_and_shown)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = listener(b);
    SAYS(c, "XCRON SET q n CRON 30_2_*_*_* TZ Europe/Berlin FIELDS task report", "1700011800000");
    HEARS(e, EVENT("xcron-set"));
    EFFECTS(b, "{" MADE("q") "@XCRON SET q n CRON 30 2 * * * TZ Europe/Berlin START 1700000000001 "
                             "CATCHUP ONE FIELDS task report}");
    SAYS(c, "XCRON SET q a EVERY 60000 CATCHUP ALL LIMIT 7 UNTIL 1800000000000 FIELDS x 1 y 2",
         "1700000060000");
    EFFECTS(b, "@XCRON SET q a EVERY 60000 START 1700000000000 CATCHUP ALL UNTIL 1800000000000 "
               "LIMIT 7 FIELDS x 1 y 2");
    SAYS(c, "XCRON GET q n",
         "[name n cron 30 2 * * * tz Europe/Berlin catchup ONE start 1700000000001 until 0 left -1 "
         "next 1700011800000 last 0 fired 0 missed 0 fields [task report]]");
    SAYS(c, "XCRON LIST q",
         "[[name a every 60000 tz UTC catchup ALL start 1700000060000 until 1800000000000 left 7 "
         "next 1700000060000 last 0 fired 0 missed 0 fields [x 1 y 2]] "
         "[name n cron 30 2 * * * tz Europe/Berlin catchup ONE start 1700000000001 until 0 left -1 "
         "next 1700011800000 last 0 fired 0 missed 0 fields [task report]]]");
    SAYS(c, "TYPE q", "stream");
    SAYS(c, "XLEN q", "0");
    HEARS(e, EVENT("xcron-set"));
    /* A worker's start line says nothing new. */
    step(b, 500);
    SAYS(c, "XCRON SET q n cron 30_2_*_*_* tz Europe/Berlin catchup one fields task report",
         "1700011800000");
    EFFECTS(b, "");
    HEARS(e, "");
    /* Anything else is another schedule. */
    SAYS(c, "XCRON SET q n CRON 30_2_*_*_* TZ Europe/Berlin FIELDS task other", "1700011800000");
    HEARS(e, EVENT("xcron-set"));
    SAYS(c, "XCRON SET q a EVERY 60000 CATCHUP ALL LIMIT 7 UNTIL 1800000000000 FIELDS x 1 y 2",
         "1700000060500");
    broker_forget_effects(b);
    SAYS(c, "XCRON SET q a EVERY 60000 CATCHUP ALL UNTIL 1800000000000 FIELDS x 1 y 2",
         "1700000060500");
    EFFECTS(b, "@XCRON SET q a EVERY 60000 START 1700000000500 CATCHUP ALL UNTIL 1800000000000 "
               "FIELDS x 1 y 2");
    HEARS(e, EVENT("xcron-set") " " EVENT("xcron-set"));
    SAYS(c, "XCRON DEL q x n a n", "2");
    EFFECTS(b, "@XCRON DEL q x n a n");
    HEARS(e, EVENT("xcron-del") " " EVENT("xcron-del"));
    CHECK(!broker_stream(b, "q")->extra && b->engine.store->dbs[0].noted.acting.used == 0);
    broker_bench_end(b);
}

/* broker K5: spans count from START, which is told such that no clock is needed. */
TEST(where_it_begins)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q past EVERY 1000 START 1699999900300 FIELDS a 1", "1700000000300");
    EFFECTS(b, "{" MADE(
                   "q") "@XCRON SET q past EVERY 1000 START 1699999999300 CATCHUP ONE FIELDS a 1}");
    SAYS(c, "XCRON SET q now EVERY 1000 START 1700000000000 FIELDS a 1", "1700000001000");
    SAYS(c, "XCRON SET q next EVERY 1000 START 1700000000001 FIELDS a 1", "1700000000001");
    SAYS(c, "XCRON SET q later EVERY 1000 START 1700000060000 FIELDS a 1", "1700000060000");
    broker_forget_effects(b);
    SAYS(c, "XCRON SET q c CRON */10_*_*_*_*_* START 1700000060000 FIELDS a 1", "1700000060000");
    EFFECTS(b, "@XCRON SET q c CRON */10 * * * * * TZ UTC START 1700000060000 CATCHUP ONE FIELDS "
               "a 1");
    SAYS(c, "XCRON SET q c CRON */10_*_*_*_*_* START 7 FIELDS a 1", "1700000010000");
    EFFECTS(b, "@XCRON SET q c CRON */10 * * * * * TZ UTC START 1700000000001 CATCHUP ONE FIELDS "
               "a 1");
    broker_bench_end(b);
}

/* broker K6, K11, N7: at its moment, under an ID that says when. */
TEST(a_message_comes_at_its_moment)
{
    struct client *c, *w;
    struct bench *b = begin(&c);
    struct client *e = listener(b);
    w = bench_client(b);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1 b 2", "1700000001000");
    HEARS(e, EVENT("xcron-set"));
    broker_forget_effects(b);
    SAYS(w, "XREAD BLOCK 0 STREAMS q $", "");
    broker_bench_wait(b, 999);
    HEARS(w, "");
    broker_bench_wait(b, 1);
    HEARS(w, "[[q [[1700000001000-0 [a 1 b 2]]]]]");
    HEARS(e, EVENT("xadd") " " EVENT("xcron-fired"));
    EFFECTS(b, "{XADD q 1700000001000-0 a 1 b 2;@XCRON MARK q n 1700000001000 1}");
    /* Late by less than a second: the moment is still its own. */
    broker_bench_wait(b, 1900);
    EFFECTS(b, "{XADD q 1700000002000-0 a 1 b 2;@XCRON MARK q n 1700000002000 2}");
    CHECK(schedule(b, "n")->last_ms == T0 + 2000 && schedule(b, "n")->next_ms == T0 + 3000);
    /* The ID is above the last one. */
    SAYS(c, "XADD q 1700000003000-5 x y", "1700000003000-5");
    broker_forget_effects(b);
    broker_bench_wait(b, 100);
    EFFECTS(b, "{XADD q 1700000003000-6 a 1 b 2;@XCRON MARK q n 1700000003000 3}");
    SAYS(c, "XADD q 1800000000000-5 x y", "1800000000000-5");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q 1800000000000-6 a 1 b 2;@XCRON MARK q n 1700000004000 4}");
    CHECK(b->engine.broker->totals.cron_fired == 4 && b->engine.broker->totals.cron_missed == 0);
    broker_bench_end(b);
}

/* broker T13, K6: what is scheduled for the same moment was there first. */
TEST(scheduled_messages_come_first)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    SAYS(c, "XADD q AT 1700000001000 * b 2", "1700000001000-0");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "XADD q 1700000001000-0 b 2;{XADD q 1700000001000-1 a 1;@XCRON MARK q n "
               "1700000001000 1}");
    broker_bench_end(b);
}

/* broker K7: of what was missed, the last one by default. */
TEST(the_last_missed_one_is_fired)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n CRON 0_*_*_*_* FIELDS a 1", "1700002800000");
    broker_forget_effects(b);
    away(b, 24 * 60 * MIN);
    EFFECTS(b, "{XADD q 1700085600000-0 a 1;@XCRON MARK q n 1700085600000 1}");
    CHECK(schedule(b, "n")->missed == 23 && b->engine.broker->totals.cron_missed == 23);
    CHECK(schedule(b, "n")->next_ms == 1700089200000);
    /* Exactly a second is in time, more is not. */
    away(b, 1700089200000 + 1000 - b->engine.now_ms);
    EFFECTS(b, "{XADD q 1700089200000-0 a 1;@XCRON MARK q n 1700089200000 2}");
    CHECK(schedule(b, "n")->missed == 23);
    broker_bench_end(b);
}

TEST(missed_ones_are_skipped)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 CATCHUP NONE FIELDS a 1", "1700000001000");
    broker_forget_effects(b);
    away(b, 10500);
    /* 1 to 9 were missed, 10 is in time. */
    EFFECTS(b, "@XCRON MARK q n 0 0 1700000009000;{XADD q 1700000010000-0 a 1;@XCRON MARK q n "
               "1700000010000 1}");
    CHECK(schedule(b, "n")->missed == 9);
    away(b, 1500);
    EFFECTS(b, "{XADD q 1700000011000-0 a 1;@XCRON MARK q n 1700000011000 2};{XADD q "
               "1700000012000-0 a 1;@XCRON MARK q n 1700000012000 3}");
    /* A second and more is late. */
    SAYS(c, "XCRON SET q n CRON 0_*_*_*_* CATCHUP NONE FIELDS a 1", "1700002800000");
    broker_forget_effects(b);
    away(b, 1700002800000 + 1001 - b->engine.now_ms);
    EFFECTS(b, "@XCRON MARK q n 1700000012000 3 1700002800000");
    CHECK(schedule(b, "n")->missed == 10 && schedule(b, "n")->last_ms == T0 + 12000);
    CHECK(schedule(b, "n")->next_ms == 1700006400000);
    CHECK(b->engine.broker->totals.cron_missed == 10 && b->engine.broker->totals.cron_fired == 3);
    broker_bench_end(b);
}

TEST(all_missed_ones_are_fired_up_to_a_thousand)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 60000 CATCHUP ALL FIELDS a 1", "1700000060000");
    broker_forget_effects(b);
    away(b, 3 * MIN + 5000);
    EFFECTS(b, "{XADD q 1700000060000-0 a 1;@XCRON MARK q n 1700000060000 1};{XADD q "
               "1700000120000-0 a 1;@XCRON MARK q n 1700000120000 2};{XADD q 1700000180000-0 a "
               "1;@XCRON MARK q n 1700000180000 3}");
    away(b, 1000 * MIN);
    CHECK(schedule(b, "n")->fired == 1003 && schedule(b, "n")->missed == 0);
    away(b, 3000 * MIN);
    CHECK(schedule(b, "n")->fired == 2003 && schedule(b, "n")->missed == 1000);
    SAYS(c, "XLEN q", "2003");
    /* The oldest of a thousand. */
    SAYS(c, "XRANGE q 1700060180001 + COUNT 1", "[[1700180240000-0 [a 1]]]");
    /* Of a cron expression too. */
    SAYS(c, "XCRON SET q n CRON *_*_*_*_* CATCHUP ALL FIELDS a 1", "*");
    away(b, 1500 * MIN);
    CHECK(schedule(b, "n")->fired == 3003 && schedule(b, "n")->missed == 1500);
    broker_bench_end(b);
}

/* broker K7, G5: missed moments are counted once, not again for each message that they bring. */
TEST(missed_ones_are_counted_once)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n CRON *_*_*_*_* CATCHUP ALL FIELDS a 1", "*");
    b->settings->broker_turn_us = 0;
    away(b, 1500 * MIN);
    int64_t until = schedule(b, "n")->few_until_ms;
    CHECK(until > T0 + 1498 * MIN && schedule(b, "n")->fired == 1);
    while (broker_has_work(b->engine.broker)) {
        CHECK(schedule(b, "n")->few_until_ms == until);
        broker_bench_turn(b);
    }
    CHECK(schedule(b, "n")->fired == 1000 && schedule(b, "n")->missed == 500);
    /* More that are missed later are counted, and other rules begin anew. */
    away(b, 3 * MIN);
    CHECK(schedule(b, "n")->few_until_ms > until);
    SAYS(c, "XCRON SET q n EVERY 1000 CATCHUP ALL FIELDS a 1", "*");
    CHECK(schedule(b, "n")->few_until_ms == 0);
    broker_bench_end(b);
}

/* broker K8: UNTIL, LIMIT, and that a schedule without moments goes. */
TEST(a_schedule_ends)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = listener(b);
    SAYS(c, "XCRON SET q n EVERY 1000 LIMIT 2 FIELDS a 1", "1700000001000");
    broker_bench_wait(b, 1000);
    CHECK(stream_schedule_left(schedule(b, "n")) == 1);
    HEARS(e, EVENT("xcron-set") " " EVENT("xadd") " " EVENT("xcron-fired"));
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q 1700000002000-0 a 1;@XCRON DEL q n}");
    HEARS(e, EVENT("xadd") " " EVENT("xcron-fired") " " EVENT("xcron-del"));
    CHECK(!broker_stream(b, "q")->extra);
    SAYS(c, "XCRON SET q n EVERY 1000 UNTIL 1700000003500 FIELDS a 1", "1700000003000");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q 1700000003000-0 a 1;@XCRON DEL q n}");
    /* What was missed and is skipped may have been the last. */
    SAYS(c, "XCRON SET q n EVERY 1000 UNTIL 1700000004500 CATCHUP NONE FIELDS a 1",
         "1700000004000");
    broker_forget_effects(b);
    away(b, 5000);
    EFFECTS(b, "@XCRON DEL q n");
    SAYS(c, "XLEN q", "3");
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == -1);
    broker_bench_end(b);
}

/* broker K11: what a schedule has fired stays, and nothing is fired again. */
TEST(changing_keeps_what_was_fired)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    broker_bench_wait(b, 1000);
    broker_bench_wait(b, 1000);
    SAYS(c, "XCRON SET q n CRON * FIELDS a 1",
         "!ERR invalid cron expression: 5 or 6 fields are needed, not 1");
    broker_forget_effects(b);
    SAYS(c, "XCRON SET q n EVERY 500 LIMIT 5 START 1700000000000 FIELDS a 2", "1700000002500");
    EFFECTS(b, "@XCRON SET q n EVERY 500 START 1700000002000 CATCHUP ONE LIMIT 5 FIELDS a 2");
    SAYS(c, "XCRON GET q n",
         "[name n every 500 tz UTC catchup ONE start 1700000002500 until 0 left 5 "
         "next 1700000002500 last 1700000002000 fired 2 missed 0 fields [a 2]]");
    /* A moment that is due is passed by the change. */
    step(b, 700);
    SAYS(c, "XCRON SET q n EVERY 500 LIMIT 5 START 1700000000000 FIELDS a 3", "1700000003000");
    /* The clock goes back: nothing comes before the last moment. */
    broker_bench_wait(b, 300);
    broker_forget_effects(b);
    step(b, -3600000);
    SAYS(c, "XCRON SET q n EVERY 500 UNTIL 1700000001000 FIELDS a 4",
         "!ERR the schedule has no future occurrence");
    SAYS(c, "XCRON SET q n EVERY 500 START 0 FIELDS a 4", "1700000003500");
    broker_forget_effects(b);
    broker_bench_wait(b, 3600000);
    EFFECTS(b, "");
    broker_bench_wait(b, 500);
    EFFECTS(b, "{XADD q 1700000003500-0 a 4;@XCRON MARK q n 1700000003500 4}");
    broker_bench_end(b);
}

/* broker G6, section 16: steps of the clock. */
TEST(a_clock_that_is_set_fires_nothing_twice)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 60000 FIELDS a 1", "1700000060000");
    broker_bench_wait(b, MIN);
    broker_forget_effects(b);
    step(b, -60 * MIN);
    broker_bench_turn(b);
    broker_bench_wait(b, 59 * MIN);
    EFFECTS(b, "");
    broker_bench_wait(b, 2 * MIN);
    EFFECTS(b, "{XADD q 1700000120000-0 a 1;@XCRON MARK q n 1700000120000 2}");
    step(b, 60 * MIN + 30000);
    broker_bench_turn(b);
    EFFECTS(b, "{XADD q 1700003720000-0 a 1;@XCRON MARK q n 1700003720000 3}");
    CHECK(schedule(b, "n")->missed == 59);
    broker_bench_end(b);
}

/* broker K6: over maxmemory it waits, and is looked at each second. */
TEST(without_memory_it_waits)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 60000 FIELDS a 1", "1700000060000");
    SAYS(c, "XCRON SET q m EVERY 60000 FIELDS a 2", "1700000060000");
    broker_forget_effects(b);
    b->engine.slow_path |= ENGINE_MAXMEMORY;
    b->has_room = false;
    broker_bench_wait(b, MIN);
    EFFECTS(b, "");
    CHECK(!broker_has_work(b->engine.broker));
    CHECK(timer_sleep_ms(&b->engine.timers, b->engine.steady_ms, b->engine.now_ms) == 1000);
    b->has_room = true;
    broker_bench_wait(b, 999);
    EFFECTS(b, "");
    broker_bench_wait(b, 1);
    CHECK(schedule(b, "n")->fired == 1 && schedule(b, "m")->fired == 1);
    CHECK(schedule(b, "n")->last_ms == T0 + MIN && schedule(b, "n")->missed == 0);
    broker_bench_end(b);
}

/* broker K6: a stream that has given its last ID takes nothing; the moment is over. */
TEST(what_is_refused_is_missed)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    broker_bench_wait(b, 1000);
    SAYS(c, "XSETID q 18446744073709551615-18446744073709551615", "OK");
    SAYS(c, "XCRON RUN q n",
         "!ERR The stream has exhausted the last possible ID, unable to add more items");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "@XCRON MARK q n 1700000001000 1 1700000002000");
    CHECK(schedule(b, "n")->fired == 1 && schedule(b, "n")->missed == 1);
    CHECK(b->engine.broker->totals.cron_missed == 1 && schedule(b, "n")->next_ms == T0 + 3000);
    broker_bench_end(b);
}

/* broker K6, M8: a limit refuses, and the moment is over. */
TEST(what_a_limit_refuses_is_missed)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    SAYS(c, "XCFGSET q MAXLEN 1 OVERFLOW REJECT", "OK");
    broker_bench_wait(b, 1000);
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "@XCRON MARK q n 1700000001000 1 1700000002000");
    CHECK(schedule(b, "n")->fired == 1 && schedule(b, "n")->missed == 1);
    CHECK(b->engine.broker->totals.cron_missed == 1 && schedule(b, "n")->next_ms == T0 + 3000);
    SAYS(c, "XCRON RUN q n", "!STREAMFULL The stream has reached its limit of 1 entries");
    SAYS(c, "XCFGSET q MAXLEN 1 OVERFLOW DROP", "OK");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q MAXLEN = 1 1700000003000-0 a 1;@XCRON MARK q n 1700000003000 2}");
    broker_bench_end(b);
}

/* broker K6, K7, Z9: who reads in files, or from the primary, that a moment was refused does not
 * catch it up. */
TEST(what_was_refused_stays_so_after_a_restart)
{
    struct client *c;
    struct bench *b = begin(&c);
    c->flags |= CLIENT_REPLAY;
    SAYS(c, "XCRON SET q n EVERY 60000 START 1699999940000 CATCHUP ONE FIELDS a 1", "");
    SAYS(c, "XCRON MARK q n 0 0 1700000060000", "");
    c->flags &= ~(unsigned)CLIENT_REPLAY;
    CHECK(schedule(b, "n")->last_ms == 0 && schedule(b, "n")->next_ms == T0 + 2 * MIN);
    broker_forget_effects(b);
    away(b, MIN + 5000);
    EFFECTS(b, "");
    away(b, MIN);
    EFFECTS(b, "{XADD q 1700000120000-0 a 1;@XCRON MARK q n 1700000120000 1}");
    /* What was passed does not come again by being told of an earlier moment. */
    SAYS(c, "XCRON MARK q n 1700000000000 1 1700000000000", "1");
    CHECK(schedule(b, "n")->next_ms == T0 + 3 * MIN);
    broker_bench_end(b);
}

/* broker K11: what is told can be read back, whatever a client has said to be fired. */
TEST(the_count_ends_where_it_can_be_told)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    SAYS(c, "XCRON MARK q n 0 9223372036854775807", "1");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    EFFECTS(b, "{XADD q 1700000001000-0 a 1;@XCRON MARK q n 1700000001000 9223372036854775807}");
    SAYS(c, "XCRON MARK q n 1700000001000 9223372036854775807", "1");
    broker_bench_end(b);
}

/* broker K9: RUN is beside the plan. */
TEST(run_fires_one_now)
{
    struct client *c;
    struct bench *b = begin(&c);
    struct client *e = listener(b);
    SAYS(c, "XCRON SET q n EVERY 60000 LIMIT 1 FIELDS a 1", "1700000060000");
    SAYS(c, "XADD q AT 1700000000500 * b 2", "1700000000500-0");
    broker_forget_effects(b);
    HEARS(e, EVENT("xcron-set") " " EVENT("xsched"));
    step(b, 700);
    SAYS(c, "XCRON RUN q n", "1700000000700-0");
    EFFECTS(b, "{XADD q 1700000000500-0 b 2;XADD q 1700000000700-0 a 1}");
    HEARS(e, EVENT("xadd") " " EVENT("xadd") " " EVENT("xcron-fired"));
    CHECK(schedule(b, "n")->fired == 0 && schedule(b, "n")->last_ms == 0);
    CHECK(schedule(b, "n")->next_ms == T0 + MIN && b->engine.broker->totals.cron_fired == 1);
    broker_bench_end(b);
}

/* broker G4: nothing fires within a transaction, or while a client's write would not run. */
TEST(nothing_fires_while_the_server_may_not_act)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    b->engine.slow_path |= ENGINE_REPLICA;
    broker_forget_effects(b);
    away(b, 5000);
    EFFECTS(b, "");
    CHECK(schedule(b, "n")->fired == 0 && schedule(b, "n")->missed == 0);
    /* It has become a primary (broker Z9): what was missed is caught up by the same rule. */
    b->engine.slow_path &= ~(unsigned)ENGINE_REPLICA;
    broker_bench_turn(b);
    EFFECTS(b, "{XADD q 1700000003000-0 a 1;@XCRON MARK q n 1700000003000 1};{XADD q "
               "1700000004000-0 a 1;@XCRON MARK q n 1700000004000 2};{XADD q 1700000005000-0 a "
               "1;@XCRON MARK q n 1700000005000 3}");
    broker_bench_end(b);
}

/* broker K11, Z1, G3: what was journalled and what is saved make the same schedules, without a
 * clock. */
TEST(a_replay_takes_what_it_is_told)
{
    struct client *c;
    struct bench *b = begin(&c);
    c->flags |= CLIENT_REPLAY;
    SAYS(c, "XCRON SET q n EVERY 1000 START 1600000000000 CATCHUP ALL LIMIT 9 FIELDS a 1", "");
    SAYS(c, "XCRON SET q z CRON @daily TZ Land/Nowhere START 5 CATCHUP ONE FIELDS a 1", "");
    SAYS(c, "XCRON SET q z EVERY 1000 FIELDS a 1", "");
    SAYS(c, "XCRON MARK q n 1699999998000 4", "");
    c->flags &= ~(unsigned)CLIENT_REPLAY;
    SAYS(c, "XCRON GET q n",
         "[name n every 1000 tz UTC catchup ALL start 1600000001000 until 0 left 5 "
         "next 1699999999000 last 1699999998000 fired 4 missed 0 fields [a 1]]");
    /* Where the zone is not known nothing comes, and nothing is lost. */
    SAYS(c, "XCRON GET q z",
         "[name z cron @daily tz Land/Nowhere catchup ONE start 5 until 0 left -1 next 0 last 0 "
         "fired 0 missed 0 fields [a 1]]");
    broker_bench_wait(b, 0);
    CHECK(schedule(b, "n")->fired == 6 && schedule(b, "z")->fired == 0);
    broker_bench_end(b);
}

static void copy_by_dump(struct bench *b, struct client *c, const char *to)
{
    struct buf payload = {0}, line = {0};
    dump_write(&payload, db_find(&b->engine.store->dbs[0], BYTES("q")), false);
    buf_printf(&line, "*4\r\n$7\r\nRESTORE\r\n$%zu\r\n%s\r\n$1\r\n0\r\n$%zu\r\n", strlen(to), to,
               payload.n);
    buf_add(&line, buf_bytes(&payload));
    buf_add_text(&line, "\r\n");
    bench_says_bytes(c, buf_bytes(&line));
    buf_free(&payload);
    buf_free(&line);
}

/* broker Z7: COPY leaves schedules behind, RENAME and RESTORE take them along. */
TEST(schedules_go_where_the_stream_goes)
{
    struct client *c;
    struct bench *b = begin(&c);
    SAYS(c, "XCRON SET q n EVERY 1000 FIELDS a 1", "1700000001000");
    broker_bench_wait(b, 1000);
    copy_by_dump(b, c, "restored");
    HEARS(c, "OK");
    SAYS(c, "COPY q copied", "1");
    SAYS(c, "XCRON LIST copied", "[]");
    SAYS(c, "RENAME q renamed", "OK");
    SAYS(c, "XCRON GET restored n",
         "[name n every 1000 tz UTC catchup ONE start 1700000001000 until 0 left -1 "
         "next 1700000002000 last 1700000001000 fired 1 missed 0 fields [a 1]]");
    broker_forget_effects(b);
    broker_bench_wait(b, 1000);
    SAYS(c, "XLEN renamed", "2");
    SAYS(c, "XLEN restored", "2");
    SAYS(c, "XLEN copied", "1");
    SAYS(c, "DEL renamed restored", "2");
    broker_forget_effects(b);
    broker_bench_wait(b, 5000);
    EFFECTS(b, "");
    broker_bench_end(b);
}

/* Blocks count bytes in 32 bits: a message of a schedule is judged as one of XADD, before it comes.
 * Two values are 512 MiB each, of memory that nobody looks at. */
TEST(a_message_may_be_too_large)
{
    struct client *c;
    struct bench *b = begin(&c);
    size_t n = (size_t)512 << 20;
    void *zeros = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(zeros != MAP_FAILED);
    struct bytes large = bytes_of(zeros, n);
    const struct bytes add[] = {BYTES("XADD"), BYTES("q"), BYTES("1-1"), BYTES("a"),
                                large,         BYTES("b"), large};
    const struct bytes set[] = {
        BYTES("XCRON"),  BYTES("SET"), BYTES("q"), BYTES("n"), BYTES("EVERY"), BYTES("1000"),
        BYTES("FIELDS"), BYTES("a"),   large,      BYTES("b"), large};
    exec_request(c, &(struct exec_request){.argv = add, .argc = 7});
    HEARS(c, "!ERR Elements are too large to be stored");
    exec_request(c, &(struct exec_request){.argv = set, .argc = 11});
    HEARS(c, "!ERR Elements are too large to be stored");
    SAYS(c, "EXISTS q", "0");
    munmap(zeros, n);
    broker_bench_end(b);
}

/* The longest due is first, whoever else is due, and a turn's time is shared. */
TEST(many_schedules_share_a_turn)
{
    struct client *c;
    struct bench *b = begin(&c);
    char line[100];
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof(line), "XCRON SET s%d n%d EVERY %d FIELDS a 1", i % 20, i, 1000 + i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    b->settings->broker_turn_us = 0;
    b->engine.steady_ms += 1500;
    step(b, 1500);
    int turns = 0;
    do {
        broker_bench_turn(b);
        turns++;
    } while (broker_has_work(b->engine.broker));
    CHECK(turns >= 200 && b->engine.broker->totals.cron_fired == 200);
    CHECK(b->engine.broker->totals.cron_missed == 0);
    broker_bench_end(b);
}

UNIT_MAIN(T(arguments_are_judged_before_anything_is_made), T(a_schedule_is_made_and_shown),
          T(where_it_begins), T(a_message_comes_at_its_moment), T(scheduled_messages_come_first),
          T(the_last_missed_one_is_fired), T(missed_ones_are_skipped),
          T(all_missed_ones_are_fired_up_to_a_thousand), T(missed_ones_are_counted_once),
          T(a_schedule_ends), T(changing_keeps_what_was_fired),
          T(a_clock_that_is_set_fires_nothing_twice), T(without_memory_it_waits),
          T(what_is_refused_is_missed), T(what_a_limit_refuses_is_missed),
          T(what_was_refused_stays_so_after_a_restart), T(the_count_ends_where_it_can_be_told),
          T(run_fires_one_now), T(nothing_fires_while_the_server_may_not_act),
          T(a_replay_takes_what_it_is_told), T(schedules_go_where_the_stream_goes),
          T(a_message_may_be_too_large), T(many_schedules_share_a_turn))
