#include "admin/exchange.h"

#include "engine/state.h"
#include "exchange.h"

TEST(health_needs_no_login)
{
    struct talk t;
    talk_begin(&t);
    talk_from(&t, &(struct guard_peer){.address = "192.0.2.1"});
    CHECK(talk_gets(&t, "/healthz", 200) && strcmp(t.body, "ok\n") == 0);
    CHECK(talk_gets(&t, "/readyz", 200) && strcmp(t.body, "ready\n") == 0);
    CHECK(talk_asks_for(&t, "HEAD", "/readyz", "", "", 200) && !*t.body);
    CHECK(talk_says(&t, "Content-Length: 6\r\n"));
    CHECK(talk_posts(&t, "/healthz", "", 405) && talk_says(&t, "Allow: GET, HEAD\r\n"));
    CHECK(talk_posts(&t, "/healthz", "{}", 400));
    CHECK(talk_gets(&t, "/api/v1/session", 403) && talk_says(&t, "\"CLEARTEXT\""));
    talk_end(&t);
}

/* G6 */
static const char *const protection[] = {
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src "
    "'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'\r\n",
    "X-Content-Type-Options: nosniff\r\n",
    "X-Frame-Options: DENY\r\n",
    "Referrer-Policy: no-referrer\r\n",
    "Cross-Origin-Opener-Policy: same-origin\r\n",
    "Cross-Origin-Resource-Policy: same-origin\r\n",
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"};

TEST(every_answer_protects_the_browser)
{
    struct talk t;
    talk_begin(&t);
    static const struct {
        const char *target, *headers;
        unsigned status;
    } all[] = {{"/healthz", "", 200},    {"/", "Accept-Encoding: gzip\r\n", 200},
               {"/", "", 406},           {"/api/v1/session", "", 401},
               {"/metrics", "", 200},    {"/none", "", 404},
               {"/healthz?%", "", 200},  {"/readyz?x", "", 400},
               {"/api/v1/none", "", 404}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        CHECK(talk_asks_for(&t, "GET", all[i].target, all[i].headers, "", all[i].status));
        for (size_t k = 0; k < sizeof(protection) / sizeof(*protection); k++)
            CHECK(talk_says(&t, protection[k]));
        CHECK(talk_never_says(&t, "Set-Cookie") && talk_never_says(&t, "WWW-Authenticate"));
        CHECK(talk_never_says(&t, "Access-Control-") && talk_never_says(&t, "Strict-Transport"));
    }
    talk_from(&t, &(struct guard_peer){.address = "192.0.2.1", .is_tls = true});
    CHECK(talk_gets(&t, "/api/v1/session", 401) && talk_says(&t, "Strict-Transport-Security: "));
    CHECK(talk_says(&t, "Cache-Control: no-store\r\n"));
    talk_end(&t);
}

TEST(modes)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    t.engine->settings->console_mode = EXCHANGE_READ_ONLY;
    CHECK(talk_gets(&t, "/api/v1/slowlog", 200));
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/slowlog", "", "", 403) && talk_says(&t, "\"MODE\""));
    CHECK(talk_posts(&t, "/api/v1/channels/c", "{\"message\":\"x\"}", 403));
    CHECK(talk_posts(&t, "/api/v1/none", "{}", 403)); /* before anybody looks at routes */
    CHECK(talk_posts(&t, "/api/v1/session/confirm", "{\"password\":\"\"}", 204));
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/session", "", "", 204) && talk_logs_in(&t, "{}"));
    t.engine->settings->console_mode = EXCHANGE_OFF;
    CHECK(talk_gets(&t, "/api/v1/slowlog", 403) && talk_gets(&t, "/metrics", 200));
    CHECK(talk_asks_for(&t, "GET", "/", "Accept-Encoding: gzip\r\n", "", 403));
    CHECK(talk_posts(&t, "/api/v1/session", "{}", 403) && talk_gets(&t, "/healthz", 200));
    talk_end(&t);
}

/* H8 */
TEST(while_data_are_loaded)
{
    struct talk t;
    talk_begin(&t);
    state_set(t.engine, ENGINE_LOADING, true);
    t.all.loading_percent = 41;
    CHECK(talk_gets(&t, "/healthz", 200) && talk_gets(&t, "/readyz", 503));
    CHECK(strcmp(t.body, "loading 41%\n") == 0);
    CHECK(talk_gets(&t, "/api/v1/overview", 200) && strcmp(t.body, "{\"loading\":41}") == 0);
    CHECK(talk_gets(&t, "/api/v1/streams", 503) && talk_says(&t, "\"LOADING\""));
    CHECK(talk_says(&t, "Retry-After: 1\r\n"));
    CHECK(talk_asks_for(&t, "GET", "/", "Accept-Encoding: gzip\r\n", "", 200));
    state_set(t.engine, ENGINE_LOADING, false);
    talk_end(&t);
}

