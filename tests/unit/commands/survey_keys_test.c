/* SURVEY SCHEDULES, LISTS and PREFIXES over an engine. */
#include "survey/survey.h"

#include "survey.h"

/* A pass and a walk over all keys end, both begun from now on. */
static void pass(struct bench *b)
{
    struct survey *sv = b->engine.survey;
    uint64_t pass = sv->number, walk = sv->walk.number;
    for (int i = 0; i < 10000 && (sv->number <= pass || sv->walk.number <= walk); i++) {
        survey_look_at_keys(sv);
        survey_bench_turn(b, 1000);
    }
    CHECK(sv->number > pass && sv->walk.number > walk);
}

TEST(schedules_and_the_next_message_of_each_stream)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *u = bench_client(b);
    char line[200];
    bench_says(c, "XCRON SET r daily CRON @daily FIELDS a b");
    HEARS(c, "*");
    bench_says(c, "XCRON SET q often EVERY 60000 FIELDS a b");
    bench_says(c, "XADD q DELAY 5000 * f v");
    bench_says(c, "XADD q DELAY 3000 * f v");
    bench_says(c, "ACL SETUSER half on >p resetkeys ~r* &* +@all");
    HEARS(c, "*");
    pass(b);
    CHECK(survey_shows(c, "SURVEY SCHEDULES BY next", " name often next "));
    CHECK(survey_shows(c, "SURVEY SCHEDULES", " kind every fired "));
    SAYS(u, "AUTH half p", "OK");
    CHECK(!survey_shows(u, "SURVEY SCHEDULES", "often"));
    /* What is over, or cancelled, goes; many schedules of one stream are read in steps. */
    bench_says(c, "XCRON DEL q often");
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof(line), "XCRON SET many s%02d EVERY %d FIELDS a b", i, 3600000 + i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    pass(b);
    CHECK(!survey_shows(c, "SURVEY SCHEDULES", "often"));
    CHECK(survey_shows(c, "SURVEY SCHEDULES MATCH many", " 100 [["));
    CHECK(survey_shows(c, "SURVEY SCHEDULES MATCH many BY next DESC COUNT 1", " name s99 "));
    bench_says(c, "DEL many");
    HEARS(c, "1");
    pass(b);
    CHECK(survey_shows(c, "SURVEY SCHEDULES MATCH many", " 0 []]"));
    survey_bench_end(b);
}

TEST(a_scheduled_message_is_a_row_until_its_time_comes)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    bench_says(c, "XADD q DELAY 50000000 * f v");
    bench_says(c, "XADD q DELAY 30000000 * f v");
    HEARS(c, "*");
    pass(b);
    CHECK(survey_shows(
        c, "SURVEY SCHEDULES",
        " 1 [[db 0 key q name 1700030000000-0 next 1700030000000 kind message fired -1 "
        "missed -1]]]"));
    bench_says(c, "XDEL q 1700030000000-0");
    HEARS(c, "*");
    pass(b);
    CHECK(survey_shows(c, "SURVEY SCHEDULES", " name 1700050000000-0 "));
    bench_says(c, "XDEL q 1700050000000-0");
    HEARS(c, "*");
    pass(b);
    CHECK(survey_shows(c, "SURVEY SCHEDULES", " 0 []]"));
    survey_bench_end(b);
}

/* Console S5: lists that somebody waits for, and the longest. */
TEST(lists_are_found_by_a_walk_over_all_keys)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *w = bench_client(b), *u = bench_client(b), *z = bench_client(b);
    bench_says(c, "RPUSH jobs a b c");
    bench_says(c, "SET k v");
    bench_says(c, "SELECT 1");
    bench_says(c, "RPUSH other a");
    bench_says(c, "SELECT 0");
    bench_says(c, "ACL SETUSER half on >p resetkeys ~j* &* +@all");
    HEARS(c, "*");
    bench_says(w, "BLPOP queue:default 0");
    bench_says(z, "BZPOPMIN scores 0");               /* no list */
    CHECK(survey_shows(c, "SURVEY LISTS", "[1 3 [")); /* at the first look */
    CHECK(survey_shows(c, "SURVEY LISTS", "[db 0 key jobs length 3 change-rate 0 bytes "));
    CHECK(survey_shows(c, "SURVEY LISTS", " waiting 0 encoding listpack]"));
    CHECK(survey_shows(
        c, "SURVEY LISTS BY waiting DESC COUNT 1",
        "[[db 0 key queue:default length 0 change-rate 0 bytes 0 waiting 1 encoding ]]"));
    CHECK(survey_shows(c, "SURVEY LISTS DB 1", " 1 [[db 1 key other length 1 "));
    SAYS(u, "AUTH half p", "OK");
    CHECK(survey_shows(u, "SURVEY LISTS", " 1 [[db 0 key jobs "));
    for (int i = 0; i < 100; i++)
        bench_says(c, "RPUSH jobs x");
    bench_says(c, "DEL k");
    HEARS(c, "*");
    pass(b);
    CHECK(survey_shows(c, "SURVEY LISTS MATCH jobs", " length 103 change-rate "));
    CHECK(!survey_shows(c, "SURVEY LISTS MATCH jobs", " change-rate 0 "));
    bench_says(c, "DEL jobs");
    bench_says(c, "RPUSH queue:default x"); /* the client that waits takes it */
    HEARS(c, "*");
    pass(b);
    pass(b);
    CHECK(survey_shows(c, "SURVEY LISTS", " 1 [[db 1 key other "));
    survey_bench_end(b);
}

