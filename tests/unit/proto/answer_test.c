#include "proto/answer.h"

#include "base/rng.h"
#include "proto/reply.h"

#include "unit.h"

#include <math.h>

static const char *const names[] = {
    [ANSWER_NULL] = "null",   [ANSWER_BOOL] = "bool",      [ANSWER_INT] = "int",
    [ANSWER_DOUBLE] = "dbl",  [ANSWER_BIGNUM] = "big",     [ANSWER_SIMPLE] = "simple",
    [ANSWER_ERROR] = "error", [ANSWER_STRING] = "string",  [ANSWER_PIECE] = "piece",
    [ANSWER_ARRAY] = "array", [ANSWER_SET] = "set",        [ANSWER_PUSH] = "push",
    [ANSWER_MAP] = "map",     [ANSWER_ATTRIBUTE] = "attr", [ANSWER_CLOSE] = "close"};

static void print(struct buf *b, const struct answer_item *item)
{
    if (item->kind == ANSWER_PIECE) {
        buf_add(b, item->text);
        return;
    }
    buf_printf(b, " %u%s", item->depth, names[item->kind]);
    if (item->kind == ANSWER_BOOL || item->kind == ANSWER_INT)
        buf_printf(b, "=%lld", item->number);
    else if (item->kind == ANSWER_DOUBLE)
        buf_printf(b, "=%g", item->real);
    else if (item->kind >= ANSWER_ARRAY && item->kind < ANSWER_CLOSE)
        buf_printf(b, "=%llu", (unsigned long long)item->n);
    else if (item->kind == ANSWER_STRING)
        buf_printf(b, "/%llu=", (unsigned long long)item->n);
    else if (item->kind == ANSWER_BIGNUM || item->kind == ANSWER_SIMPLE ||
             item->kind == ANSWER_ERROR)
        buf_add_char(b, '=');
    if (item->kind >= ANSWER_BIGNUM && item->kind <= ANSWER_STRING)
        buf_add(b, item->text);
}

/* Feeds a piece; everything it tells goes to b. */
static enum answer_step feed(struct answer *a, struct bytes piece, struct buf *b)
{
    struct answer_item item;
    enum answer_step step;
    /* To the byte in a block of its own: a step over its end is seen by the sanitizers. */
    char *copy = mem_copy_text(piece.p, piece.n);
    struct bytes in = bytes_of(copy, piece.n);
    while ((step = answer_next(a, &in, &item)) == ANSWER_ITEM) {
        CHECK(item.depth < ANSWER_DEPTH);
        print(b, &item);
    }
    CHECK(step == ANSWER_BAD || in.n == 0);
    mem_free(copy);
    return step;
}

/* Fed whole, in two pieces cut at each byte, and byte by byte, it tells the same. */
static bool tells(struct bytes reply, const char *want)
{
    for (size_t cut = 0; cut <= reply.n; cut++) {
        struct answer a = {0};
        struct buf b = {0};
        enum answer_step step = feed(&a, bytes_of(reply.p, cut), &b);
        CHECK(step == (cut < reply.n ? ANSWER_MORE : ANSWER_WHOLE));
        if (cut < reply.n)
            step = feed(&a, bytes_of(reply.p + cut, reply.n - cut), &b);
        bool good = step == ANSWER_WHOLE && bytes_equal(buf_bytes(&b), bytes_text(want));
        if (!good)
            printf("# cut at %zu: %.*s\n", cut, (int)b.n, b.p);
        buf_free(&b);
        answer_reset(&a);
        if (!good)
            return false;
    }
    struct answer a = {0};
    struct buf b = {0};
    for (size_t i = 0; i < reply.n; i++)
        CHECK(feed(&a, bytes_of(reply.p + i, 1), &b) ==
              (i + 1 < reply.n ? ANSWER_MORE : ANSWER_WHOLE));
    bool good = bytes_equal(buf_bytes(&b), bytes_text(want));
    buf_free(&b);
    answer_reset(&a);
    return good;
}

