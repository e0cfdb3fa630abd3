#include "admin/look.h"

#include "exchange.h"

static int rows(const struct talk *t, const char *begins)
{
    int n = 0;
    for (const char *at = t->body; (at = strstr(at, begins)); at++)
        n++;
    return n;
}

TEST(a_stream_with_its_groups)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "XPOLICY SET q jobs MKSTREAM JOBS LEASE 7000", "OK");
    SAYS(t.c, "XGROUP CREATE q plain 0", "OK");
    SAYS(t.c, "XCFGSET q MAXLEN 100", "OK");
    SAYS(t.c, "ACL SETUSER reader on >pw ~* -@all +xinfo", "OK");
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/streams/0/q", 200));
    CHECK(talk_says(&t, "\"info\":{\"length\":0,") && talk_says(&t, "\"limits\":{\"maxlen\":100"));
    CHECK(talk_says(&t, "{\"name\":\"jobs\",") && talk_says(&t, "\"lease\":7000"));
    CHECK(talk_says(&t, "{\"name\":\"plain\",") && talk_never_says(&t, "groupsLeft"));
    /* Who may not ask for a group's numbers sees the rest. */
    CHECK(talk_logs_in(&t, "{\"user\":\"reader\",\"password\":\"pw\"}"));
    CHECK(talk_gets(&t, "/api/v1/streams/0/q", 200));
    CHECK(rows(&t, "\"stats\":null,\"policy\":null") == 2);
    CHECK(talk_gets(&t, "/api/v1/streams/0/none", 404));
    talk_end(&t);
}

/* A page does not fail for the number of rows either. */
TEST(more_groups_than_an_answer_has_room_for)
{
    struct talk t;
    talk_begin(&t);
    for (int i = 0; i < 2000; i++) {
        char line[64];
        snprintf(line, sizeof(line), "XPOLICY SET q g%d MKSTREAM JOBS", i);
        bench_says(t.c, line);
    }
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/streams/0/q", 200));
    CHECK(t.answer.n <= (1 << 20) + 4096 && talk_says(&t, "],\"groupsLeft\":"));
    int left = atoi(strstr(t.body, "\"groupsLeft\":") + 13);
    CHECK(left > 0 && rows(&t, "\"stats\":") == 2000 - left);
    talk_end(&t);
}

TEST(more_consumers_than_an_answer_has_room_for)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "XPOLICY SET q g MKSTREAM JOBS", "OK");
    SAYS(t.c, "XGROUP CREATECONSUMER q g w", "1");
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/streams/0/q/groups/g", 200));
    CHECK(talk_says(&t, "{\"stats\":{") && talk_says(&t, "\"policy\":{\"lease\":"));
    CHECK(talk_says(&t, "\"consumers\":[{\"name\":\"w\",\"pending\":0,\"idle\":"));
    CHECK(talk_never_says(&t, "consumersLeft") && rows(&t, "\"inactive\":") == 1);
    CHECK(talk_gets(&t, "/api/v1/streams/0/q/groups/none", 404));
    for (int i = 0; i < 24999; i++) {
        char line[80];
        snprintf(line, sizeof(line), "XGROUP CREATECONSUMER q g worker-of-many-%d", i);
        bench_says(t.c, line);
    }
    broker_forget_replies(t.c);
    CHECK(talk_gets(&t, "/api/v1/streams/0/q/groups/g", 200));
    CHECK(t.answer.n <= (1 << 20) + 4096 && talk_says(&t, "],\"consumersLeft\":"));
    int left = atoi(strstr(t.body, "\"consumersLeft\":") + 16);
    CHECK(left > 5000 && rows(&t, "\"inactive\":") == 25000 - left);
    talk_end(&t);
}

TEST(more_users_than_an_answer_has_room_for)
{
    struct talk t;
    talk_begin(&t);
    for (int i = 0; i < 9000; i++) {
        char line[80];
        snprintf(line, sizeof(line), "ACL SETUSER user-%d on nopass ~queue-%d-* +xadd +xread", i,
                 i);
        bench_says(t.c, line);
    }
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/users", 200));
    CHECK(t.answer.n <= (1 << 20) + 4096 && talk_says(&t, "],\"usersLeft\":"));
    int left = atoi(strstr(t.body, "\"usersLeft\":") + 12);
    CHECK(left > 0 && rows(&t, "\"passwords\":") == 9001 - left);
    talk_end(&t);
}

