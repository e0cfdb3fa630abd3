#include "base/glob.h"
#include "unit.h"

static bool m(const char *pattern, const char *text)
{
    return glob_match(bytes_text(pattern), bytes_text(text));
}

TEST(patterns_match)
{
    CHECK(m("*", "") && m("*", "abc") && m("a*c", "abbbc") && m("h?llo", "hello") &&
          m("h[ae]llo", "hallo"));
    CHECK(m("h[a-b]llo", "hbllo") && m("h[^e]llo", "hallo") && !m("h[^e]llo", "hello"));
    CHECK(m("\\*", "*") && !m("\\*", "x") && m("a\\?b", "a?b"));
    CHECK(!m("abc", "abcd") && !m("abcd", "abc") && !m("", "x") && m("", ""));
    CHECK(m("*.*.com", "www.example.com") && !m("*a*b*c", "aXbX"));
    CHECK(glob_match_nocase(BYTES("HE*"), BYTES("hello")));
}

/* A pattern that makes recursive matchers run for ages. */
TEST(hostile_patterns_end)
{
    char pattern[4000], text[4000];
    for (size_t i = 0; i < sizeof(pattern); i += 2)
        pattern[i] = 'a', pattern[i + 1] = '*';
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = 'a';
    text[sizeof(text) - 1] = 'b';
    pattern[sizeof(pattern) - 1] = 'c';
    CHECK(!glob_match(bytes_of(pattern, sizeof(pattern)), bytes_of(text, sizeof(text))));
}

UNIT_MAIN(T(patterns_match), T(hostile_patterns_end))
