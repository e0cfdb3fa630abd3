#include "admin/pending.h"

#include "exchange.h"

#define G "/api/v1/streams/0/q/groups/g"
#define P G "/pending"

/* Ten messages: 1 and 2 are a's, 3 and 4 b's, 5 to 10 nobody's. */
static void begin(struct talk *t)
{
    talk_begin(t);
    SAYS(t->c, "XPOLICY SET q g MKSTREAM LEASE 60000 MAXDELIVER 0 RETRY FIXED 1000 JITTER 0", "OK");
    for (int i = 1; i <= 10; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XADD q %d-1 n %d", i, i);
        bench_says(t->c, line);
    }
    bench_says(t->c, "XREADGROUP GROUP g a COUNT 2 STREAMS q >");
    bench_says(t->c, "XREADGROUP GROUP g b COUNT 2 STREAMS q >");
    HEARS(t->c, "*");
    CHECK(talk_logs_in(t, "{}"));
}

TEST(rows_by_state_and_consumer)
{
    struct talk t;
    begin(&t);
    CHECK(talk_gets(&t, P, 200));
    CHECK(talk_says(&t, "{\"id\":\"1-1\",\"ms\":1,\"state\":\"leased\",\"consumer\":\"a\","
                        "\"deliveries\":1,\"deliveredMs\":"));
    CHECK(talk_says(&t, "\"4-1\"") && talk_says(&t, "\"after\":null"));
    CHECK(talk_never_says(&t, "\"fields\""));
    CHECK(talk_gets(&t, P "?consumer=b&fields=1", 200));
    CHECK(talk_says(&t, "\"fields\":[[\"n\",\"3\"]]") && talk_never_says(&t, "\"1-1\""));
    CHECK(talk_gets(&t, P "?count=3", 200) && talk_says(&t, "\"after\":\"3-1\""));
    CHECK(talk_gets(&t, P "?count=3&after=3-1", 200) && talk_says(&t, "[{\"id\":\"4-1\""));
    CHECK(talk_gets(&t, P "?state=overdue", 200) && talk_says(&t, "\"rows\":[]"));
    CHECK(talk_gets(&t, P "?idleMs=100000", 200) && talk_says(&t, "\"rows\":[]"));
    CHECK(talk_gets(&t, P "?state=none", 400));
    SAYS(t.c, "XDEL q 1-1", "1");
    CHECK(talk_gets(&t, P "?fields=1", 200) && talk_says(&t, "\"fields\":null}"));
    talk_end(&t);
}

/* A name is bytes. */
TEST(a_consumer_that_is_no_text)
{
    struct talk t;
    begin(&t);
    bench_says(t.c, "XREADGROUP GROUP g \xff% COUNT 1 STREAMS q >");
    HEARS(t.c, "*");
    CHECK(talk_gets(&t, P "?consumer=%FF%25", 200));
    CHECK(talk_says(&t, "[{\"id\":\"5-1\",\"ms\":5,\"state\":\"leased\",\"consumer\":{\"base64\":"
                        "\"/yU=\"}"));
    CHECK(talk_gets(&t, P "?consumer=%25FF%2525", 200) && talk_says(&t, "\"rows\":[]"));
    talk_end(&t);
}

/* All that were deferred in one go are due at the same moment, which is where pages end. */
TEST(deferred_ones_page_by_page)
{
    struct talk t;
    begin(&t);
    char seen[64] = "";
    bench_says(t.c, "XREADGROUP GROUP g a COUNT 6 STREAMS q >");
    HEARS(t.c, "*");
    SAYS(t.c, "XNACK q g FAIL IDS 7 1-1 3-1 5-1 6-1 7-1 8-1 9-1 DELAY 50000 REASON why", "7");
    SAYS(t.c, "XNACK q g FAIL IDS 1 2-1 DELAY 40000", "1");
    SAYS(t.c, "XNACK q g FAIL IDS 1 4-1 DELAY 60000", "1");
    CHECK(talk_gets(&t, P "?state=deferred&count=2", 200));
    for (int page = 0; page < 10; page++) {
        char target[200], after[TALK_TEXT];
        for (const char *at = t.body; (at = strstr(at, "{\"id\":\"")); at++)
            strncat(seen, at + 7, 1);
        snprintf(after, sizeof(after), "%s", talk_text(&t, "after"));
        if (!*after)
            break;
        snprintf(target, sizeof(target), P "?state=deferred&count=2&after=%s", after);
        CHECK(talk_gets(&t, target, 200));
    }
    CHECK(strcmp(seen, "213567894") == 0);
    CHECK(talk_gets(&t, P "?state=deferred", 200) && talk_says(&t, "\"reason\":\"why\""));
    CHECK(talk_says(&t, "\"after\":null"));
    static const char *const wrong[] = {"1-1", "x", "5:", ":1-1", "-1:1-1", "5:x", "5:1-1-1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char target[100];
        snprintf(target, sizeof(target), P "?state=deferred&after=%s", wrong[i]);
        CHECK(talk_gets(&t, target, 400));
    }
    talk_end(&t);
}

