#include "admin/param.h"
#include "admin/template.h"

#include "unit.h"

static struct param_set set;
static char why[PARAM_WHY];

static void begin(const char *declaration)
{
    set = (struct param_set){0};
    *why = 0;
    param_begin(&set, declaration, 4096);
}

static bool takes_body(const char *declaration, const char *body)
{
    begin(declaration);
    bool good = param_take_body(&set, bytes_text(body), why) && param_is_whole(&set, why);
    if (!good)
        printf("# %s\n", why);
    return good;
}

static bool takes_query(const char *declaration, const char *name, const char *value)
{
    begin(declaration);
    return param_take_query(&set, bytes_text(name), bytes_text(value), why) &&
           param_is_whole(&set, why);
}

/* The words, with bars between them. */
static bool fills(const char *form, const char *want)
{
    struct template_words t = {0};
    struct buf got = {0};
    template_fill(&t, bytes_text(form), &set);
    for (size_t i = 0; i < t.n; i++) {
        if (i)
            buf_add_char(&got, '|');
        buf_add(&got, t.words[i]);
    }
    bool good = bytes_equal(buf_bytes(&got), bytes_text(want));
    if (!good)
        printf("# %.*s\n", (int)got.n, got.p);
    buf_free(&got);
    template_free(&t);
    return good;
}

static bool refuses(const char *declaration, const char *body, const char *text)
{
    bool good = !takes_body(declaration, body) && strcmp(why, text) == 0;
    if (!good)
        printf("# %s\n", why);
    param_free(&set);
    return good;
}

TEST(members_become_words)
{
    CHECK(takes_body("id fields!:pairs durable:flag delayMs:int mode:word(keep,drop)=KEEP",
                     "{\"fields\":[[\"a\",\"1\"],[\"b\",{\"base64\":\"/wA=\"}]],\"durable\":true,"
                     "\"delayMs\":5,\"mode\":\"Drop\"}"));
    CHECK(fills("XADD k [DURABLE ?durable] [DELAY {delayMs}] [AT {atMs}] [{mode}] {id|*} a",
                "XADD|k|DURABLE|DELAY|5|DROP|*|a"));
    CHECK(fills("{#fields}", "2"));
    struct template_words t = {0};
    template_fill(&t, BYTES("{fields}"), &set);
    CHECK(t.n == 4 && bytes_equal(t.words[3], bytes_of("\xff\0", 2)));
    template_free(&t);
    param_free(&set);
    CHECK(takes_body("mode:word(keep,drop)=KEEP f:pairs", "{\"f\":{\"x\":\"y\"}}"));
    CHECK(fills("{mode} {f}", "KEEP|x|y"));
    param_free(&set);
}

TEST(what_is_left_out)
{
    CHECK(takes_body("on:flag ids:list a b", "{\"on\":false,\"ids\":[\"1\",\"2\"],\"a\":\"\"}"));
    CHECK(fills("X [ON ?on] [OFF !on] [N {#ids} {ids}] [A {a}] [B {b}] {b} [C ~b] [D ~a]",
                "X|OFF|N|2|1|2|A||C"));
    param_free(&set);
    CHECK(takes_body("on:flag side:word(left,right)", "{\"side\":\"left\"}"));
    CHECK(fills("[L ?side=LEFT] [R ?side=RIGHT] [ON ?on] [NOT !on]", "L|NOT"));
    param_free(&set);
    CHECK(takes_body("a", ""));
    CHECK(fills("X [A {a}]", "X"));
    param_free(&set);
}

TEST(words_that_are_put_together)
{
    CHECK(takes_body("password from:int count:int=10 match:match retry:words",
                     "{\"password\":\"p w\",\"from\":5}"));
    CHECK(fills("SET [>{password}] {last}", "SET|>p w|14"));
    param_free(&set);
    CHECK(takes_body("match:match retry:words",
                     "{\"match\":{\"value\":\"v\",\"field\":\"f\"},\"retry\":\"EXP  1 2\"}"));
    CHECK(fills("{match} {retry}", "f|v|EXP|1|2"));
    param_free(&set);
    CHECK(takes_body("*!:pairs", "{\"a\":\"1\",\"b\":\"2\"}"));
    CHECK(fills("CONFIG SET {*} {#*}", "CONFIG|SET|a|1|b|2|2"));
    param_free(&set);
}

TEST(ranges)
{
    CHECK(takes_query("key from to after newest:flag count:int(1,200)=50", "newest", "1"));
    CHECK(param_take_query(&set, BYTES("key"), BYTES("a+b%2Fc"), why));
    CHECK(fills("{range}", "XREVRANGE|a b/c|+|-|COUNT|50"));
    CHECK(param_take_query(&set, BYTES("after"), BYTES("7-1"), why));
    CHECK(param_take_query(&set, BYTES("from"), BYTES("3"), why));
    CHECK(fills("{range}", "XREVRANGE|a b/c|(7-1|3|COUNT|50"));
    param_free(&set);
    CHECK(takes_query("key from to after newest:flag count:int(1,200)=50", "after", "7-1"));
    CHECK(fills("{range}", "XRANGE||(7-1|+|COUNT|50"));
    param_free(&set);
}

