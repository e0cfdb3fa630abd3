/* faults R1: no length that is announced is believed before the bytes are there. */
#include "persist/rdb_source.h"

#include "base/lzf.h"
#include "base/mem.h"
#include "unit.h"

#include <stdlib.h>

static void put_length(struct buf *b, uint64_t n)
{
    buf_add_char(b, (char)0x81);
    for (int i = 56; i >= 0; i -= 8)
        buf_add_char(b, (char)(n >> i));
}

/* LZF of `packed` bytes that claims to be n. */
static void put_lzf(struct buf *b, struct bytes packed, uint64_t n)
{
    b->n = 0;
    buf_add_char(b, (char)0xc3);
    put_length(b, packed.n);
    put_length(b, n);
    buf_add(b, packed);
}

static struct rdb_source source_of(const struct buf *b)
{
    const unsigned char *p = (const unsigned char *)b->p;
    return (struct rdb_source){.start = p, .p = p, .end = p + b->n};
}

TEST(a_claim_that_the_bytes_do_not_hold_costs_no_memory)
{
    struct buf packed = {0}, file = {0};
    memset(buf_room(&packed, 300000), 0, 300000); /* runs of one byte */
    packed.n = 300000;
    static const uint64_t claims[] = {150001,          149999,     300000ull * 88,
                                      300000ull * 299, 1ull << 40, UINT64_MAX - 1};
    for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
        put_lzf(&file, buf_bytes(&packed), claims[i]);
        struct rdb_source r = source_of(&file);
        struct bytes x;
        CHECK(!rdb_source_string(&r, &x) && r.failed && r.text.cap == 0);
        rdb_source_free(&r);
    }
    put_lzf(&file, buf_bytes(&packed), 150000);
    struct rdb_source r = source_of(&file);
    struct bytes x;
    CHECK(rdb_source_string(&r, &x) && x.n == 150000 && r.text.cap <= 150001);
    rdb_source_free(&r);
    /* Strings, and compressed ones, longer than what is left. */
    for (int compressed = 0; compressed < 2; compressed++) {
        file.n = 0;
        if (compressed)
            buf_add_char(&file, (char)0xc3);
        put_length(&file, UINT64_MAX / 2);
        put_length(&file, 10);
        r = source_of(&file);
        CHECK(!rdb_source_string(&r, &x) && r.text.cap == 0);
        rdb_source_free(&r);
    }
    buf_free(&packed);
    buf_free(&file);
}

TEST(the_size_of_what_is_packed_is_what_comes_out)
{
    char text[5000], packed[6000], back[5000];
    srand(7);
    for (int round = 0; round < 300; round++) {
        size_t n = (size_t)(rand() % 5000), size;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(rand() % (1 + round % 9));
        size_t m = lzf_pack(text, n, packed, sizeof(packed));
        if (!m)
            continue;
        CHECK(lzf_size(packed, m, &size) && size == n);
        CHECK(lzf_unpack(packed, m, back, n) && memcmp(text, back, n) == 0);
        /* Cut anywhere it ends within a token, or is shorter. */
        for (size_t cut = 0; cut < m; cut++)
            CHECK(!lzf_size(packed, cut, &size) || size < n);
    }
}

UNIT_MAIN(T(a_claim_that_the_bytes_do_not_hold_costs_no_memory),
          T(the_size_of_what_is_packed_is_what_comes_out))
