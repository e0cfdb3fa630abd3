#include "base/num.h"
#include "unit.h"

#include <limits.h>
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

TEST(what_does_not_fit_is_the_nearest)
{
    CHECK(num_minus(5, 7) == -2 && num_minus(0, INT64_MIN) == INT64_MAX);
    CHECK(num_minus(-2, INT64_MAX) == INT64_MIN && num_minus(-1, INT64_MIN) == INT64_MAX);
    CHECK(num_times(-3, 4) == -12 && num_times(INT64_MAX, 1000) == INT64_MAX);
    CHECK(num_times(INT64_MIN, 1000) == INT64_MIN && num_times(INT64_MIN, -1) == INT64_MAX);
}

UNIT_MAIN(T(what_does_not_fit_is_the_nearest), T(integers_are_strict), T(printing_reads_back),
          T(sizes_have_units), T(doubles_refuse_what_is_none))
