/* SURVEY HISTORY over an engine, and who has a history (survey/keep.h). */
#include "survey/survey.h"

#include "survey.h"
#include "survey/keep.h"
#include "survey/survey_more.h"

TEST(numbers_of_the_server_a_stream_and_a_group)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XGROUP CREATE q g 0 MKSTREAM");
    HEARS(c, "OK");
    survey_bench_passes(b, 3);
    for (int i = 0; i < 7; i++)
        bench_says(c, "XADD q * f v");
    HEARS(c, "*");
    survey_bench_passes(b, 4);
    CHECK(survey_tells(c, "SURVEY HISTORY MINUTES ready leased", "step-ms 2000 ready [(nil) ",
                       " 0 0 0]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY MINUTES leased ready", " leased [", " 7 7]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY hour KEY q length", "step-ms 10000 length [", " 7]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY MINUTES DB 0 KEY q GROUP g ready oldest-ready",
                       " ready [", "]]"));
    CHECK(
        survey_tells(c, "SURVEY HISTORY DAY DB 0 KEY q GROUP g ready", "step-ms 300000 ", " 7]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY WEEK added-rate", "step-ms 3600000 added-rate [", "]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY WEEK added", " added [", "]]"));
    SAYS(c, "SURVEY HISTORY YEAR ready", "!ERR the span must be MINUTES, HOUR, DAY or WEEK");
    SAYS(c, "SURVEY HISTORY DAY nothing", "!ERR unknown number 'nothing'");
    SAYS(c, "SURVEY HISTORY DAY ready leased READY", "!ERR repeated number 'READY'");
    SAYS(c, "SURVEY HISTORY DAY KEY q ready", "!ERR unknown number 'ready'");
    SAYS(c, "SURVEY HISTORY DAY KEY none length", "!ERR no such key");
    SAYS(c, "SURVEY HISTORY DAY KEY q GROUP none ready", "!ERR no such key");
    SAYS(c, "SURVEY HISTORY DAY DB 99 KEY q length", "!ERR DB index is out of range");
    SAYS(c, "SURVEY HISTORY DAY DB 0 length length", "!ERR syntax error");
    survey_bench_end(b);
}

TEST(permissions_of_survey_history)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *u = bench_client(b);
    bench_says(c, "XADD q * f v");
    bench_says(c, "XADD p * f v");
    bench_says(c, "ACL SETUSER half on >p resetkeys ~p &* +survey|history +auth");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    SAYS(u, "AUTH half p", "OK");
    SAYS(u, "SURVEY HISTORY DAY KEY q length", "!NOPERM No permissions to access a key");
    SAYS(u, "SURVEY HISTORY DAY ready", "!NOPERM Numbers of the server need survey|server");
    CHECK(survey_tells(u, "SURVEY HISTORY DAY KEY p length", " length [", " 1]]"));
    SAYS(c, "ACL SETUSER half +survey|server", "OK");
    CHECK(survey_tells(u, "SURVEY HISTORY DAY ready", " ready [", "]]"));
    survey_bench_end(b);
}

static bool is_kept(const struct survey *sv, const char *key)
{
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        const struct survey_stream *x = survey_record_stream(sv, i);
        if (x->slot.seen && bytes_is(str_bytes(x->key), key))
            return survey_more_of_stream(x)->kept &&
                   sv->keep->all[survey_more_of_stream(x)->kept - 1]->record == i;
    }
    return false;
}

static void add(struct client *c, const char *key, int n)
{
    char line[60];
    snprintf(line, sizeof(line), "XADD %s * f v", key);
    while (n-- > 0)
        bench_says(c, line);
    HEARS(c, "*");
}

/* Console S6: what was opened in the last day, then what has most traffic; the least is given up.
 */
TEST(within_its_room_the_busiest_and_the_opened_are_kept)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    /* Room for the server and three streams. */
    b->settings->console_history =
        (long long)(rings_memory(24) + 3 * (rings_memory(3) + sizeof(struct keep_subject)));
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++)
        add(c, keys[i], 1);
    survey_bench_passes(b, 2);
    CHECK(sv->keep->server.n == 24 && sv->keep->n == 3);
    for (int k = 0; k < 6; k++) {
        add(c, "a", 3);
        add(c, "c", 20);
        add(c, "d", 30);
        add(c, "e", 40);
        survey_bench_passes(b, 1);
    }
    CHECK(sv->keep->n == 3 && is_kept(sv, "c") && is_kept(sv, "d") && is_kept(sv, "e"));
    CHECK(survey_tells(c, "SURVEY HISTORY DAY KEY b length", " length [(nil) ",
                       "(nil)]]")); /* begins now */
    CHECK(sv->keep->n == 3 && is_kept(sv, "b"));
    for (int k = 0; k < 6; k++) {
        add(c, "c", 20);
        add(c, "d", 30);
        add(c, "e", 40);
        survey_bench_passes(b, 1);
    }
    CHECK(is_kept(sv, "b") && !is_kept(sv, "c") && is_kept(sv, "d") && is_kept(sv, "e"));
    CHECK(survey_tells(c, "SURVEY HISTORY MINUTES KEY b length", " length [(nil) ", " 1]]"));
    /* A stream that goes takes its history along; another one has the room. */
    bench_says(c, "DEL d");
    HEARS(c, "*");
    add(c, "c", 20);
    survey_bench_passes(b, 3);
    CHECK(sv->keep->n == 3 && is_kept(sv, "b") && is_kept(sv, "e"));
    b->settings->console_history = 0;
    survey_bench_passes(b, 2);
    CHECK(sv->keep->n == 0 && sv->keep->server.n == 0 && sv->keep->bytes == 0);
    CHECK(survey_tells(c, "SURVEY HISTORY DAY ready", " ready [(nil) ", "(nil)]]"));
    CHECK(survey_tells(c, "SURVEY HISTORY DAY KEY b length", " length [(nil) ", "(nil)]]"));
    survey_bench_end(b);
}

/* Console S3: all of it is freed when the survey falls asleep. */
TEST(history_ends_with_the_watching)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    add(c, "a", 1);
    survey_bench_passes(b, 3);
    CHECK(sv->keep->n == 1 && survey_memory(sv) > rings_memory(24));
    for (int i = 0; i < 110; i++)
        survey_bench_turn(b, 1000);
    CHECK(!sv->keep->n && !survey_memory(sv));
    survey_bench_end(b);
}

UNIT_MAIN(T(numbers_of_the_server_a_stream_and_a_group), T(permissions_of_survey_history),
          T(within_its_room_the_busiest_and_the_opened_are_kept), T(history_ends_with_the_watching))
