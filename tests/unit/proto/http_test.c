#include "proto/http.h"

#include "unit.h"

/* What came of a request: "GET /a?b [name: value]... {body}", or "400 why". */
static void print(struct buf *b, const struct http_request *q, enum http_step step)
{
    if (step == HTTP_STEP_BAD) {
        buf_printf(b, "%u %s", q->status, q->why);
        return;
    }
    buf_printf(b, "%s %.*s?%.*s", http_method_name(q->method), (int)q->path.n, q->path.p,
               (int)q->query.n, q->query.p);
    for (size_t i = 0; i < q->header_n; i++)
        buf_printf(b, " [%.*s: %.*s]", (int)q->headers[i].name.n, q->headers[i].name.p,
                   (int)q->headers[i].value.n, q->headers[i].value.p);
    buf_printf(b, " {%.*s}%s%s", (int)q->body.n, q->body.p, q->is_old ? " old" : "",
               q->keeps_connection ? "" : " ends");
}

/* Everything that comes of one piece after the other, each request on a line. */
static void take(struct http_request *q, struct bytes piece, struct buf *told)
{
    /* To the byte in a block of its own: a step over its end is seen by the sanitizers. */
    char *copy = mem_copy_text(piece.p, piece.n);
    struct bytes in = bytes_of(copy, piece.n);
    for (;;) {
        enum http_step step = http_take(q, &in);
        if (step == HTTP_STEP_MORE)
            CHECK(in.n == 0);
        if (step == HTTP_STEP_WHOLE || step == HTTP_STEP_BAD) {
            print(told, q, step);
            buf_add_char(told, '\n');
        }
        if (step == HTTP_STEP_WHOLE)
            http_reset(q);
        if (step == HTTP_STEP_MORE || step == HTTP_STEP_BAD)
            break;
    }
    mem_free(copy);
}

/* Whole, in two pieces cut at each byte, and byte by byte it is the same. */
static bool comes(struct bytes text, const char *want)
{
    for (size_t cut = 0; cut <= text.n; cut++) {
        struct http_request q = {0};
        struct buf told = {0};
        take(&q, bytes_of(text.p, cut), &told);
        if (q.state != HTTP_REFUSED)
            take(&q, bytes_of(text.p + cut, text.n - cut), &told);
        bool good = bytes_equal(buf_bytes(&told), bytes_text(want));
        if (!good)
            printf("# cut at %zu of %.*s:\n# %.*s", cut, (int)(text.n < 200 ? text.n : 200), text.p,
                   (int)told.n, told.p);
        http_reset(&q);
        buf_free(&told);
        if (!good)
            return false;
    }
    struct http_request q = {0};
    struct buf told = {0};
    for (size_t i = 0; i < text.n && q.state != HTTP_REFUSED; i++)
        take(&q, bytes_of(text.p + i, 1), &told);
    bool good = bytes_equal(buf_bytes(&told), bytes_text(want));
    http_reset(&q);
    buf_free(&told);
    return good;
}

#define H "Host: a\r\n"

TEST(requests)
{
    CHECK(comes(BYTES("GET / HTTP/1.1\r\n" H "\r\n"), "GET /? [Host: a] {}\n"));
    CHECK(comes(BYTES("POST /a/b%20?x=1&y HTTP/1.1\r\nhost:a\r\nContent-Length: 3\r\n\r\nxyz"),
                "POST /a/b%20?x=1&y [host: a] [Content-Length: 3] {xyz}\n"));
    CHECK(comes(BYTES("GET /? HTTP/1.1\r\nHost:  \t a b \t \r\nX:\r\nY: \xc3\xa4\r\n\r\n"),
                "GET /? [Host: a b] [X: ] [Y: \xc3\xa4] {}\n"));
    CHECK(comes(BYTES("DELETE /x HTTP/1.0\r\n\r\n"), "DELETE /x? {} old ends\n"));
    CHECK(comes(BYTES("HEAD /x HTTP/1.1\r\nConnection: x, Close\r\n" H "\r\n"),
                "HEAD /x? [Connection: x, Close] [Host: a] {} ends\n"));
    CHECK(comes(
        BYTES("OPTIONS /x HTTP/1.1\r\nConnection: keep-alive\r\nConnection: closed\r\n" H "\r\n"),
        "OPTIONS /x? [Connection: keep-alive] [Connection: closed] [Host: a] {}\n"));
    CHECK(comes(BYTES("PUT /x HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"),
                "PUT /x? [Host: a] [Content-Length: 0] {}\n"));
    CHECK(comes(BYTES("PATCH /\"<>{}|^`\\'~ HTTP/1.1\r\n" H "\r\n"),
                "PATCH /\"<>{}|^`\\'~? [Host: a] {}\n"));
}

