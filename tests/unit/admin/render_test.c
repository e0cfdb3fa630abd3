#include "admin/render.h"

#include "admin/param.h"

#include "unit.h"

static struct render r;
static struct json_write w;
static struct buf out;

/* The JSON of a reply, fed in pieces that end at `cut` and at each `cut` bytes more. */
static bool renders(enum render_shape shape, const char *names, size_t max, const char *reply,
                    const char *want)
{
    size_t n = strlen(reply);
    for (size_t cut = 1; cut <= n; cut++) {
        out = (struct buf){0};
        w = json_write_begin(&out, 10000);
        r = (struct render){.w = &w, .shape = shape, .names = names, .max = max};
        for (size_t i = 0; i < n; i += cut)
            CHECK(render_feed(&r, bytes_of(reply + i, n - i < cut ? n - i : cut)));
        bool good = json_write_is_whole(&w) && bytes_equal(buf_bytes(&out), bytes_text(want));
        if (!good)
            printf("# %zu: %.*s\n", cut, (int)out.n, out.p);
        render_end(&r);
        buf_free(&out);
        if (!good)
            return false;
    }
    return true;
}

TEST(values)
{
    CHECK(renders(RENDER_VALUE, NULL, 99, "*4\r\n:1\r\n$2\r\nab\r\n_\r\n#t\r\n",
                  "[1,\"ab\",null,true]"));
    CHECK(renders(RENDER_VALUE, NULL, 99, "%1\r\n$12\r\noldest-ready\r\n~1\r\n(123\r\n",
                  "{\"oldestReady\":[\"123\"]}"));
    CHECK(renders(RENDER_VALUE, NULL, 3, "$6\r\nabcdef\r\n",
                  "{\"text\":\"abc\",\"bytes\":6,\"cut\":true}"));
    CHECK(renders(RENDER_VALUE, NULL, 3, "*1\r\n-ERR x\r\n",
                  "[{\"text\":\"ERR\",\"bytes\":5,\"cut\":true}]"));
    CHECK(renders(RENDER_VALUE, NULL, 0, "$0\r\n\r\n", "\"\""));
}

#define ENTRY(id) "*2\r\n$3\r\n" id "\r\n*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$3\r\n2\r\n\r\n"
#define SHOWN(id) "{\"id\":\"" id "\",\"ms\":1,\"fields\":[[\"a\",\"1\"],[\"b\",\"2\\r\\n\"]]}"

TEST(entries)
{
    CHECK(renders(RENDER_ENTRIES, NULL, 99, "*0\r\n", "[]"));
    CHECK(renders(RENDER_ENTRIES, NULL, 99, "*2\r\n" ENTRY("1-1") ENTRY("1-2"),
                  "[" SHOWN("1-1") "," SHOWN("1-2") "]"));
    CHECK(renders(RENDER_ENTRIES, NULL, 99, "*1\r\n*2\r\n$3\r\n2-3\r\n_\r\n",
                  "[{\"id\":\"2-3\",\"ms\":2,\"fields\":null}]"));
}

/* Whatever the limit is: whole rows, and the last of them is told. */
TEST(entries_that_do_not_fit_are_left_out)
{
    static const char reply[] = "*3\r\n" ENTRY("1-1") ENTRY("1-2") ENTRY("1-3");
    size_t row = sizeof(SHOWN("1-1")) - 1;
    for (size_t most = 2; most < 4 * row; most++) {
        out = (struct buf){0};
        w = json_write_begin(&out, most);
        r = (struct render){.w = &w, .shape = RENDER_ENTRIES, .max = 99};
        CHECK(render_feed(&r, bytes_text(reply)));
        unsigned rows = most < row + 2 ? 0 : most < 2 * row + 3 ? 1 : most < 3 * row + 4 ? 2 : 3;
        CHECK(json_write_is_whole(&w));
        CHECK(r.rows == rows && r.full == (rows < 3));
        CHECK(rows == 0 || r.last[2] == (char)('0' + rows));
        render_end(&r);
        buf_free(&out);
    }
}

