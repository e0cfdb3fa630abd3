#include "base/num.h"
#include "base/rng.h"
#include "unit.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

TEST(integers_are_strict)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      "01",
                                      "-0",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
    long long v;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(!num_parse_int(bytes_text(bad[i]), &v));
    CHECK(num_parse_int(BYTES("9223372036854775807"), &v) && v == LLONG_MAX);
    CHECK(num_parse_int(BYTES("-9223372036854775808"), &v) && v == LLONG_MIN);
    CHECK(num_parse_int(BYTES("0"), &v) && v == 0);
}

TEST(printing_reads_back)
{
    long long v = 1;
    char text[NUM_INT_MAX];
    for (int i = 0; i < 200;
         i++, v = (long long)((unsigned long long)v * 7 - (unsigned long long)i)) {
        long long back;
        struct bytes x = {text, num_print_int(text, v)};
        CHECK(num_parse_int(x, &back) && back == v);
        char libc[32];
        CHECK((size_t)snprintf(libc, sizeof(libc), "%lld", v) == x.n &&
              memcmp(libc, text, x.n) == 0);
    }
}

TEST(sizes_have_units)
{
    long long v;
    CHECK(num_parse_size(BYTES("10mb"), &v) && v == 10 << 20);
    CHECK(num_parse_size(BYTES("10m"), &v) && v == 10000000);
    CHECK(num_parse_size(BYTES("7"), &v) && v == 7);
    CHECK(!num_parse_size(BYTES("7q"), &v));
    CHECK(!num_parse_size(BYTES("mb"), &v));
    CHECK(!num_parse_size(BYTES("99999999999gb"), &v));
}

TEST(doubles_refuse_what_is_none)
{
    double v;
    CHECK(!num_parse_double(BYTES("nan"), &v) && !num_parse_double(BYTES(" 1"), &v) &&
          !num_parse_double(BYTES("1x"), &v) && !num_parse_double(BYTES(""), &v));
    CHECK(num_parse_double(BYTES("-1.5e3"), &v) && v < -1499.9 && v > -1500.1);
}

static bool prints(double v, const char *text)
{
    char to[NUM_DOUBLE_MAX];
    size_t n = num_print_double(to, v);
    return n == strlen(text) && memcmp(to, text, n) == 0;
}

/* compat 10.1, 10.3: written down, since redis-server 7.0 prints 17 digits. */
TEST(doubles_are_printed_as_redis_7_2_does)
{
    CHECK(prints(1795898401767012000.0, "1795898401767012096"));
    CHECK(prints(-1795898401767012000.0, "-1795898401767012096"));
    CHECK(prints(4611686018427387904.0, "4611686018427387904"));
    CHECK(prints(9.3e18, "9.3e+18"));
    CHECK(prints(1e20, "1e+20") && prints(-1e20, "-1e+20") && prints(1e300, "1e+300"));
    CHECK(prints(123456789012345680000.0, "123456789012345680000"));
    CHECK(prints(5e-324, "5e-324") && prints(4.9e-324, "5e-324") && prints(-2e-310, "-2e-310"));
    CHECK(prints(2.2250738585072014e-308, "2.2250738585072014e-308"));
    CHECK(prints(1.7976931348623157e308, "1.7976931348623157e+308"));
    CHECK(prints(0.1, "0.1") && prints(-0.5, "-0.5") && prints(3.25, "3.25"));
    CHECK(prints(0.000001, "0.000001") && prints(0.0000001, "1e-7") && prints(1.5e-7, "1.5e-7"));
    CHECK(prints(0.1 + 0.2, "0.30000000000000004") && prints(1234567.891, "1234567.891"));
    CHECK(prints(1.0 / 3, "0.3333333333333333") && prints(0.0012345678, "0.0012345678"));
    char to[NUM_DOUBLE_MAX];
    CHECK(num_print_shortest(to, 1795898401767012000.0) == 19 &&
          memcmp(to, "1795898401767012000", 19) == 0);
    CHECK(prints(3, "3") && prints(-0.0, "-0") && prints(1e15, "1000000000000000"));
}

TEST(doubles_are_printed_so_that_they_read_back)
{
    struct rng rng;
    rng_seed(&rng, 7);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = rng_next(&rng) & (i % 3 ? UINT64_MAX : 0x800fffffffffffffu);
        double v, again;
        char to[NUM_DOUBLE_MAX];
        memcpy(&v, &bits, sizeof(v));
        if (isnan(v) || isinf(v))
            continue;
        size_t n = num_print_double(to, v);
        CHECK(n < NUM_DOUBLE_MAX && num_parse_double(bytes_of(to, n), &again) &&
              memcmp(&v, &again, sizeof(v)) == 0);
    }
}

