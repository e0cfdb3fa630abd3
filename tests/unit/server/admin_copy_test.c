#include "admin/copy.h"

#include "exchange.h"

#define COPY "/api/v1/streams/0/q/copy"

static void begin(struct talk *t)
{
    talk_begin(t);
    for (int i = 1; i <= 3; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD q %d-1 n %d blob \xff", i, i);
        bench_says(t->c, line);
    }
    HEARS(t->c, "*");
    CHECK(talk_logs_in(t, "{}"));
}

TEST(copies_stay_or_move)
{
    struct talk t;
    begin(&t);
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"1-1\",\"9-9\",\"2-1\"],\"to\":\"to\"}", 200));
    CHECK(talk_says(&t, "\"of\":3,\"command\":\"XADD to * n 1 blob "));
    CHECK(talk_never_says(&t, "\"deleted\""));
    SAYS(t.c, "XLEN q", "3");
    CHECK(survey_shows(t.c, "XRANGE to - +", "n 1 blob \xff"));
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"3-1\"],\"to\":\"to\",\"move\":true}", 200));
    CHECK(talk_says(&t, "\"deleted\":1,"));
    SAYS(t.c, "XLEN q", "2");
    SAYS(t.c, "XLEN to", "3");
    talk_end(&t);
}

/* What was not added is not deleted. */
TEST(a_copy_that_fails_deletes_nothing)
{
    struct talk t;
    begin(&t);
    SAYS(t.c, "SET text v", "OK");
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"1-1\"],\"to\":\"text\",\"move\":true}", 409));
    SAYS(t.c, "XADD full 1-1 f v", "1-1");
    SAYS(t.c, "XCFGSET full MAXLEN 2 OVERFLOW REJECT", "OK");
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"1-1\",\"2-1\",\"3-1\"],\"to\":\"full\",\"move\":true}",
                     200));
    CHECK(talk_says(&t, "\"of\":3,\"deleted\":1,"));
    SAYS(t.c, "XLEN full", "2");
    SAYS(t.c, "XLEN q", "2");
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"2-1\"],\"to\":\"full\",\"move\":true}", 507));
    SAYS(t.c, "XLEN q", "2");
    talk_end(&t);
}

TEST(so_many_at_once)
{
    struct talk t;
    begin(&t);
    struct buf body = {0};
    buf_add_text(&body, "{\"to\":\"to\",\"ids\":[\"1-1\"");
    for (int i = 0; i < 200; i++)
        buf_add_text(&body, ",\"1-1\"");
    buf_add_text(&body, "]}");
    buf_add_char(&body, '\0');
    CHECK(talk_posts(&t, COPY, body.p, 400));
    buf_free(&body);
    CHECK(talk_posts(&t, COPY, "{\"ids\":[],\"to\":\"to\"}", 400));
    CHECK(talk_posts(&t, COPY, "{\"ids\":[\"1-1\"]}", 400));
    SAYS(t.c, "EXISTS to", "0");
    talk_end(&t);
}

UNIT_MAIN(T(copies_stay_or_move), T(a_copy_that_fails_deletes_nothing), T(so_many_at_once))
