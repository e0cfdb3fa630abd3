/* Heads of answers, of which protection is admin_exchange_test's. */
#include "admin/respond.h"

#include "base/str.h"
#include "unit.h"

static struct buf text;

/* The whole answer, with a NUL behind; to be freed. */
static const char *answer(struct respond r)
{
    struct chain out = {0};
    struct iovec piece;
    text = (struct buf){0};
    respond(&out, &r);
    while (chain_pieces(&out, &piece, 1, chain_end(&out))) {
        buf_add(&text, bytes_of(piece.iov_base, piece.iov_len));
        chain_take(&out, piece.iov_len);
    }
    chain_free(&out);
    buf_add_char(&text, '\0');
    return text.p;
}

static bool ends(const char *whole, const char *end)
{
    size_t n = strlen(whole), m = strlen(end);
    return n >= m && strcmp(whole + n - m, end) == 0;
}

TEST(a_length_unless_none_is_known)
{
    const char *a = answer((struct respond){.status = 200, .type = "a/b", .body = BYTES("xyz")});
    CHECK(strncmp(a, "HTTP/1.1 200 ", 13) == 0 && strstr(a, "\r\nContent-Type: a/b\r\n"));
    CHECK(strstr(a, "\r\nContent-Length: 3\r\n") && ends(a, "\r\n\r\nxyz"));
    buf_free(&text);
    /* Of HEAD the head only, and the same. */
    a = answer(
        (struct respond){.status = 200, .type = "a/b", .body = BYTES("xyz"), .omits_body = true});
    CHECK(strstr(a, "\r\nContent-Length: 3\r\n") && ends(a, "\r\n\r\n"));
    buf_free(&text);
    a = answer((struct respond){.status = 200, .is_open_ended = true, .is_chunked = true});
    CHECK(strstr(a, "\r\nTransfer-Encoding: chunked\r\n") && !strstr(a, "Content-Length"));
    buf_free(&text);
    static const unsigned without[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        CHECK(!strstr(answer((struct respond){.status = without[i]}), "Content-Length"));
        buf_free(&text);
    }
}

/* A file is kept by the browser and asked for again; an answer is not kept. */
TEST(what_may_be_kept)
{
    struct str *file = str_new(BYTES("gzip"));
    const char *a =
        answer((struct respond){.status = 200, .type = "a/b", .file = file, .file_tag = "abc"});
    CHECK(strstr(a, "\r\nCache-Control: no-cache\r\n") && !strstr(a, "no-store"));
    CHECK(strstr(a, "\r\nETag: \"abc\"\r\nVary: Accept-Encoding\r\n"));
    CHECK(strstr(a, "\r\nContent-Encoding: gzip\r\n") && ends(a, "\r\n\r\ngzip"));
    buf_free(&text);
    a = answer((struct respond){.status = 200, .tag = "1-2"});
    CHECK(strstr(a, "\r\nCache-Control: no-store\r\n") && strstr(a, "\r\nETag: \"1-2\"\r\n"));
    CHECK(!strstr(a, "Content-Encoding"));
    buf_free(&text);
    CHECK(!strstr(answer((struct respond){.status = 200, .tag = ""}), "ETag"));
    buf_free(&text);
    str_unref(file);
}

TEST(headers_of_refusals)
{
    const char *a = answer((struct respond){
        .status = 405, .allow = "GET, POST", .retry_after_s = 3, .closes = true, .is_tls = true});
    CHECK(strstr(a, "\r\nAllow: GET, POST\r\n") && strstr(a, "\r\nRetry-After: 3\r\n"));
    CHECK(strstr(a, "\r\nConnection: close\r\n") && strstr(a, "\r\nStrict-Transport-Security: "));
    buf_free(&text);
    a = answer((struct respond){.status = 405});
    CHECK(!strstr(a, "\r\nAllow:") && !strstr(a, "Retry-After") && !strstr(a, "Strict-Transport"));
    buf_free(&text);
}

/* What was run may be a megabyte; a head may not. */
TEST(a_long_command_is_cut)
{
    struct buf command = {0};
    memset(buf_room(&command, 5000), 'c', 5000);
    command.n = 5000;
    const char *a = answer((struct respond){.status = 204, .command = buf_bytes(&command)});
    const char *at = strstr(a, "\r\nX-Millrace-Command: ccc");
    CHECK(at && strspn(at + 22, "c") == 2000 && strlen(a) < 4000);
    buf_free(&text);
    buf_free(&command);
}

TEST(errors_are_json_that_is_bounded)
{
    struct buf body = {0};
    respond_error_body(&body, "ERR", BYTES("a \"b\"\n"), BYTES(""));
    CHECK(bytes_equal(buf_bytes(&body),
                      BYTES("{\"error\":{\"code\":\"ERR\",\"text\":\"a \\\"b\\\"\\n\"}}")));
    body.n = 0;
    respond_error_body(&body, "ERR", BYTES("x"), BYTES("SET a b"));
    CHECK(bytes_equal(
        buf_bytes(&body),
        BYTES("{\"error\":{\"code\":\"ERR\",\"text\":\"x\",\"command\":\"SET a b\"}}")));
    struct buf text_of = {0};
    memset(buf_room(&text_of, 100000), 1, 100000); /* each takes six bytes in JSON */
    text_of.n = 100000;
    body.n = 0;
    respond_error_body(&body, "ERR", buf_bytes(&text_of), BYTES(""));
    CHECK(body.n < 8192 && memcmp(body.p + body.n - 2, "}}", 2) == 0);
    buf_free(&text_of);
    buf_free(&body);
}

UNIT_MAIN(T(a_length_unless_none_is_known), T(what_may_be_kept), T(headers_of_refusals),
          T(a_long_command_is_cut), T(errors_are_json_that_is_bounded))