TEST(prefixes_share_the_memory)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct client *u = bench_client(b);
    char line[100];
    for (int i = 0; i < 3000; i++) {
        snprintf(line, sizeof(line), "SET %s:%d v", i % 3 ? "user" : "cart", i);
        bench_says(c, line);
    }
    bench_says(c, "ACL SETUSER half on >p resetkeys ~u* &* +@all");
    HEARS(c, "*");
    pass(b);
    CHECK(
        survey_shows(c, "SURVEY PREFIXES DB 0", " 2 [[db 0 prefix user other 0 keys 2000 bytes "));
    CHECK(survey_shows(c, "SURVEY PREFIXES", " prefix cart other 0 keys 1000 bytes "));
    CHECK(survey_shows(c, "SURVEY PREFIXES DB 1", " 0 []]"));
    CHECK(survey_shows(c, "SURVEY PREFIXES DB", "syntax error"));
    SAYS(u, "AUTH half p", "OK");
    CHECK(survey_shows(u, "SURVEY PREFIXES", "!NOPERM "));
    SAYS(c, "ACL SETUSER writer on >p resetkeys %W~* %R~u* &* +@all", "OK");
    SAYS(c, "ACL SETUSER reader on >p resetkeys %W~u* %R~* &* +@all", "OK");
    SAYS(u, "AUTH writer p", "OK");
    CHECK(survey_shows(u, "SURVEY PREFIXES", "!NOPERM "));
    SAYS(u, "AUTH reader p", "OK");
    CHECK(survey_shows(u, "SURVEY PREFIXES", " prefix cart other 0 keys 1000 bytes "));
    survey_bench_end(b);
}

/* Console S3: what is found is freed when nobody looks, and no walk goes on. */
TEST(what_a_walk_has_found_is_forgotten)
{
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct survey *sv = b->engine.survey;
    bench_says(c, "RPUSH jobs a b c");
    bench_says(c, "XCRON SET q often EVERY 60000 FIELDS a b");
    HEARS(c, "*");
    pass(b);
    CHECK(sv->walk.lists.records.used == 1 && sv->schedules.used >= 1);
    for (int i = 0; i < 110; i++)
        survey_bench_turn(b, 1000);
    CHECK(!sv->number && !sv->walk.number && !survey_memory(sv));
    survey_bench_end(b);
}

/* More lists than are kept: the longest stay. */
TEST(of_many_lists_the_longest_are_known)
{
    struct lists l;
    struct client *c;
    struct bench *b = survey_bench(&c);
    struct db *db = &b->engine.store->dbs[0];
    char line[100];
    bench_says(c, "RPUSH long a b c");
    bench_says(c, "RPUSH short a");
    HEARS(c, "*");
    lists_init(&l);
    const struct entry *three = db_find_past(db, BYTES("long")),
                       *one = db_find_past(db, BYTES("short"));
    lists_take(&l, &b->engine, db, one, 10, 1);
    for (int i = 0; i < LISTS_MOST + 5; i++) {
        snprintf(line, sizeof(line), "RPUSH l%d a b", i);
        bench_says(c, line);
    }
    HEARS(c, "*");
    for (int i = 0; i < LISTS_MOST + 5; i++) {
        int n = snprintf(line, sizeof(line), "l%d", i);
        lists_take(&l, &b->engine, db, db_find_past(db, bytes_of(line, (size_t)n)), 10, 1);
    }
    CHECK(l.records.used == LISTS_MOST);
    lists_take(&l, &b->engine, db, three, 10, 1);
    lists_take(&l, &b->engine, db, one, 10, 1);
    CHECK(l.records.used == LISTS_MOST && heap_is_sound(&l.shortest));
    unsigned found = 0;
    for (uint32_t i = 1; i <= l.records.n; i++) {
        const struct lists_record *x = lists_at(&l, i);
        found += x->slot.seen && x->length == 3;
        CHECK(!x->slot.seen || x->length > 1);
    }
    CHECK(found == 1);
    for (uint32_t i = 1; i <= l.records.n; i++)
        lists_sweep(&l, i, 2);
    CHECK(!l.records.used && !l.by_name.used && !l.shortest.n);
    lists_forget(&l);
    survey_bench_end(b);
}

UNIT_MAIN(T(schedules_and_the_next_message_of_each_stream),
          T(a_scheduled_message_is_a_row_until_its_time_comes),
          T(lists_are_found_by_a_walk_over_all_keys), T(prefixes_share_the_memory),
          T(what_a_walk_has_found_is_forgotten), T(of_many_lists_the_longest_are_known))
