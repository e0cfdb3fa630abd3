/* What a command's reply and its fate become: status, `command`, the log's words, the tag of rows.
 */
#include "admin/perform.h"

#include "exchange.h"

TEST(what_was_run_is_told_without_secrets)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_asks_for(&t, "PUT", "/api/v1/users/bob", "",
                        "{\"rules\":[\"on\",\"+@read\"],\"password\":\"a-word-of-bob\"}", 204));
    CHECK(talk_says(&t, "X-Millrace-Command: ACL SETUSER (redacted) "));
    CHECK(talk_never_says(&t, "a-word-of-bob"));
    CHECK(talk_asks_for(&t, "PATCH", "/api/v1/config", "", "{\"requirepass\":\"a-word\"}", 200));
    CHECK(talk_says(&t, "\"changed\":1,\"command\":\"CONFIG SET requirepass (redacted)\"}"));
    /* Several of them are lines. */
    SAYS(t.c, "RPUSH l a b c d", "4");
    CHECK(talk_logs_in(&t, "{\"user\":\"default\",\"password\":\"a-word\"}"));
    CHECK(talk_posts(&t, "/api/v1/lists/0/l/trim", "{\"from\":1,\"to\":2}", 200));
    CHECK(talk_says(&t, "{\"length\":2,\"command\":\"LTRIM l 1 2\"}"));
    CHECK(talk_gets(&t, "/api/v1/lists/0/l", 200) && talk_never_says(&t, "command"));
    talk_end(&t);
}

TEST(nothing_that_there_was_to_do)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    SAYS(t.c, "SET a v", "OK");
    SAYS(t.c, "SET b v", "OK");
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/keys/0/none", "", "", 404));
    CHECK(talk_posts(&t, "/api/v1/keys/0/a/rename", "{\"to\":\"b\"}", 409));
    CHECK(talk_posts(&t, "/api/v1/keys/0/a/rename", "{\"to\":\"b\",\"replace\":true}", 204));
    CHECK(talk_asks_for(&t, "DELETE", "/api/v1/clients/999999", "", "", 404));
    CHECK(talk_gets(&t, "/api/v1/keys/999/a", 400)); /* no such database */
    talk_end(&t);
}

TEST(errors_of_commands_have_a_status)
{
    struct talk t;
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >pw ~q* +@all -xadd", "OK");
    SAYS(t.c, "SET text v", "OK");
    SAYS(t.c, "XADD q 1-1 f v", "1-1");
    CHECK(talk_logs_in(&t, "{}"));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/groups/none/ack", "{\"ids\":[\"1-1\"]}", 200));
    CHECK(talk_says(&t, "{\"done\":0,\"of\":1,"));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/groups/none/nack", "{\"ids\":[\"1-1\"]}", 404));
    CHECK(talk_says(&t, "\"code\":\"NOGROUP\"") && talk_says(&t, "\"command\":\"XNACK q none"));
    CHECK(talk_gets(&t, "/api/v1/streams/0/text/entries", 409) && talk_says(&t, "\"WRONGTYPE\""));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/groups", "{\"name\":\"g\"}", 201));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/groups", "{\"name\":\"g\"}", 409));
    CHECK(talk_says(&t, "\"BUSYGROUP\""));
    CHECK(talk_gets(&t, "/api/v1/streams/0/none", 404));
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    CHECK(talk_posts(&t, "/api/v1/streams/0/q/entries", "{\"fields\":[[\"f\",\"v\"]]}", 403));
    CHECK(talk_says(&t, "\"NOPERM\""));
    CHECK(talk_gets(&t, "/api/v1/streams/0/text/entries", 403));
    talk_end(&t);
}

/* R3 */
TEST(looking_leaves_no_trace)
{
    struct talk t;
    talk_begin(&t);
    CHECK(talk_logs_in(&t, "{}"));
    SAYS(t.c, "SET k v", "OK");
    long long hits = t.engine->store->hits, misses = t.engine->store->misses;
    CHECK(talk_gets(&t, "/api/v1/keys/0/k", 200) && talk_gets(&t, "/api/v1/keys/0/none", 200));
    CHECK(t.engine->store->hits == hits && t.engine->store->misses == misses);
    talk_end(&t);
}

TEST(rows_of_the_survey_have_a_tag)
{
    struct talk t;
    char tag[100], header[160];
    talk_begin(&t);
    SAYS(t.c, "ACL SETUSER alice on >pw ~* +@all -survey", "OK");
    SAYS(t.c, "XADD q 1-1 f v", "1-1");
    CHECK(talk_logs_in(&t, "{}"));
    survey_bench_passes(t.bench, 1);
    CHECK(talk_gets(&t, "/api/v1/streams", 200));
    const char *at = strstr(t.answer.p, "ETag: ");
    CHECK(at);
    snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
    snprintf(header, sizeof(header), "If-None-Match: W/%s\r\n", tag);
    t.engine->survey->ended_ms = t.engine->steady_ms; /* no pass meanwhile */
    talk_asks(&t, "GET", "/api/v1/streams", header, "");
    CHECK(talk_works(&t));
    talk_hears(&t);
    exchange_sent(&t.x);
    CHECK(t.status == 304 && talk_says(&t, tag) && !*t.body);
    survey_bench_passes(t.bench, 1);
    CHECK(talk_asks_for(&t, "GET", "/api/v1/streams", header, "", 200));
    /* Rights are asked before. */
    CHECK(talk_logs_in(&t, "{\"user\":\"alice\",\"password\":\"pw\"}"));
    at = strstr(t.answer.p, "ETag: ");
    CHECK(!at && talk_asks_for(&t, "GET", "/api/v1/streams", header, "", 403));
    talk_end(&t);
}

UNIT_MAIN(T(what_was_run_is_told_without_secrets), T(nothing_that_there_was_to_do),
          T(errors_of_commands_have_a_status), T(looking_leaves_no_trace),
          T(rows_of_the_survey_have_a_tag))
