#include "base/json_read.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "base/rng.h"

#include "unit.h"

/* What was read, written again. */
static void print(const struct json_read *r, const struct json_read_value *v, struct json_write *w)
{
    switch (v->kind) {
    case JSON_READ_NULL:
        json_write_null(w);
        break;
    case JSON_READ_FALSE:
    case JSON_READ_TRUE:
        json_write_bool(w, v->kind == JSON_READ_TRUE);
        break;
    case JSON_READ_NUMBER:
        json_write_raw(w, v->text);
        break;
    case JSON_READ_STRING:
        json_write_bytes(w, v->text);
        break;
    default:
        v->kind == JSON_READ_OBJECT ? json_write_object(w) : json_write_array(w);
        for (const struct json_read_value *m = json_read_first(v); m; m = json_read_next(r, v, m)) {
            if (v->kind == JSON_READ_OBJECT)
                json_write_name(w, m->name);
            print(r, m, w);
        }
        v->kind == JSON_READ_OBJECT ? json_write_object_end(w) : json_write_array_end(w);
    }
}

/* Reads text; `again` is what it is when it is written. */
static bool reads_as(struct bytes text, struct bytes again)
{
    struct json_read r;
    struct buf b = {0};
    bool good = json_read(&r, text);
    if (good) {
        struct json_write w = json_write_begin(&b, JSON_READ_MOST * 7);
        print(&r, r.values, &w);
        good = json_write_is_whole(&w) && bytes_equal(buf_bytes(&b), again);
    }
    if (!good)
        printf("# %.*s: %s, %.*s\n", (int)text.n, text.p, r.why, (int)b.n, b.p);
    json_read_free(&r);
    buf_free(&b);
    return good;
}

TEST(values)
{
    static const char *pairs[][2] = {
        {" null ", "null"},
        {"\t[true,false , null]\r\n", "[true,false,null]"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"-0", "-0"},
        {"0.5e-10", "0.5e-10"},
        {"1E+3", "1E+3"},
        {"\"\\u00e4\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xc3\xa4\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\ud83d\\ude00\\u0000\"", "\"\xf0\x9f\x98\x80\\u0000\""},
        {"{\"a\":{\"b\":[1,{\"c\":2}],\"d\":3},\"e\":4}",
         "{\"a\":{\"b\":[1,{\"c\":2}],\"d\":3},\"e\":4}"},
        {"{\"base64\":\"YWI=\"}", "\"ab\""},
        {"[{\"base64\":\"/wA=\"},1]", "[{\"base64\":\"/wA=\"},1]"},
        {"{\"base64\":\"YWI=\",\"x\":1}", "{\"base64\":\"YWI=\",\"x\":1}"},
        {"{\"base64\":[\"YWI=\"]}", "{\"base64\":[\"YWI=\"]}"},
        {"{\"x\":{\"base64\":\"\"},\"y\":\"\"}", "{\"x\":\"\",\"y\":\"\"}"},
    };
    hash_init(NULL, 0);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        CHECK(reads_as(bytes_text(pairs[i][0]), bytes_text(pairs[i][1])));
}

static bool refuses(struct bytes text, const char *why)
{
    struct json_read r;
    bool good = !json_read(&r, text) && !strncmp(r.why, why, strlen(why));
    if (!good)
        printf("# %.*s: %s\n", (int)(text.n < 60 ? text.n : 60), text.p, r.why);
    json_read_free(&r);
    return good;
}