/* An entry of so many fields of 4,000 bytes. */
static void add_long(struct client *c, const char *id, int fields)
{
    struct buf line = {0};
    buf_printf(&line, "XADD q %s", id);
    for (int i = 0; i < fields; i++) {
        buf_printf(&line, " f%d ", i);
        memset(buf_room(&line, 4000), 'y', 4000);
        line.n += 4000;
    }
    buf_add_char(&line, '\0');
    bench_says(c, line.p);
    HEARS(c, id);
    buf_free(&line);
}

/* A page ends where its answer is full; a message that is longer comes with its front. */
TEST(long_messages_make_more_pages)
{
    struct talk t;
    begin(&t);
    char seen[64] = "";
    int fronts = 0;
    for (int i = 11; i < 16; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d-1", i);
        add_long(t.c, id, i == 13 ? 400 : 100);
    }
    bench_says(t.c, "XREADGROUP GROUP g a COUNT 20 STREAMS q >");
    broker_forget_replies(t.c);
    CHECK(talk_gets(&t, P "?fields=1&count=50", 200));
    for (int page = 0; page < 10; page++) {
        char target[200], after[TALK_TEXT];
        for (const char *at = t.body; (at = strstr(at, "{\"id\":\"")); at++) {
            strncat(seen, at + 7, strcspn(at + 7, "-"));
            strcat(seen, " ");
        }
        fronts += strstr(t.body, "\"fieldsLeft\":") != NULL;
        snprintf(after, sizeof(after), "%s", talk_text(&t, "after"));
        if (!*after)
            break;
        snprintf(target, sizeof(target), P "?fields=1&count=50&after=%s", after);
        CHECK(talk_gets(&t, target, 200));
    }
    CHECK(strcmp(seen, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 ") == 0 && fronts == 1);
    talk_end(&t);
}

TEST(a_position_is_tried_and_set)
{
    struct talk t;
    begin(&t);
    static const char *const wrong[] = {"{}", "{\"id\":\"1-1\",\"start\":true}",
                                        "{\"start\":true,\"end\":true}",
                                        "{\"id\":\"x\",\"dry\":false}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CHECK(talk_asks_for(&t, "PUT", G "/position", "", wrong[i], 400));
    CHECK(talk_asks_for(&t, "PUT", G "/position", "", "{\"start\":true,\"dry\":true}", 200));
    CHECK(talk_says(&t, "{\"unread\":10,\"atLeast\":false}"));
    CHECK(talk_asks_for(&t, "PUT", G "/position", "", "{\"id\":\"7-1\",\"dry\":true}", 200));
    CHECK(talk_says(&t, "\"unread\":3,"));
    CHECK(talk_asks_for(&t, "PUT", G "/position", "", "{\"atMs\":7,\"dry\":true}", 200));
    CHECK(talk_says(&t, "\"unread\":4,"));
    CHECK(talk_asks_for(&t, "PUT", G "/position", "", "{\"end\":true,\"dry\":true}", 200));
    CHECK(talk_says(&t, "\"unread\":0,") && talk_never_says(&t, "command"));
    CHECK(talk_asks_for(&t, "PUT", G "/position", "", "{\"id\":\"8-1\"}", 200));
    CHECK(talk_says(&t, "{\"command\":\"XGROUP SETID q g 8-1\"}"));
    CHECK(survey_shows(t.c, "XINFO GROUPS q", " last-delivered-id 8-1 "));
    talk_end(&t);
}

UNIT_MAIN(T(rows_by_state_and_consumer), T(a_consumer_that_is_no_text),
          T(deferred_ones_page_by_page), T(long_messages_make_more_pages),
          T(a_position_is_tried_and_set))
