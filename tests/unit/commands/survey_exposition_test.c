#include "survey/exposition.h"

#include "base/histogram.h"
#include "base/metric.h"
#include "engine/observe.h"
#include "survey.h"
#include "survey/survey.h"
#include "survey/survey_choice.h"
#include "survey/survey_record.h"

/* All parts, with a NUL behind. */
static struct buf scrape(struct bench *b, const char *match)
{
    struct buf out = {0};
    struct bytes pattern = bytes_text(match ? match : "");
    uint64_t cursor = 0;
    do
        CHECK(exposition_part(b->engine.survey, cursor, match ? &pattern : NULL, &out, &cursor));
    while (cursor);
    buf_add_char(&out, '\0');
    return out;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static bool has(struct bench *b, const char *match, const char *line)
{
    struct buf text = scrape(b, match);
    bool found = strstr(text.p, line) != NULL;
    buf_free(&text);
    return found;
}

/* Console, section 8: what is known of a group depends on its policy; what is not known is absent.
 */
TEST(a_group_has_lines_for_what_is_known_of_it)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XADD q 1699999999000-1 f v");
    bench_says(c, "XGROUP CREATE q g 0");
    bench_says(c, "XGROUP CREATE q h 5-5");
    bench_says(c, "XPOLICY SET p w MKSTREAM JOBS");
    HEARS(c, "*");
    CHECK(!has(b, NULL, "millrace_group_ready{")); /* no pass has ended */
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_group_ready{db=\"db0\",key=\"q\",group=\"g\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_group_deferred{db=\"db0\",key=\"p\",group=\"w\"} 0\n"));
    CHECK(!has(b, NULL, "millrace_group_deferred{db=\"db0\",key=\"q\""));
    CHECK(!has(b, NULL, "millrace_group_dead_total{db=\"db0\",key=\"q\""));
    CHECK(has(b, NULL, "\nmillrace_group_dead_total{db=\"db0\",key=\"p\",group=\"w\"} 0\n"));
    CHECK(has(b, NULL, "millrace_group_oldest_ready_seconds{db=\"db0\",key=\"q\",group=\"g\"} "));
    CHECK(!has(b, NULL, "millrace_group_oldest_ready_seconds{db=\"db0\",key=\"p\""));
    CHECK(!has(b, NULL, "millrace_group_oldest_leased_seconds{"));
    CHECK(!has(b, NULL, "millrace_group_delivered_total{db=\"db0\",key=\"q\",group=\"h\"}"));
    CHECK(has(b, NULL, "\nmillrace_stream_added_total{db=\"db0\",key=\"q\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_messages{state=\"ready\"} 2\n"));
    CHECK(has(b, NULL, "\nmillrace_groups{db=\"db0\"} 3\n"));
    CHECK(has(b, NULL, "\nmillrace_disk_failed 0\n") && !has(b, NULL, "redis_master_link_up"));
    b->engine.role = ROLE_REPLICA_UP;
    CHECK(has(b, NULL, "\nredis_master_link_up 1\n"));
    b->engine.role = ROLE_REPLICA_DOWN;
    CHECK(has(b, NULL, "\nredis_master_link_up 0\n"));
    b->engine.role = ROLE_PRIMARY;
    /* MATCH: only lines of such keys. */
    CHECK(has(b, "p*", "{db=\"db0\",key=\"p\",group=\"w\"}"));
    CHECK(!has(b, "p*", "key=\"q\"") && !has(b, "p*", "millrace_messages"));
    survey_bench_end(b);
}

/* Console, section 8.1: who is pushed messages, and what became of messages. Streams that cannot
 * have such have no line. */
