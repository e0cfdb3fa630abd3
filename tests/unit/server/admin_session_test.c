/* What a session tells of itself, how long it lasts, and what ends it. */
#include "admin/session.h"

#include "exchange.h"

#define SESSION "/api/v1/session"

static bool ends(struct talk *t)
{
    return talk_asks_for(t, "DELETE", SESSION, "", "", 204);
}

TEST(it_tells_what_its_user_may)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >pw ~q* +xadd +xinfo +client|list", "OK");
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    CHECK(talk_says(&t, "\"user\":\"alice\"") && talk_says(&t, "\"confirm\":\"password\""));
    CHECK(talk_says(&t, "\"writes\":[\"xadd\"]") && talk_says(&t, "\"client|list\""));
    CHECK(talk_says(&t, "\"xinfo|stream\"") && talk_never_says(&t, "\"client|kill\""));
    CHECK(talk_never_says(&t, "\"pw\""));
    CHECK(talk_says(&t, "\"features\":[") && talk_says(&t, "\"xpolicy\",\"xredrive\",\"xcron\""));
    CHECK(talk_says(&t, "\"mode\":\"full\",\"version\":\"0\",\"databases\":16}"));
    /* Asked again, the token is not told. */
    CHECK(talk_gets(&t, SESSION, 200) && talk_never_says(&t, "\"token\""));
    /* Rights are those of the moment. */
    SAYS(t.c, "ACL SETUSER alice +client|kill -xadd", "OK");
    CHECK(talk_gets(&t, SESSION, 200) && talk_says(&t, "\"client|kill\""));
    CHECK(talk_says(&t, "\"writes\":[]"));
    /* Who logs in without a password has none to repeat. */
    CHECK(talk_logs_in(&t, "{}") && talk_says(&t, "\"confirm\":\"nothing\""));
    talk_end(&t);
}

TEST(features_are_what_is_switched_on)
{
    struct talk t;
    talk_begin(&t);
    t.engine->settings->appendonly = 0;
    CHECK(talk_logs_in(&t, "{}") && talk_never_says(&t, "\"commands\""));
    CHECK(talk_never_says(&t, "\"appendonly\""));
    t.engine->settings->console_commands = 1;
    t.engine->settings->appendonly = 1;
    CHECK(talk_gets(&t, SESSION, 200) && talk_says(&t, "[\"commands\",\"appendonly\",\"xpolicy\""));
    t.engine->settings->appendonly = 0;
    talk_end(&t);
}

/* It ends after the idle time, counted from the last request. */
TEST(it_ends_when_it_is_not_used)
{
    struct talk t;
    talk_begin(&t);
    int64_t idle = t.engine->settings->console_session_timeout * 1000;
    CHECK(talk_logs_in(&t, "{}"));
    for (int i = 0; i < 3; i++) {
        survey_bench_turn(t.bench, idle - 1000);
        CHECK(talk_gets(&t, SESSION, 200));
    }
    survey_bench_turn(t.bench, idle + 1000);
    CHECK(talk_gets(&t, SESSION, 401));
    talk_end(&t);
}

/* However much it is used. */
TEST(it_ends_after_twelve_hours)
{
    struct talk t;
    talk_begin(&t);
    int64_t idle = t.engine->settings->console_session_timeout * 1000, age = 0;
    CHECK(talk_logs_in(&t, "{}"));
    for (; age + idle / 2 + 1000 < LOGIN_AGE_MS; age += idle / 2 + 250) {
        survey_bench_turn(t.bench, idle / 2);
        CHECK(talk_gets(&t, SESSION, 200));
    }
    survey_bench_turn(t.bench, idle / 2);
    survey_bench_turn(t.bench, 2000);
    CHECK(talk_gets(&t, SESSION, 401));
    talk_end(&t);
}

TEST(what_ends_it)
{
    struct talk t;
    const char *alice = "{\"user\":\"alice\",\"password\":\"pw\"}";
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >pw ~* +@all", "OK");
    CHECK(talk_logs_in(&t, alice) && ends(&t) && talk_gets(&t, SESSION, 401));
    /* Without one there is nothing to end, and nothing to show a password for. */
    *t.token = 0;
    CHECK(talk_asks_for(&t, "DELETE", SESSION, "", "", 401));
    CHECK(talk_posts(&t, SESSION "/confirm", "{\"password\":\"pw\"}", 401));
    static const char *const changes[] = {"ACL SETUSER alice off",
                                          "ACL SETUSER alice on >other <pw", "ACL DELUSER alice"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        SAYS(t.c, "ACL SETUSER alice on resetpass >pw ~* +@all", "OK");
        CHECK(talk_logs_in(&t, alice) && talk_gets(&t, SESSION, 200));
        bench_says(t.c, changes[i]);
        HEARS(t.c, "*");
        CHECK(talk_gets(&t, SESSION, 401));
    }
    talk_end(&t);
}

UNIT_MAIN(T(it_tells_what_its_user_may), T(features_are_what_is_switched_on),
          T(it_ends_when_it_is_not_used), T(it_ends_after_twelve_hours), T(what_ends_it))
