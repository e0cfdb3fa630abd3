/* Which route a request means, and the table of them. */
#include "admin/route.h"

#include "unit.h"

static struct http_request q;
static struct route_asked asked;
static char why[PARAM_WHY];
static unsigned status, allowed;

/* To be ended by end(). */
static const struct route *finds(const char *method, const char *target, const char *body)
{
    struct buf text = {0};
    q = (struct http_request){0};
    status = 0;
    *why = 0;
    buf_printf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", method,
               target, strlen(body), body);
    struct bytes in = buf_bytes(&text);
    enum http_step step = http_take(&q, &in);
    while (step != HTTP_STEP_BAD && q.state != HTTP_COMPLETE)
        step = http_take(&q, &in);
    CHECK(step != HTTP_STEP_BAD);
    buf_free(&text);
    return route_find(&q, &allowed, &asked, &status, why);
}

static void end(void)
{
    if (asked.route)
        route_asked_free(&asked);
    http_reset(&q);
}

static bool refuses(const char *method, const char *target, const char *body, unsigned wanted,
                    const char *because)
{
    bool good = !finds(method, target, body) && status == wanted && strcmp(why, because) == 0;
    if (!good)
        printf("# %u %s\n", status, why);
    end();
    return good;
}

TEST(a_path_and_what_is_asked)
{
    const struct route *r = finds("GET", "/api/v1/streams/2/a%2Fb%00/entries?count=3&newest=1", "");
    CHECK(r && r->program == ROUTE_SEARCH && asked.db == 2 && asked.count == 3);
    CHECK(asked.max == 4096);
    CHECK(bytes_equal(param_text(&asked.params, "key"), bytes_of("a/b\0", 4)));
    end();
    /* A key may be called as a part of another path is. */
    r = finds("GET", "/api/v1/streams/0/entries", "");
    CHECK(r && r->program == ROUTE_STREAM);
    end();
    /* HEAD is answered as GET. */
    CHECK(finds("HEAD", "/api/v1/overview", "") && asked.route->method == HTTP_METHOD_GET);
    end();
}

TEST(what_is_not_there)
{
    CHECK(refuses("GET", "/api/v1/none", "", 404, "") && allowed == 0);
    CHECK(refuses("GET", "/api/v1/streams/0", "", 404, ""));
    CHECK(refuses("GET", "/api/v1/streams/0/q/", "", 404, ""));
    CHECK(refuses("PUT", "/api/v1/slowlog", "", 405, ""));
    CHECK(allowed == (1u << HTTP_METHOD_GET | 1u << HTTP_METHOD_DELETE));
}

TEST(what_is_asked_wrongly)
{
    CHECK(refuses("GET", "/api/v1/slowlog?count=0", "", 400,
                  "count: an integer from 1 to 200 is expected"));
    CHECK(
        refuses("GET", "/api/v1/slowlog?counts=1", "", 400, "counts: there is no such parameter"));
    CHECK(refuses("GET", "/api/v1/slowlog", "{}", 400, "This path accepts no request body."));
    CHECK(refuses("DELETE", "/api/v1/slowlog?count=1", "", 400,
                  "This path accepts no query string: parameters are in the body."));
    CHECK(refuses("GET", "/api/v1/streams/x/q", "", 400,
                  "db: an integer from 0 to 2147483647 is expected"));
    CHECK(refuses("POST", "/api/v1/streams/0/q/groups", "{}", 400, "name: it is missing"));
}

TEST(steps_of_a_route)
{
    struct template_words words = {0};
    struct bytes name;
    size_t number;
    CHECK(finds("DELETE", "/api/v1/streams/0/q/entries", "{\"ids\":[\"1-1\",\"2-1\"]}"));
    CHECK(route_step(&asked, 0, &name, &words, &number) == ROUTE_STEP_COMMAND);
    CHECK(bytes_is(name, "deleted") && words.n == 4 && bytes_is(words.words[0], "XDEL") &&
          bytes_is(words.words[3], "2-1"));
    template_free(&words);
    CHECK(route_step(&asked, 1, &name, &words, &number) == ROUTE_STEP_NUMBER);
    CHECK(bytes_is(name, "of") && number == 2);
    template_free(&words);
    CHECK(route_step(&asked, 2, &name, &words, &number) == ROUTE_STEP_NONE);
    end();
    CHECK(finds("GET", "/api/v1/health", ""));
    CHECK(route_step(&asked, 1, &name, &words, &number) == ROUTE_STEP_TOLD);
    CHECK(bytes_is(name, "ready") && bytes_is(words.words[0], "@ready"));
    template_free(&words);
    end();
}

/* What the code that answers relies on. */
TEST(lines_of_the_table)
{
    size_t n;
    const struct route *all = route_all(&n);
    CHECK(n > 80);
    for (size_t i = 0; i < n; i++) {
        const struct route *r = &all[i];
        CHECK((r->program == ROUTE_COMMANDS) == (r->steps != NULL));
        CHECK((r->shape == RENDER_TUPLES) == (r->names != NULL));
        CHECK(r->status == 200 || r->status == 201 || r->status == 204);
        CHECK(!r->looks || r->method != HTTP_METHOD_GET);
        CHECK(r->summary[strlen(r->summary) - 1] == '.');
        for (size_t k = 0; k < i; k++)
            CHECK(r->method != all[k].method || strcmp(r->path, all[k].path) != 0);
    }
}

UNIT_MAIN(T(a_path_and_what_is_asked), T(what_is_not_there), T(what_is_asked_wrongly),
          T(steps_of_a_route), T(lines_of_the_table))
