#include "base/words.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

static int split(const char *line, struct bytes *words, char **text)
{
    return words_split(bytes_text(line), words, 8, text);
}

TEST(blanks_and_quotes_separate)
{
    struct bytes w[8];
    char *text;
    CHECK(split("  a\tbc  \"d e\" 'f g'  ", w, &text) == 4);
    CHECK(bytes_is(w[0], "a") && bytes_is(w[1], "bc") && bytes_is(w[2], "d e") &&
          bytes_is(w[3], "f g"));
    CHECK(w[1].p[w[1].n] == 0);
    mem_free(text);
    CHECK(split("\"\\x41\\n\\\"\\\\\\q\" 'it\\'s' \"\" a\"b\"", w, &text) == 4);
    CHECK(bytes_is(w[0], "A\n\"\\q") && bytes_is(w[1], "it's") && w[2].n == 0 &&
          bytes_is(w[3], "ab"));
    mem_free(text);
    CHECK(split("", w, &text) == 0);
    mem_free(text);
}

TEST(what_does_not_balance_is_refused)
{
    static const char *const bad[] = {"\"a",  "'a",      "\"a\"b",           "'a'b",
                                      "a \"", "\"a\\\"", "1 2 3 4 5 6 7 8 9"};
    struct bytes w[8];
    char *text;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(split(bad[i], w, &text) == -1);
        mem_free(text);
    }
}

TEST(what_is_quoted_comes_back)
{
    struct rng r;
    rng_seed(&r, 3);
    for (int i = 0; i < 20000; i++) {
        char raw[12];
        size_t n = rng_below(&r, sizeof(raw) + 1);
        for (size_t k = 0; k < n; k++)
            raw[k] = (char)(rng_below(&r, 3) ? "\"'\\ #ax\n"[rng_below(&r, 8)]
                                             : (int)rng_below(&r, 256));
        struct buf line = {0};
        struct bytes w[2];
        char *text;
        if (words_is_plain(bytes_of(raw, n)) && *raw != '#')
            buf_add(&line, bytes_of(raw, n));
        else if (rng_below(&r, 2))
            words_quote(&line, bytes_of(raw, n));
        else
            words_escape(&line, bytes_of(raw, n), rng_below(&r, 2) ? 126 : 255);
        CHECK(words_split(buf_bytes(&line), w, 2, &text) == 1);
        CHECK(bytes_equal(w[0], bytes_of(raw, n)));
        mem_free(text);
        buf_free(&line);
    }
}

UNIT_MAIN(T(blanks_and_quotes_separate), T(what_does_not_balance_is_refused),
          T(what_is_quoted_comes_back))