TEST(subscribers_and_what_became_of_messages)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *to = bench_client(b);
    bench_says(c, "XADD plain * f v");
    bench_says(c, "XPOLICY SET q g MKSTREAM JOBS");
    bench_says(c, "XADD q TTL 60000 * f v");
    bench_says(c, "XCFGSET full MKSTREAM MAXLEN 1 OVERFLOW REJECT");
    bench_says(c, "XADD full * f v");
    bench_says(c, "XADD full * f v");
    bench_says(c, "XADD full * f v");
    bench_says(c, "XBIND ADD from ALL TO there");
    bench_says(c, "XBIND ADD from ALL TO str");
    bench_says(c, "SET str x");
    bench_says(c, "XADD from * f v");
    bench_says(to, "HELLO 3");
    bench_says(to, "XCONSUME START GROUP g w STREAMS q");
    struct buf raw = {0};
    broker_drain(c, &raw);
    broker_drain(to, &raw);
    buf_free(&raw);
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_group_subscribers{db=\"db0\",key=\"q\",group=\"g\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_stream_expired_total{db=\"db0\",key=\"q\"} 0\n"));
    CHECK(has(b, NULL, "\nmillrace_stream_rejected_total{db=\"db0\",key=\"full\"} 2\n"));
    CHECK(has(b, NULL, "\nmillrace_stream_routed_total{db=\"db0\",key=\"from\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_stream_route_failures_total{db=\"db0\",key=\"from\"} 1\n"));
    CHECK(!has(b, NULL, "d_total{db=\"db0\",key=\"plain\"} 0") &&
          !has(b, NULL, "millrace_stream_routed_total{db=\"db0\",key=\"q\"}"));
    /* After the last message that could expire has, its line stays. */
    survey_bench_turn(b, 60000);
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_stream_expired_total{db=\"db0\",key=\"q\"} 1\n"));
    /* What a copy's messages became is its own. */
    bench_says(c, "COPY q copied");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_stream_length{db=\"db0\",key=\"copied\"} 0\n"));
    CHECK(!has(b, NULL, "millrace_stream_expired_total{db=\"db0\",key=\"copied\"}"));
    survey_bench_end(b);
}

/* Any bytes may be in a key: a scrape is text. */
TEST(labels_are_escaped_and_always_text)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says_bytes(c,
                     BYTES("*5\r\n$4\r\nXADD\r\n$9\r\na\"\\\n\xff\xc3\xa4\xe2\x82\r\n$3\r\n1-1\r\n"
                           "$1\r\nf\r\n$1\r\nv\r\n"));
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL,
              "millrace_stream_length{db=\"db0\",key=\"a\\\"\\\\\\n\\\\xff\xc3\xa4\\\\xe2\\\\x82\"}"
              " 1\n"));
    survey_bench_end(b);
}

/* Console R4: those with a policy first, then by name; the others are counted. */
TEST(more_groups_than_allowed_are_left_out_and_counted)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    char line[100];
    b->settings->metrics_groups = 3;
    for (int i = 0; i < 300; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATE k%03d g 0 MKSTREAM", i);
        bench_says(c, line);
    }
    bench_says(c, "XPOLICY SET z g MKSTREAM JOBS");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    struct buf text = scrape(b, NULL);
    CHECK(count(text.p, "\nmillrace_group_ready{") == 3);
    CHECK(count(text.p, "\nmillrace_stream_length{") == 3);
    CHECK(count(text.p, "\nmillrace_group_unread{") == 1);
    CHECK(strstr(text.p, "key=\"z\"") && strstr(text.p, "key=\"k000\"") &&
          strstr(text.p, "key=\"k001\"") && !strstr(text.p, "key=\"k002\""));
    CHECK(strstr(text.p, "\nmillrace_metrics_groups_left_out 298\n"));
    CHECK(strstr(text.p, "\nmillrace_groups{db=\"db0\"} 301\n"));
    buf_free(&text);
    b->settings->metrics_groups = 0;
    survey_bench_passes(b, 1);
    text = scrape(b, NULL);
    CHECK(!strstr(text.p, "key=") && strstr(text.p, "\nmillrace_metrics_groups_left_out 301\n"));
    buf_free(&text);
    survey_bench_end(b);
}

static size_t lines_of_groups(struct bench *b)
{
    struct buf text = scrape(b, NULL);
    size_t n = count(text.p, "\nmillrace_group_ready{");
    buf_free(&text);
    return n;
}

/* A choice replaces the one before it at once, also while that of the streams goes on; a record
 * that is freed has not been chosen, whoever uses it next. */
