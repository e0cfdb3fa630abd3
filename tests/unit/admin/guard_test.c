#include "admin/guard.h"

#include "unit.h"

#include <stdio.h>

static struct settings *c;
static struct guard_origin from;

/* The verdict on a request with these header lines (each with \r\n): its status. */
static unsigned judged(const char *method, const char *headers, const char *peer, bool loopback,
                       bool tls)
{
    struct buf text = {0};
    struct http_request q = {0};
    struct guard_peer p = {.is_loopback = loopback, .is_tls = tls};
    snprintf(p.address, sizeof(p.address), "%s", peer);
    buf_printf(&text, "%s /x HTTP/1.1\r\n%s\r\n", method, headers);
    struct bytes in = buf_bytes(&text);
    CHECK(http_take(&q, &in) == HTTP_STEP_HEAD);
    struct guard_verdict v = guard_judge(c, &p, &q, &from);
    CHECK(!v.status == !v.text && !v.status == !v.code);
    http_reset(&q);
    buf_free(&text);
    return v.status;
}

static unsigned local(const char *method, const char *headers)
{
    return judged(method, headers, "127.0.0.1", true, false);
}

/* G4 */
TEST(only_our_names)
{
    static const char *good[] = {"localhost",  "LOCALHOST:8379", "127.0.0.1",
                                 "10.1.2.3:1", "[::1]",          "[::1]:8379",
                                 "a.example",  "A.example:443",  "b.example:80"};
    static const char *bad[] = {"",
                                "evil.com",
                                "localhost.evil.com",
                                "localhost:",
                                "localhost:x",
                                "localhost:0",
                                "localhost:65536",
                                "127.0.0.1.evil.com",
                                "127.1",
                                "[::1",
                                "::1",
                                "[::1]x",
                                "[]",
                                ":80",
                                "a.example.",
                                "a.exampl",
                                "localhost@evil.com",
                                "localhost evil.com",
                                "0x7f000001",
                                "[127.0.0.1]"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        CHECK(guard_host_is_ours(bytes_text(good[i]), "a.example b.example"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(!guard_host_is_ours(bytes_text(bad[i]), "a.example b.example"));
    CHECK(!guard_host_is_ours(bytes_of("localhost\0", 10), "") &&
          !guard_host_is_ours(BYTES("a.example"), ""));
    c = settings_new();
    CHECK(local("GET", "Host: localhost\r\n") == 0 && local("GET", "Host: evil.com\r\n") == 421);
    settings_free(c);
}

#define H "Host: localhost:8379\r\n"
#define J H "Content-Type: application/json\r\n"

/* G3 */
TEST(nothing_travels_in_the_clear)
{
    c = settings_new();
    CHECK(local("GET", H) == 0 && from.is_here && !from.is_encrypted);
    CHECK(judged("GET", H, "10.0.0.9", false, false) == 403);
    CHECK(judged("GET", H, "10.0.0.9", false, true) == 0 && !from.is_here && from.is_encrypted);
    /* A proxy on this machine that nobody has listed opens it to the world otherwise. */
    static const char *traces[] = {"X-Forwarded-For: 10.0.0.9\r\n", "x-forwarded-host: a\r\n",
                                   "Forwarded: for=1.2.3.4\r\n",    "Via: 1.1 x\r\n",
                                   "X-Real-IP: 10.0.0.9\r\n",       "X-Forwarded-Proto: https\r\n"};
    for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++) {
        char headers[200];
        snprintf(headers, sizeof(headers), H "%s", traces[i]);
        CHECK(local("GET", headers) == 403 && !from.is_here);
        CHECK(judged("GET", headers, "127.0.0.1", true, true) == 0 && !from.is_here);
    }
    settings_free(c);
}

#define P "X-Forwarded-Proto: https\r\n"

TEST(listed_proxies_tell_the_client)
{
    c = settings_new();
    const char *why;
    CHECK(settings_parse(c, settings_find(BYTES("console-proxies")), BYTES("10.0.0.1 127.0.0.1"),
                         &why));
    CHECK(judged("GET", H P "X-Forwarded-For: 1.2.3.4, 10.9.9.9\r\n", "10.0.0.1", false, false) ==
          0);
    CHECK(!strcmp(from.address, "10.9.9.9") && from.is_encrypted && !from.is_here);
    CHECK(local("GET", H P "X-Forwarded-For: fe80::1\r\n") == 0 &&
          !strcmp(from.address, "fe80::1") && !from.is_here);
    char many[2000] = "10.0.0.1 127.0.0.1";
    for (int i = 0; i < 100; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), " 10.0.1.%d", i);
    CHECK(settings_parse(c, settings_find(BYTES("console-proxies")), bytes_text(many), &why));
    CHECK(judged("GET", H P "X-Forwarded-For: 1.2.3.4\r\n", "10.0.1.99", false, false) == 0);
    CHECK(judged("GET", H P "X-Forwarded-For: 1.2.3.4\r\n", "10.0.1.9", false, false) == 0);
    CHECK(judged("GET", H P "X-Forwarded-For: 1.2.3.4\r\n", "10.0.1.100", false, false) == 403);
    /* The proxy itself may speak without encryption; what it has it from may not. */
    CHECK(judged("GET", H, "10.0.0.1", false, false) == 0 && !from.is_here && !from.is_encrypted);
    CHECK(judged("GET", H "X-Forwarded-For: 1.2.3.4\r\n", "10.0.0.1", false, false) == 403);
    CHECK(judged("GET", H "X-Forwarded-Proto: http\r\nX-Forwarded-For: 1.2.3.4\r\n", "10.0.0.1",
                 false, false) == 403);
    CHECK(judged("GET", H P "X-Forwarded-For: evil\r\n", "10.0.0.1", false, false) == 403);
    CHECK(judged("GET", H P, "10.0.0.1", false, false) == 403);
    CHECK(judged("GET", H P P "X-Forwarded-For: 1.2.3.4\r\n", "10.0.0.1", false, false) == 403);
    CHECK(judged("GET", H P "X-Forwarded-For: 1.2.3.4\r\n", "10.0.0.2", false, false) == 403);
    /* The page's own address is what the browser sees. */
    CHECK(judged("POST",
                 J P "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: q.example\r\nOrigin: "
                     "https://q.example\r\n",
                 "10.0.0.1", false, false) == 0);
    CHECK(judged("POST",
                 J P "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: q.example\r\nOrigin: "
                     "https://localhost:8379\r\n",
                 "10.0.0.1", false, false) == 403);
    settings_free(c);
}

/* G5 */
TEST(changes_come_from_our_own_page)
{
    c = settings_new();
    CHECK(local("POST", J) == 0 && local("DELETE", J) == 0 && local("GET", H) == 0);
    CHECK(local("POST", H) == 415 && local("PUT", H "Content-Type: text/plain\r\n") == 415);
    CHECK(local("POST", H "Content-Type: application/x-www-form-urlencoded\r\n") == 415);
    CHECK(local("POST", H "Content-Type: application/json; charset=utf-8\r\n") == 0);
    CHECK(local("POST", H "Content-Type: application/jsonp\r\n") == 415);
    CHECK(local("POST", J "Content-Type: text/plain\r\n") == 415);
    CHECK(local("POST", J "Sec-Fetch-Site: same-origin\r\n") == 0);
    CHECK(local("POST", J "Sec-Fetch-Site: cross-site\r\n") == 403 &&
          local("POST", J "Sec-Fetch-Site: same-site\r\n") == 403);
    CHECK(local("POST", J "Sec-Fetch-Site: none\r\n") == 403);
    CHECK(local("POST", J "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n") == 403);
    CHECK(local("POST", J "Origin: http://localhost:8379\r\n") == 0);
    static const char *foreign[] = {"http://localhost",
                                    "https://localhost:8379",
                                    "http://localhost:8380",
                                    "null",
                                    "http://evil.com",
                                    "http://localhost:83790",
                                    ""};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        char headers[200];
        snprintf(headers, sizeof(headers), J "Origin: %s\r\n", foreign[i]);
        CHECK(local("POST", headers) == 403);
    }
    CHECK(judged("POST", J "Origin: https://localhost:8379\r\n", "10.0.0.9", false, true) == 0);
    settings_free(c);
}

