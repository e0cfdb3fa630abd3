#include "base/mem.h"
#include "base/rng.h"
#include "persist/listpack.h"
#include "unit.h"

TEST(what_is_written_reads_back)
{
    struct rng rng;
    struct buf b = {0};
    rng_seed(&rng, 3);
    for (int round = 0; round < 300; round++) {
        static char texts[100][6000];
        size_t lengths[100];
        listpack_begin(&b);
        for (int i = 0; i < 100; i++) {
            if (rng_below(&rng, 2)) {
                int64_t v = (int64_t)(rng_next(&rng) >> rng_below(&rng, 64)) *
                            (rng_below(&rng, 2) ? 1 : -1);
                lengths[i] = (size_t)sprintf(texts[i], "%lld", (long long)v);
            } else {
                lengths[i] = (size_t)rng_below(&rng, rng_below(&rng, 8) ? 100 : 6000);
                memset(texts[i], 'a' + i % 26, lengths[i]);
            }
            listpack_add(&b, bytes_of(texts[i], lengths[i]));
        }
        listpack_end(&b);
        struct listpack_reader r;
        struct bytes x;
        char scratch[24];
        bool bad;
        CHECK(listpack_open(&r, buf_bytes(&b)));
        for (int i = 0; i < 100; i++)
            CHECK(listpack_next(&r, scratch, &x, &bad) &&
                  bytes_equal(x, bytes_of(texts[i], lengths[i])));
        CHECK(!listpack_next(&r, scratch, &x, &bad) && !bad);
    }
    buf_free(&b);
}

/* Damage is noticed or harmless; it never reads outside. */
TEST(damage_is_survived)
{
    struct rng rng;
    struct buf b = {0};
    rng_seed(&rng, 4);
    listpack_begin(&b);
    for (int i = 0; i < 20; i++)
        listpack_add_int(&b, i * 1000 - 5000), listpack_add(&b, BYTES("some text"));
    listpack_end(&b);
    for (int round = 0; round < 100000; round++) {
        char *copy = mem_alloc(b.n);
        memcpy(copy, b.p, b.n);
        for (int k = 0; k < 3; k++)
            copy[rng_below(&rng, b.n)] = (char)rng_next(&rng);
        struct listpack_reader r;
        struct bytes x;
        char scratch[24];
        bool bad;
        if (listpack_open(&r, bytes_of(copy, b.n)))
            while (listpack_next(&r, scratch, &x, &bad))
                CHECK(x.n <= b.n);
        mem_free(copy);
    }
    buf_free(&b);
}

/* The bytes that a reader elsewhere expects: the shortest form, up to its limits. */
TEST(integers_have_the_shortest_form)
{
    static const struct {
        int64_t v;
        unsigned bytes; /* without the size behind them */
        unsigned char code;
    } rows[] = {{0, 1, 0},
                {127, 1, 127},
                {128, 2, 0xc0},
                {-1, 2, 0xdf},
                {4095, 2, 0xcf},
                {-4096, 2, 0xd0},
                {4096, 3, 0xf1},
                {-4097, 3, 0xf1},
                {32767, 3, 0xf1},
                {-32768, 3, 0xf1},
                {32768, 4, 0xf2},
                {-32769, 4, 0xf2},
                {8388607, 4, 0xf2},
                {-8388608, 4, 0xf2},
                {8388608, 5, 0xf3},
                {-8388609, 5, 0xf3},
                {INT32_MAX, 5, 0xf3},
                {INT32_MIN, 5, 0xf3},
                {INT32_MAX + 1LL, 9, 0xf4},
                {INT32_MIN - 1LL, 9, 0xf4},
                {INT64_MAX, 9, 0xf4},
                {INT64_MIN, 9, 0xf4}};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct listpack_reader r;
        int64_t v;
        listpack_begin(&b);
        listpack_add_int(&b, rows[i].v);
        CHECK(b.n == 6 + rows[i].bytes + 1 && (unsigned char)b.p[6] == rows[i].code);
        CHECK((unsigned char)b.p[b.n - 1] == rows[i].bytes);
        listpack_end(&b);
        CHECK(listpack_open(&r, buf_bytes(&b)) && listpack_next_int(&r, &v) && v == rows[i].v);
        CHECK(!listpack_next_int(&r, &v));
    }
    buf_free(&b);
}

TEST(texts_have_the_shortest_head)
{
    static const struct {
        size_t n, head, back;
        unsigned char code;
    } rows[] = {{0, 1, 1, 0x80},     {63, 1, 1, 0xbf},   {64, 2, 1, 0xe0},   {125, 2, 1, 0xe0},
                {126, 2, 2, 0xe0},   {4095, 2, 2, 0xef}, {4096, 5, 2, 0xf0}, {16377, 5, 2, 0xf0},
                {16378, 5, 3, 0xf0}, {70000, 5, 3, 0xf0}};
    static char text[70000];
    struct buf b = {0};
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct listpack_reader r;
        struct bytes x;
        char scratch[24];
        bool bad;
        int64_t v;
        listpack_begin(&b);
        listpack_add(&b, bytes_of(text, rows[i].n));
        if (b.n != 6 + rows[i].head + rows[i].n + rows[i].back)
            printf("# %zu: %zu\n", rows[i].n, b.n);
        CHECK(b.n == 6 + rows[i].head + rows[i].n + rows[i].back);
        CHECK((unsigned char)b.p[6] == rows[i].code);
        listpack_end(&b);
        CHECK(listpack_open(&r, buf_bytes(&b)) && listpack_next(&r, scratch, &x, &bad));
        CHECK(bytes_equal(x, bytes_of(text, rows[i].n)) && !listpack_next(&r, scratch, &x, &bad));
        CHECK(!bad && listpack_open(&r, buf_bytes(&b)) && !listpack_next_int(&r, &v));
    }
    buf_free(&b);
}

/* Each way in which an element may reach behind the end. */
TEST(what_is_cut_is_bad)
{
    static const char *const texts[] = {"5",      "300",      "abc",        "20000",
                                        "100000", "10000000", "5000000000", "-1"};
    struct buf b = {0};
    for (size_t i = 0; i < 10; i++) {
        char large[5000];
        memset(large, 'y', sizeof(large));
        listpack_begin(&b);
        listpack_add(&b, i < 8 ? bytes_text(texts[i]) : bytes_of(large, i == 8 ? 100 : 5000));
        for (size_t n = 7; n < b.n; n++) {
            char *cut = mem_alloc(n + 1);
            struct listpack_reader r;
            struct bytes x;
            char scratch[24];
            bool bad = false;
            memcpy(cut, b.p, n);
            cut[n] = (char)0xff;
            for (int k = 0; k < 4; k++)
                cut[k] = (char)((n + 1) >> (8 * k));
            CHECK(listpack_open(&r, bytes_of(cut, n + 1)));
            CHECK(!listpack_next(&r, scratch, &x, &bad) && bad);
            mem_free(cut);
        }
    }
    struct listpack_reader r;
    CHECK(!listpack_open(&r, bytes_of("\006\0\0\0\0\0", 6)));
    CHECK(listpack_open(&r, bytes_of("\007\0\0\0\0\0\377", 7)));
    CHECK(!listpack_open(&r, bytes_of("\010\0\0\0\0\0\377", 7)));
    CHECK(!listpack_open(&r, bytes_of("\007\0\0\0\0\0\376", 7)));
    buf_free(&b);
}

UNIT_MAIN(T(what_is_written_reads_back), T(damage_is_survived), T(integers_have_the_shortest_form),
          T(texts_have_the_shortest_head), T(what_is_cut_is_bad))