TEST(what_is_refused_is_named)
{
    CHECK(refuses("a", "{\"b\":\"\"}", "b: there is no such member"));
    CHECK(refuses("a", "[]", "body: an object is expected"));
    CHECK(!takes_body("a", "{") && strncmp(why, "body: ", 6) == 0);
    param_free(&set);
    CHECK(refuses("a!", "{}", "a: it is missing"));
    CHECK(refuses("a", "{\"a\":1}", "a: a string is expected"));
    CHECK(refuses("a", "{\"a\":null}", "a: a string is expected"));
    CHECK(refuses("a:int", "{\"a\":1.5}", "a: an integer is expected"));
    CHECK(refuses("a:int(1,9)", "{\"a\":10}", "a: an integer from 1 to 9 is expected"));
    CHECK(refuses("a:flag", "{\"a\":1}", "a: true or false is expected"));
    CHECK(refuses("a:word(x,y)", "{\"a\":\"z\"}", "a: one of x,y is expected"));
    CHECK(refuses("a:list", "{\"a\":[]}", "a: it is empty"));
    CHECK(refuses("a:list", "{\"a\":[1]}", "a: an array of strings is expected"));
    CHECK(refuses("a:pairs", "{\"a\":[[\"x\"]]}",
                  "a: fields and values are expected, all of them strings"));
    CHECK(refuses("a:pairs", "{\"a\":{}}", "a: 1 to 1000 pairs are expected"));
    CHECK(refuses("a:match", "{\"a\":{\"field\":\"x\"}}",
                  "a: an object of field and value is expected"));
    CHECK(!takes_query("a", "b", "1") && strcmp(why, "b: there is no such parameter") == 0);
    param_free(&set);
    CHECK(!takes_query("a", "a", "%1") && strcmp(why, "a: it is not encoded as it should be") == 0);
    param_free(&set);
    CHECK(!takes_query("a:flag", "a", "2"));
    param_free(&set);
    CHECK(takes_query("a", "a", "1") && !param_take_query(&set, BYTES("a"), BYTES("1"), why));
    param_free(&set);
}

TEST(more_than_a_thousand)
{
    struct buf body = {0};
    buf_add_text(&body, "{\"a\":[\"0\"");
    for (int i = 1; i < PARAM_ITEMS; i++)
        buf_add_text(&body, ",\"1\"");
    size_t n = body.n;
    buf_add_text(&body, "]}");
    begin("a:list");
    CHECK(param_take_body(&set, buf_bytes(&body), why) &&
          param_find(&set, BYTES("a"))->n == PARAM_ITEMS);
    param_free(&set);
    body.n = n;
    buf_add_text(&body, ",\"1\"]}");
    begin("a:list");
    CHECK(!param_take_body(&set, buf_bytes(&body), why));
    param_free(&set);
    buf_free(&body);
}

/* A NUL is a byte like another: what is cut is cut where it was counted. */
TEST(words_with_nul)
{
    CHECK(takes_body("a:words b:list", "{\"a\":\"x\\u0000\\u0000 y\\u0000\"}"));
    const struct param *p = param_find(&set, BYTES("a"));
    CHECK(p && p->n == 2 && p->items[0].n == 3 && p->items[1].n == 2);
    param_free(&set);
    CHECK(takes_query("a:list", "a", "%00%00%00,%00"));
    p = param_find(&set, BYTES("a"));
    CHECK(p && p->n == 2 && p->items[0].n == 3);
    param_free(&set);
}

/* What the path says is said by nothing else. */
TEST(the_path_wins)
{
    begin("a");
    CHECK(param_take_path(&set, BYTES("db"), BYTES("3"), why));
    CHECK(param_take_path(&set, BYTES("key"), BYTES("a%00b"), why));
    CHECK(!param_take_body(&set, BYTES("{\"key\":\"other\"}"), why));
    CHECK(param_number(&set, "db", 0) == 3 && param_text(&set, "key").n == 3);
    CHECK(!param_take_path(&set, BYTES("db"), BYTES("x"), why));
    CHECK(!param_take_path(&set, BYTES("key"), BYTES("%"), why));
    param_free(&set);
}

TEST(places_come_back)
{
    struct bytes words[] = {BYTES("-1.5"), BYTES("0"), bytes_of("a \0\xff\"", 5), BYTES("")};
    struct buf text = {0};
    param_print_place(&text, words, 4);
    for (size_t i = 0; i < text.n; i++)
        CHECK(text.p[i] != '+' && text.p[i] != '/' && text.p[i] != '=');
    buf_add_char(&text, 0);
    CHECK(takes_query("after:place", "after", text.p));
    const struct param *p = param_find(&set, BYTES("after"));
    CHECK(p && p->n == 4);
    for (size_t i = 0; p && i < p->n; i++)
        CHECK(bytes_equal(p->items[i], words[i]));
    param_free(&set);
    CHECK(!takes_query("after:place", "after", "x"));
    param_free(&set);
    CHECK(!takes_query("after:place", "after", ""));
    param_free(&set);
    buf_free(&text);
}

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
UNIT_MAIN(T(members_become_words), T(what_is_left_out), T(words_that_are_put_together), T(ranges),
          T(what_is_refused_is_named), T(more_than_a_thousand), T(words_with_nul), T(the_path_wins),
          T(places_come_back))
