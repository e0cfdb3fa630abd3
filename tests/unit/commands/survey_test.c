#include "survey/survey.h"

#include "base/rng.h"
#include "survey.h"
#include "survey/survey_more.h"
#include "type/value.h"

#include <stdarg.h>

static void says(struct client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void says(struct client *c, const char *format, ...)
{
    char line[300];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    bench_says(c, line);
}

static const struct survey_stream *record(const struct survey *sv, int db, const char *key)
{
    for (uint32_t i = 1; i <= sv->streams.n; i++) {
        const struct survey_stream *x = survey_record_stream(sv, i);
        if (survey_record_shows_stream(sv, x) && x->db == db && bytes_is(str_bytes(x->key), key))
            return x;
    }
    return NULL;
}

/* Console S2: the first look does what a slice can do, later ones cost no walk; rates are between
 * passes. */
TEST(a_first_look_knows_a_few_streams_and_passes_follow)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    says(c, "XADD q 1-1 f v");
    says(c, "XGROUP CREATE q g 0");
    HEARS(c, "*");
    survey_bench_turn(b, 5000);
    CHECK(sv->phase == SURVEY_RESTS && sv->pass == 0 && !sv->streams.n);
    survey_look(sv);
    CHECK(sv->number == 1 && sv->streams.used == 1 && sv->groups.used == 1);
    CHECK(sv->totals.streams == 1 && sv->totals.groups == 1 && sv->totals.unread == 1);
    survey_look(sv);
    survey_bench_turn(b, 20);
    CHECK(sv->number == 1); /* at most one a second */
    for (int i = 2; i < 12; i++)
        says(c, "XADD q %d-1 f v", i);
    HEARS(c, "*");
    survey_bench_turn(b, 980);
    survey_bench_turn(b, 1000);
    const struct survey_stream *x = record(sv, 0, "q");
    CHECK(sv->number >= 2 && x && x->length == 11 && sv->totals.unread == 11);
    survey_bench_end(b);
}

/* Console S3: nobody looks, so nothing is kept and nothing is done. */
TEST(unqueried_survey_data_is_dropped)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    says(c, "XADD q 1-1 f v");
    says(c, "XGROUP CREATE q g 0");
    HEARS(c, "*");
    survey_bench_passes(b, 2);
    CHECK(sv->number && survey_memory(sv));
    for (int i = 0; i < 95; i++)
        survey_bench_turn(b, 1000);
    CHECK(sv->phase == SURVEY_RESTS && !sv->number && !survey_memory(sv) &&
          !timer_is_set(&sv->timer) && !sv->is_due);
    uint64_t ticks = sv->ticks;
    survey_bench_turn(b, 100000);
    CHECK(sv->ticks == ticks);
    /* The stream remembers a record that is another's now. */
    says(c, "XADD p 1-1 f v");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(record(sv, 0, "p")->length == 1 && record(sv, 0, "q")->groups == 1);
    CHECK(sv->streams.used == 2 && sv->groups.used == 1);
    survey_bench_end(b);
}

/* A dead-letter stream is read again for each group that names it: what comes meanwhile counts in
 * the next rate. A rate too large for the record is the largest that it can say. */
TEST(a_stream_that_is_read_often_has_the_rate_of_a_whole_interval)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    says(c, "XADD d 1-1 f v");
    for (int i = 0; i < 3; i++)
        says(c, "XPOLICY SET q g%d MKSTREAM JOBS DEADLETTER d", i);
    HEARS(c, "*");
    survey_bench_passes(b, 2);
    for (int i = 2; i < 10; i++)
        says(c, "XADD d %d-1 f v", i);
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    const struct survey_stream *x = record(sv, 0, "d");
    CHECK(x->added == 9 && x->in_added == 8 && x->interval_ms >= 1000);
    CHECK(!survey_more_of_stream(x)->since_added && survey_more_holds_letters(sv, x));
    says(c, "XSETID d 10-1 ENTRIESADDED 9000000000");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(x->added == 9000000000 && x->in_added == UINT32_MAX);
    says(c, "XSETID d 10-1 ENTRIESADDED 9");
    HEARS(c, "*");
    survey_bench_passes(b, 1);
    CHECK(x->added == 9 && !x->in_added);
    survey_bench_end(b);
}

/* Whatever was there is shown as it is, and nothing else is kept. */
static void compare(const struct survey *sv)
{
    const struct store *s = sv->engine->store;
    uint64_t streams = 0, groups = 0, unread = 0;
    for (int d = 0; d < s->count; d++) {
        struct table_walk w;
        table_walk_start(&w, &s->dbs[d].noted.streams);
        for (struct entry *e; (e = table_walk_next(&w));) {
            const struct stream *x = value_object(e);
            const struct survey_stream *r = survey_record_stream(sv, x->surveyed);
            CHECK(x->surveyed && r->of == x && r->db == d && survey_record_shows_stream(sv, r));
            CHECK(bytes_equal(str_bytes(r->key), entry_key(e)) && r->length == x->log.length);
            CHECK(r->groups == x->groups.used);
            struct dict_walk gw = {0};
            uint64_t ready = 0;
            for (struct dict_node *n; (n = dict_next(&x->groups, &gw)); groups++) {
                const struct stream_group *g = n->value;
                const struct survey_group *y = survey_record_group(sv, g->surveyed);
                CHECK(y->of == g && y->stream == x->surveyed && y->unread == stream_unread(x, g));
                CHECK(bytes_equal(str_bytes(y->name), str_bytes(g->name)));
                ready += y->unread;
            }
            CHECK(r->ready == ready);
            unread += ready;
            streams++;
        }
    }
    CHECK(sv->streams.used == streams && sv->groups.used == groups);
    CHECK(sv->totals.streams == streams && sv->totals.groups == groups &&
          sv->totals.unread == unread);
}