TEST(a_choice_holds_until_the_next_one)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    char line[100];
    b->settings->metrics_groups = 150;
    for (int i = 0; i < 300; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATE k%03d g 0 MKSTREAM", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    survey_bench_passes(b, 2);
    CHECK(lines_of_groups(b) == 150);
    sv->pass++; /* the next one is about to end */
    CHECK(!survey_choice_begin(sv));
    sv->choice_is_due = true;
    CHECK(survey_choice_begin(sv));
    CHECK(lines_of_groups(b) == 150);
    for (uint32_t i = 1; i <= sv->groups.n; i++)
        survey_choice_offer_group(sv, i);
    survey_choice_end_groups(sv);
    CHECK(lines_of_groups(b) == 150);
    for (uint32_t i = 1; i <= sv->streams.n; i++)
        survey_choice_offer_stream(sv, i);
    survey_choice_end_streams(sv);
    sv->number = sv->pass;
    CHECK(lines_of_groups(b) == 150);
    uint32_t first = survey_choice_next_group(sv, 1);
    survey_choice_drop_group(sv, first);
    CHECK(survey_choice_next_group(sv, 1) > first && lines_of_groups(b) == 149);
    CHECK(survey_choice_next_group(sv, sv->groups.n + 1) == UINT32_MAX);
    survey_bench_end(b);
}

/* Random changes; some of them are errors, which change nothing. */
static void change_something(struct client *c, struct rng *rng)
{
    static const char *const forms[] = {"XADD k%u * f v",
                                        "DEL k%u",
                                        "RENAME k%u k%u",
                                        "COPY k%u k%u REPLACE",
                                        "MOVE k%u 1",
                                        "XGROUP CREATE k%u g%u 0 MKSTREAM",
                                        "XGROUP DESTROY k%u g%u",
                                        "XPOLICY SET k%u g%u MKSTREAM JOBS",
                                        "XPOLICY DEL k%u g%u",
                                        "SET k%u text",
                                        "SWAPDB 0 1",
                                        "FLUSHDB",
                                        "EXPIRE k%u 0"};
    char line[100];
    unsigned form = (unsigned)(rng_next(rng) % (sizeof(forms) / sizeof(*forms)));
    if (strncmp(forms[form], "FLUSHDB", 7) == 0 && rng_next(rng) % 8)
        form = 5;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof(line), forms[form], (unsigned)(rng_next(rng) % 8),
             (unsigned)(rng_next(rng) % 4));
#pragma GCC diagnostic pop
    bench_says(c, line);
}

/* The lines whose values do not change from one pass to the next. */
static struct buf chosen_lines(struct bench *b)
{
    struct buf all = scrape(b, NULL), out = {0};
    for (char *line = strtok(all.p, "\n"); line; line = strtok(NULL, "\n")) {
        if (strstr(line, "millrace_stream_length{") || strstr(line, "millrace_group_ready{") ||
            strstr(line, "groups_left_out "))
            buf_add_text(&out, line);
    }
    buf_add_char(&out, '\0');
    buf_free(&all);
    return out;
}

/* A pass chooses only if there is a reason to: what it keeps is what it would choose. */
TEST(a_choice_that_is_kept_is_what_would_be_chosen)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct rng rng;
    rng_seed(&rng, 17);
    unsigned lines = 0;
    for (int round = 0; round < 1500; round++) {
        b->settings->metrics_groups = round / 40 % 2 ? 5 : 2;
        for (uint64_t n = rng_next(&rng) % 3; n; n--)
            change_something(c, &rng);
        broker_forget_replies(c);
        survey_bench_passes(b, 1);
        struct buf text = chosen_lines(b);
        b->engine.survey->choice_is_due = true;
        survey_bench_passes(b, 1);
        struct buf anew = chosen_lines(b);
        CHECK(strcmp(text.p, anew.p) == 0);
        lines += strstr(text.p, "millrace_group_ready{") != NULL;
        buf_free(&text);
        buf_free(&anew);
    }
    CHECK(lines > 200);
    survey_bench_end(b);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether two lines, or two rows, have the same name. */