TEST(kinds)
{
    CHECK(tells(BYTES("+OK\r\n"), " 0simple=OK"));
    CHECK(tells(BYTES("-ERR a b\r\n"), " 0error=ERR a b"));
    CHECK(tells(BYTES(":-12\r\n"), " 0int=-12"));
    CHECK(tells(BYTES(",1.5\r\n"), " 0dbl=1.5") && tells(BYTES(",-inf\r\n"), " 0dbl=-inf"));
    CHECK(tells(BYTES(",nan\r\n"), " 0dbl=nan"));
    CHECK(tells(BYTES("#t\r\n"), " 0bool=1") && tells(BYTES("#f\r\n"), " 0bool=0"));
    CHECK(tells(BYTES("(-1234567890123456789012\r\n"), " 0big=-1234567890123456789012"));
    CHECK(tells(BYTES("_\r\n"), " 0null") && tells(BYTES("$-1\r\n"), " 0null"));
    CHECK(tells(BYTES("*-1\r\n"), " 0null"));
    CHECK(tells(BYTES("$5\r\na\r\nbc\r\n"), " 0string/5=a\r\nbc") &&
          tells(BYTES("$0\r\n\r\n"), " 0string/0="));
    CHECK(tells(BYTES("=6\r\ntxt:hi\r\n"), " 0string/2=hi"));
    CHECK(tells(BYTES("=4\r\ntxt:\r\n"), " 0string/0="));
    CHECK(tells(BYTES("+\r\n"), " 0simple="));
}

TEST(aggregates_open_and_close)
{
    CHECK(tells(BYTES("*0\r\n"), " 0array=0 0close"));
    CHECK(tells(BYTES("*2\r\n:1\r\n*1\r\n%0\r\n"),
                " 0array=2 1int=1 1array=1 2map=0 2close 1close 0close"));
    CHECK(tells(BYTES("%1\r\n+k\r\n~2\r\n#t\r\n_\r\n"),
                " 0map=1 1simple=k 1set=2 2bool=1 2null 1close 0close"));
    CHECK(tells(BYTES(">2\r\n$1\r\na\r\n$1\r\nb\r\n"), " 0push=2 1string/1=a 1string/1=b 0close"));
    /* An attribute is no value of what holds it. */
    CHECK(tells(BYTES("|1\r\n+k\r\n:1\r\n:2\r\n"), " 0attr=1 1simple=k 1int=1 0close 0int=2"));
    CHECK(tells(BYTES("*1\r\n|1\r\n+k\r\n*1\r\n:1\r\n:2\r\n"),
                " 0array=1 1attr=1 2simple=k 2array=1 3int=1 2close 1close 1int=2 0close"));
}

static bool is_bad(struct bytes reply)
{
    struct answer a = {0};
    struct buf b = {0};
    bool bad = feed(&a, reply, &b) == ANSWER_BAD;
    /* For good. */
    bad = bad && feed(&a, BYTES("+OK\r\n"), &b) == ANSWER_BAD;
    buf_free(&b);
    answer_reset(&a);
    if (!bad)
        printf("# %.*s\n", (int)reply.n, reply.p);
    return bad;
}

