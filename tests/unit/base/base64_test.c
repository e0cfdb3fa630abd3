#include "base/base64.h"

#include "base/rng.h"

#include "unit.h"

TEST(what_is_printed_is_read_again)
{
    struct rng r;
    rng_seed(&r, 7);
    for (int i = 0; i < 2000; i++) {
        char from[64], text[128], back[96];
        size_t n = rng_below(&r, sizeof(from)), got;
        for (size_t j = 0; j < n; j++)
            from[j] = (char)rng_below(&r, 256);
        size_t len = base64_print(text, bytes_of(from, n));
        CHECK(len == base64_size(n));
        CHECK(base64_parse(back, bytes_of(text, len), &got) && got == n && !memcmp(back, from, n));
        /* Over itself. */
        CHECK(base64_parse(text, bytes_of(text, len), &got) && got == n && !memcmp(text, from, n));
    }
}

TEST(known_words)
{
    static const char *pairs[][2] = {{"", ""},
                                     {"f", "Zg=="},
                                     {"fo", "Zm8="},
                                     {"foo", "Zm9v"},
                                     {"\xff\xff\xff", "////"},
                                     {"\xfb", "+w=="},
                                     {"alice:p:w", "YWxpY2U6cDp3"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char to[32];
        size_t n = base64_print(to, bytes_text(pairs[i][0]));
        CHECK(bytes_equal(bytes_of(to, n), bytes_text(pairs[i][1])));
    }
}

TEST(only_one_spelling_is_read)
{
    static const char *bad[] = {"Z",      "Zg",           "Zg=",      "Zh==",    "Zm9=", "Z===",
                                "====",   "=Zg=",         "Zg==Zg==", "Zm-v",    "Zm_v", "Zm 9",
                                "Zm9v\n", "Zg==\n\n\n\n", "Zm9v=",    "Z\xe9==", "Zm=v"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char to[32];
        size_t n;
        CHECK(!base64_parse(to, bytes_text(bad[i]), &n));
    }
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(what_is_printed_is_read_again), T(known_words), T(only_one_spelling_is_read))
