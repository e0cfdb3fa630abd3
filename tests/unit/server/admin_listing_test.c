#include "admin/listing.h"

#include "exchange.h"

static int rows(const struct talk *t, const char *begins)
{
    int n = 0;
    for (const char *at = t->body; (at = strstr(at, begins)); at++)
        n++;
    return n;
}

/* Gets the page of keys at the cursor, which then is that of the next page; "": it was the last. */
static bool next_keys(struct talk *t, char cursor[TALK_TEXT])
{
    char target[200];
    snprintf(target, sizeof(target), "/api/v1/keys?count=200%s%s", *cursor ? "&cursor=" : "",
             cursor);
    bool good = talk_gets(t, target, 200);
    snprintf(cursor, TALK_TEXT, "%s", good ? talk_text(t, "cursor") : "");
    return good;
}

TEST(keys_come_with_their_types_and_a_cursor)
{
    struct talk t;
    talk_begin(&t);
    for (int i = 0; i < 1000; i++) {
        char line[64];
        snprintf(line, sizeof(line), i % 10 ? "SET key:%d v" : "RPUSH list:%d v", i);
        bench_says(t.c, line);
    }
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}"));
    int seen = 0, lists = 0;
    double last = 0;
    char cursor[TALK_TEXT] = "";
    do {
        CHECK(next_keys(&t, cursor));
        seen += rows(&t, "{\"key\":");
        lists += rows(&t, "\"type\":\"list\"");
        double part = atof(strstr(t.body, "\"progress\":") + 11);
        CHECK(part > last && part <= 1);
        last = part;
    } while (*cursor);
    CHECK(seen == 1000 && lists == 100 && last == 1);
    CHECK(talk_gets(&t, "/api/v1/keys?type=list&match=*:99*&count=200", 200));
    CHECK(rows(&t, "\"key\":\"list:990\",\"type\":\"list\"") == 1 && rows(&t, "{\"key\":") == 1);
    CHECK(talk_gets(&t, "/api/v1/keys?cursor=1111111111111111111111111", 400));
    CHECK(talk_gets(&t, "/api/v1/keys?cursor=x", 400));
    talk_end(&t);
}

/* Whoever may write could else make names by which nobody can look at the keys any more. */
TEST(long_names_do_not_keep_a_page_from_being_read)
{
    struct talk t;
    talk_begin(&t);
    struct buf line = {0};
    for (int i = 0; i < 300; i++) {
        line.n = 0;
        buf_printf(&line, "SET %03d", i);
        memset(buf_room(&line, 9000), i % 2 ? '\x01' : '\xff', 9000);
        line.n += 9000;
        buf_add_text(&line, " v");
        buf_add_char(&line, '\0');
        bench_says(t.c, line.p);
    }
    buf_free(&line);
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}"));
    int seen = 0;
    char cursor[TALK_TEXT] = "";
    do {
        CHECK(next_keys(&t, cursor));
        CHECK(t.answer.n <= (1 << 20) + 4096);
        CHECK(rows(&t, "\"bytes\":9003,\"cut\":true") == rows(&t, "{\"key\":"));
        seen += rows(&t, "{\"key\":");
    } while (*cursor);
    CHECK(seen == 300);
    talk_end(&t);
}

TEST(clients_by_id_with_filters)
{
    struct talk t;
    talk_begin(&t);
    for (int i = 0; i < 20; i++) {
        struct client *c = bench_client(t.bench);
        char line[64];
        snprintf(line, sizeof(line), "CLIENT SETNAME %s-%d", i % 2 ? "worker" : "producer", i);
        SAYS(c, line, "OK");
    }
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_gets(&t, "/api/v1/clients?name=worker-*&count=4", 200));
    CHECK(rows(&t, "\"name\":\"worker-") == 4 && talk_never_says(&t, "producer"));
    CHECK(talk_says(&t, "\"total\":22,")); /* and who looks, and the console's */
    char target[100];
    const char *after = strstr(t.body, "\"after\":");
    snprintf(target, sizeof(target), "/api/v1/clients?name=worker-*&count=200&after=%d",
             atoi(after + 8));
    CHECK(talk_gets(&t, target, 200));
    CHECK(rows(&t, "\"name\":\"worker-") == 6 && talk_says(&t, "\"after\":null"));
    CHECK(talk_gets(&t, "/api/v1/clients?flags=h", 200) && rows(&t, "{\"id\":") == 1);
    CHECK(talk_gets(&t, "/api/v1/clients?user=nobody", 200) && talk_says(&t, "\"rows\":[]"));
    CHECK(talk_gets(&t, "/api/v1/clients?idleMs=1000000", 200) && talk_says(&t, "\"rows\":[]"));
    talk_end(&t);
}

/* Nobody hides behind the length of a name. */
TEST(clients_with_long_names_take_more_pages)
{
    struct talk t;
    talk_begin(&t);
    struct buf line = {0};
    buf_add_text(&line, "CLIENT SETNAME ");
    memset(buf_room(&line, 60000), '"', 60000);
    line.n += 60000;
    buf_add_char(&line, '\0');
    for (int i = 0; i < 60; i++)
        SAYS(bench_client(t.bench), line.p, "OK");
    buf_free(&line);
    CHECK(talk_logs_in(&t, "{}"));
    int seen = 0, after = 0;
    for (int page = 0; page < 50; page++) {
        char target[100];
        snprintf(target, sizeof(target), "/api/v1/clients?count=200&max=60000&after=%d", after);
        CHECK(talk_gets(&t, target, 200));
        CHECK(t.answer.n <= (1 << 20) + 4096);
        seen += rows(&t, "{\"id\":");
        const char *at = strstr(t.body, "\"after\":");
        if (!at || strncmp(at + 8, "null", 4) == 0)
            break;
        CHECK(atoi(at + 8) > after);
        after = atoi(at + 8);
    }
    CHECK(seen == 62);
    talk_end(&t);
}

UNIT_MAIN(T(keys_come_with_their_types_and_a_cursor),
          T(long_names_do_not_keep_a_page_from_being_read), T(clients_by_id_with_filters),
          T(clients_with_long_names_take_more_pages))