TEST(what_is_no_json_is_refused)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "a value is expected at byte 0"},
        {"  ", "a value is expected at byte 2"},
        {"1 2", "something follows the value at byte 2"},
        {"{}x", "something follows the value"},
        {"nul", "a value is expected"},
        {"nulll", "something follows"},
        {"True", "a value is expected"},
        {"01", "not a number"},
        {"-", "not a number"},
        {"+3", "a value is expected"},
        {".5", "a value is expected"},
        {"1.", "not a number"},
        {"1e", "not a number"},
        {"0x10", "something follows"},
        {"NaN", "a value is expected"},
        {"[1,]", "a value is expected at byte 3"},
        {"[,1]", "a value is expected"},
        {"[1 2]", "a comma or ] is expected"},
        {"[1", "a comma or ] is expected at byte 2"},
        {"{\"a\":1,}", "a name is expected"},
        {"{\"a\" 1}", "a colon is expected"},
        {"{a:1}", "a name is expected"},
        {"{1:1}", "a name is expected"},
        {"{\"a\":1", "a comma or } is expected"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "a name comes twice"},
        {"{\"a\":[1,2],\"\\u0061\":3}", "a name comes twice"},
        {"\"a", "a string has no end"},
        {"\"a\\", "no such escape"},
        {"\"\\x41\"", "no such escape"},
        {"\"\\u12g4\"", "\\u needs four"},
        {"\"\\ud800\"", "half of a surrogate pair"},
        {"\"\\udc00\"", "half of a surrogate pair"},
        {"\"\\ud800\\u0041\"", "half of a surrogate pair"},
        {"\"a\nb\"", "a control character"},
        {"\"\xff\"", "not UTF-8"},
        {"\"\xc0\xaf\"", "not UTF-8"},
        {"\"\xed\xa0\x80\"", "not UTF-8"},
        {"'a'", "a value is expected"},
        {"[1] // x", "something follows"},
        {"\xef\xbb\xbf{}", "a value is expected"},
        {"{\"base64\":\"YW=\"}", "not Base64"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CHECK(refuses(bytes_text(bad[i].text), bad[i].why));
    CHECK(refuses(BYTES("[1\0]"), "a comma or ] is expected"));
    CHECK(refuses(BYTES("\0"), "a value is expected"));
    CHECK(refuses(BYTES("\"a\0\""), "a control character"));
}

static void repeat(struct buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add_text(b, text);
}

TEST(bounds)
{
    struct buf b = {0};
    repeat(&b, "[", JSON_READ_DEPTH);
    repeat(&b, "]", JSON_READ_DEPTH);
    CHECK(reads_as(buf_bytes(&b), buf_bytes(&b)));
    b.n = 0;
    repeat(&b, "[", 100000);
    CHECK(refuses(buf_bytes(&b), "nested too deeply at byte 17"));
    b.n = 0;
    repeat(&b, "[0", 1);
    repeat(&b, ",0", JSON_READ_VALUES - 2);
    repeat(&b, "]", 1);
    CHECK(reads_as(buf_bytes(&b), buf_bytes(&b)));
    b.n--;
    repeat(&b, ",0]", 1);
    CHECK(refuses(buf_bytes(&b), "too many values"));
    for (int more = 0; more < 2; more++) {
        b.n = 0;
        for (int i = 0; i < JSON_READ_MEMBERS + more; i++)
            buf_printf(&b, "%s\"%d\":0", i ? "," : "{", i);
        repeat(&b, "}", 1);
        CHECK(more ? refuses(buf_bytes(&b), "too many members")
                   : reads_as(buf_bytes(&b), buf_bytes(&b)));
    }
    b.n = 0;
    repeat(&b, "\"", 1);
    repeat(&b, "\\u00e4", (JSON_READ_MOST - 2) / 6);
    repeat(&b, "\"", 1);
    struct json_read r;
    CHECK(json_read(&r, buf_bytes(&b)) && r.values[0].text.n == (JSON_READ_MOST - 2) / 6 * 2);
    json_read_free(&r);
    repeat(&b, "      ", 1);
    CHECK(refuses(buf_bytes(&b), "too long"));
    buf_free(&b);
}