/* The first entry keeps the fields that fit; the next ones are the next page's. */
TEST(the_front_of_an_entry_that_is_longer_than_an_answer)
{
    struct buf reply = {0};
    char text[64];
    buf_add_text(&reply, "*2\r\n*2\r\n$3\r\n1-1\r\n*80\r\n");
    for (int i = 0; i < 40; i++)
        buf_printf(&reply, "$1\r\nz\r\n$2\r\n%02d\r\n", i);
    buf_add_text(&reply, ENTRY("1-2"));
    for (size_t most = 120; most < 440; most++) {
        out = (struct buf){0};
        w = json_write_begin(&out, most);
        r = (struct render){.w = &w, .shape = RENDER_ENTRIES, .max = 99};
        CHECK(render_feed(&r, buf_bytes(&reply)) && json_write_is_whole(&w));
        CHECK(r.rows == 2 || (r.rows == 1 && strcmp(r.last, "1-1") == 0 && r.full));
        buf_add_char(&out, '\0');
        int fits = 0;
        for (const char *p = out.p; (p = strstr(p, "[\"z\",")); p++)
            fits++;
        snprintf(text, sizeof(text), "[\"z\",\"%02d\"]],\"fieldsLeft\":%d}", fits - 1, 40 - fits);
        CHECK(fits > 0 && fits < 40 && strstr(out.p, text));
        render_end(&r);
        buf_free(&out);
    }
    buf_free(&reply);
}

TEST(tuples_lines)
{
    CHECK(renders(RENDER_TUPLES, "id atS", 99, "*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n*1\r\n+x\r\n",
                  "[{\"id\":1,\"atS\":2},{\"id\":[\"x\"]}]"));
    CHECK(renders(RENDER_LINES, NULL, 99,
                  "$47\r\nid=3 name=5 qbuf-free=7 x= lib-name=a=b\nid=4 y\n\r\n",
                  "[{\"id\":3,\"name\":\"5\",\"qbufFree\":7,\"x\":\"\",\"libName\":\"a=b\"},{"
                  "\"id\":4,\"y\":\"\"}]"));
    CHECK(renders(RENDER_LINES, NULL, 99, "$0\r\n\r\n", "[]"));
}

/* Names that are data: neither shortened nor changed, and those that differ stay different. */
TEST(what_is_typed)
{
    CHECK(renders(RENDER_TYPED, NULL, 99,
                  "%5\r\n$3\r\na-b\r\n:1\r\n$2\r\naB\r\n:2\r\n$2\r\n\xff\"\r\n:3\r\n$1\r\n\xfe\r\n:"
                  "4\r\n$0\r\n\r\n:5\r\n",
                  "{\"a-b\":1,\"aB\":2,\"\\\\xff\\\"\":3,\"\\\\xfe\":4,\"\":5}"));
    CHECK(renders(RENDER_TYPED, NULL, 99, "%1\r\n$3\r\nx-y\r\n%1\r\n$3\r\na_b\r\n+v\r\n",
                  "{\"x-y\":{\"a_b\":\"v\"}}"));
}

TEST(numbers_that_json_has_not)
{
    CHECK(renders(RENDER_VALUE, NULL, 99, "*4\r\n,inf\r\n,-inf\r\n,nan\r\n,1.5\r\n",
                  "[\"inf\",\"-inf\",\"nan\",1.5]"));
}

TEST(errors_and_broken_replies)
{
    out = (struct buf){0};
    w = json_write_begin(&out, 100);
    r = (struct render){.w = &w, .shape = RENDER_VALUE, .max = 99};
    CHECK(render_feed(&r, BYTES("-NOGROUP no\r\n")) &&
          bytes_equal(buf_bytes(&r.error), BYTES("NOGROUP no")) && out.n == 0);
    render_end(&r);
    r = (struct render){.w = &w, .shape = RENDER_VALUE, .max = 99};
    CHECK(!render_feed(&r, BYTES("?\r\n")));
    render_end(&r);
    /* No object has a name of that kind. */
    r = (struct render){.w = &w, .shape = RENDER_VALUE, .max = 99};
    CHECK(render_feed(&r, BYTES("%1\r\n*1\r\n:1\r\n:2\r\n")) && !json_write_is_whole(&w));
    render_end(&r);
    buf_free(&out);
}

