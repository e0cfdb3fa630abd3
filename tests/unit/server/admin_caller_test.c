/* The client as which the console runs commands. */
#include "admin/caller.h"

#include "acl/users.h"
#include "exchange.h"

static struct buf body;

/* Runs a line as the default user. The reply is in `body`, an error of it there as well. */
static enum caller_result runs(struct talk *t, struct caller *k, struct caller_request q,
                               const char *line)
{
    struct bytes words[16];
    size_t n = 0;
    for (const char *p = line; *p; p += strcspn(p, " "), p += *p == ' ')
        words[n++] = bytes_of(p, strcspn(p, " "));
    struct json_write w = json_write_begin(&body, 1 << 20);
    struct render r = {.w = &w, .max = 4096};
    body.n = 0;
    q.address = "192.0.2.7";
    q.user = t->engine->users->default_user;
    q.words = words;
    q.n = n;
    enum caller_result result = caller_run(k, &q, &r);
    if (r.error.n)
        buf_add(&body, buf_bytes(&r.error));
    buf_add_char(&body, '\0');
    render_end(&r);
    return result;
}

static bool does(struct talk *t, struct caller *k, const char *line, const char *wanted)
{
    bool good =
        runs(t, k, (struct caller_request){0}, line) == CALLER_DONE && strcmp(body.p, wanted) == 0;
    if (!good)
        printf("# %s: %s\n", line, body.p);
    return good;
}

static void end(struct talk *t, struct caller *k)
{
    caller_end(k);
    talk_end(t);
    buf_free(&body);
    body = (struct buf){0};
}

TEST(it_is_made_at_its_first_command_and_stays_one)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    CHECK(!caller_is_held(&k) && !caller_was_killed(&k));
    CHECK(does(&t, &k, "SET a 1", "\"OK\"") && k.id);
    uint64_t id = k.id;
    CHECK(does(&t, &k, "GET a", "\"1\"") && k.id == id);
    struct client *c = client_by_id(t.engine, id);
    CHECK(c && bytes_is(str_bytes(c->name), "console") && strcmp(c->address, "192.0.2.7") == 0);
    CHECK(c->flags & CLIENT_CONSOLE && c->reply.resp == 3);
    caller_end(&k);
    CHECK(!client_by_id(t.engine, id) && !k.id);
    end(&t, &k);
}

/* Nothing is carried from one request to the next. */
TEST(each_request_has_its_own_database)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    CHECK(runs(&t, &k, (struct caller_request){.db = 3}, "SET a 3") == CALLER_DONE);
    CHECK(does(&t, &k, "GET a", "null"));
    CHECK(runs(&t, &k, (struct caller_request){.db = 3}, "GET a") == CALLER_DONE);
    CHECK(strcmp(body.p, "\"3\"") == 0);
    CHECK(runs(&t, &k, (struct caller_request){.db = 16}, "GET a") == CALLER_REFUSED);
    CHECK(strcmp(body.p, "ERR DB index is out of range") == 0);
    end(&t, &k);
}

/* Console R3. */
TEST(looking_counts_neither_hits_nor_misses)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    const struct store *s = t.engine->store;
    struct caller_request looks = {.looks = true};
    SAYS(t.c, "SET a 1", "OK");
    long long hits = s->hits, misses = s->misses;
    CHECK(runs(&t, &k, looks, "GET a") == CALLER_DONE);
    CHECK(runs(&t, &k, looks, "GET none") == CALLER_DONE);
    CHECK(s->hits == hits && s->misses == misses);
    CHECK(does(&t, &k, "GET a", "\"1\"") && does(&t, &k, "GET none", "null"));
    CHECK(s->hits == hits + 1 && s->misses == misses + 1);
    end(&t, &k);
}

/* Console H6. */
TEST(what_acts_on_a_connection_is_refused_where_it_is_typed)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    struct caller_request typed = {.typed = true};
    static const char *const lines[] = {"SELECT 1",    "MULTI",           "QUIT",    "HELLO 2",
                                        "SUBSCRIBE x", "AUTH x",          "MONITOR", "RESET",
                                        "WATCH x",     "CLIENT REPLY OFF"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        CHECK(runs(&t, &k, typed, lines[i]) == CALLER_REFUSED);
        CHECK(strstr(body.p, "acts on a connection"));
    }
    CHECK(runs(&t, &k, typed, "CLIENT LIST") == CALLER_DONE);
    CHECK(runs(&t, &k, typed, "NOSUCH x") == CALLER_DONE && strstr(body.p, "unknown command"));
    /* What would wait answers at once. */
    CHECK(runs(&t, &k, typed, "BLPOP none 0") == CALLER_DONE && strcmp(body.p, "null") == 0);
    end(&t, &k);
}

TEST(a_killed_one_does_nothing_more)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    CHECK(does(&t, &k, "SET a 1", "\"OK\""));
    char line[64];
    snprintf(line, sizeof(line), "CLIENT KILL ID %llu", (unsigned long long)k.id);
    SAYS(t.c, line, "1");
    bench_wait(t.bench, 0);
    CHECK(caller_was_killed(&k) && !caller_client(&k, "192.0.2.7"));
    CHECK(runs(&t, &k, (struct caller_request){0}, "SET a 2") == CALLER_GONE);
    SAYS(t.c, "GET a", "1");
    end(&t, &k);
}

TEST(while_requests_are_held_it_does_not_run)
{
    struct talk t;
    talk_begin(&t);
    struct caller k = {.engine = t.engine};
    SAYS(t.c, "CLIENT PAUSE 100000 WRITE", "OK");
    CHECK(runs(&t, &k, (struct caller_request){0}, "SET a 2") == CALLER_PAUSED);
    CHECK(does(&t, &k, "EXISTS a", "0"));
    SAYS(t.c, "CLIENT UNPAUSE", "OK");
    CHECK(does(&t, &k, "SET a 2", "\"OK\""));
    end(&t, &k);
}

UNIT_MAIN(T(it_is_made_at_its_first_command_and_stays_one), T(each_request_has_its_own_database),
          T(looking_counts_neither_hits_nor_misses),
          T(what_acts_on_a_connection_is_refused_where_it_is_typed),
          T(a_killed_one_does_nothing_more), T(while_requests_are_held_it_does_not_run))