/* G10 */
TEST(so_many_requests_a_second)
{
    struct talk t;
    talk_begin(&t);
    unsigned good = 0;
    for (int i = 0; i < 30; i++) {
        talk_asks(&t, "GET", "/api/v1/session", "", "");
        CHECK(talk_works(&t));
        talk_hears(&t);
        good += t.status == 401;
        CHECK(t.status == 401 || (t.status == 429 && talk_says(&t, "Retry-After: 1\r\n")));
        exchange_sent(&t.x);
    }
    CHECK(good == 20);
    survey_bench_turn(t.bench, 1000);
    CHECK(talk_logs_in(&t, "{}"));
    good = 0;
    for (int i = 0; i < 150; i++) {
        talk_asks(&t, "GET", "/api/v1/session", "", "");
        CHECK(talk_works(&t));
        talk_hears(&t);
        good += t.status == 200;
        exchange_sent(&t.x);
    }
    CHECK(good == 100);
    talk_end(&t);
}

/* What comes behind a request is the next one's. */
TEST(requests_one_after_the_other_in_any_pieces)
{
    static const char two[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
                              "HEAD /readyz HTTP/1.1\r\nHost: a\r\n\r\n";
    struct talk t;
    for (size_t cut = 0; cut < sizeof(two); cut++) {
        talk_begin(&t);
        struct bytes in = bytes_of(two, cut);
        exchange_take(&t.x, &in);
        size_t kept = in.n;
        in = bytes_of(two + cut - kept, sizeof(two) - 1 - cut + kept);
        exchange_take(&t.x, &in);
        CHECK(t.x.phase == EXCHANGE_WORKING && in.n == sizeof(two) / 2);
        CHECK(talk_works(&t));
        talk_hears(&t);
        CHECK(strcmp(t.body, "ok\n") == 0);
        exchange_sent(&t.x);
        exchange_take(&t.x, &in);
        CHECK(in.n == 0 && talk_works(&t));
        talk_hears(&t);
        CHECK(t.status == 200 && !*t.body);
        exchange_sent(&t.x);
        talk_end(&t);
    }
}

TEST(a_request_that_does_not_come_in_time)
{
    struct talk t;
    talk_begin(&t);
    struct bytes in = BYTES("GET /healthz HT");
    exchange_take(&t.x, &in);
    exchange_too_late(&t.x);
    talk_hears(&t);
    CHECK(t.status == 408 && t.x.closes && talk_says(&t, "Connection: close\r\n"));
    exchange_sent(&t.x);
    exchange_too_late(&t.x);
    CHECK(t.x.closes && chain_pending(&t.x.out) == 0);
    talk_end(&t);
}

/* H6: CLIENT KILL ends connection and session. */
TEST(a_killed_client_ends_the_session)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/slowlog", 200));
    bench_says(t.c, "CLIENT KILL TYPE normal SKIPME yes");
    HEARS(t.c, "*");
    bench_turn(t.bench);
    CHECK(talk_gets(&t, "/api/v1/slowlog", 401));
    CHECK(talk_gets(&t, "/api/v1/slowlog", 401) && talk_logs_in(&t, "{}"));
    CHECK(talk_gets(&t, "/api/v1/slowlog", 200));
    talk_end(&t);
}

/* What the user types acts on no connection. */
TEST(typed_commands)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_posts(&t, "/api/v1/command", "{\"argv\":[\"PING\"]}", 404));
    t.engine->settings->console_commands = 1;
    CHECK(talk_posts(&t, "/api/v1/command", "{\"argv\":[\"PING\"]}", 200));
    CHECK(talk_says(&t, "{\"reply\":\"PONG\","));
    static const char *const refused[] = {"MULTI",
                                          "WATCH\",\"k",
                                          "SUBSCRIBE\",\"c",
                                          "MONITOR",
                                          "SELECT\",\"1",
                                          "RESET",
                                          "QUIT",
                                          "HELLO\",\"3",
                                          "CLIENT\",\"REPLY\",\"OFF",
                                          "CLIENT\",\"SETNAME\",\"x",
                                          "CLIENT\",\"TRACKING\",\"ON",
                                          "AUTH\",\"x"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        char body[100];
        snprintf(body, sizeof(body), "{\"argv\":[\"%s\"]}", refused[i]);
        CHECK(talk_posts(&t, "/api/v1/command", body, 400));
        CHECK(talk_says(&t, "This command acts on a connection"));
    }
    CHECK(talk_posts(&t, "/api/v1/command", "{\"argv\":[\"BLPOP\",\"none\",\"0\"]}", 200));
    CHECK(talk_says(&t, "{\"reply\":null,"));
    talk_end(&t);
}

UNIT_MAIN(T(health_needs_no_login), T(every_answer_protects_the_browser), T(modes),
          T(while_data_are_loaded), T(so_many_requests_a_second),
          T(requests_one_after_the_other_in_any_pieces), T(a_request_that_does_not_come_in_time),
          T(a_killed_client_ends_the_session), T(typed_commands))
