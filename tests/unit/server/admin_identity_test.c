/* Who asks: what shows it, for how long, and when it has to be shown again. */
#include "admin/identity.h"

#include "exchange.h"

#define PEER "127.0.0.1"
#define SLOW "/api/v1/slowlog" /* DELETE: SLOWLOG RESET, which is @dangerous */

static void begin(struct talk *t)
{
    talk_begin(t);
    SAYS(t->c, "ACL SETUSER alice on >pw ~* &* +@all", "OK");
}

static bool resets(struct talk *t, unsigned status)
{
    return talk_asks_for(t, "DELETE", SLOW, "", "", status);
}

/* As talk_asks_for() passes some time itself, moments are set. */
static void set_clock(struct talk *t, int64_t steady_ms)
{
    t->engine->steady_ms = steady_ms - 250;
}

#define BASIC(text) "Authorization: Basic " text "\r\n"

TEST(by_nothing_by_a_password_by_a_token)
{
    struct talk t;
    begin(&t);
    CHECK(talk_gets(&t, "/api/v1/slowlog", 401) && talk_says(&t, "\"NOAUTH\""));
    CHECK(talk_asks_for(&t, "GET", SLOW, BASIC("YWxpY2U6cHc="), "", 200)); /* alice:pw */
    CHECK(talk_asks_for(&t, "GET", SLOW, BASIC("YWxpY2U6eHg="), "", 401)); /* alice:xx */
    CHECK(talk_asks_for(&t, "GET", SLOW, BASIC("YWxpY2U="), "", 400));     /* alice */
    CHECK(talk_asks_for(&t, "GET", SLOW, BASIC("***"), "", 400));
    CHECK(talk_asks_for(&t, "GET", SLOW, "Authorization: Digest x\r\n", "", 401));
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    CHECK(talk_gets(&t, "/api/v1/session", 200) && talk_says(&t, "\"user\":\"alice\""));
    CHECK(talk_says(&t, "\"confirm\":\"password\"") && talk_never_says(&t, "\"token\""));
    t.token[0] ^= 1;
    CHECK(talk_gets(&t, "/api/v1/session", 401));
    t.token[0] ^= 1;
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/session", "", "", 204));
    CHECK(talk_gets(&t, "/api/v1/session", 401));
    talk_end(&t);
}

/* G9 */
TEST(what_is_dangerous_wants_the_password_again_after_five_minutes)
{
    struct talk t;
    begin(&t);
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    int64_t since = t.engine->steady_ms;
    set_clock(&t, since + LOGIN_CONFIRMED_MS);
    CHECK(resets(&t, 204));
    set_clock(&t, since + LOGIN_CONFIRMED_MS + 1);
    CHECK(resets(&t, 403) && talk_says(&t, "\"CONFIRM\""));
    /* A script may run anything. */
    t.engine->settings->console_commands = 1;
    CHECK(talk_posts(&t, "/api/v1/command", "{\"argv\":[\"EVAL\",\"return 1\",\"0\"]}", 403));
    CHECK(talk_says(&t, "\"CONFIRM\""));
    CHECK(talk_posts(&t, "/api/v1/command", "{\"argv\":[\"SET\",\"k\",\"v\"]}", 200));
    /* What looks, and what is not dangerous, goes on. */
    CHECK(talk_gets(&t, SLOW, 200));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/entries", "{\"fields\":[[\"f\",\"v\"]]}", 201));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"password\":\"xx\"}", 403));
    CHECK(talk_says(&t, "\"WRONGPASS\"") && resets(&t, 403));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"user\":\"alice\"}", 403));
    CHECK(resets(&t, 403));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"password\":\"pw\"}", 204));
    since = t.engine->steady_ms;
    CHECK(resets(&t, 204));
    /* For five minutes since then, whatever was done meanwhile. */
    set_clock(&t, since + LOGIN_CONFIRMED_MS);
    CHECK(resets(&t, 204));
    set_clock(&t, since + LOGIN_CONFIRMED_MS + 1);
    CHECK(resets(&t, 403));
    /* A request by Basic shows it itself. */
    *t.token = 0;
    CHECK(talk_asks_for(&t, "DELETE", SLOW, BASIC("YWxpY2U6cHc="), "", 204));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"password\":\"pw\"}", 401));
    talk_end(&t);
}

TEST(users_without_a_password_need_no_confirmation)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}") && talk_says(&t, "\"user\":\"default\""));
    CHECK(talk_says(&t, "\"confirm\":\"nothing\""));
    set_clock(&t, t.engine->steady_ms + 2 * LOGIN_CONFIRMED_MS);
    CHECK(resets(&t, 204));
    talk_end(&t);
}

/* ---- Certificates */

static void from(struct talk *t, const char *certified)
{
    struct guard_peer peer = {.address = PEER, .is_loopback = true, .is_tls = true};
    snprintf(peer.certified, sizeof(peer.certified), "%s", certified);
    talk_from(t, &peer);
}