static bool has_twins(struct bench *b, struct client *c)
{
    struct buf texts[] = {scrape(b, NULL), survey_answer(c, "SURVEY STREAMS COUNT 1000 MATCH k1*"),
                          survey_answer(c, "SURVEY GROUPS COUNT 1000 MATCH k1*")};
    char *names[20000];
    size_t n = 0;
    for (char *line = strtok(texts[0].p, "\n"); line; line = strtok(NULL, "\n")) {
        names[n++] = line;
        *(strrchr(line, ' ')) = '\0';
    }
    bool found = false;
    for (int kind = 1; kind < 3; kind++) {
        for (char *row = strtok(texts[kind].p, "["); row; row = strtok(NULL, "[")) {
            char *end = strstr(row, kind == 1 ? " length" : " ready");
            if (!end || strncmp(row, "db ", 3) != 0)
                continue;
            *end = '\0';
            names[n++] = row;
        }
        qsort(names, n, sizeof(*names), compare_lines);
        for (size_t i = 1; i < n; i++)
            if (*names[i] != '#' && strcmp(names[i], names[i - 1]) == 0) {
                printf("# twice: %s\n", names[i]);
                found = true;
            }
        n = 0;
    }
    for (int i = 0; i < 3; i++)
        buf_free(&texts[i]);
    return found;
}

/* A stream that is deleted, moved or renamed and made anew has two records until the pass ends. */
TEST(a_name_is_there_once_also_within_a_pass)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    struct rng rng;
    char line[100];
    unsigned within = 0, passes = 0;
    rng_seed(&rng, 23);
    b->settings->metrics_groups = 200;
    for (int i = 0; i < 2200; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATE k%d g 0 MKSTREAM", i);
        bench_says(c, line);
    }
    survey_bench_passes(b, 2);
    for (uint32_t last = sv->number; passes < 6 || within < 12; last = sv->number) {
        static const char *const forms[] = {"DEL k%u", "RENAME k%u other", "RENAME other k%u",
                                            "MOVE k%u 1", "XGROUP DESTROY k%u g"};
        unsigned key = 1000 + (unsigned)(rng_next(&rng) % 1000);
        for (unsigned i = 0; i < 40; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(line, sizeof(line), forms[rng_next(&rng) % 5], key + i);
#pragma GCC diagnostic pop
            bench_says(c, line);
            snprintf(line, sizeof(line), "XGROUP CREATE k%u g 0 MKSTREAM", key + i);
            bench_says(c, line);
        }
        broker_forget_replies(c);
        survey_look(sv);
        survey_bench_turn(b, 100);
        CHECK(!has_twins(b, c));
        within += sv->phase != SURVEY_RESTS;
        passes += sv->number != last;
    }
    survey_bench_end(b);
}

