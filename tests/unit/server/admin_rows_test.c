/* Pages of the survey's rows by HTTP: whatever names there are, each row comes once, and none hides
 * what comes behind it. */
#include "admin/perform.h"

#include "base/base64.h"
#include "exchange.h"

#define ROWS 260

/* Streams whose names are long, and hard to write. */
static void begin(struct talk *t, size_t length)
{
    struct buf line = {0};
    talk_begin(t);
    for (int i = 0; i < ROWS; i++) {
        line.n = 0;
        buf_printf(&line, "XADD q%03d", i * 7 % ROWS);
        memset(buf_room(&line, length), i % 3 ? '\x01' : '\xff', length);
        line.n += length;
        buf_printf(&line, " 1-1 f %0*d", i % 5 + 1, 0);
        buf_add_char(&line, '\0');
        bench_says(t->c, line.p);
    }
    buf_free(&line);
    broker_forget_replies(t->c);
    CHECK(talk_logs_in(t, "{}"));
    survey_bench_passes(t->bench, 2);
}

#define AFTER 4200

/* Where the next page begins; empty: there is none. */
static void take_after(const struct talk *t, char after[AFTER])
{
    const char *at = strstr(t->body, "\"after\":\"");
    *after = 0;
    if (at)
        snprintf(after, AFTER, "%.*s", (int)strcspn(at + 9, "\""), at + 9);
}

/* Whether pages, each asked for as the one before says, have all of them once. */
static bool come_all(struct talk *t, const char *query)
{
    bool seen[ROWS] = {false};
    int n = 0, pages = 0;
    char target[5000], after[AFTER] = "";
    do {
        snprintf(target, sizeof(target), "/api/v1/streams?%s%s%s", query, *after ? "&after=" : "",
                 after);
        if (!talk_gets(t, target, 200) || t->answer.n > (1 << 20) + 4096)
            return false;
        for (const char *at = t->body; (at = strstr(at, "\"key\":")); at++) {
            const char *name = strstr(at, "\"q"), *base = strstr(at, "\"base64\":\"");
            char plain[8] = "";
            size_t length;
            if (base && base < at + 12)
                base64_parse(plain, bytes_of(base + 10, 8), &length);
            int i = atoi(*plain ? plain + 1 : name + 2);
            n += !seen[i];
            if (seen[i])
                printf("# %d is there twice\n", i);
            CHECK(!seen[i]);
            seen[i] = true;
        }
        take_after(t, after);
    } while (*after && ++pages < 100);
    if (n != ROWS)
        printf("# %s: %d rows in %d pages\n", query, n, pages + 1);
    return n == ROWS;
}

static const char *const orders[] = {"count=200",          "count=7",
                                     "count=7&by=key",     "count=7&by=key&desc=1",
                                     "count=50&by=length", "count=50&by=bytes&desc=1",
                                     "count=200&by=bytes", "count=33&by=db&desc=1"};

TEST(names_of_any_length)
{
    static const size_t lengths[] = {0, 150, 900, 6000};
    for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++) {
        struct talk t;
        begin(&t, lengths[k]);
        for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
            CHECK(come_all(&t, orders[i]));
        talk_end(&t);
    }
}

/* Groups of one stream have equal values in every order by a column of the stream. */
static bool come_all_groups(struct talk *t, const char *query, int groups)
{
    int n = 0, pages = 0;
    char target[5000], after[AFTER] = "";
    do {
        snprintf(target, sizeof(target), "/api/v1/groups?%s%s%s", query, *after ? "&after=" : "",
                 after);
        if (!talk_gets(t, target, 200))
            return false;
        for (const char *at = t->body; (at = strstr(at, "\"group\":")); at++)
            n++;
        take_after(t, after);
    } while (*after && ++pages < 20);
    return n == groups && !*after;
}

TEST(groups_of_any_length)
{
    struct talk t;
    struct buf line = {0};
    talk_begin(&t);
    for (int i = 0; i < 20; i++) {
        line.n = 0;
        buf_printf(&line, "XGROUP CREATE q g%02d%03000d 0 MKSTREAM", i, 0);
        buf_add_char(&line, '\0');
        bench_says(t.c, line.p);
    }
    buf_free(&line);
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}"));
    survey_bench_passes(t.bench, 2);
    CHECK(come_all_groups(&t, "count=7&by=key", 20));
    CHECK(come_all_groups(&t, "count=7&by=key&desc=1", 20));
    CHECK(come_all_groups(&t, "count=7&by=ready&desc=1", 20));
    talk_end(&t);
}

#define STREAMS 3000

