#include "ds/topic.h"

#include "base/rng.h"
#include "unit.h"

#include <stdlib.h>

/* Values are counters: a match adds one to each that it tells. */
static void count(void *context, void *value)
{
    ++*(int *)value;
    ++*(int *)context;
}

/* Whether a text fits, by a table over words of both: row by row of the pattern. */
static bool fits(const char *pattern, const char *text)
{
    enum { MOST = 64 };
    const char *words[MOST];
    size_t lengths[MOST], n = 0;
    bool row[MOST + 1] = {true};
    for (const char *p = text;; p++) {
        size_t length = strcspn(p, ".");
        words[n] = p;
        lengths[n++] = length;
        p += length;
        if (!*p)
            break;
    }
    for (const char *p = pattern;; p++) {
        size_t length = strcspn(p, ".");
        bool one = length == 1 && *p == '*', many = length == 1 && *p == '#', next[MOST + 1];
        for (size_t i = 0; i <= n; i++)
            next[i] = many ? row[i] || (i && next[i - 1])
                           : i && row[i - 1] &&
                                 (one || (lengths[i - 1] == length &&
                                          memcmp(words[i - 1], p, length) == 0));
        memcpy(row, next, sizeof(row));
        p += length;
        if (!*p)
            break;
    }
    return row[n];
}

