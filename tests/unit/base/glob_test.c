#include "base/glob.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

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

/* Whether an item of the pattern matches, and where the next one begins; patterns made below only.
 */
static bool slow_item(const char *p, size_t *n, char c)
{
    if (*p == '[') {
        bool negated = p[1] == '^', found = false;
        const char *x = p + 1 + negated;
        for (; *x != ']'; x++)
            found = found || *x == c;
        *n = (size_t)(x - p) + 1;
        return found != negated;
    }
    *n = *p == '\\' ? 2 : 1;
    return *p == '?' || p[*n - 1] == c;
}

/* All places at once, without any cleverness. */
static bool slow_match(struct bytes pattern, struct bytes text)
{
    static bool now[4096], next[4096];
    memset(now, 0, sizeof(now));
    now[0] = true;
    for (size_t p = 0, n; p < pattern.n; p += n) {
        memset(next, 0, sizeof(next));
        n = 1;
        if (pattern.p[p] == '*') {
            bool reached = false;
            for (size_t t = 0; t <= text.n; t++)
                next[t] = reached = reached || now[t];
        } else {
            slow_item(pattern.p + p, &n, 0);
            for (size_t t = 0; t < text.n; t++)
                next[t + 1] = now[t] && slow_item(pattern.p + p, &n, text.p[t]);
        }
        memcpy(now, next, sizeof(now));
    }
    return now[text.n];
}

static unsigned seed = 14;

static unsigned any(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return seed >> 16 & 0x7fff ? (seed >> 16 & 0x7fff) % n : 0;
}

/* faults P2: long periodic texts, for which trying every place is given up. */
TEST(agrees_with_a_plain_matcher)
{
    static const char *const words[] = {"a", "a", "a", "b", "?", "[ab]", "[^b]", "\\a", "*", "[a]"};
    int matched = 0;
    for (int round = 0; round < 3000; round++) {
        char pattern[2000], text[3000];
        size_t p = 0, n = any(round % 3 ? 1500 : 60), kinds = 3 + any(8);
        unsigned rare = 1 + any(60);
        for (size_t i = 0; i < n; i++)
            text[i] = any(rare * 8) ? 'a' : 'b';
        pattern[p++] = any(4) ? '*' : 'a';
        for (unsigned i = 0, most = any(round % 5 ? 40 : 300); i < most; i++) {
            const char *w = words[any((unsigned)kinds)];
            if (*w == '*' && any(4))
                w = "a";
            p += (size_t)sprintf(pattern + p, "%s", *w == 'b' && any(rare) ? "a" : w);
        }
        if (any(3))
            pattern[p++] = '*';
        struct bytes x = bytes_of(pattern, p), y = bytes_of(text, n);
        bool right = slow_match(x, y);
        matched += right;
        CHECK(glob_match(x, y) == right);
        CHECK(glob_match_nocase(x, y) == right);
    }
    CHECK(matched > 300 && matched < 2700);
}

static bool repeated(const char *first, const char *unit, size_t times, const char *last, size_t n,
                     const char *end)
{
    size_t len = strlen(unit), p = strlen(first), e = strlen(end);
    char *pattern = malloc(p + len * times + strlen(last) + 1), *text = malloc(n + e);
    memcpy(pattern, first, p);
    for (size_t i = 0; i < times; i++, p += len)
        memcpy(pattern + p, unit, len);
    memcpy(pattern + p, last, strlen(last));
    p += strlen(last);
    memset(text, 'a', n);
    memcpy(text + n, end, e);
    bool matches = glob_match(bytes_of(pattern, p), bytes_of(text, n + e));
    free(pattern);
    free(text);
    return matches;
}

/* Each would take minutes if every place were tried (10^11 comparisons). */
TEST(long_patterns_end)
{
    CHECK(!repeated("*", "a", 300000, "b", 1000000, ""));
    CHECK(!repeated("*", "a", 300000, "b*", 1000000, ""));
    CHECK(repeated("*", "a", 300000, "b*", 1000000, "b"));
    CHECK(repeated("*", "a", 300000, "b", 1000000, "b"));
    CHECK(repeated("*x*", "\\a", 300000, "b*", 1000000, "x") == false);
    CHECK(!repeated("*", "?", 300000, "b*", 1000000, ""));
    CHECK(!repeated("*", "[ab]", 300000, "[^a]*", 1000000, ""));
    CHECK(!repeated("*", "a*", 300000, "b", 1000000, ""));
    CHECK(!repeated("", "*?a", 300000, "b*", 1000000, ""));
    CHECK(!repeated("*", "a?", 300000, "b*", 1000000, "c"));
    /* Of up to 4 KB all are decided. */
    CHECK(repeated("*", "a?", 2000, "b*", 1000000, "b"));
    CHECK(repeated("*", "?", 4000, "b*", 1000000, "b"));
    CHECK(!repeated("*", "?", 4000, "b*", 1000000, "c"));
    CHECK(repeated("*", "[ab]", 1000, "c*", 1000000, "c"));
    CHECK(!repeated("*", "[ab]", 1000, "c*", 1000000, "d"));
    CHECK(repeated("*[", "a", 4000, "]*", 1000000, "b"));
    /* What is between brackets cannot be of any length: many texts may be compared with it. */
    CHECK(repeated("[", "b", 4000, "a]", 1, "") && !repeated("[", "b", 10000, "a]", 1, ""));
    CHECK(!repeated("*[", "b", 10000, "a]*", 100, "") && !repeated("[^", "b", 10000, "]", 1, ""));
}

UNIT_MAIN(T(patterns_match), T(hostile_patterns_end), T(agrees_with_a_plain_matcher),
          T(long_patterns_end))
