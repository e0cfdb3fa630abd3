#include "admin/produce.h"

#include "exchange.h"

#define ADD "/api/v1/streams/0/q/entries"

TEST(one_message)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_posts(&t, ADD,
                     "{\"fields\":[[\"f\",\"v\"],[\"f\",{\"base64\":\"/w==\"}]],\"id\":"
                     "\"5-1\"}",
                     201));
    CHECK(talk_says(&t, "{\"id\":\"5-1\",\"stored\":\"memory\",\"command\":\"XADD q 5-1 f v f "
                        "\\\"\\\\xff\\\"\"}"));
    CHECK(survey_shows(t.c, "XRANGE q - +", "5-1 [f v f \xff]"));
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]],\"id\":\"5-1\"}", 400));
    CHECK(talk_says(&t, "\"command\":\"XADD q 5-1 f v\""));
    CHECK(talk_posts(&t, ADD, "{\"id\":\"6-1\"}", 400) && talk_says(&t, "fields"));
    CHECK(talk_posts(&t, "/api/v1/streams/0/new/entries",
                     "{\"fields\":[[\"f\",\"v\"]],\"nomkstream\":true}", 201));
    CHECK(talk_says(&t, "{\"id\":null,"));
    SAYS(t.c, "EXISTS new", "0");
    talk_end(&t);
}

TEST(where_it_is_stored)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    t.engine->settings->appendonly = 1;
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]]}", 201));
    CHECK(talk_says(&t, "\"stored\":\"written\""));
    t.engine->settings->appendfsync = 2; /* always */
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]]}", 201));
    CHECK(talk_says(&t, "\"stored\":\"synced\""));
    talk_end(&t);
}

TEST(many_equal_ones_until_one_is_refused)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]],\"times\":1000}", 201));
    CHECK(talk_says(&t, "\"added\":1000,\"of\":1000,\"stored\""));
    CHECK(talk_never_says(&t, "\"error\""));
    SAYS(t.c, "XLEN q", "1000");
    SAYS(t.c, "XCFGSET q MAXLEN 1005 OVERFLOW REJECT", "OK");
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]],\"times\":10}", 201));
    CHECK(talk_says(&t, "\"added\":5,\"of\":10,\"error\":\"STREAMFULL "));
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]],\"times\":10}", 507));
    CHECK(talk_posts(&t, ADD, "{\"fields\":[[\"f\",\"v\"]],\"times\":1001}", 400));
    SAYS(t.c, "XLEN q", "1005");
    talk_end(&t);
}

UNIT_MAIN(T(one_message), T(where_it_is_stored), T(many_equal_ones_until_one_is_refused))
