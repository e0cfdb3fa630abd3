#include "admin/definitions.h"

#include "exchange.h"

/* The lines of a chunked answer, without the lines that tell the chunks' lengths. */
static void read_lines(const struct talk *t, struct buf *to)
{
    const char *p = t->body;
    for (;;) {
        size_t n = strtoul(p, (char **)(uintptr_t)&p, 16);
        CHECK(strncmp(p, "\r\n", 2) == 0);
        if (!n)
            break;
        buf_add(to, bytes_of(p + 2, n));
        p += 2 + n + 2;
    }
    buf_add_char(to, '\0');
}

static const char *const made[] = {
    "XPOLICY SET q jobs MKSTREAM JOBS LEASE 7000 RETRY EXP 1000 60000 DEADLETTER dlq RATE 10 1000",
    "XPOLICY SET q ordered MKSTREAM ORDERBY customer HOLD",
    "XGROUP CREATE q plain $",
    "XCFGSET q MAXLEN 100 MAXAGE 60000 OVERFLOW DROP ACKED",
    "XBIND ADD q TOPIC order.* TO copies",
    "XCRON SET q often EVERY 60000 FIELDS f v",
    "XCRON SET q later EVERY 60000 START 1700000500001 FIELDS f v",
    "XCRON SET q noon CRON @daily START 1800000000000 FIELDS f v",
    "XCAPTURE ADD q news.*"};

/* What a server was told, an empty one can be told. */
TEST(what_is_told_makes_the_same_again)
{
    struct talk t;
    struct buf lines = {0}, again = {0};
    talk_begin(&t);
    for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
        struct buf text = survey_answer(t.c, made[i]);
        if (*text.p == '!')
            printf("# %s: %s\n", made[i], text.p);
        CHECK(*text.p != '!');
        buf_free(&text);
    }
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_asks_for(&t, "PUT", "/api/v1/streams/0/q/schedules/daily", "",
                        "{\"cron\":\"0 7 * * 1-5\",\"tz\":\"UTC\",\"limit\":5,\"fields\":{\"f\":"
                        "\"v\"}}",
                        200));
    CHECK(talk_gets(&t, "/api/v1/definitions?match=q", 200));
    read_lines(&t, &lines);
    CHECK(strstr(lines.p, "XCFGSET q MKSTREAM MAXLEN 100 MAXAGE 60000 OVERFLOW DROP ACKED\n"));
    CHECK(strstr(lines.p, "XGROUP CREATE q plain $ MKSTREAM\n"));
    CHECK(strstr(lines.p, "XCRON SET q daily CRON \"0 7 * * 1-5\" TZ UTC CATCHUP ONE LIMIT 5 "));
    /* Where a span's moments are is a part of it. */
    CHECK(strstr(lines.p, "XCRON SET q often EVERY 60000 START 20000 CATCHUP ONE "));
    CHECK(strstr(lines.p, "XCRON SET q later EVERY 60000 START 1700000500001 CATCHUP ONE "));
    CHECK(strstr(lines.p, "XCRON SET q noon CRON @daily TZ UTC START 1800000000000 CATCHUP "));
    CHECK(strstr(lines.p, "XCAPTURE ADD q news.*\n"));
    CHECK(strstr(lines.p, "XBIND ADD q TOPIC order.* TO copies\n"));
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/streams/0/q", "", "", 204));
    CHECK(talk_gets(&t, "/api/v1/definitions?match=q", 200));
    read_lines(&t, &again);
    CHECK(again.n == 1);
    again.n = 0;
    /* Words in quotes have their blanks written as the API takes them: by the port. */
    t.engine->settings->console_commands = 1;
    for (char *p = lines.p; *p; p = strchr(p, '\n') + 1) {
        struct buf body = {0};
        const char *end = strchr(p, '\n');
        buf_add_text(&body, "{\"argv\":[\"");
        for (bool quoted = false; p < end; p++) {
            quoted = quoted != (*p == '"');
            if (*p == ' ' && !quoted)
                buf_add_text(&body, "\",\"");
            else if (*p != '"')
                buf_add_char(&body, *p);
        }
        buf_add_text(&body, "\"]}");
        buf_add_char(&body, '\0');
        CHECK(talk_posts(&t, "/api/v1/command", body.p, 200));
        buf_free(&body);
    }
    CHECK(talk_gets(&t, "/api/v1/definitions?match=q", 200));
    read_lines(&t, &again);
    if (strcmp(lines.p, again.p) != 0)
        printf("# %s# %s", lines.p, again.p);
    CHECK(strcmp(lines.p, again.p) == 0);
    buf_free(&lines);
    buf_free(&again);
    talk_end(&t);
}

TEST(users_come_when_they_are_asked_for_and_without_digests)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >pw ~q* +xadd", "OK");
    SAYS(t.c, "ACL SETUSER looker on >pw ~* +scan", "OK");
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_gets(&t, "/api/v1/definitions", 200) && talk_never_says(&t, "alice"));
    CHECK(talk_gets(&t, "/api/v1/definitions?users=1", 200));
    CHECK(talk_says(&t, "ACL SETUSER alice on ") && talk_never_says(&t, "#"));
    /* Half of the definitions are none: the connection is cut, without an end. */
    CHECK(talk_logs_in(&t, "{\"user\":\"looker\",\"password\":\"pw\"}"));
    CHECK(talk_gets(&t, "/api/v1/definitions?users=1", 200));
    CHECK(t.answer.n < 6 || strcmp(t.answer.p + t.answer.n - 6, "0\r\n\r\n") != 0);
    talk_end(&t);
}

UNIT_MAIN(T(what_is_told_makes_the_same_again),
          T(users_come_when_they_are_asked_for_and_without_digests))