/* Console Q4: parts, each of a bounded time, make one text; every family is in one piece. */
TEST(parts_together_have_each_line_once)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    char line[100];
    b->settings->metrics_groups = 20000;
    for (int i = 0; i < 3000; i++) {
        snprintf(line, sizeof(line), "XGROUP CREATE k%d g 0 MKSTREAM", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    struct buf text = scrape(b, NULL);
    CHECK(count(text.p, "\nmillrace_group_ready{") == 3000);
    CHECK(count(text.p, "\nmillrace_stream_added_total{") == 3000);
    CHECK(count(text.p, "# TYPE millrace_group_ready gauge\n") == 1);
    CHECK(count(text.p, "key=\"k77\"") == 4 + 5);
    const char *first = strstr(text.p, "millrace_stream_length{"), *last = first;
    for (const char *p = first; (p = strstr(p + 1, "\nmillrace_stream_length{"));)
        last = p;
    CHECK(count(first, "\nmillrace_stream_bytes{") == 3000 &&
          !count(last + 1, "\nmillrace_stream_length{"));
    buf_free(&text);
    survey_bench_end(b);
}

static uint64_t sizes[HISTOGRAM_CLASSES];
static const double limits[] = {0.001, 0.1};
static const struct metric columns[] = {
    {"h", "millrace_h_seconds", "How long.", METRIC_HISTOGRAM, METRIC_SECONDS, 0, NULL}};

static void walk(const void *owner, const struct metric_sink *sink)
{
    struct metric_counts counts = {sizes, 1e-6, 1.25, limits, 2};
    struct metric_cell cell = {.metric = columns, .value = metric_of_counts(&counts)};
    (void)owner;
    sink->line(sink->to, BYTES("get"), &cell, 1);
}

static const struct metric_family family = {NULL, "cmd", NULL, columns, 1, walk};
static const struct metric_table table = {.family = &family};

TEST(histograms_have_sums_up_to_their_limits)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct metric_set *set = metric_set_new();
    metric_add(set, "x", &table, NULL);
    b->engine.metrics = set;
    memset(sizes, 0, sizeof(sizes));
    sizes[histogram_class(500)] = 3;
    sizes[histogram_class(50000)] = 2;
    sizes[histogram_class(2000000)] = 1;
    struct buf text = scrape(b, NULL);
    CHECK(strstr(text.p, "# HELP millrace_h_seconds How long.\n"
                         "# TYPE millrace_h_seconds histogram\n"
                         "millrace_h_seconds_bucket{cmd=\"get\",le=\"0.001\"} 3\n"
                         "millrace_h_seconds_bucket{cmd=\"get\",le=\"0.1\"} 5\n"
                         "millrace_h_seconds_bucket{cmd=\"get\",le=\"+Inf\"} 6\n"
                         "millrace_h_seconds_sum{cmd=\"get\"} 1.25\n"
                         "millrace_h_seconds_count{cmd=\"get\"} 6\n"));
    buf_free(&text);
    b->engine.metrics = NULL;
    metric_set_free(set);
    survey_bench_end(b);
}

/* Console, section 11 and S7, as metrics. */
TEST(alarms_and_readiness_are_metrics)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_ready 1\n"));
    CHECK(has(b, NULL, "\nmillrace_alarm{alarm=\"disk-failed\",severity=\"critical\"} 0\n"));
    b->engine.slow_path |= ENGINE_DISK_FAILED;
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_ready 0\n"));
    CHECK(has(b, NULL, "\nmillrace_alarm{alarm=\"disk-failed\",severity=\"critical\"} 1\n"));
    b->engine.slow_path &= ~(unsigned)ENGINE_DISK_FAILED;
    bench_says(c, "CLIENT PAUSE 100000");
    HEARS(c, "OK");
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_ready 0\n"));
    bench_wait(b, 200000);
    survey_bench_passes(b, 1);
    CHECK(has(b, NULL, "\nmillrace_ready 1\n"));
    survey_bench_end(b);
}

/* Those that somebody waits for, then the longest; of some as long as each other all or none. */
TEST(lists_have_lines)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *waits = bench_client(b);
    for (int i = 0; i < 40; i++) {
        char line[64];
        snprintf(line, sizeof(line), "RPUSH list:%d a", i % 8);
        bench_says(c, line);
    }
    for (int i = 0; i < 100; i++)
        bench_says(c, "RPUSH long a");
    broker_forget_replies(c);
    SAYS(c, "SELECT 3", "OK");
    SAYS(c, "RPUSH there a", "1");
    SAYS(c, "SELECT 0", "OK");
    bench_says(waits, "BLPOP awaited 0");
    CHECK(!has(b, NULL, "millrace_list_length{"));
    survey_look_for_metrics(b->engine.survey);
    survey_bench_passes(b, 3);
    CHECK(has(b, NULL, "\nmillrace_lists{db=\"db0\"} 9\nmillrace_lists{db=\"db3\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_list_length{db=\"db0\",key=\"long\"} 100\n"));
    CHECK(has(b, NULL, "\nmillrace_list_length{db=\"db3\",key=\"there\"} 1\n"));
    CHECK(has(b, NULL, "\nmillrace_list_waiting{db=\"db0\",key=\"long\"} 0\n"));
    CHECK(has(b, NULL, "\nmillrace_list_length{db=\"db0\",key=\"awaited\"} 0\n"));
    CHECK(has(b, NULL, "\nmillrace_list_waiting{db=\"db0\",key=\"awaited\"} 1\n"));
    struct buf text = scrape(b, NULL);
    CHECK(count(text.p, "\nmillrace_list_length{") == 11);
    buf_free(&text);
    CHECK(has(b, "long", "millrace_list_length{") && !has(b, "none*", "millrace_list_length{"));
    /* Room for two: eight of five items are more. */
    b->engine.settings->metrics_groups = 2;
    survey_look_for_metrics(b->engine.survey);
    for (int i = 0; i < 12; i++)
        survey_bench_passes(b, 1);
    survey_look_for_metrics(b->engine.survey);
    survey_bench_passes(b, 12);
    text = scrape(b, NULL);
    CHECK(count(text.p, "\nmillrace_list_length{") == 2);
    CHECK(strstr(text.p, "key=\"long\"} 100\n") && strstr(text.p, "key=\"awaited\"} 0\n"));
    buf_free(&text);
    /* None at all: nobody walks for them. */
    b->engine.settings->metrics_groups = 0;
    int64_t looked = b->engine.survey->walk.looked_ms;
    survey_bench_turn(b, 1000);
    survey_look_for_metrics(b->engine.survey);
    CHECK(b->engine.survey->walk.looked_ms == looked);
    survey_bench_end(b);
}