#define KEYS 3000

static void change(struct client *c, struct rng *rng)
{
    unsigned i = (unsigned)rng_below(rng, KEYS), j = (unsigned)rng_below(rng, KEYS);
    switch (rng_below(rng, 12)) {
    case 0:
        says(c, "DEL k%u", i);
        break;
    case 1:
        says(c, "RENAME k%u k%u", i, j);
        break;
    case 2:
        says(c, "COPY k%u k%u REPLACE", i, j);
        break;
    case 3:
        says(c, "MOVE k%u 1", i);
        break;
    case 4:
        says(c, rng_below(rng, 20) ? "SET k%u x" : "SWAPDB 0 1", i);
        break;
    case 5:
        says(c, "XGROUP DESTROY k%u g%u", i, j % 3);
        break;
    case 6:
        says(c, "PEXPIRE k%u %u", i, 1 + j % 3000);
        break;
    case 7:
        if (rng_below(rng, 200) == 0)
            says(c, "FLUSHDB");
        break;
    default:
        says(c, "XADD k%u * f v", i);
        says(c, "XGROUP CREATE k%u g%u 0", i, j % 3);
    }
}

/* Streams that come and go, are renamed, copied, moved, swapped in the middle of passes. */
TEST(records_follow_whatever_happens_during_passes)
{
    for (unsigned seed = 1; seed <= 3; seed++) {
        struct client *c;
        struct bench *b = survey_bench(&c);
        struct rng rng;
        rng_seed(&rng, seed);
        for (int round = 0; round < 12; round++) {
            survey_look(b->engine.survey);
            for (int i = 0; i < 1500; i++) {
                change(c, &rng);
                if (i % 30 == 0)
                    survey_bench_turn(b, 20);
            }
            HEARS(c, "*");
        }
        /* What has expired is gone. */
        survey_bench_turn(b, 5000);
        for (int i = 0; i < KEYS; i++) {
            says(c, "TYPE k%d", i);
            says(c, "GETEX k%d", i);
        }
        says(c, "SWAPDB 0 1");
        for (int i = 0; i < KEYS; i++)
            says(c, "GETEX k%d", i);
        HEARS(c, "*");
        survey_bench_passes(b, 2);
        compare(b->engine.survey);
        survey_bench_end(b);
    }
}

/* A stream whose groups do not fit into one step; the dictionary grows meanwhile. */
TEST(a_stream_of_many_groups_is_read_in_steps)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    says(c, "XADD q 1-1 f v");
    for (int i = 0; i < 5000; i++)
        says(c, "XGROUP CREATE q g%d 0", i);
    HEARS(c, "*");
    survey_look(sv);
    for (int i = 5000; i < 9000; i++) {
        says(c, "XGROUP CREATE q g%d 0", i);
        if (i % 50 == 0)
            survey_bench_turn(b, 20);
    }
    HEARS(c, "*");
    survey_bench_passes(b, 2);
    compare(sv);
    CHECK(sv->groups.used == 9000 && record(sv, 0, "q")->ready == 9000);
    /* It goes in the middle of a pass. */
    survey_look(sv);
    for (int i = 0; i < 100 && dlist_empty(&sv->large); i++)
        survey_bench_turn(b, 100);
    says(c, "DEL q");
    HEARS(c, "1");
    survey_bench_passes(b, 2);
    CHECK(!sv->streams.used && !sv->groups.used && dlist_empty(&sv->large));
    survey_bench_end(b);
}

/* Console S2: the states of a group with a policy, and where its dead letters go. */
TEST(groups_say_what_their_policies_make_of_entries)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    says(c, "XPOLICY SET q g MKSTREAM JOBS DEADLETTER d");
    for (int i = 1; i <= 5; i++)
        says(c, "XADD q %d-1 f v", i);
    says(c, "XREADGROUP GROUP g a COUNT 4 STREAMS q >");
    says(c, "XNACK q g FAIL IDS 1 1-1 DELAY 60000");
    says(c, "XNACK q g SILENT IDS 1 2-1");
    says(c, "XNACK q g FATAL IDS 1 3-1");
    HEARS(c, "*");
    broker_bench_turn(b);
    survey_bench_passes(b, 2);
    uint32_t n = broker_group(b, "q", "g")->surveyed;
    const struct survey_group *g = survey_record_group(sv, n);
    const struct survey_group_more *more = survey_more_of_group(g);
    CHECK(g->unread == 1 && more->released == 1 && g->leased == 1 && more->deferred == 1);
    CHECK(more->counts.dead == 1 && g->delivered == 4 && g->flags == SURVEY_POLICY);
    const struct survey_stream *d = record(sv, 0, "d");
    CHECK(d && survey_more_of_group(g)->letters == broker_stream(b, "d")->surveyed &&
          survey_more_holds_letters(sv, d));
    /* Also when no policy names it any more. */
    says(c, "XPOLICY DEL q g");
    HEARS(c, "*");
    survey_bench_passes(b, 3);
    CHECK(survey_more_holds_letters(sv, record(sv, 0, "d")) && !survey_more_of_group(g)->letters);
    CHECK(!survey_more_holds_letters(sv, record(sv, 0, "q")));
    survey_bench_end(b);
}

UNIT_MAIN(T(a_stream_that_is_read_often_has_the_rate_of_a_whole_interval),
          T(a_first_look_knows_a_few_streams_and_passes_follow),
          T(unqueried_survey_data_is_dropped), T(records_follow_whatever_happens_during_passes),
          T(a_stream_of_many_groups_is_read_in_steps),
          T(groups_say_what_their_policies_make_of_entries))
