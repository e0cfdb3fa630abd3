/* What each kind of parameter takes; words that commands get of them are template_test's. */
#include "admin/param.h"

#include "unit.h"

static struct param_set set;
static char why[PARAM_WHY];

static void begin(const char *declaration)
{
    set = (struct param_set){0};
    *why = 0;
    param_begin(&set, declaration, 4096);
}

/* What a query's value becomes; NULL: it is refused. To be freed with the set. */
static const struct param *by_query(const char *declaration, const char *value)
{
    begin(declaration);
    return param_take_query(&set, BYTES("a"), bytes_text(value), why) && param_is_whole(&set, why)
               ? param_find(&set, BYTES("a"))
               : NULL;
}

static const struct param *by_body(const char *declaration, const char *body)
{
    begin(declaration);
    return param_take_body(&set, bytes_text(body), why) && param_is_whole(&set, why)
               ? param_find(&set, BYTES("a"))
               : NULL;
}

static bool refuses(const struct param *p, const char *wanted)
{
    bool good = !p && strcmp(why, wanted) == 0;
    if (!good)
        printf("# %s\n", why);
    param_free(&set);
    return good;
}

TEST(numbers_within_their_bounds)
{
    static const char bounds[] = "a: an integer from -5 to 9223372036854775807 is expected";
    const char *lowest = "a:int(-5,9223372036854775807)";
    CHECK(by_query(lowest, "-5") && param_number(&set, "a", 0) == -5);
    param_free(&set);
    CHECK(by_body(lowest, "{\"a\":9223372036854775807}"));
    CHECK(param_number(&set, "a", 0) == INT64_MAX);
    CHECK(bytes_is(param_text(&set, "a"), "9223372036854775807")); /* what a command gets */
    param_free(&set);
    CHECK(refuses(by_query(lowest, "-6"), bounds));
    CHECK(refuses(by_query(lowest, "9223372036854775808"), bounds));
    CHECK(refuses(by_query(lowest, ""), bounds) && refuses(by_query(lowest, "+3"), bounds));
    /* Digits in a string: a browser's numbers end at 2^53. */
    CHECK(by_body(lowest, "{\"a\":\"3\"}") && param_number(&set, "a", 0) == 3);
    param_free(&set);
    CHECK(refuses(by_body(lowest, "{\"a\":\"x\"}"), bounds));
    CHECK(refuses(by_body(lowest, "{\"a\":true}"), bounds));
}

/* What was not given and has no default is not there, and is not 0. */
TEST(defaults_and_what_is_not_there)
{
    begin("a:int(1,9)=7 b:int c d:flag");
    CHECK(param_is_whole(&set, why) && param_number(&set, "a", 3) == 7);
    CHECK(param_number(&set, "b", 3) == 3 && !param_find(&set, BYTES("b")));
    CHECK(param_text(&set, "c").n == 0 && !param_find(&set, BYTES("d")));
    CHECK(!param_find(&set, BYTES("e")));
    param_free(&set);
}

TEST(texts_hold_any_byte)
{
    const struct param *p = by_body("a", "{\"a\":{\"base64\":\"/wA=\"}}");
    CHECK(p && bytes_equal(p->text, bytes_of("\xff\0", 2)));
    param_free(&set);
    p = by_query("a", "%ff%00+x%2B");
    CHECK(p && bytes_equal(p->text, bytes_of("\xff\0 x+", 5)));
    param_free(&set);
    CHECK(refuses(by_query("a", "%f"), "a: it is not encoded as it should be"));
}

TEST(one_of_some_words)
{
    CHECK(by_query("a:word(keepref,acked)", "Acked"));
    CHECK(bytes_equal(param_text(&set, "a"), BYTES("ACKED")));
    param_free(&set);
    CHECK(
        refuses(by_query("a:word(keepref,acked)", "acke"), "a: one of keepref,acked is expected"));
    CHECK(refuses(by_query("a:word(keepref,acked)", "keepref,acked"),
                  "a: one of keepref,acked is expected"));
}

TEST(words_of_a_string)
{
    const struct param *p = by_body("a:words", "{\"a\":\"one  two \"}");
    CHECK(p && p->n == 2 && bytes_is(p->items[0], "one") && bytes_is(p->items[1], "two"));
    param_free(&set);
    p = by_body("a:words", "{\"a\":\"\"}"); /* ORDERBY "": no order any more */
    CHECK(p && p->n == 1 && p->items[0].n == 0);
    param_free(&set);
}

TEST(lists_of_a_query)
{
    const struct param *p = by_query("a:list", "x,,y%2Cz,");
    CHECK(p && p->n == 3 && bytes_is(p->items[0], "x") && bytes_is(p->items[2], "z"));
    param_free(&set);
    struct buf many = {0};
    for (int i = 0; i < PARAM_ITEMS; i++)
        buf_add_char(&many, ',');
    buf_add_char(&many, '\0');
    CHECK(refuses(by_query("a:list", many.p), "a: too many of them"));
    buf_free(&many);
}

/* Of the path: a database is a number there is, a key any bytes. */
TEST(parts_of_a_path)
{
    begin("max:int");
    CHECK(param_take_path(&set, BYTES("db"), BYTES("3"), why));
    CHECK(param_take_path(&set, BYTES("key"), BYTES("a%2Fb+c"), why));
    CHECK(param_number(&set, "db", 0) == 3 && bytes_is(param_text(&set, "key"), "a/b+c"));
    param_free(&set);
    static const char *const none[] = {"-1", "2147483648", "x", ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        begin("");
        CHECK(!param_take_path(&set, BYTES("db"), bytes_text(none[i]), why));
        CHECK(strcmp(why, "db: an integer from 0 to 2147483647 is expected") == 0);
        param_free(&set);
    }
}

/* The name in a refusal comes from the request, and may be long. */
TEST(a_long_name_is_cut)
{
    char body[1000] = "{\"";
    memset(body + 2, 'n', 900);
    memcpy(body + 902, "\":1}", 5);
    begin("a");
    CHECK(!param_take_body(&set, bytes_text(body), why));
    CHECK(strlen(why) < PARAM_WHY && strstr(why, "n: there is no such member"));
    param_free(&set);
}

UNIT_MAIN(T(numbers_within_their_bounds), T(defaults_and_what_is_not_there), T(texts_hold_any_byte),
          T(one_of_some_words), T(words_of_a_string), T(lists_of_a_query), T(parts_of_a_path),
          T(a_long_name_is_cut))