TEST(the_slow_log_and_replies_that_are_held)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    CHECK(has(b, NULL, "\nredis_slowlog_length 0\n") &&
          has(b, NULL, "\nmillrace_replies_held 0\n"));
    CHECK(has(b, NULL, "\nredis_last_slow_execution_duration_seconds 0\n"));
    b->engine.settings->slowlog_log_slower_than = 0;
    observe_configure(&b->engine);
    SAYS(c, "PING", "PONG");
    SAYS(c, "PING", "PONG");
    char line[64];
    snprintf(line, sizeof(line), "\nredis_slowlog_length %zu\n", b->engine.observe->slow_n);
    CHECK(b->engine.observe->slow_n >= 2 && has(b, NULL, line));
    snprintf(line, sizeof(line), "\nredis_slowlog_last_id %llu\n",
             (unsigned long long)b->engine.observe->next_slow - 1);
    CHECK(has(b, NULL, line));
    survey_bench_end(b);
}

TEST(hostile_cursors_are_refused_or_end)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XGROUP CREATE q g 0 MKSTREAM");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    SAYS(c, "SURVEY METRICS CURSOR 1", "!ERR invalid cursor");
    SAYS(c, "SURVEY METRICS CURSOR -1", "!ERR invalid cursor");
    SAYS(c, "SURVEY METRICS CURSOR x", "!ERR invalid cursor");
    SAYS(c, "SURVEY METRICS CURSOR 18446744073709551615", "!ERR invalid cursor");
    SAYS(c, "SURVEY METRICS CURSOR 4294967296000", "!ERR invalid cursor");
    SAYS(c, "SURVEY METRICS CURSOR", "!ERR syntax error");
    SAYS(c, "SURVEY METRICS NOW 1", "!ERR syntax error");
    /* Beyond the last record of the last family: nothing is left. */
    SAYS(c, "SURVEY METRICS CURSOR 137438953571", "[0 ]");
    CHECK(survey_shows(c, "SURVEY METRICS CURSOR 8589934591", "millrace_stream_length"));
    survey_bench_end(b);
}

UNIT_MAIN(T(a_group_has_lines_for_what_is_known_of_it), T(subscribers_and_what_became_of_messages),
          T(labels_are_escaped_and_always_text),
          T(more_groups_than_allowed_are_left_out_and_counted),
          T(a_choice_holds_until_the_next_one), T(a_choice_that_is_kept_is_what_would_be_chosen),
          T(a_name_is_there_once_also_within_a_pass), T(parts_together_have_each_line_once),
          T(histograms_have_sums_up_to_their_limits), T(alarms_and_readiness_are_metrics),
          T(lists_have_lines), T(the_slow_log_and_replies_that_are_held),
          T(hostile_cursors_are_refused_or_end))
