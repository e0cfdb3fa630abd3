#include "admin/entries.h"

#include "unit.h"

static struct buf out;
static char seen[2000];

static void write(void *to, const struct entries *e)
{
    (void)to;
    if (!e->fits)
        return;
    struct json_write w = json_write_begin(&out, 10000);
    CHECK(entries_write(e, &w, 4) && json_write_is_whole(&w));
}

/* The JSON of what e takes of a reply of XRANGE. */
static const char *said(struct entries e, const char *reply)
{
    struct answer a = {0};
    struct answer_item item;
    struct bytes in = bytes_text(reply);
    out = (struct buf){0};
    while (answer_next(&a, &in, &item) == ANSWER_ITEM)
        entries_item(&e, &item);
    snprintf(seen, sizeof(seen), "%.*s", (int)out.n, out.p ? out.p : "");
    entries_end(&e);
    answer_reset(&a);
    buf_free(&out);
    return seen;
}

/* Of those entries that fit. */
static const char *those(struct entries_filter filter, const char *reply)
{
    struct entries e = {.filter = filter, .depth = 1, .keep = 8, .each = write};
    return said(e, reply);
}

#define TWO                                                                                        \
    "*2\r\n*2\r\n$3\r\n1-2\r\n*4\r\n$1\r\na\r\n$3\r\nxyz\r\n$1\r\nb\r\n$0\r\n\r\n"                 \
    "*2\r\n$3\r\n3-4\r\n*2\r\n$1\r\na\r\n$12\r\n0123456789ab\r\n"
#define FIRST "{\"id\":\"1-2\",\"ms\":1,\"fields\":[[\"a\",\"xyz\"],[\"b\",\"\"]]}"
#define SECOND                                                                                     \
    "{\"id\":\"3-4\",\"ms\":3,\"fields\":[[\"a\",{\"text\":\"0123\",\"bytes\":12,\"cut\":true}]]}"

static bool finds(const char *field, unsigned how, const char *text, const char *want)
{
    struct entries_filter f = {.field = bytes_text(field ? field : ""),
                               .any_field = !field,
                               .how = how,
                               .text = bytes_text(text)};
    bool good = strcmp(those(f, TWO), want) == 0;
    if (!good)
        printf("# %s\n", seen);
    return good;
}

TEST(without_a_filter)
{
    CHECK(finds(NULL, ENTRIES_ALL, "", FIRST SECOND));
    CHECK(strcmp(those((struct entries_filter){0}, "*0\r\n"), "") == 0);
    /* A message that was deleted while it was pending. */
    CHECK(strcmp(those((struct entries_filter){0}, "*1\r\n*2\r\n$3\r\n5-6\r\n_\r\n"),
                 "{\"id\":\"5-6\",\"ms\":5,\"fields\":[]}") == 0);
}

TEST(filters)
{
    CHECK(finds("a", ENTRIES_HAS, "", FIRST SECOND));
    CHECK(finds("b", ENTRIES_HAS, "", FIRST));
    CHECK(finds("c", ENTRIES_HAS, "", ""));
    CHECK(finds("a", ENTRIES_CONTAINS, "y", FIRST));
    CHECK(finds("b", ENTRIES_CONTAINS, "y", ""));
    CHECK(finds(NULL, ENTRIES_CONTAINS, "z", FIRST));
    CHECK(finds("a", ENTRIES_EQUALS, "xyz", FIRST));
    CHECK(finds("a", ENTRIES_EQUALS, "xy", ""));
    CHECK(finds("b", ENTRIES_EQUALS, "", FIRST));
    /* Also behind what is kept of a value. */
    CHECK(finds("a", ENTRIES_CONTAINS, "9ab", SECOND));
    CHECK(finds("a", ENTRIES_EQUALS, "0123456789ab", SECOND));
}

/* A value that was cut, piece by piece. */
TEST(one_field_and_the_rest_of_it)
{
    struct entries e = {.depth = 1, .keep = 8, .only = 1, .each = write};
    static const char *const pieces[] = {"{\"id\":\"3-4\",\"ms\":3,\"fields\":[[\"a\",{\"text\":"
                                         "\"0123\",\"bytes\":12,\"cut\":true}]]}",
                                         "{\"id\":\"3-4\",\"ms\":3,\"fields\":[[\"a\",{\"text\":"
                                         "\"4567\",\"bytes\":8,\"cut\":true}]]}",
                                         "{\"id\":\"3-4\",\"ms\":3,\"fields\":[[\"a\",\"89ab\"]]}",
                                         "{\"id\":\"3-4\",\"ms\":3,\"fields\":[[\"a\",\"\"]]}"};
    for (e.skip = 0; e.skip <= 12; e.skip += 4)
        CHECK(strstr(said(e, TWO), pieces[e.skip / 4]));
    e.skip = 13;
    CHECK(strstr(said(e, TWO), pieces[3]));
    e.skip = 0, e.only = 2;
    CHECK(strcmp(said(e, TWO), "{\"id\":\"1-2\",\"ms\":1,\"fields\":[[\"b\",\"\"]]}"
                               "{\"id\":\"3-4\",\"ms\":3,\"fields\":[]}") == 0);
}

TEST(what_does_not_fit_is_taken_back)
{
    struct entries e = {.depth = 1};
    struct json_write w = json_write_begin(&out, 30);
    memcpy(e.id, "1-2", 4);
    json_write_array(&w);
    size_t n = out.n;
    CHECK(!entries_write(&e, &w, 4) && out.n == n && !w.failed);
    json_write_array_end(&w);
    CHECK(json_write_is_whole(&w));
    buf_free(&out);
}

static char fields_text[5000];

/* Of six fields those that fit with what ends the entry; whatever the limit is, it is JSON. */
static void write_front(void *to, const struct entries *e)
{
    unsigned shown, last = 0;
    (void)to;
    for (size_t most = ENTRIES_FRONT + 60; most < 400; most++) {
        struct buf text = {0};
        struct json_write w = json_write_begin(&text, most);
        entries_write_front(e, &w, 4);
        CHECK(json_write_is_whole(&w) && text.n <= most);
        buf_add_char(&text, '\0');
        shown = 0;
        for (const char *p = text.p; (p = strstr(p, "[\"a\",")); p++)
            shown++;
        snprintf(fields_text, sizeof(fields_text), "],\"fieldsLeft\":%u}", 6 - shown);
        CHECK(shown >= last && shown <= 6 && strstr(text.p, fields_text));
        last = shown;
        buf_free(&text);
    }
    CHECK(last == 6);
}

TEST(the_front_of_an_entry)
{
    struct entries e = {.depth = 1, .keep = 8, .each = write_front};
    said(e,
         "*1\r\n*2\r\n$3\r\n1-2\r\n*12\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\na\r\n"
         "$1\r\n3\r\n$1\r\na\r\n$1\r\n4\r\n$1\r\na\r\n$1\r\n5\r\n$1\r\na\r\n$1\r\n6\r\n");
}

UNIT_MAIN(T(the_front_of_an_entry), T(without_a_filter), T(filters),
          T(one_field_and_the_rest_of_it), T(what_does_not_fit_is_taken_back))