/* H1: one after the other, in order. */
TEST(pipelined_requests_come_one_by_one)
{
    CHECK(comes(
        BYTES("GET /1 HTTP/1.1\r\n" H "\r\nPOST /2 HTTP/1.1\r\n" H
              "Content-Length: 18\r\n\r\nGET /3 HTTP/1.1\r\n\rGET /4 HTTP/1.1\r\n" H "\r\n"),
        "GET /1? [Host: a] {}\nPOST /2? [Host: a] [Content-Length: 18] {GET /3 HTTP/1.1\r\n\r}\n"
        "GET /4? [Host: a] {}\n"));
    /* A body that is longer than told is the next request, and none. */
    CHECK(comes(BYTES("POST /1 HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab{}"),
                "POST /1? [Host: a] [Content-Length: 2] {ab}\n400 a byte that no head may have\n"));
}

TEST(the_head_is_told_before_the_body)
{
    struct http_request q = {0};
    struct bytes in = BYTES("POST /x HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nab");
    CHECK(http_is_idle(&q));
    CHECK(http_take(&q, &in) == HTTP_STEP_HEAD && in.n == 2 && q.body_n == 5 && !http_is_idle(&q));
    CHECK(http_take(&q, &in) == HTTP_STEP_MORE && in.n == 0);
    in = BYTES("cdefg");
    CHECK(http_take(&q, &in) == HTTP_STEP_WHOLE && in.n == 2 &&
          bytes_equal(buf_bytes(&q.body), BYTES("abcde")));
    CHECK(http_take(&q, &in) == HTTP_STEP_WHOLE && in.n == 2);
    http_reset(&q);
    CHECK(http_is_idle(&q));
}

#define BYTE "400 a byte that no head may have\n"
#define NONE "400 no HTTP request\n"