static void begin_many(struct talk *t)
{
    char line[64];
    talk_begin(t);
    SAYS(t->c, "ACL SETUSER ann on >word ~* +@all", "OK");
    for (int i = 0; i < STREAMS; i++) {
        snprintf(line, sizeof(line), "XADD q%04d 1-1 f v", i);
        bench_says(t->c, line);
    }
    broker_forget_replies(t->c);
    CHECK(talk_logs_in(t, "{\"user\":\"ann\",\"password\":\"word\"}"));
    survey_bench_passes(t->bench, 2);
    survey_bench_turn(t->bench, 1000);
    talk_asks(t, "GET", "/api/v1/streams?by=key&count=200", "", "");
}

/* The steps of a page of many rows; what happens after so many of them. */
static int steps_until_answered(struct talk *t, int when, const char *what)
{
    int n = 0;
    for (; t->x.phase == EXCHANGE_WORKING && n < 100000; n++) {
        exchange_step(&t->x);
        if (n == when && what)
            bench_says(t->c, what);
        survey_look(t->engine->survey);
        survey_bench_turn(t->bench, 1000);
    }
    talk_hears(t);
    return n;
}

/* Console Q6: no step does all of it, and the survey goes on meanwhile. The first record has been
 * met when its stream is deleted, however few fit into a step. */
TEST(a_page_comes_in_steps)
{
    struct talk t;
    char del[64];
    begin_many(&t);
    struct bytes first = str_bytes(survey_record_stream(t.engine->survey, 1)->key);
    snprintf(del, sizeof(del), "DEL %.*s", (int)first.n, first.p);
    CHECK(steps_until_answered(&t, 1, del) > 3);
    CHECK(t.status == 200);
    CHECK(talk_says(&t, "\"total\":3000") && talk_says(&t, "{\"db\":0,\"key\":\"q0000\""));
    exchange_sent(&t.x);
    talk_end(&t);
}

/* Each step checks that the user still exists and its client was not killed. */
TEST(a_page_ends_with_its_user)
{
    static const char *const ends[] = {"ACL DELUSER ann", "ACL SETUSER ann off",
                                       "CLIENT KILL USER ann"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        struct talk t;
        begin_many(&t);
        steps_until_answered(&t, 1, ends[i]);
        CHECK(t.status == 401 && talk_never_says(&t, "q0000"));
        exchange_sent(&t.x);
        talk_end(&t);
    }
}

/* If the connection closes, the page is freed. */
TEST(a_page_that_nobody_waits_for_is_dropped)
{
    struct talk t;
    begin_many(&t);
    for (int i = 0; i < 3; i++)
        exchange_step(&t.x);
    CHECK(t.x.phase == EXCHANGE_WORKING);
    talk_end(&t);
}

#define SOURCES 60

/* A stream with any number of source groups, and names of any length, has a row: it tells how many
 * groups it does not list, and the rows after it are not lost. */
TEST(letters_of_many_groups)
{
    struct talk t;
    struct buf line = {0};
    talk_begin(&t);
    for (int i = SOURCES; i-- > 0;) {
        line.n = 0;
        buf_printf(&line, "XPOLICY SET q g%02d", i);
        memset(buf_room(&line, 5000), '\x01', 5000);
        line.n += 5000;
        buf_add_text(&line, " MKSTREAM JOBS DEADLETTER a");
        buf_add_char(&line, '\0');
        bench_says(t.c, line.p);
    }
    buf_free(&line);
    SAYS(t.c, "XADD a 1-1 f v", "*");
    SAYS(t.c, "XADD b 1-1 dl-reason maxdeliver", "*");
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}"));
    survey_bench_passes(t.bench, 2);
    CHECK(talk_gets(&t, "/api/v1/deadletters", 200));
    CHECK(talk_says(&t, "\"key\":\"a\"") && talk_says(&t, "\"key\":\"b\""));
    /* g00 to g19, and not g20: as base64, for their control characters. */
    CHECK(talk_says(&t, "\"base64\":\"ZzAw") && talk_says(&t, "\"base64\":\"ZzE5"));
    CHECK(talk_never_says(&t, "\"base64\":\"ZzIw") && talk_says(&t, "\"sourcesLeft\":40"));
    CHECK(talk_says(&t, "\"sources\":[],\"sourcesLeft\":0}],\"after\":null"));
    talk_end(&t);
}

UNIT_MAIN(T(names_of_any_length), T(groups_of_any_length), T(a_page_comes_in_steps),
          T(a_page_ends_with_its_user), T(a_page_that_nobody_waits_for_is_dropped),
          T(letters_of_many_groups))