TEST(members_and_integers)
{
    struct json_read r;
    long long v = 0;
    CHECK(json_read(
        &r, BYTES("{\"ids\":[\"1-1\",\"2\"],\"n\":-5,\"s\":\"9007199254740993\",\"d\":1.5}")));
    const struct json_read_value *ids = json_read_member(&r, r.values, "ids");
    CHECK(ids && ids->n == 2 && bytes_equal(json_read_first(ids)->text, BYTES("1-1")));
    CHECK(!json_read_int(json_read_first(ids), &v));
    CHECK(json_read_int(json_read_next(&r, ids, json_read_first(ids)), &v) && v == 2);
    CHECK(!json_read_next(&r, ids, json_read_next(&r, ids, json_read_first(ids))));
    CHECK(json_read_int(json_read_member(&r, r.values, "n"), &v) && v == -5);
    CHECK(json_read_int(json_read_member(&r, r.values, "s"), &v) && v == (1LL << 53) + 1);
    CHECK(!json_read_int(json_read_member(&r, r.values, "d"), &v) && !json_read_int(ids, &v));
    CHECK(!json_read_member(&r, r.values, "id") && !json_read_member(&r, ids, "n"));
    json_read_free(&r);
}

static void write_random(struct json_write *w, struct rng *r, int depth)
{
    char text[24];
    size_t n = rng_below(r, sizeof(text));
    for (size_t i = 0; i < n; i++)
        text[i] = (char)rng_below(r, rng_below(r, 3) ? 128 : 256);
    switch (rng_below(r, depth ? 6 : 4)) {
    case 0:
        json_write_bytes(w, bytes_of(text, n));
        break;
    case 1:
        json_write_int(w, (int64_t)(rng_next(r) >> rng_below(r, 64)) - (1 << 20));
        break;
    case 2:
        json_write_double(w, (double)(int64_t)rng_next(r) / 1024);
        break;
    case 3:
        json_write_bool(w, n & 1);
        break;
    case 4:
        json_write_array(w);
        for (size_t i = 0; i < n / 4; i++)
            write_random(w, r, depth - 1);
        json_write_array_end(w);
        break;
    default:
        json_write_object(w);
        for (size_t i = 0; i < n / 4; i++) {
            text[0] = (char)('a' + i);
            json_write_name(w, bytes_of(text, 1 + rng_below(r, 2)));
            write_random(w, r, depth - 1);
        }
        json_write_object_end(w);
    }
}

TEST(what_is_written_is_read_again)
{
    struct rng r;
    rng_seed(&r, 5 + unit_share());
    for (int i = 0; i < 20000 / UNIT_SHARES; i++) {
        struct buf b = {0};
        struct json_write w = json_write_begin(&b, 1 << 20);
        write_random(&w, &r, 6);
        CHECK(json_write_is_whole(&w) && reads_as(buf_bytes(&b), buf_bytes(&b)));
        buf_free(&b);
    }
}

/* Every front of a text, and every text with one byte changed, is read or refused, and what is read
 * can be written. */
TEST(damaged_texts)
{
    static const char whole[] =
        "{\"a\":[1,-2.5e3,\"x\\u00e4\\n\"],\"b\":{\"base64\":\"/wA=\"},\"c\":[{},[],null,true]}";
    char text[sizeof(whole)];
    size_t n = sizeof(whole) - 1;
    for (size_t i = 0; i < n; i++)
        CHECK(refuses(bytes_of(whole, i), ""));
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 256; c++) {
            struct json_read r;
            memcpy(text, whole, sizeof(whole));
            text[i] = (char)c;
            if (json_read(&r, bytes_of(text, n))) {
                struct buf b = {0};
                struct json_write w = json_write_begin(&b, 1000);
                print(&r, r.values, &w);
                CHECK(json_write_is_whole(&w));
                buf_free(&b);
            }
            json_read_free(&r);
        }
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(values), T(what_is_no_json_is_refused), T(bounds), T(members_and_integers),
          T(what_is_written_is_read_again), T(damaged_texts))
