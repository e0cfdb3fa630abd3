#include "admin/letters.h"

#include "exchange.h"

#define D "/api/v1/streams/0/dlq"

/* Letters 1 to 6: four declined, one without a text, one odd. */
static void begin(struct talk *t)
{
    talk_begin(t);
    static const char *const lines[] = {
        "XADD dlq 1-1 dl-text declined dl-reason maxdeliver dl-key q dl-group g n 1",
        "XADD dlq 2-1 dl-text odd dl-reason fatal dl-key q dl-group g n 2",
        "XADD dlq 3-1 dl-text declined dl-reason fatal dl-key q dl-group g n 3",
        "XADD dlq 4-1 dl-key q dl-group g n 4",
        "XADD dlq 5-1 dl-text declined dl-reason fatal dl-key q dl-group g n 5",
        "XADD dlq 6-1 dl-text declined dl-reason fatal dl-key q dl-group g n 6"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        bench_says(t->c, lines[i]);
    HEARS(t->c, "*");
    CHECK(talk_logs_in(t, "{}"));
}

TEST(grouped_by_a_field)
{
    struct talk t;
    begin(&t);
    CHECK(talk_gets(&t, D "/letters", 200));
    CHECK(talk_says(&t, "{\"rows\":[{\"value\":\"declined\",\"count\":4,\"first\":\"1-1\",\"last\":"
                        "\"6-1\"},{\"value\":\"odd\",\"count\":1,\"first\":\"2-1\",\"last\":\"2-1\""
                        "}],\"others\":1,\"looked\":6,\"of\":6}"));
    CHECK(talk_gets(&t, D "/letters?by=dl-key", 200));
    CHECK(talk_says(&t, "\"value\":\"q\",\"count\":6") && talk_says(&t, "\"others\":0"));
    CHECK(talk_gets(&t, D "/letters?by=dl-group", 400));
    CHECK(talk_gets(&t, "/api/v1/streams/0/none/letters", 200));
    CHECK(talk_says(&t, "{\"rows\":[],\"others\":0,\"looked\":0,\"of\":0}"));
    talk_end(&t);
}

static bool redrives(struct talk *t, const char *body, unsigned status)
{
    return talk_posts(t, D "/redrive", body, status);
}

#define DECLINED "\"match\":{\"field\":\"dl-text\",\"value\":\"declined\"}"

TEST(a_trial_counts_what_would_move_and_moves_nothing)
{
    struct talk t;
    begin(&t);
    CHECK(redrives(&t, "{\"dry\":true}", 200));
    CHECK(talk_says(&t, "{\"would\":6,\"looked\":6,\"of\":6,\"next\":null}"));
    CHECK(redrives(&t, "{" DECLINED ",\"dry\":true}", 200) && talk_says(&t, "\"would\":4,"));
    CHECK(redrives(&t, "{" DECLINED ",\"dry\":true,\"start\":\"2-1\",\"until\":\"5-1\"}", 200));
    CHECK(talk_says(&t, "{\"would\":2,\"looked\":4,"));
    /* Of those that are chosen the ones that are there. */
    CHECK(redrives(&t, "{\"ids\":[\"1-1\",\"1-2\",\"6-1\",\"7-1\"],\"dry\":true}", 200));
    CHECK(talk_says(&t, "{\"would\":2,\"looked\":"));
    CHECK(redrives(&t, "{\"ids\":[\"x\"],\"dry\":true}", 400));
    CHECK(redrives(&t, "{\"ids\":[\"5\"],\"dry\":true}", 400));
    SAYS(t.c, "XLEN dlq", "6");
    SAYS(t.c, "EXISTS q", "0");
    talk_end(&t);
}

TEST(what_a_trial_counts_moves)
{
    struct talk t;
    begin(&t);
    CHECK(redrives(&t, "{" DECLINED ",\"to\":\"back\",\"count\":3}", 200));
    CHECK(talk_says(&t, "\"moved\":3,") && talk_says(&t, "\"command\":\"XREDRIVE dlq TO back "));
    char body[200];
    snprintf(body, sizeof(body), "{" DECLINED ",\"to\":\"back\",\"start\":\"%s\"}",
             talk_text(&t, "next"));
    CHECK(redrives(&t, body, 200) && talk_says(&t, "\"moved\":1,\"next\":null"));
    SAYS(t.c, "XLEN back", "4");
    CHECK(redrives(&t, "{\"ids\":[\"2-1\",\"3-1\"],\"to\":\"back\"}", 200));
    CHECK(talk_says(&t, "\"moved\":1,\"stayed\":1,"));
    SAYS(t.c, "XLEN dlq", "1");
    talk_end(&t);
}

/* Memory is bounded, whatever people write: the rarest are summed up. */
TEST(more_values_than_are_told)
{
    struct talk t;
    talk_begin(&t);
    for (int i = 0; i < 2300; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD dlq %d-1 dl-text text-%d", i + 1, i);
        bench_says(t.c, line);
    }
    bench_says(t.c, "XADD dlq 3000-1 dl-text text-2299");
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, D "/letters", 200));
    CHECK(talk_says(&t, "[{\"value\":\"text-2299\",\"count\":2,"));
    /* 200 are rows, with 201 letters of 2,301. */
    CHECK(talk_says(&t, "\"others\":2100,\"looked\":2301,\"of\":2301}"));
    talk_end(&t);
}

UNIT_MAIN(T(grouped_by_a_field), T(a_trial_counts_what_would_move_and_moves_nothing),
          T(what_a_trial_counts_moves), T(more_values_than_are_told))
