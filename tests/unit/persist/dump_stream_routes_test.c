#include "persist/dump_stream_routes.h"

#include "dumped.h"
#include "type/stream/stream_bindings_words.h"

#define BINDINGS "01 09 "
#define CAPTURES "01 0a "

static void bind(struct stream *s, const char *text)
{
    struct bytes words[STREAM_BINDINGS_WORDS_MOST];
    struct stream_binding_rule rule;
    int n = 0;
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, " ");
        words[n++] = bytes_of(p, length);
        p += length + (p[length] != 0);
    }
    CHECK(stream_bindings_words_read(words, n, &rule) == STREAM_BINDINGS_WORDS_GOOD);
    CHECK(stream_bindings_add(stream_extra_need_bindings(stream_need_extra(s)), &rule));
}

/* broker Z7, B12 */
TEST(bindings_and_captures_come_back)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    bind(s, "ALL TO d");
    CHECK(comes_back(s));
    bind(s, "HEADERS ANY 2 a  c dddddddddddddddddddddddddddddddddddddddddddddddddd TO e");
    bind(s, "TOPIC a.*.# BY f TO x");
    bind(s, "DIRECT  TO d");
    bind(s, "ALTERNATE TO d");
    CHECK(comes_back(s));
    stream_captures_add(&s->extra->captures, BYTES("news.*"));
    stream_captures_add(&s->extra->captures, BYTES(""));
    CHECK(comes_back(s));
    stream_free(s);
    s = stream_new(rdb_streams(), 100, 100);
    stream_captures_add(&stream_need_extra(s)->captures, BYTES("__keyevent@0__:expired"));
    CHECK(comes_back(s));
    stream_free(s);
}

#define ALL_TO_D "03 03'ALL'02'TO'01'd'"

TEST(damaged_bindings)
{
    char error[160];
    struct stream *s = read_back(rdb_hex(BINDINGS "0b 01" ALL_TO_D), error);
    CHECK(s && s->extra->bindings->count == 1);
    stream_free(s);
    CHECK(refused(BINDINGS "15 02" ALL_TO_D ALL_TO_D, "Duplicate binding"));
    CHECK(refused(BINDINGS "0c 02 03'ALL'02'TO'01'd'", "Unexpected EOF"));
    CHECK(refused(BINDINGS "02 0100", "or one of a later version"));
    CHECK(refused(BINDINGS "06 01 01 03'NEW'", "or one of a later version"));
    CHECK(refused(BINDINGS "03 01 4080", "Damaged binding"));
    /* None at all: a stream like any other. */
    s = read_back(rdb_hex(BINDINGS "01 00"), error);
    CHECK(s && !s->extra);
    stream_free(s);
}

TEST(damaged_captures)
{
    char error[160];
    struct stream *s = read_back(rdb_hex(CAPTURES "05 02 01'a'01'b'"), error);
    CHECK(s && stream_captures_count(&s->extra->captures) == 2);
    stream_free(s);
    CHECK(refused(CAPTURES "05 02 01'a'01'a'", "Damaged captures"));
    CHECK(refused(CAPTURES "03 02 01'a'", "Unexpected EOF"));
}

UNIT_MAIN(T(bindings_and_captures_come_back), T(damaged_bindings), T(damaged_captures))
