#include "admin/assets.h"

#include "unit.h"

#include <stdio.h>

/* The answer to a GET of / with these header lines (each with \r\n). */
static struct respond asked(const char *headers)
{
    struct buf text = {0};
    struct http_request q = {0};
    struct respond r;
    buf_printf(&text, "GET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n", headers);
    struct bytes in = buf_bytes(&text);
    CHECK(http_take(&q, &in) == HTTP_STEP_HEAD);
    const struct asset *a = assets_find(q.path);
    CHECK(a);
    assets_answer(a, &q, &r);
    http_reset(&q);
    buf_free(&text);
    return r;
}

TEST(the_page_and_what_it_loads_are_there)
{
    static const char *names[] = {"/",       "/style.css", "/main.js",
                                  "/dom.js", "/frame.js",  "/icon.svg"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct asset *a = assets_find(bytes_text(names[i]));
        CHECK(a && a->body->n > 100 && strlen(a->tag) == 64);
        CHECK(memcmp(a->body->p, "\x1f\x8b\x08\x00\x00\x00\x00\x00", 8) ==
              0); /* no name, no time */
    }
    CHECK(strcmp(assets_find(BYTES("/main.js"))->type, "text/javascript; charset=utf-8") == 0);
    CHECK(!assets_find(BYTES("/index.html")));
    CHECK(!assets_find(BYTES("/main.j")));
    CHECK(!assets_find(BYTES("")));
    CHECK(!assets_find(BYTES("/../main.js")));
}

/* H7: who does not take gzip is told so. */
TEST(only_as_gzip)
{
    static const char *good[] = {
        "gzip",   "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "GZIP", "*", "identity, *;q=0.1",
        "x-gzip", "gzip ; q=0.001"};
    static const char *bad[] = {"",      "identity", "br",         "gzip;q=0", "gzip;q=0.000, br",
                                "*;q=0", "gzipped",  "gzip;q=0, *"};
    char line[128];
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(line, sizeof(line), "Accept-Encoding: %s\r\n", good[i]);
        struct respond r = asked(line);
        CHECK(r.status == 200 && r.file && r.file_tag);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(line, sizeof(line), "Accept-Encoding: %s\r\n", bad[i]);
        struct respond r = asked(line);
        CHECK(r.status == 406 && !r.file && r.body.n);
    }
    CHECK(asked("").status == 406);
}

/* Who has it is not sent it again. */
TEST(tags)
{
    char line[512];
    const char *tag = assets_find(BYTES("/"))->tag;
    static const char *good[] = {"\"%s\"", "W/\"%s\"", "\"other\", \"%s\"", "  \"%s\"  ,x"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        char form[64];
        snprintf(form, sizeof(form), "%s", good[i]);
        char *at = strstr(form, "%s");
        snprintf(line, sizeof(line), "Accept-Encoding: gzip\r\nIf-None-Match: %.*s%s%s\r\n",
                 (int)(at - form), form, tag, at + 2);
        struct respond r = asked(line);
        CHECK(r.status == 304 && !r.file && !r.type);
        CHECK(strcmp(r.file_tag, tag) == 0);
    }
    CHECK(asked("Accept-Encoding: gzip\r\nIf-None-Match: *\r\n").status == 304);
    CHECK(asked("Accept-Encoding: gzip\r\nIf-None-Match: \"0123\"\r\n").status == 200);
    CHECK(asked("Accept-Encoding: gzip\r\nIf-None-Match: \"\"\r\n").status == 200);
}

/* Sent without copying, as often as one likes. */
TEST(by_reference)
{
    struct chain out = {0};
    struct str *body = assets_find(BYTES("/style.css"))->body;
    uint32_t refs = body->refs;
    for (int i = 0; i < 3; i++) {
        struct respond r = {.status = 200, .type = "text/css", .file = body, .file_tag = "x"};
        respond(&out, &r);
    }
    CHECK(body->refs == refs + 3);
    chain_free(&out);
    CHECK(body->refs == refs);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(the_page_and_what_it_loads_are_there), T(only_as_gzip), T(tags), T(by_reference))
