#include "type/stream/stream_bindings_words.h"

#include "base/buf.h"
#include "unit.h"

/* The words of a text, one blank between them. */
static int split(const char *text, struct bytes words[100])
{
    int n = 0;
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, " ");
        words[n++] = bytes_of(p, length);
        p += length + (p[length] != 0);
    }
    return n;
}

static enum stream_bindings_words_read read(const char *text)
{
    struct bytes words[100];
    struct stream_binding_rule rule;
    return stream_bindings_words_read(words, split(text, words), &rule);
}

/* What the words say, written out again. */
static bool says(const char *text, const char *want)
{
    struct bytes words[100];
    struct stream_binding_rule rule;
    struct stream_bindings_words out;
    struct buf line = {0};
    if (stream_bindings_words_read(words, split(text, words), &rule) != STREAM_BINDINGS_WORDS_GOOD)
        return false;
    stream_bindings_words_print(&rule, &out);
    for (int i = 0; i < out.n; i++) {
        buf_add(&line, out.words[i]);
        buf_add_char(&line, ' ');
    }
    bool same = bytes_equal(bytes_of(line.p, line.n - 1), bytes_text(want));
    buf_free(&line);
    return same;
}

/* broker B1 */
TEST(each_kind_is_written_out)
{
    CHECK(says("all to d", "ALL TO d"));
    CHECK(says("Direct x to d", "DIRECT x BY routing-key TO d"));
    CHECK(says("TOPIC a.*.# by f TO d", "TOPIC a.*.# BY f TO d"));
    CHECK(says("HEADERS all 2 a b c d TO e", "HEADERS ALL 2 a b c d TO e"));
    CHECK(says("headers ANY 1 TO TO TO TO", "HEADERS ANY 1 TO TO TO TO"));
    CHECK(says("ALTERNATE TO d", "ALTERNATE TO d"));
    /* Values that look like words of ours shift nothing. */
    CHECK(says("DIRECT TO TO BY", "DIRECT TO BY routing-key TO BY"));
    CHECK(says("DIRECT BY BY TO TO TO", "DIRECT BY BY TO TO TO"));
    CHECK(says("TOPIC # TO #", "TOPIC # BY routing-key TO #"));
}

TEST(what_is_none)
{
    static const char *const bad[] = {"",
                                      "ALL",
                                      "ALL TO",
                                      "ALL d",
                                      "ALL TO d e",
                                      "SOME TO d",
                                      "DIRECT TO d",
                                      "DIRECT",
                                      "DIRECT x",
                                      "DIRECT x BY TO d",
                                      "DIRECT x BY f BY g TO d",
                                      "DIRECT x TO d BY f",
                                      "ALL BY f TO d",
                                      "ALTERNATE BY f TO d",
                                      "HEADERS ALL 1 a b BY f TO d",
                                      "HEADERS TO d",
                                      "HEADERS SOME 1 a b TO d",
                                      "HEADERS ALL 2 a b TO d",
                                      "HEADERS ALL 1 a b c TO d",
                                      "TOPIC a SEPARATOR / TO d"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(read(bad[i]) == STREAM_BINDINGS_WORDS_BAD);
    CHECK(read("HEADERS ALL 0 TO d") == STREAM_BINDINGS_WORDS_RANGE);
    CHECK(read("HEADERS ALL 33 TO d") == STREAM_BINDINGS_WORDS_RANGE);
    CHECK(read("HEADERS ANY x a b TO d") == STREAM_BINDINGS_WORDS_RANGE);
}

/* broker B2 */
TEST(a_pattern_has_at_most_128_words)
{
    struct buf text = {0};
    for (int words = 1; words <= 129; words++) {
        buf_add_text(&text, words == 1 ? "TOPIC #" : ".#");
        struct bytes all[] = {BYTES("TOPIC"), bytes_of(text.p + 6, text.n - 6), BYTES("TO"),
                              BYTES("d")};
        struct stream_binding_rule rule;
        CHECK(stream_bindings_words_read(all, 4, &rule) ==
              (words <= 128 ? STREAM_BINDINGS_WORDS_GOOD : STREAM_BINDINGS_WORDS_TOO_MANY));
        CHECK(bytes_equal(rule.dest, BYTES("d")));
    }
    buf_free(&text);
}

UNIT_MAIN(T(each_kind_is_written_out), T(what_is_none), T(a_pattern_has_at_most_128_words))