/* Where there is a shorter way to print and to parse them, and next to it. */
TEST(numbers_of_few_digits_are_printed_as_they_are_written)
{
    struct rng rng;
    rng_seed(&rng, 8);
    for (int i = 0; i < 200000; i++) {
        unsigned long long k = rng_next(&rng) % 1000000000000000 >> rng_next(&rng) % 50;
        char text[40], to[NUM_DOUBLE_MAX];
        if (k % 1000000 == 0)
            continue;
        size_t n = (size_t)snprintf(text, sizeof(text), "-%llu.%06llu", k / 1000000, k % 1000000);
        while (text[n - 1] == '0')
            text[--n] = '\0';
        double v = strtod(text + 1, NULL), next = nextafter(v, i % 2 ? 0 : 1e300), again;
        CHECK(prints(v, text + 1) && prints(-v, text));
        CHECK(num_parse_double(bytes_of(text, n), &again) && again + v == 0);
        n = num_print_double(to, next);
        CHECK(num_parse_double(bytes_of(to, n), &again) && memcmp(&next, &again, sizeof(v)) == 0);
    }
    CHECK(prints(999999999.999999, "999999999.999999") && prints(1e9 + 0.5, "1000000000.5"));
    CHECK(prints(0.0, "0") && prints(0.001, "0.001") && prints(0.0000005, "5e-7"));
    char to[NUM_DOUBLE_MAX];
    CHECK(num_print_shortest(to, 1e10) == 5 && memcmp(to, "1e+10", 5) == 0);
}

/* Of up to 17 digits with a point anywhere, with which a shorter way ends. */
TEST(doubles_are_parsed_as_by_the_library)
{
    struct rng rng;
    rng_seed(&rng, 9);
    for (int i = 0; i < 200000; i++) {
        char text[40];
        size_t n = 0, digits = 1 + rng_next(&rng) % 17, point = rng_next(&rng) % 20;
        if (rng_next(&rng) % 2)
            text[n++] = '-';
        for (size_t k = 0; k < digits; k++) {
            if (k == point)
                text[n++] = '.';
            text[n++] = (char)('0' + rng_next(&rng) % 10);
        }
        text[n] = '\0';
        double v = strtod(text, NULL), got;
        CHECK(num_parse_double(bytes_of(text, n), &got) && memcmp(&v, &got, sizeof(v)) == 0);
    }
    double v;
    CHECK(num_parse_double(BYTES(".5"), &v) && v == 0.5 && num_parse_double(BYTES("5."), &v));
    CHECK(num_parse_double(BYTES("-0"), &v) && v == 0 && signbit(v));
    CHECK(!num_parse_double(BYTES("."), &v) && !num_parse_double(BYTES("-"), &v) &&
          !num_parse_double(BYTES("-."), &v) && !num_parse_double(BYTES("1.2.3"), &v) &&
          !num_parse_double(BYTES("1-"), &v) && !num_parse_double(BYTES("--1"), &v));
}

/* compat 10.2, 10.3 */
TEST(doubles_may_be_long_and_small)
{
    char text[6000];
    double v;
    long double l;
    bool in_range;
    memset(text, '0', sizeof(text));
    text[0] = '1';
    CHECK(num_parse_double(bytes_of(text, 300), &v) && v > 0.99e299 && v < 1.01e299);
    CHECK(num_parse_long_double(bytes_of(text, 300), &l) && l > 0.99e299L && l < 1.01e299L);
    CHECK(!num_parse_double(bytes_of(text, 400), &v));
    text[1] = '.';
    CHECK(num_parse_double(bytes_of(text, sizeof(text)), &v) && v > 0.99 && v < 1.01);
    CHECK(num_parse_long_double(bytes_of(text, 5119), &l) &&
          !num_parse_long_double(bytes_of(text, 5120), &l));
    CHECK(num_parse_double(BYTES("4.9e-324"), &v) && v > 0);
    CHECK(!num_parse_double(BYTES("1e-400"), &v) && !num_parse_double(BYTES("1e400"), &v));
    CHECK(num_parse_double(BYTES("0x10"), &v) && v > 15.9 && v < 16.1);
    CHECK(num_read_double(BYTES("4.9e-324"), &in_range, &v) && v > 0 && !in_range);
    CHECK(num_read_double(BYTES("1e400"), &in_range, &v) && isinf(v) && !in_range);
    CHECK(num_read_double(BYTES(""), &in_range, &v) && in_range && v < 1);
    CHECK(!num_read_double(BYTES("nan"), &in_range, &v));
}

TEST(what_does_not_fit_is_the_nearest)
{
    CHECK(num_minus(5, 7) == -2 && num_minus(0, INT64_MIN) == INT64_MAX);
    CHECK(num_minus(-2, INT64_MAX) == INT64_MIN && num_minus(-1, INT64_MIN) == INT64_MAX);
    CHECK(num_times(-3, 4) == -12 && num_times(INT64_MAX, 1000) == INT64_MAX);
    CHECK(num_times(INT64_MIN, 1000) == INT64_MIN && num_times(INT64_MIN, -1) == INT64_MAX);
}

UNIT_MAIN(T(doubles_are_printed_as_redis_7_2_does), T(doubles_may_be_long_and_small),
          T(doubles_are_printed_so_that_they_read_back),
          T(numbers_of_few_digits_are_printed_as_they_are_written),
          T(doubles_are_parsed_as_by_the_library), T(what_does_not_fit_is_the_nearest),
          T(integers_are_strict), T(printing_reads_back), T(sizes_have_units),
          T(doubles_refuse_what_is_none))
