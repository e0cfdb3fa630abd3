#include "admin/search.h"

#include "exchange.h"

#define Q "/api/v1/streams/0/q/entries"

/* An entry of so many fields of so many bytes. */
static void add(struct client *c, const char *id, int fields, int bytes)
{
    struct buf line = {0};
    buf_printf(&line, "XADD q %s", id);
    for (int i = 0; i < fields; i++) {
        buf_printf(&line, " f%d ", i);
        memset(buf_room(&line, (size_t)bytes), 'y', (size_t)bytes);
        line.n += (size_t)bytes;
    }
    buf_add_char(&line, '\0');
    bench_says(c, line.p);
    HEARS(c, id);
    buf_free(&line);
}

static void begin(struct talk *t)
{
    talk_begin(t);
    CHECK(talk_logs_in(t, "{}"));
}

/* The last answer's `after`, as the next page's. */
static bool goes_on(struct talk *t, const char *query)
{
    char target[256];
    snprintf(target, sizeof(target), "%s&after=%s", query, talk_text(t, "after"));
    return talk_gets(t, target, 200);
}

TEST(pages_both_ways)
{
    struct talk t;
    begin(&t);
    for (int i = 1; i <= 5; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d-1", i);
        add(t.c, id, 1, 1);
    }
    CHECK(talk_gets(&t, Q "?count=2", 200));
    CHECK(talk_says(&t, "\"id\":\"1-1\"") && talk_says(&t, "\"id\":\"2-1\""));
    CHECK(talk_says(&t, "],\"looked\":2,\"of\":5,\"after\":\"2-1\"}"));
    CHECK(goes_on(&t, Q "?count=2") && talk_says(&t, "\"id\":\"3-1\""));
    CHECK(goes_on(&t, Q "?count=2"));
    CHECK(talk_says(&t, "[{\"id\":\"5-1\",\"ms\":5,\"fields\":[[\"f0\",\"y\"]]}],\"looked\":1,"
                        "\"of\":5,\"after\":null}"));
    CHECK(talk_gets(&t, Q "?newest=1&count=2", 200));
    CHECK(talk_says(&t, "[{\"id\":\"5-1\"") && talk_says(&t, "\"after\":\"4-1\"}"));
    CHECK(talk_gets(&t, Q "?from=2&to=3", 200));
    CHECK(talk_says(&t, "\"looked\":2,") && talk_never_says(&t, "\"4-1\""));
    talk_end(&t);
}

TEST(a_filter_looks_as_far_as_its_budget)
{
    struct talk t;
    begin(&t);
    for (int i = 1; i <= 30; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD q %d-1 state %s", i, i == 25 ? "failed" : "paid");
        bench_says(t.c, line);
    }
    HEARS(t.c, "*");
    CHECK(talk_gets(&t, Q "?field=state&contains=fail&budget=20", 200));
    CHECK(talk_says(&t, "{\"entries\":[],\"looked\":20,\"of\":30,\"after\":\"20-1\"}"));
    CHECK(goes_on(&t, Q "?field=state&contains=fail&budget=20"));
    CHECK(talk_says(&t, "\"id\":\"25-1\"") && talk_says(&t, "\"looked\":10,"));
    CHECK(talk_says(&t, "\"after\":null"));
    CHECK(talk_gets(&t, Q "?contains=x&equals=y", 400) && talk_gets(&t, Q "?after=1-1-1", 400));
    talk_end(&t);
}

/* An answer has at most 1 MiB: what does not fit is the next page's, and no page hides what comes
 * behind it. */
TEST(an_entry_that_is_longer_than_an_answer_comes_with_its_front)
{
    struct talk t;
    begin(&t);
    static const char *const ways[] = {Q "?count=50", Q "?count=50&newest=1"};
    add(t.c, "1-1", 1, 10);
    add(t.c, "2-1", 400, 4000);
    add(t.c, "3-1", 1, 10);
    add(t.c, "4-1", 400, 4000);
    for (int w = 0; w < 2; w++) {
        char seen[200] = "", text[64];
        int left = 0;
        CHECK(talk_gets(&t, ways[w], 200));
        for (int page = 0; page < 10; page++) {
            CHECK(t.answer.n <= (1 << 20) + 4096);
            for (const char *at = t.body; (at = strstr(at, "{\"id\":\"")); at++)
                strncat(seen, at + 7, 1);
            for (const char *at = t.body; (at = strstr(at, "],\"fieldsLeft\":")); at++) {
                left = atoi(at + 15);
                snprintf(text, sizeof(text), "[\"f%d\",", 400 - left - 1);
                CHECK(left > 0 && left < 400 && talk_says(&t, text));
                snprintf(text, sizeof(text), "[\"f%d\",", 400 - left);
                CHECK(talk_never_says(&t, text));
            }
            if (!*talk_text(&t, "after"))
                break;
            CHECK(goes_on(&t, ways[w]));
        }
        CHECK(left && strcmp(seen, w ? "4321" : "1234") == 0);
    }
    /* The rest of it, field by field. */
    CHECK(talk_gets(&t, Q "?from=2-1&to=2-1&only=400", 200) && talk_says(&t, "[\"f399\","));
    CHECK(talk_never_says(&t, "fieldsLeft"));
    talk_end(&t);
}

TEST(what_can_fail)
{
    struct talk t;
    begin(&t);
    CHECK(talk_gets(&t, Q, 200));
    CHECK(talk_says(&t, "{\"entries\":[],\"looked\":0,\"of\":0,\"after\":null}"));
    CHECK(talk_gets(&t, Q "?from=x", 400) && talk_gets(&t, Q "?count=201", 400));
    SAYS(t.c, "SET q v", "OK");
    CHECK(talk_gets(&t, Q, 409) && talk_says(&t, "\"command\":\"XLEN q\""));
    talk_end(&t);
}

UNIT_MAIN(T(pages_both_ways), T(a_filter_looks_as_far_as_its_budget),
          T(an_entry_that_is_longer_than_an_answer_comes_with_its_front), T(what_can_fail))