TEST(what_is_no_answer_is_refused)
{
    static const char *bad[] = {"\r\n",
                                "x\r\n",
                                "+a\n",
                                "+a\rb\r\n",
                                ":\r\n",
                                ":1.5\r\n",
                                ":+1\r\n",
                                ":01\r\n",
                                ",x\r\n",
                                "#\r\n",
                                "#true\r\n",
                                "_x\r\n",
                                "(\r\n",
                                "(-\r\n",
                                "(1a\r\n",
                                "$\r\n",
                                "$-2\r\n",
                                "$+1\r\n",
                                "$?\r\n",
                                "*?\r\n",
                                "%-1\r\n",
                                "~-1\r\n",
                                "|-1\r\n",
                                "=3\r\nabc\r\n",
                                "$1\r\nab\r\n",
                                "$1\r\na\rx",
                                "*1\r\n\r\n",
                                "GET / HTTP/1.1\r\n",
                                "!3\r\nERR\r\n",
                                "*281474976710657\r\n",
                                "$18446744073709551616\r\n",
                                "\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(is_bad(bytes_text(bad[i])));
    CHECK(is_bad(BYTES("\0\r\n")));
}

TEST(bounds)
{
    struct buf b = {0};
    for (int i = 0; i < ANSWER_DEPTH - 1; i++)
        buf_add_text(&b, "*1\r\n");
    struct answer a = {0};
    struct buf told = {0};
    CHECK(feed(&a, buf_bytes(&b), &told) == ANSWER_MORE);
    answer_reset(&a);
    buf_add_text(&b, "*1\r\n");
    CHECK(is_bad(buf_bytes(&b)));
    b.n = 0;
    buf_add_char(&b, '-');
    while (b.n < ANSWER_LINE - 2)
        buf_add_char(&b, 'x');
    buf_add_text(&b, "\r\n");
    CHECK(feed(&a, buf_bytes(&b), &told) == ANSWER_WHOLE);
    answer_reset(&a);
    CHECK(feed(&a, bytes_of(b.p, 30000), &told) == ANSWER_MORE);
    CHECK(feed(&a, bytes_of(b.p, 40000), &told) == ANSWER_BAD);
    answer_reset(&a);
    buf_free(&b);
    buf_free(&told);
}

/* Bytes of a long string are told where they lie. */
TEST(strings_are_not_copied)
{
    static char text[100000] = "$99990\r\n";
    struct answer a = {0};
    struct answer_item item;
    memset(text + 8, 'x', 99990);
    memcpy(text + 8 + 99990, "\r\n", 2);
    struct bytes in = bytes_of(text, 50000);
    CHECK(answer_next(&a, &in, &item) == ANSWER_ITEM && item.kind == ANSWER_STRING &&
          item.n == 99990);
    CHECK(item.text.p == text + 8 && item.text.n == 49992 && answer_string_left(&a) == 49998);
    CHECK(answer_next(&a, &in, &item) == ANSWER_MORE);
    in = bytes_of(text + 50000, 50000);
    CHECK(answer_next(&a, &in, &item) == ANSWER_ITEM && item.kind == ANSWER_PIECE);
    CHECK(item.text.p == text + 50000 && item.text.n == 49998 && answer_string_left(&a) == 0);
    CHECK(answer_next(&a, &in, &item) == ANSWER_WHOLE && in.n == 0);
    /* What follows is the next reply's. */
    answer_reset(&a);
    in = BYTES(":1\r\n:2\r\n");
    CHECK(answer_next(&a, &in, &item) == ANSWER_ITEM &&
          answer_next(&a, &in, &item) == ANSWER_WHOLE);
    CHECK(in.n == 4);
    answer_reset(&a);
}

static void write_random(struct reply *r, struct buf *want, struct rng *g, unsigned depth)
{
    static const struct {
        void (*write)(struct reply *r, size_t n);
        const char *name;
        unsigned per;
    } holders[] = {{reply_array, "array", 1}, {reply_set, "set", 1}, {reply_map, "map", 2}};
    uint64_t what = rng_below(g, depth < 5 ? 7 : 4), n = rng_below(g, 5);
    long long v = (long long)rng_next(g) >> rng_below(g, 64);
    switch (what) {
    case 0:
        reply_int(r, v);
        buf_printf(want, " %uint=%lld", depth, v);
        break;
    case 1:
        reply_bulk(r, bytes_of("ab\r\ncdef", n));
        buf_printf(want, " %ustring/%d=%.*s", depth, (int)n, (int)n, "ab\r\ncdef");
        break;
    case 2:
        reply_double(r, (double)v);
        buf_printf(want, " %udbl=%g", depth, (double)v);
        break;
    case 3:
        reply_null(r);
        buf_printf(want, " %unull", depth);
        break;
    default:
        holders[what - 4].write(r, n);
        buf_printf(want, " %u%s=%d", depth, holders[what - 4].name, (int)n);
        for (size_t i = 0; i < n * holders[what - 4].per; i++)
            write_random(r, want, g, depth + 1);
        buf_printf(want, " %uclose", depth);
    }
}

TEST(what_replies_write_is_told)
{
    struct rng g;
    rng_seed(&g, 3 + unit_share());
    for (int i = 0; i < 3000 / UNIT_SHARES; i++) {
        struct chain out = {0};
        struct reply r = {.out = &out, .resp = 3};
        struct buf want = {0}, told = {0};
        write_random(&r, &want, &g, 0);
        struct answer a = {0};
        struct iovec piece;
        enum answer_step step = ANSWER_MORE;
        while (step == ANSWER_MORE && chain_pieces(&out, &piece, 1, chain_end(&out))) {
            size_t n = 1 + rng_below(&g, piece.iov_len);
            step = feed(&a, bytes_of(piece.iov_base, n), &told);
            chain_take(&out, n);
        }
        CHECK(step == ANSWER_WHOLE && chain_pending(&out) == 0);
        CHECK(bytes_equal(buf_bytes(&told), buf_bytes(&want)));
        answer_reset(&a);
        buf_free(&want);
        buf_free(&told);
        chain_free(&out);
    }
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(kinds), T(aggregates_open_and_close), T(what_is_no_answer_is_refused), T(bounds),
          T(strings_are_not_copied), T(what_replies_write_is_told))