TEST(channels_of_both_kinds)
{
    struct talk t;
    talk_begin(&t);
    struct client *c = bench_client(t.bench);
    bench_says(c, "SUBSCRIBE news.a news.b");
    bench_says(c, "PSUBSCRIBE n*");
    bench_says(c, "SSUBSCRIBE shard");
    broker_forget_replies(c);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/channels", 200));
    CHECK(talk_says(&t, "{\"patterns\":1,\"rows\":[") && rows(&t, "\"shard\":false") == 2);
    CHECK(talk_says(&t, "{\"channel\":\"shard\",\"subscribers\":1,\"shard\":true}],\"total\":3}"));
    CHECK(talk_gets(&t, "/api/v1/channels?match=*.b", 200) && talk_says(&t, "\"total\":1}"));
    talk_end(&t);
}

/* Whoever subscribes chooses the names. */
TEST(long_names_and_many_of_them)
{
    struct talk t;
    talk_begin(&t);
    struct client *c = bench_client(t.bench);
    struct buf line = {0};
    for (int i = 0; i < 900; i++) {
        line.n = 0;
        buf_printf(&line, "%s %d", i % 2 ? "SUBSCRIBE" : "SSUBSCRIBE", i);
        memset(buf_room(&line, 5000), '\x01', 5000);
        line.n += 5000;
        buf_add_char(&line, '\0');
        bench_says(c, line.p);
        broker_forget_replies(c);
    }
    for (int i = 0; i < 700; i++) {
        line.n = 0;
        buf_printf(&line, "SUBSCRIBE short-%d", i);
        buf_add_char(&line, '\0');
        bench_says(c, line.p);
        broker_forget_replies(c);
    }
    buf_free(&line);
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/channels", 200));
    CHECK(t.answer.n <= (1 << 20) + 4096 && talk_says(&t, "],\"total\":1600}"));
    CHECK(rows(&t, "\"shard\":false") == 700 && rows(&t, "\"shard\":true") == 450);
    CHECK(talk_gets(&t, "/api/v1/channels?match=short-*", 200));
    CHECK(rows(&t, "\"channel\":\"short-") == 700 && talk_never_says(&t, "\"cut\""));
    talk_end(&t);
}

TEST(keys_of_all_types)
{
    struct talk t;
    talk_begin(&t);
    static const char *const lines[] = {"SET s value",      "RPUSH l a b c",  "SADD set 1 2",
                                        "ZADD z 1.5 a 2 b", "HSET h f v g w", "XADD q 1-1 f v",
                                        "PEXPIRE s 1000000"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        bench_says(t.c, lines[i]);
    broker_forget_replies(t.c);
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/s?from=1&max=8", 200));
    CHECK(talk_says(&t, "{\"type\":\"string\",\"ttlMs\":99"));
    CHECK(talk_says(&t, "\"length\":5,\"value\":\"alue\""));
    CHECK(talk_gets(&t, "/api/v1/keys/0/l?from=1&count=1", 200));
    CHECK(talk_says(&t, "\"length\":3,\"value\":[\"b\"]}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/z", 200));
    CHECK(talk_says(&t, "\"value\":[[\"a\",1.5],[\"b\",2]]}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/h", 200) && talk_says(&t, "[\"f\",\"v\"]"));
    CHECK(talk_says(&t, "\"next\":null}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/set", 200) && talk_says(&t, "\"length\":2,"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/q", 200) && talk_says(&t, "\"type\":\"stream\""));
    CHECK(talk_gets(&t, "/api/v1/keys/0/none", 200) &&
          talk_says(&t, "{\"type\":\"none\",\"ttlMs\":-2,"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/h/member?field=g", 200));
    CHECK(talk_says(&t, "{\"value\":\"w\"}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/l/member?index=-1", 200) && talk_says(&t, ":\"c\"}"));
    CHECK(talk_gets(&t, "/api/v1/keys/0/h/member?field=none", 404));
    CHECK(talk_gets(&t, "/api/v1/keys/0/h/member", 400));
    CHECK(talk_gets(&t, "/api/v1/keys/0/h/member?field=g&index=1", 400));
    talk_end(&t);
}

TEST(users_without_their_passwords)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >a-word-of-alice ~q* +xadd", "OK");
    CHECK(talk_logs_in(&t, "{}") && talk_gets(&t, "/api/v1/users", 200));
    CHECK(talk_says(&t, "{\"name\":\"alice\",") && talk_says(&t, "\"passwords\":1,"));
    CHECK(talk_never_says(&t, "a-word-of-alice"));
    talk_end(&t);
}

UNIT_MAIN(T(a_stream_with_its_groups), T(more_groups_than_an_answer_has_room_for),
          T(more_consumers_than_an_answer_has_room_for), T(more_users_than_an_answer_has_room_for),
          T(channels_of_both_kinds), T(long_names_and_many_of_them), T(keys_of_all_types),
          T(users_without_their_passwords))
