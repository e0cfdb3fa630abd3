#include "base/json_write.h"

#include "unit.h"

#include <math.h>

static bool is(const struct buf *b, const char *text)
{
    bool same = bytes_equal(buf_bytes(b), bytes_text(text));
    if (!same)
        printf("# %.*s\n", (int)b->n, b->p);
    return same;
}

static void write_all(struct json_write *w)
{
    json_write_object(w);
    json_write_name(w, BYTES("a"));
    json_write_array(w);
    json_write_int(w, -1);
    json_write_null(w);
    json_write_object(w);
    json_write_object_end(w);
    json_write_array(w);
    json_write_array_end(w);
    json_write_double(w, 0.25);
    json_write_array_end(w);
    json_write_name(w, BYTES("b\"\xff"));
    json_write_bytes(w, BYTES("x\n\x01\x7f\\ \xc3\xa4"));
    json_write_name(w, BYTES(""));
    json_write_bytes(w, BYTES("\xff\0"));
    json_write_name(w, BYTES("c"));
    json_write_bool(w, true);
    json_write_object_end(w);
}

static const char all[] =
    "{\"a\":[-1,null,{},[],0.25],\"b\\\"\xef\xbf\xbd\":\"x\\n\\u0001\\u007f\\\\ "
    "\xc3\xa4\",\"\":{\"base64\":\"/wA=\"},\"c\":true}";

TEST(commas_names_and_escapes)
{
    struct buf b = {0};
    struct json_write w = json_write_begin(&b, 1000);
    CHECK(!json_write_is_whole(&w));
    write_all(&w);
    CHECK(json_write_is_whole(&w) && is(&b, all));
    buf_free(&b);
}

/* Wherever the limit is: never a byte more, and the writer says that it is not whole. */
TEST(the_limit_holds_at_each_byte)
{
    size_t whole = sizeof(all) - 1;
    for (size_t most = 0; most < whole + 3; most++) {
        struct buf b = {0};
        buf_add_text(&b, "front");
        struct json_write w = json_write_begin(&b, most);
        write_all(&w);
        CHECK(json_write_is_whole(&w) == (most >= whole));
        CHECK(b.n <= 5 + most && !memcmp(b.p, "front", 5));
        buf_free(&b);
    }
}

/* Section 7: integers beyond 2^53 are strings. */
TEST(numbers)
{
    struct buf b = {0};
    struct json_write w = json_write_begin(&b, 1000);
    json_write_array(&w);
    json_write_int(&w, 1LL << 53);
    json_write_int(&w, (1LL << 53) + 1);
    json_write_int(&w, -(1LL << 53) - 1);
    json_write_int(&w, INT64_MIN);
    json_write_uint(&w, UINT64_MAX);
    json_write_uint(&w, 7);
    json_write_double(&w, INFINITY);
    json_write_double(&w, NAN);
    json_write_double(&w, 1e300);
    json_write_double(&w, 3);
    json_write_array_end(&w);
    CHECK(is(
        &b, "[9007199254740992,\"9007199254740993\",\"-9007199254740993\",\"-9223372036854775808\","
            "\"18446744073709551615\",7,null,null,1e+300,3]"));
    buf_free(&b);
}

static bool cut_is(struct bytes x, size_t most, const char *text)
{
    struct buf b = {0};
    struct json_write w = json_write_begin(&b, 1000);
    json_write_cut(&w, x, most);
    bool good = json_write_is_whole(&w) && is(&b, text);
    buf_free(&b);
    return good;
}

/* Section 7: ?max= */
TEST(long_values_are_cut)
{
    CHECK(cut_is(BYTES("abc"), 3, "\"abc\""));
    CHECK(cut_is(BYTES("abcd"), 3, "{\"text\":\"abc\",\"bytes\":4,\"cut\":true}"));
    CHECK(cut_is(BYTES("ab\xc3\xa4"), 3, "{\"text\":\"ab\",\"bytes\":4,\"cut\":true}"));
    CHECK(cut_is(BYTES("\xf0\x9f\x98\x80z"), 3, "{\"text\":\"\",\"bytes\":5,\"cut\":true}"));
    CHECK(cut_is(BYTES("ab\xff\x64"), 3, "{\"base64\":\"YWL/\",\"bytes\":4,\"cut\":true}"));
    CHECK(cut_is(BYTES("a\xffxyz"), 4, "{\"base64\":\"Yf94eQ==\",\"bytes\":5,\"cut\":true}"));
    CHECK(cut_is(BYTES("abcd"), 0, "{\"text\":\"\",\"bytes\":4,\"cut\":true}"));
}

/* A page of such values would not fit into an answer. */
TEST(long_texts_of_control_characters_are_bytes)
{
    char x[1024];
    struct buf b = {0};
    memset(x, 1, sizeof(x));
    for (size_t n = 1; n <= sizeof(x); n++) {
        struct json_write w = json_write_begin(&b, 10000);
        b.n = 0;
        json_write_bytes(&w, bytes_of(x, n));
        CHECK(json_write_is_whole(&w) && (*b.p == '"') == (n <= 256) && b.n <= 6 * 256 + 2);
    }
    for (size_t i = 0; i < sizeof(x); i++)
        x[i] = i % 8 == 7 ? 0 : "\n\"\\\t"[i % 4];
    for (size_t most = 1000; most <= sizeof(x); most++) {
        struct json_write w = json_write_begin(&b, 10000);
        b.n = 0;
        json_write_cut(&w, bytes_of(x, sizeof(x)), most);
        CHECK(json_write_is_whole(&w) && !memmem(b.p, b.n, "base64", 6));
    }
    memset(x, 0, 2);
    for (size_t most = 1000; most <= sizeof(x); most++) {
        struct json_write w = json_write_begin(&b, 10000);
        b.n = 0;
        json_write_cut(&w, bytes_of(x, sizeof(x)), most);
        CHECK(json_write_is_whole(&w) && memmem(b.p, b.n, "base64", 6));
    }
    buf_free(&b);
}

TEST(too_deep_is_not_whole)
{
    for (int depth = JSON_WRITE_DEPTH - 2; depth < JSON_WRITE_DEPTH + 3; depth++) {
        struct buf b = {0};
        struct json_write w = json_write_begin(&b, 1000);
        for (int i = 0; i < depth; i++)
            json_write_array(&w);
        for (int i = 0; i < depth; i++)
            json_write_array_end(&w);
        CHECK(json_write_is_whole(&w) == (depth < JSON_WRITE_DEPTH));
        buf_free(&b);
    }
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(commas_names_and_escapes), T(the_limit_holds_at_each_byte), T(numbers),
          T(long_values_are_cut), T(long_texts_of_control_characters_are_bytes),
          T(too_deep_is_not_whole))
