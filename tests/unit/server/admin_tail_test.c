#include "admin/tail.h"

#include "exchange.h"

/* What the tail tells until it rests, after so many milliseconds. */
static void listens(struct talk *t, int64_t ms)
{
    talk_works(t);
    survey_bench_turn(t->bench, ms);
    talk_works(t);
    talk_hears(t);
}

static void begins(struct talk *t, const char *target)
{
    survey_bench_turn(t->bench, 250);
    talk_asks(t, "GET", target, "", "");
    talk_works(t);
    talk_hears(t);
}

/* The other side goes. */
static void ends(struct talk *t)
{
    struct guard_peer peer = t->x.peer;
    talk_from(t, &peer);
}

TEST(of_a_stream_what_is_added_from_now_on)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "XADD q 1-1 n 1", "1-1");
    CHECK(talk_logs_in(&t, "{}"));
    begins(&t, "/api/v1/streams/0/q/tail");
    CHECK(t.status == 200 && talk_says(&t, "application/x-ndjson") && t.all.tails == 1);
    SAYS(t.c, "XADD q 2-1 n 2", "2-1");
    listens(&t, 100);
    CHECK(talk_says(&t, "{\"id\":\"2-1\",\"ms\":2,\"fields\":[[\"n\",\"2\"]]}\n"));
    CHECK(talk_never_says(&t, "1-1"));
    listens(&t, 15000);
    CHECK(talk_says(&t, "{}\n"));
    ends(&t);
    CHECK(t.all.tails == 0);
    begins(&t, "/api/v1/streams/0/q/tail?from=1-0&field=n&equals=2");
    CHECK(talk_says(&t, "\"2-1\"") && talk_never_says(&t, "\"1-1\""));
    talk_end(&t);
}

/* A line has at most 64 KiB: a longer entry comes with its front, and the tail goes on. */
TEST(of_a_stream_a_long_entry)
{
    struct talk t;
    struct buf line = {0};
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    begins(&t, "/api/v1/streams/0/q/tail");
    buf_add_text(&line, "XADD q 3-1");
    for (int i = 0; i < 100; i++) {
        buf_printf(&line, " f%d ", i);
        memset(buf_room(&line, 4000), 'y', 4000);
        line.n += 4000;
    }
    buf_add_char(&line, '\0');
    SAYS(t.c, line.p, "3-1");
    buf_free(&line);
    listens(&t, 100);
    CHECK(talk_says(&t, "{\"id\":\"3-1\",\"ms\":3,\"fields\":[[\"f0\",\"yyy"));
    CHECK(talk_says(&t, "]],\"fieldsLeft\":") && talk_never_says(&t, "[\"f99\""));
    SAYS(t.c, "XADD q 4-1 n 4", "4-1");
    listens(&t, 100);
    CHECK(talk_says(&t, "{\"id\":\"4-1\""));
    talk_end(&t);
}

TEST(of_a_channel)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    begins(&t, "/api/v1/channels/news/tail");
    SAYS(t.c, "PUBLISH news hello", "1");
    listens(&t, 100);
    CHECK(talk_says(&t, "\"channel\":\"news\",\"message\":\"hello\"}\n"));
    ends(&t);
    bench_turn(t.bench);
    SAYS(t.c, "PUBLISH news hello", "0");
    begins(&t, "/api/v1/channels/n%2A/tail?pattern=1");
    SAYS(t.c, "PUBLISH news again", "1");
    listens(&t, 100);
    CHECK(talk_says(&t, "\"message\":\"again\",\"pattern\":\"n*\"}\n"));
    talk_end(&t);
}

TEST(it_ends_with_the_session_and_does_not_keep_it)
{
    struct talk t;
    talk_begin(&t);
    t.engine->settings->console_session_timeout = 60;
    CHECK(talk_logs_in(&t, "{}"));
    begins(&t, "/api/v1/streams/0/q/tail");
    for (int i = 0; i < 6; i++)
        listens(&t, 10000);
    CHECK(t.x.phase == EXCHANGE_STREAMING);
    listens(&t, 1000);
    CHECK(talk_says(&t, "\"NOAUTH\"") && t.x.phase == EXCHANGE_ANSWERED);
    exchange_sent(&t.x);
    CHECK(t.all.tails == 0);
    talk_end(&t);
}

UNIT_MAIN(T(of_a_stream_what_is_added_from_now_on), T(of_a_stream_a_long_entry), T(of_a_channel),
          T(it_ends_with_the_session_and_does_not_keep_it))