/* broker B2 */
TEST(words_and_wildcards)
{
    static const struct {
        const char *pattern, *text;
        bool fits;
    } cases[] = {{"a.b", "a.b", true},   {"a.b", "a.c", false},   {"a.*", "a.b", true},
                 {"a.*", "a", false},    {"a.*", "a.b.c", false}, {"a.#", "a", true},
                 {"a.#", "a.b.c", true}, {"#", "", true},         {"#", "a.b.c", true},
                 {"*", "", true},        {"*", "a.b", false},     {"#.b", "b", true},
                 {"#.b", "a.a.b", true}, {"#.b", "a.b.a", false}, {"a..b", "a..b", true},
                 {"a..b", "a.b", false}, {"a.*.b", "a..b", true}, {"", "", true},
                 {"", "a", false},       {".", ".", true},        {".", "", false},
                 {"*.*", ".", true},     {"#.#", "", true},       {"#.a.#", "b.a.b", true},
                 {"a*", "a*", true},     {"a*", "ab", false},     {"a.##", "a.##", true},
                 {"a.##", "a.b", false}, {"#.*", "", true},       {"#.*.#", "a.b", true},
                 {"*.#.*", "a", false},  {"*.#.*", "a.b", true},  {"a.#.b.#.c", "a.b.c", true},
                 {"A.b", "a.b", false},  {"a.b.", "a.b.", true},  {"a.b.", "a.b", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct topic t = {0};
        int hits = 0, told = 0;
        *topic_ensure(&t, bytes_text(cases[i].pattern)) = &hits;
        topic_match(&t, bytes_text(cases[i].text), count, &told);
        CHECK(hits == cases[i].fits && fits(cases[i].pattern, cases[i].text) == cases[i].fits);
        CHECK(topic_is_sound(&t) && topic_get(&t, bytes_text(cases[i].pattern)) == &hits);
        CHECK(topic_remove(&t, bytes_text(cases[i].pattern)) == &hits);
        CHECK(t.patterns == 0 && topic_memory(&t) == 0 && topic_is_sound(&t));
    }
    CHECK(topic_words(BYTES("")) == 1 && topic_words(BYTES("a..b")) == 3);
}

TEST(a_pattern_has_one_value)
{
    struct topic t = {0};
    int a = 0, b = 0, told = 0;
    CHECK(topic_get(&t, BYTES("x")) == NULL && topic_remove(&t, BYTES("x")) == NULL);
    topic_match(&t, BYTES("x"), count, &told);
    void **place = topic_ensure(&t, BYTES("x.*"));
    CHECK(*place == NULL);
    *place = &a;
    CHECK(topic_ensure(&t, BYTES("x.*")) == place && t.patterns == 1);
    *topic_ensure(&t, BYTES("x.*.#.y")) = &b;
    CHECK(topic_get(&t, BYTES("x")) == NULL && topic_get(&t, BYTES("x.*.#")) == NULL);
    CHECK(topic_remove(&t, BYTES("x.*.#")) == NULL && t.patterns == 2);
    /* What others need stays. */
    CHECK(topic_remove(&t, BYTES("x.*")) == &a && topic_is_sound(&t));
    topic_match(&t, BYTES("x.1.2.y"), count, &told);
    CHECK(a == 0 && b == 1 && told == 1);
    /* Words of bytes. */
    *topic_ensure(&t, bytes_of("a\0b.\n", 5)) = &a;
    topic_match(&t, bytes_of("a\0b.\n", 5), count, &told);
    topic_match(&t, bytes_of("a\0c.\n", 5), count, &told);
    CHECK(a == 1 && told == 2);
    topic_free(&t);
    CHECK(topic_memory(&t) == 0);
}

enum { PATTERNS = 300 };

static void random_text(struct rng *r, char *to, const char *words, unsigned most)
{
    unsigned n = 1 + (unsigned)rng_below(r, most);
    for (unsigned i = 0; i < n; i++) {
        char c = words[rng_below(r, strlen(words))];
        if (i)
            *to++ = '.';
        if (c != ' ') /* an empty word */
            *to++ = c;
    }
    *to = 0;
}

/* broker B2: patterns come and go, and a plain matcher says who fits. */
TEST(agrees_with_a_plain_matcher)
{
    static char patterns[PATTERNS][64];
    static int hits[PATTERNS];
    struct topic t = {0};
    struct rng r;
    rng_seed(&r, 17);
    for (int step = 0; step < 20000; step++) {
        int i = (int)rng_below(&r, PATTERNS);
        char text[64];
        if (topic_get(&t, bytes_text(patterns[i])) == &hits[i]) {
            CHECK(topic_remove(&t, bytes_text(patterns[i])) == &hits[i]);
        } else {
            random_text(&r, patterns[i], "abc *##", 6);
            void **place = topic_ensure(&t, bytes_text(patterns[i]));
            if (!*place) /* another one has it */
                *place = &hits[i];
        }
        if (step % 20)
            continue;
        int told = 0, expected = 0;
        memset(hits, 0, sizeof(hits));
        random_text(&r, text, "abcd *#", 8);
        topic_match(&t, bytes_text(text), count, &told);
        for (int k = 0; k < PATTERNS; k++) {
            bool there = topic_get(&t, bytes_text(patterns[k])) == &hits[k];
            CHECK(hits[k] == (there && fits(patterns[k], text)));
            expected += hits[k];
        }
        CHECK(told == expected && topic_is_sound(&t));
    }
    topic_free(&t);
}

/* What a search that goes back would never end with. */
TEST(hostile_patterns_cost_no_more_than_words_times_nodes)
{
    enum { WORDS = 128, TEXT = 20000 };
    static char pattern[2 * WORDS], text[2 * TEXT];
    static int hits[3 * WORDS];
    struct topic t = {0};
    int n = 0, told = 0;
    for (int kind = 0; kind < 3; kind++) /* #.#.#...   #.a.#.a...   #.*.#.* ... */
        for (int words = 1; words < WORDS; words++) {
            for (int i = 0; i < words; i++) {
                pattern[2 * i] = "#a*"[i % 2 ? kind : 0];
                pattern[2 * i + 1] = '.';
            }
            void **place = topic_ensure(&t, bytes_of(pattern, (size_t)words * 2 - 1));
            if (!*place)
                *place = &hits[n++];
        }
    for (int i = 0; i < TEXT; i++) {
        text[2 * i] = i % 7 ? 'a' : 'b';
        text[2 * i + 1] = '.';
    }
    topic_match(&t, bytes_of(text, 2 * TEXT - 1), count, &told);
    CHECK(told > WORDS && told <= n && topic_is_sound(&t));
    for (int i = 0; i < n; i++)
        CHECK(hits[i] <= 1);
    topic_free(&t);
}

/* Slots of removed nodes are used again. */
TEST(memory_follows_what_is_there)
{
    struct topic t = {0};
    int x = 0;
    char text[32];
    size_t most = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 1000; i++)
            *topic_ensure(&t, bytes_of(text, (size_t)snprintf(text, 32, "%d.%d", round, i))) = &x;
        if (round == 0)
            most = topic_memory(&t);
        for (int i = 0; i < 1000; i++)
            CHECK(topic_remove(&t, bytes_of(text, (size_t)snprintf(text, 32, "%d.%d", round, i))) ==
                  &x);
        *topic_ensure(&t, BYTES("stays")) = &x;
        CHECK(topic_is_sound(&t) && topic_memory(&t) <= most);
    }
    topic_free(&t);
}

UNIT_MAIN(T(words_and_wildcards), T(a_pattern_has_one_value), T(agrees_with_a_plain_matcher),
          T(hostile_patterns_cost_no_more_than_words_times_nodes), T(memory_follows_what_is_there))
