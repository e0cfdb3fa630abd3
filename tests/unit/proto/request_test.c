#include "base/mem.h"
#include "base/rng.h"
#include "proto/request.h"
#include "unit.h"

static const struct request_limits limits = {
    .bulk = 1 << 20, .args = 1000, .inline_ = 1000, .authenticated = true};

/* Feeds the bytes one at a time, in a buffer that moves at every step. */
static enum request_state dribble(struct request *q, const char *text, size_t n)
{
    char *buffer = NULL;
    enum request_state state = REQUEST_MORE;
    for (size_t i = 1; i <= n && state == REQUEST_MORE; i++) {
        char *wider = mem_alloc(i);
        memcpy(wider, text, i);
        if (buffer)
            request_rebase(q, buffer, wider);
        mem_free(buffer);
        buffer = wider;
        state = request_parse(q, buffer, i, &limits);
    }
    if (state == REQUEST_READY)
        for (int i = 0; i < q->argc; i++)
            if (!q->owned[i] && !q->text)
                q->argv[i].p = text + (q->argv[i].p - buffer);
    mem_free(buffer);
    return state;
}

TEST(one_byte_at_a_time)
{
    struct request q;
    static const char text[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhe\r\no\r\n";
    request_init(&q);
    CHECK(dribble(&q, text, sizeof(text) - 1) == REQUEST_READY);
    CHECK(q.argc == 3 && bytes_equal(q.argv[0], BYTES("SET")) &&
          bytes_equal(q.argv[2], BYTES("he\r\no")));
    CHECK(q.verbatim);
    request_free(&q);
}

/* They are run, as in Redis, but are neither written to a file nor sent to a replica as they came.
 */
TEST(what_is_not_canonical_is_not_verbatim)
{
    static const char *const texts[] = {
        "*2\rx$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n$3\rxGET\r\n$1\r\nk\r\n",
        "*2\r\n$3\r\nGETx\n$1\r\nk\r\n", "*2\r\n$3\r\nGET\rx$1\r\nk\r\n",
        "*2\r\n$3\r\nGET\r\n$1\r*k\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r*"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct request q;
        request_init(&q);
        CHECK(request_parse(&q, texts[i], strlen(texts[i]), &limits) == REQUEST_READY);
        CHECK(q.argc == 2 && bytes_equal(q.argv[0], BYTES("GET")) &&
              bytes_equal(q.argv[1], BYTES("k")));
        CHECK(!q.verbatim && q.at == strlen(texts[i]));
        request_free(&q);
    }
}

TEST(inline_requests_have_quotes)
{
    struct request q;
    request_init(&q);
    CHECK(dribble(&q, "SET \"a b\\x41\" 'it\\'s'\r\n", 23) == REQUEST_READY);
    CHECK(q.argc == 3 && bytes_equal(q.argv[1], BYTES("a bA")) &&
          bytes_equal(q.argv[2], BYTES("it's")));
    request_free(&q);
    CHECK(request_parse(&q, "GET \"open\r\n", 11, &limits) == REQUEST_BAD);
    request_free(&q);
}

TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {"*x\r\n",        "*1\r\nGET\r\n",
                                      "*1\r\n$-5\r\n", "*1\r\n$99999999999\r\n",
                                      "*1\r\n$x\r\n",  "*99999\r\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct request q;
        request_init(&q);
        CHECK(request_parse(&q, bad[i], strlen(bad[i]), &limits) == REQUEST_BAD && q.error[0]);
        request_free(&q);
    }
}

TEST(long_arguments_get_their_own_string)
{
    size_t n = 300000;
    char *text = mem_alloc(n + 100);
    size_t head = (size_t)sprintf(text, "*2\r\n$3\r\nSET\r\n$%zu\r\n", n);
    memset(text + head, 'v', n);
    memcpy(text + head + n, "\r\n", 2);
    struct request q;
    request_init(&q);
    CHECK(request_parse(&q, text, head + 10, &limits) == REQUEST_MORE && q.big);
    size_t room, at = head + 10;
    for (char *to; (to = request_place(&q, &room)); at += room) {
        memcpy(to, text + at, room);
        request_got(&q, room);
    }
    CHECK(at == head + n);
    memcpy(text + head + 10, "\r\n", 2);
    CHECK(request_parse(&q, text, head + 12, &limits) == REQUEST_READY);
    CHECK(q.argc == 2 && q.argv[1].n == n && q.owned[1] && q.argv[1].p[n - 1] == 'v');
    request_free(&q);
    mem_free(text);
}

/* The two parsers agree on whatever the quick one accepts; and nothing makes either crash. */
TEST(both_parsers_agree_on_noise)
{
    struct rng rng;
    rng_seed(&rng, 11);
    for (int round = 0; round < 200000; round++) {
        char text[96];
        size_t n = (size_t)sprintf(text, "*2\r\n$3\r\nGET\r\n$%d\r\nabcdefgh",
                                   (int)rng_below(&rng, rng_below(&rng, 4) ? 9 : 1200));
        n = (size_t)rng_below(&rng, n) + 4;
        for (uint64_t k = rng_below(&rng, 3); k; k--)
            text[rng_below(&rng, n)] = "*$\r\n0123459-x"[rng_below(&rng, 13)];
        char *exact = mem_alloc(n);
        memcpy(exact, text, n);
        struct bytes argv[8];
        int argc = 0;
        size_t used = request_quick(exact, exact + n, argv, 8, &argc);
        struct request q;
        request_init(&q);
        enum request_state state = request_parse(&q, exact, n, &limits);
        if (used) {
            CHECK(state == REQUEST_READY && q.at == used && q.argc == argc);
            for (int i = 0; i < argc; i++)
                CHECK(bytes_equal(argv[i], q.argv[i]));
        }
        request_free(&q);
        mem_free(exact);
    }
}

/* The quick parser is no use if it refuses what clients send. */
TEST(the_quick_one_takes_what_clients_send)
{
    char *text = mem_alloc(2000);
    for (size_t len = 0; len < 1500; len++) {
        size_t n = (size_t)sprintf(text, "*2\r\n$4\r\nECHO\r\n$%zu\r\n", len);
        memset(text + n, 'v', len);
        memcpy(text + n + len, "\r\n", 2);
        n += len + 2;
        char *exact = mem_alloc(n);
        memcpy(exact, text, n);
        struct bytes argv[8];
        int argc = 0;
        CHECK(request_quick(exact, exact + n, argv, 8, &argc) == n && argc == 2);
        CHECK(argv[1].n == len && bytes_is(argv[0], "echo"));
        CHECK(request_quick(exact, exact + n - 1, argv, 8, &argc) == 0);
        mem_free(exact);
    }
    mem_free(text);
}

UNIT_MAIN(T(one_byte_at_a_time), T(what_is_not_canonical_is_not_verbatim),
          T(inline_requests_have_quotes), T(malformed_requests_are_refused),
          T(long_arguments_get_their_own_string), T(both_parsers_agree_on_noise),
          T(the_quick_one_takes_what_clients_send))