/* G13, H1, H2: whole answers of hostile requests. */
TEST(what_has_two_readings_is_refused)
{
    static const struct {
        struct bytes text;
        const char *want;
    } bad[] = {
#define BAD(text, want) {{text, sizeof(text) - 1}, want}
        BAD("GET / HTTP/1.1\r\n\r\n", "400 Host has to be there once\n"),
        BAD("GET / HTTP/1.1\r\n" H H "\r\n", "400 Host has to be there once\n"),
        BAD("GET / HTTP/1.0\r\n" H "host: b\r\n\r\n", "400 Host has to be there once\n"),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\na", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\nabc", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: -3\r\n\r\nabc", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\nabc", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 3 \t3\r\n\r\nabc", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 03\r\n\r\nabc",
            "400 Content-Length is not one number\n"),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", NONE),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551615\r\n\r\n",
            "413 the body is longer than 1 MiB\n"),
        BAD("POST / HTTP/1.1\r\n" H "Content-Length: 1048577\r\n\r\n",
            "413 the body is longer than 1 MiB\n"),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "501 Transfer-Encoding is not taken: send Content-Length\n"),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n",
            "501 Transfer-Encoding is not taken: send Content-Length\n"),
        BAD("GET / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n",
            "501 Transfer-Encoding is not taken: send Content-Length\n"),
        BAD("POST / HTTP/1.1\r\n" H
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            NONE),
        BAD("POST / HTTP/1.1\r\n" H
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            NONE),
        BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", NONE),
        BAD("POST / HTTP/1.1\r\n" H "X: y\r\n Transfer-Encoding: chunked\r\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHost : a\r\n\r\n", NONE),
        BAD("GET / HTTP/1.1\r\n" H ": a\r\n\r\n", "400 a header without a name\n"),
        BAD("GET / HTTP/1.1\r\nHost\r\n\r\n", NONE),
        BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHo(st: a\r\n\r\n", NONE),
        BAD("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\nHost: a\n\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHost: a\n\r\n", BYTE),
        BAD("GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n", BYTE),
        BAD("\r\nGET / HTTP/1.1\r\n" H "\r\n", BYTE),
        BAD("get / HTTP/1.1\r\n" H "\r\n", BYTE),
        BAD("GET  / HTTP/1.1\r\n" H "\r\n", NONE),
        BAD("GET / HTTP/1.1 \r\n" H "\r\n", NONE),
        BAD("GET /  HTTP/1.1\r\n" H "\r\n", NONE),
        BAD("GET /a b HTTP/1.1\r\n" H "\r\n", NONE),
        BAD("GET\t/ HTTP/1.1\r\n" H "\r\n", "501 no such method\n"),
        BAD("GET /\r\n\r\n", NONE),
        BAD("GET / HTTP/0.9\r\n" H "\r\n", "505 only HTTP/1.1 and 1.0\n"),
        BAD("GET / HTTP/2.0\r\n" H "\r\n", "505 only HTTP/1.1 and 1.0\n"),
        BAD("GET / HTTP/1.2\r\n" H "\r\n", NONE),
        BAD("GET / HTTP/1.10\r\n" H "\r\n", NONE),
        BAD("GET / http/1.1\r\n" H "\r\n", NONE),
        BAD("GET / HTTP/1,1\r\n" H "\r\n", NONE),
        BAD("GET / RTSP/1.0\r\n" H "\r\n", NONE),
        BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 only HTTP/1.1 and 1.0\n"),
        BAD("GET http://a/ HTTP/1.1\r\n" H "\r\n", "400 the target is no path\n"),
        BAD("OPTIONS * HTTP/1.1\r\n" H "\r\n", "400 the target is no path\n"),
        BAD("GET a HTTP/1.1\r\n" H "\r\n", NONE),
        BAD("GET /a#b HTTP/1.1\r\n" H "\r\n",
            "400 the target holds a character that has to be encoded\n"),
        BAD("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", NONE),
        BAD("CONNECT a:1 HTTP/1.1\r\n" H "\r\n", "501 no such method\n"),
        BAD("TRACE / HTTP/1.1\r\n" H "\r\n", "501 no such method\n"),
        BAD("BREW / HTTP/1.1\r\n" H "\r\n", "501 no such method\n"),
        BAD("GETX / HTTP/1.1\r\n" H "\r\n", "501 no such method\n"),
        BAD("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "501 no protocol but HTTP/1.1 is spoken here\n"),
        BAD("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na",
            "417 Expect is not taken: send the body at once\n"),
        BAD("*1\r\n$4\r\nPING\r\n", BYTE),
        BAD("\x16\x03\x01\x02", BYTE),
        BAD("PING\r\n\r\n", "501 no such method\n"),
#undef BAD
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        wrong += !comes(bad[i].text, bad[i].want);
    CHECK(wrong == 0);
}

static void fill(struct buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add_text(b, text);
}

/* H2 */
static bool is_refused(const struct buf *b, unsigned status)
{
    struct http_request q = {0};
    struct bytes in = buf_bytes(b);
    bool good = http_take(&q, &in) == HTTP_STEP_BAD && q.status == status;
    good = good && q.head.cap <= 2 * HTTP_HEAD_MOST;
    if (!good)
        printf("# %u %s\n", q.status, q.why ? q.why : "");
    http_reset(&q);
    return good;
}

TEST(limits)
{
    struct buf b = {0};
    for (int more = 0; more < 2; more++) {
        struct http_request q = {0};
        b.n = 0;
        buf_add_text(&b, "GET /");
        fill(&b, "a", (size_t)(HTTP_TARGET_MOST - 1 + more));
        buf_add_text(&b, " HTTP/1.1\r\n" H "\r\n");
        struct bytes in = buf_bytes(&b);
        CHECK(more ? is_refused(&b, 414) : http_take(&q, &in) == HTTP_STEP_HEAD);
        http_reset(&q);
        b.n = 0;
        buf_add_text(&b, "GET / HTTP/1.1\r\n" H);
        fill(&b, "a: b\r\n", (size_t)(HTTP_HEADERS_MOST - 1 + more));
        buf_add_text(&b, "\r\n");
        in = buf_bytes(&b);
        CHECK(more ? is_refused(&b, 431) : http_take(&q, &in) == HTTP_STEP_HEAD);
        http_reset(&q);
        b.n = 0;
        buf_add_text(&b, "GET / HTTP/1.1\r\n" H "a: ");
        fill(&b, "b", HTTP_HEAD_MOST - 4 - b.n + (size_t)more);
        buf_add_text(&b, "\r\n\r\n");
        in = buf_bytes(&b);
        CHECK(more ? is_refused(&b, 431) : http_take(&q, &in) == HTTP_STEP_HEAD);
        http_reset(&q);
    }
    b.n = 0;
    fill(&b, "G", 100000);
    CHECK(is_refused(&b, 414));
    b.n = 0;
    buf_add_text(&b, "GET / HTTP/1.1\r\nX: ");
    fill(&b, "b", 65536);
    CHECK(is_refused(&b, 431));
    buf_free(&b);
}

TEST(headers_by_name)
{
    struct http_request q = {0};
    struct bytes in = BYTES("GET / HTTP/1.1\r\n" H "x-A: 1\r\nB: 2\r\nb: 3\r\n\r\n");
    bool twice;
    CHECK(http_take(&q, &in) == HTTP_STEP_HEAD);
    const struct bytes *a = http_header(&q, "X-a", &twice);
    CHECK(a && !twice && bytes_equal(*a, BYTES("1")));
    CHECK(!http_header(&q, "b", &twice) && twice && !http_header(&q, "b", NULL));
    CHECK(!http_header(&q, "c", &twice) && !twice);
    http_reset(&q);
}

static bool cuts(const char *path, const char *want)
{
    struct bytes parts[HTTP_PARTS_MOST];
    struct buf b = {0};
    size_t n = http_path_parts(bytes_text(path), parts);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%.*s", i ? "|" : "", (int)parts[i].n, parts[i].p);
    buf_printf(&b, " %zu", n);
    bool good = bytes_equal(buf_bytes(&b), bytes_text(want));
    buf_free(&b);
    return good;
}

TEST(paths)
{
    CHECK(cuts("/", " 1") && cuts("/a", "a 1") && cuts("/a/", "a| 2") && cuts("/a//b", "a||b 3"));
    CHECK(cuts("/a%2fb/../c", "a%2fb|..|c 3"));
    CHECK(cuts("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
               "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16 16"));
    CHECK(cuts("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/", " 0"));
}

static bool decodes(const char *from, bool is_query, struct bytes want)
{
    char *copy = mem_copy_text(from, strlen(from));
    size_t n = 0;
    bool good = http_decode(bytes_of(copy, strlen(from)), is_query, copy, &n) &&
                bytes_equal(bytes_of(copy, n), want);
    mem_free(copy);
    return good;
}

TEST(percent_codes_are_bytes)
{
    CHECK(decodes("", false, BYTES("")) && decodes("a+b", false, BYTES("a+b")));
    CHECK(decodes("a+b%2B", true, BYTES("a b+")));
    CHECK(decodes("%00%2f%2F%ff%C0%AF..", false, BYTES("\0//\xff\xc0\xaf..")));
    CHECK(decodes("%2500", false, BYTES("%00")));
    static const char *bad[] = {"%", "%4", "a%", "%4g", "%g4", "%%41", "% 4", "%u0041", "%-1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char to[16];
        size_t n;
        CHECK(!http_decode(bytes_text(bad[i]), false, to, &n));
    }
}

TEST(queries)
{
    struct bytes query = BYTES("&a=1&&b&c==%20&=d&"), name, value;
    struct buf b = {0};
    while (http_query_next(&query, &name, &value))
        buf_printf(&b, "(%.*s,%.*s)", (int)name.n, name.p, (int)value.n, value.p);
    CHECK(bytes_equal(buf_bytes(&b), BYTES("(a,1)(b,)(c,=%20)(,d)")));
    buf_free(&b);
}

TEST(response_heads)
{
    struct buf b = {0};
    http_write_head(&b, &(struct http_response){.status = 404,
                                                .type = "application/json",
                                                .length = 12,
                                                .has_length = true,
                                                .closes = true,
                                                .more = "X: y\r\n",
                                                .at_s = 784111777});
    CHECK(bytes_equal(buf_bytes(&b),
                      BYTES("HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                            "Content-Type: application/json\r\nContent-Length: 12\r\nConnection: "
                            "close\r\nX: y\r\n\r\n")));
    b.n = 0;
    http_write_head(&b, &(struct http_response){.status = 204});
    CHECK(bytes_equal(
        buf_bytes(&b),
        BYTES("HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n")));
    buf_free(&b);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(requests), T(pipelined_requests_come_one_by_one), T(the_head_is_told_before_the_body),
          T(what_has_two_readings_is_refused), T(limits), T(headers_by_name), T(paths),
          T(percent_codes_are_bytes), T(queries), T(response_heads))
