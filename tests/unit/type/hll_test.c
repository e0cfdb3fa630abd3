#include "type/hll.h"

#include "base/num.h"
#include "unit.h"

#include <math.h>

static uint64_t count(const struct buf *b)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    if (!hll_merge(registers, buf_bytes(b)))
        return UINT64_MAX;
    return hll_estimate(registers);
}

/* The relative error has a standard deviation of 1.04/sqrt(16384) = 0.81 %. Over 30 independent
 * sets its root mean square stays below 0.81 % * sqrt(1 + 4 * sqrt(2/30)) = 1.16 % with a
 * probability of over 0.9999, and each single one below 4.5 times 0.81 %. The elements are fixed.
 */
TEST(the_error_is_as_promised)
{
    static const uint64_t sizes[] = {10, 100, 1000, 10000, 100000};
    char text[NUM_INT_MAX];
    for (size_t s = 0; s < 5; s++) {
        double sum = 0;
        for (uint64_t set = 0; set < 30; set++) {
            struct buf b = {0};
            hll_init(&b);
            for (uint64_t i = 0; i < sizes[s]; i++)
                CHECK(hll_add(&b, bytes_of(text, num_print_uint(text, set * 10000019 + i)), 3000) >=
                      0);
            double error = ((double)count(&b) - (double)sizes[s]) / (double)sizes[s];
            CHECK(fabs(error) < 4.5 * 0.0081);
            sum += error * error;
            buf_free(&b);
        }
        CHECK(sqrt(sum / 30) < 0.0116);
    }
}

TEST(sparse_and_dense_hold_the_same)
{
    struct buf sparse = {0}, dense = {0};
    char text[NUM_INT_MAX];
    uint8_t a[HLL_REGISTERS], b[HLL_REGISTERS];
    hll_init(&sparse);
    hll_init(&dense);
    CHECK(hll_make_dense(&dense));
    for (uint64_t i = 0; i < 3000; i++) {
        struct bytes x = {text, num_print_uint(text, i * 7919)};
        CHECK(hll_add(&sparse, x, 100000) == hll_add(&dense, x, 100000));
        CHECK(hll_is_valid(buf_bytes(&sparse)) && hll_encoding(buf_bytes(&sparse)) == HLL_SPARSE);
        if (i % 100 == 0) {
            memset(a, 0, sizeof(a));
            memset(b, 0, sizeof(b));
            CHECK(hll_merge(a, buf_bytes(&sparse)) && hll_merge(b, buf_bytes(&dense)));
            CHECK(memcmp(a, b, sizeof(a)) == 0);
        }
    }
    CHECK(hll_make_dense(&sparse));
    CHECK(sparse.n == dense.n && memcmp(sparse.p + 16, dense.p + 16, dense.n - 16) == 0);
    buf_free(&sparse);
    buf_free(&dense);
}

/* Registers that are set directly, in an order of their own, against an array; then the bytes:
 * equal neighbours are one opcode, as far as one can hold them. */
TEST(registers_agree_with_an_array)
{
    struct buf b = {0}, text = {0};
    uint8_t model[HLL_REGISTERS] = {0}, now[HLL_REGISTERS];
    unsigned at = 1;
    hll_init(&b);
    for (int i = 0; i < 400; i++) {
        unsigned value = 1 + at % 32;
        CHECK(hll_raise(&b, at, value, 100000) == (value > model[at]));
        if (value > model[at])
            model[at] = (uint8_t)value;
        at = (at * 5 + 1) % HLL_REGISTERS;
    }
    memset(now, 0, sizeof(now));
    CHECK(hll_merge(now, buf_bytes(&b)) && memcmp(now, model, sizeof(now)) == 0);
    b.n = 0;
    hll_init(&b);
    for (unsigned i = 100; i < 104; i++)
        CHECK(hll_raise(&b, i, 3, 100000) == 1);
    CHECK(hll_raise(&b, 104, 3, 100000) == 1 && hll_raise(&b, 0, 7, 100000) == 1);
    hll_describe(buf_bytes(&b), &text);
    CHECK(bytes_equal(buf_bytes(&text), BYTES("v:7,1 Z:99 v:3,4 v:3,1 Z:16279")));
    /* A value that no opcode holds makes it dense. */
    CHECK(hll_raise(&b, 5, 33, 100000) == 1 && hll_encoding(buf_bytes(&b)) == HLL_DENSE);
    buf_free(&text);
    buf_free(&b);
}

/* With all registers equal each step up is twice as many elements. */
TEST(the_estimate_doubles_with_the_registers)
{
    static uint8_t registers[HLL_REGISTERS];
    CHECK(hll_estimate(registers) == 0);
    memset(registers, 1, sizeof(registers));
    for (unsigned value = 2; value <= 45; value++) {
        uint64_t last = hll_estimate(registers), now;
        memset(registers, (int)value, sizeof(registers));
        now = hll_estimate(registers);
        CHECK(now > last + last / 10 * 9 && now < last * 2 + last / 5);
    }
}

TEST(damage_is_found)
{
    struct buf b = {0};
    uint8_t a[HLL_REGISTERS] = {0};
    hll_init(&b);
    hll_add(&b, BYTES("x"), 3000);
    CHECK(!hll_is_valid(BYTES("HYLL")) && !hll_is_valid(BYTES("HYLX............")));
    b.n--;
    CHECK(!hll_merge(a, buf_bytes(&b)));
    b.p[b.n - 1] = 0x7f;
    CHECK(!hll_merge(a, buf_bytes(&b)));
    buf_free(&b);
}

UNIT_MAIN(T(the_error_is_as_promised), T(sparse_and_dense_hold_the_same),
          T(registers_agree_with_an_array), T(the_estimate_doubles_with_the_registers),
          T(damage_is_found))