/* The place of a row in an answer: that of `want`, or null. */
static bool place_is(const char *by, bool desc, const struct bytes row[4],
                     const struct bytes want[4])
{
    struct buf got = {0}, place = {0}, text = {0};
    struct json_write to = json_write_begin(&got, 20000), expected;
    struct render x = {.w = &to, .by = bytes_text(by), .is_descending = desc};
    for (int i = 0; i < 4; i++)
        buf_add(&x.last_place.words[i], row[i]);
    x.last_place.has_group = true;
    render_write_place(&x);
    expected = json_write_begin(&text, 20000);
    if (want) {
        param_print_place(&place, want, 4);
        json_write_bytes(&expected, buf_bytes(&place));
    } else {
        json_write_null(&expected);
    }
    bool good = bytes_equal(buf_bytes(&got), buf_bytes(&text));
    render_end(&x);
    buf_free(&got);
    buf_free(&place);
    buf_free(&text);
    return good;
}

/* Beyond 3,000 bytes names are shortened to what comes after all with the same front; after 0xff
 * nothing does, so the next page begins behind the key or the database. */
TEST(the_place_of_long_names)
{
    static char high[4000], low[4000];
    memset(high, 0xff, sizeof(high));
    memset(low, 'a', sizeof(low));
    memset(low + 100, 0xff, 100);
    struct bytes h = bytes_of(high, sizeof(high)), l = bytes_of(low, sizeof(low));
    struct buf after = {0};
    buf_add(&after, bytes_of(low, 100));
    after.p[99]++;
    struct bytes next = buf_bytes(&after), minus = BYTES("-1"), none = BYTES(""), ten = BYTES("10"),
                 k = BYTES("k");
#define PLACE(a, b, c, d) ((const struct bytes[]){a, b, c, d})
    CHECK(place_is("key", false, PLACE(l, ten, l, none), PLACE(next, minus, none, none)));
    CHECK(place_is("key", false, PLACE(h, ten, h, none), NULL));
    CHECK(place_is("ready", false, PLACE(ten, ten, h, none), PLACE(ten, BYTES("11"), none, none)));
    CHECK(place_is("ready", false, PLACE(ten, ten, BYTES("k"), h),
                   PLACE(ten, ten, BYTES("k\0"), none)));
    CHECK(place_is("ready", false, PLACE(ten, ten, l, h), PLACE(ten, ten, next, none)));
    CHECK(place_is("ready", false, PLACE(ten, ten, l, ten), PLACE(ten, ten, next, none)));
    /* Descending are only the values. */
    CHECK(
        place_is("key", true, PLACE(h, ten, h, l), PLACE(bytes_of(high, 200), minus, none, none)));
    CHECK(place_is("key", true, PLACE(k, ten, k, l), PLACE(k, ten, k, next)));
    CHECK(place_is("key", true, PLACE(k, ten, k, h), PLACE(k, ten, BYTES("k\0"), none)));
    CHECK(place_is("ready", true, PLACE(ten, ten, l, h), PLACE(ten, ten, next, none)));
    CHECK(place_is("ready", false, PLACE(ten, ten, h, h), PLACE(ten, BYTES("11"), none, none)));
    buf_free(&after);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(values), T(entries), T(entries_that_do_not_fit_are_left_out),
          T(the_front_of_an_entry_that_is_longer_than_an_answer), T(tuples_lines), T(what_is_typed),
          T(numbers_that_json_has_not), T(errors_and_broken_replies), T(the_place_of_long_names))
