#include "type/stream/stream_limits_words.h"

#include "base/buf.h"
#include "unit.h"

static bool says(const struct stream_limits *l, const char *want)
{
    struct stream_limits_words w;
    struct buf line = {0};
    stream_limits_words_print(l, &w);
    for (int i = 0; i < w.n; i++) {
        buf_add(&line, w.words[i]);
        buf_add_char(&line, i + 1 < w.n ? ' ' : '\n');
    }
    bool same = line.n && bytes_equal(bytes_of(line.p, line.n - 1), bytes_text(want));
    if (!same)
        printf("# <%.*s>\n", (int)line.n, line.p ? line.p : "");
    buf_free(&line);
    return same;
}

/* The words of a text, one blank between them. */
static enum stream_limits_words_read read(struct stream_limits *l, const char *text,
                                          const char **name)
{
    struct bytes words[16];
    unsigned given = 0;
    int n = 0;
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, " ");
        words[n++] = bytes_of(p, length);
        p += length + (p[length] == ' ');
    }
    for (int i = 0; i < n; i++) {
        enum stream_limits_words_read was =
            stream_limits_words_option(l, words, n, &i, &given, name);
        CHECK(i <= n);
        if (was != STREAM_LIMITS_WORDS_TAKEN)
            return was;
    }
    return STREAM_LIMITS_WORDS_TAKEN;
}

static bool becomes(const char *text, const char *want)
{
    const char *name;
    struct stream_limits l = stream_limits_none();
    return read(&l, text, &name) == STREAM_LIMITS_WORDS_TAKEN && says(&l, want);
}

static bool is_refused(const char *text, enum stream_limits_words_read why, const char *whose)
{
    const char *name = "";
    struct stream_limits l = stream_limits_none();
    return read(&l, text, &name) == why && (!whose || strcmp(name, whose) == 0);
}

/* broker M1, M2, M3 */
TEST(options_are_read_and_printed)
{
    CHECK(becomes("", "MAXLEN -1 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF"));
    CHECK(becomes("maxlen 0 MaxBytes 9223372036854775807 MAXAGE 7",
                  "MAXLEN 0 MAXBYTES 9223372036854775807 MAXAGE 7 OVERFLOW DROP KEEPREF"));
    CHECK(becomes("OVERFLOW reject MAXLEN 5", "MAXLEN 5 MAXBYTES -1 MAXAGE -1 OVERFLOW REJECT"));
    CHECK(
        becomes("OVERFLOW DROP MAXLEN 5", "MAXLEN 5 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF"));
    CHECK(becomes("OVERFLOW drop delref MAXLEN -1",
                  "MAXLEN -1 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP DELREF"));
    CHECK(becomes("MAXAGE 1 OVERFLOW DROP Acked",
                  "MAXLEN -1 MAXBYTES -1 MAXAGE 1 OVERFLOW DROP ACKED"));
    CHECK(
        becomes("OVERFLOW DROP KEEPREF", "MAXLEN -1 MAXBYTES -1 MAXAGE -1 OVERFLOW DROP KEEPREF"));
}

/* What is not mentioned stays; another way of overflow begins anew. */
TEST(limits_are_changed)
{
    const char *name;
    struct stream_limits l = stream_limits_none();
    CHECK(read(&l, "MAXLEN 5 OVERFLOW DROP ACKED", &name) == STREAM_LIMITS_WORDS_TAKEN);
    CHECK(read(&l, "MAXAGE 9", &name) == STREAM_LIMITS_WORDS_TAKEN);
    CHECK(says(&l, "MAXLEN 5 MAXBYTES -1 MAXAGE 9 OVERFLOW DROP ACKED"));
    CHECK(read(&l, "OVERFLOW REJECT", &name) == STREAM_LIMITS_WORDS_TAKEN && l.refuses);
    CHECK(l.strategy == STREAM_KEEP_REFERENCES);
    CHECK(read(&l, "OVERFLOW DROP", &name) == STREAM_LIMITS_WORDS_TAKEN && !l.refuses);
    CHECK(l.strategy == STREAM_KEEP_REFERENCES);
}

TEST(what_is_no_option_is_refused)
{
    CHECK(is_refused("MAXLE 5", STREAM_LIMITS_WORDS_UNKNOWN, NULL));
    CHECK(is_refused("MAXLEN", STREAM_LIMITS_WORDS_UNKNOWN, NULL));
    CHECK(is_refused("OVERFLOW", STREAM_LIMITS_WORDS_UNKNOWN, NULL));
    CHECK(is_refused("OVERFLOW KEEPREF", STREAM_LIMITS_WORDS_UNKNOWN, NULL));
    CHECK(is_refused("OVERFLOW REJECT KEEPREF", STREAM_LIMITS_WORDS_UNKNOWN, NULL));
    CHECK(is_refused("MAXLEN x", STREAM_LIMITS_WORDS_RANGE, "MAXLEN"));
    CHECK(is_refused("MAXBYTES -2", STREAM_LIMITS_WORDS_RANGE, "MAXBYTES"));
    CHECK(is_refused("MAXAGE 9223372036854775808", STREAM_LIMITS_WORDS_RANGE, "MAXAGE"));
    CHECK(is_refused("MAXAGE 1 MAXAGE 1", STREAM_LIMITS_WORDS_AGAIN, "MAXAGE"));
    CHECK(is_refused("OVERFLOW DROP OVERFLOW DROP", STREAM_LIMITS_WORDS_AGAIN, "OVERFLOW"));
}

UNIT_MAIN(T(options_are_read_and_printed), T(limits_are_changed), T(what_is_no_option_is_refused))