/* G10 */
TEST(rates)
{
    struct guard_rates *r = guard_rates_new();
    int64_t now = 1000000;
    for (int i = 0; i < 20; i++)
        CHECK(guard_rates_take(r, BYTES("a"), now));
    CHECK(!guard_rates_take(r, BYTES("a"), now) && guard_rates_take(r, BYTES("b"), now));
    CHECK(!guard_rates_take(r, BYTES("a"), now + 199) &&
          guard_rates_take(r, BYTES("a"), now + 200));
    CHECK(!guard_rates_take(r, BYTES("a"), now + 201));
    int got = 0;
    for (int i = 0; i < 1000; i++)
        got += guard_rates_take(r, BYTES("a"), now + 200 + i * 10);
    CHECK(got == 49 || got == 50);
    guard_rates_free(r);
}

/* However many addresses ask: a bounded table, and those that find no place share one bucket. */
TEST(many_addresses_take_no_more_memory)
{
    struct guard_rates *r = guard_rates_new();
    int64_t now = 1000000;
    int got = 0;
    size_t before = mem_used();
    for (int i = 0; i < 20000; i++) {
        char name[24];
        int n = snprintf(name, sizeof(name), "10.%d.%d", i / 256, i % 256);
        got += guard_rates_take(r, bytes_of(name, (size_t)n), now);
    }
    CHECK(got < 4200 && mem_used() - before < (1 << 20));
    /* A second later all of them are forgotten. */
    got = 0;
    for (int i = 0; i < 4000; i++) {
        char name[24];
        int n = snprintf(name, sizeof(name), "11.%d.%d", i / 256, i % 256);
        got += guard_rates_take(r, bytes_of(name, (size_t)n), now + 10000);
    }
    CHECK(got == 4000);
    guard_rates_free(r);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(only_our_names), T(nothing_travels_in_the_clear), T(listed_proxies_tell_the_client),
          T(changes_come_from_our_own_page), T(rates), T(many_addresses_take_no_more_memory))