TEST(a_certificate_logs_in_and_never_stands_beside_a_request)
{
    struct talk t;
    begin(&t);
    from(&t, "alice");
    /* Nobody has said that its name is a user's. */
    CHECK(talk_logs_in(&t, "{}") && talk_says(&t, "\"user\":\"default\""));
    t.engine->settings->tls_auth_clients_user = 1;
    *t.token = 0;
    CHECK(talk_gets(&t, SLOW, 401));
    CHECK(talk_logs_in(&t, "{}") && talk_says(&t, "\"user\":\"alice\""));
    CHECK(talk_says(&t, "\"confirm\":\"user\""));
    CHECK(talk_says(&t, "Strict-Transport-Security: "));
    CHECK(talk_gets(&t, SLOW, 200));
    /* A body that names somebody is asked for the password. */
    CHECK(talk_posts(&t, "/api/v1/session", "{\"user\":\"alice\"}", 401));
    CHECK(talk_posts(&t, "/api/v1/session", "{\"user\":\"alice\",\"password\":\"x\"}", 401));
    talk_end(&t);
}

TEST(a_certificate_of_a_user_that_is_off_or_not_there)
{
    struct talk t;
    begin(&t);
    t.engine->settings->tls_auth_clients_user = 1;
    SAYS(t.c, "ACL SETUSER default >word", "OK"); /* else it would be the default user */
    from(&t, "nobody");
    CHECK(talk_posts(&t, "/api/v1/session", "{}", 401));
    from(&t, "");
    CHECK(talk_posts(&t, "/api/v1/session", "{}", 401));
    SAYS(t.c, "ACL SETUSER alice off", "OK");
    from(&t, "alice");
    CHECK(talk_posts(&t, "/api/v1/session", "{}", 401));
    SAYS(t.c, "ACL SETUSER alice on", "OK");
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, SLOW, 200));
    SAYS(t.c, "ACL SETUSER alice >another", "OK"); /* as of any login */
    CHECK(talk_gets(&t, SLOW, 401));
    talk_end(&t);
}

/* He has no password to repeat: he types his name. */
TEST(certificate_users_confirm_with_their_name)
{
    struct talk t;
    begin(&t);
    t.engine->settings->tls_auth_clients_user = 1;
    SAYS(t.c, "ACL SETUSER bob on nopass ~* &* +@all", "OK");
    from(&t, "bob");
    CHECK(talk_logs_in(&t, "{}") && talk_says(&t, "\"confirm\":\"user\""));
    int64_t since = t.engine->steady_ms;
    set_clock(&t, since + LOGIN_CONFIRMED_MS);
    CHECK(resets(&t, 204));
    set_clock(&t, since + LOGIN_CONFIRMED_MS + 1);
    CHECK(resets(&t, 403) && talk_says(&t, "\"CONFIRM\""));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"user\":\"alice\"}", 403));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"password\":\"bob\"}", 403));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{}", 403) && resets(&t, 403));
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"user\":\"bob\"}", 204) && resets(&t, 204));
    talk_end(&t);
}

/* G1: also who has no password, and comes from elsewhere. */
TEST(a_user_without_password_logs_in_from_this_machine_only)
{
    struct talk t;
    talk_begin(&t);
    talk_from(&t, &(struct guard_peer){.address = "192.0.2.1", .is_tls = true});
    CHECK(talk_posts(&t, "/api/v1/session", "{}", 403) && talk_says(&t, "\"DENIED\""));
    SAYS(t.c, "ACL SETUSER alice on", "OK"); /* which looks at all clients */
    t.engine->settings->protected_mode = 0;
    CHECK(talk_logs_in(&t, "{}"));
    talk_end(&t);
}

/* G1: a wrong password makes the next attempt wait, and the right one then is judged. */
TEST(guessing_waits)
{
    struct talk t;
    begin(&t);
    int64_t last = 0;
    for (int i = 0; i < 7; i++) {
        int64_t began = t.engine->steady_ms;
        CHECK(talk_posts(&t, "/api/v1/session", "{\"user\":\"alice\",\"password\":\"x\"}", 401));
        int64_t took = t.engine->steady_ms - began - 250;
        CHECK(took >= last && took == (i == 0 ? 0 : 100 << (i - 1)));
        last = took;
    }
    CHECK(t.all.figures.login_failures == 7);
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    talk_end(&t);
}

UNIT_MAIN(T(by_nothing_by_a_password_by_a_token),
          T(what_is_dangerous_wants_the_password_again_after_five_minutes),
          T(users_without_a_password_need_no_confirmation),
          T(a_certificate_logs_in_and_never_stands_beside_a_request),
          T(a_certificate_of_a_user_that_is_off_or_not_there),
          T(certificate_users_confirm_with_their_name),
          T(a_user_without_password_logs_in_from_this_machine_only), T(guessing_waits))
