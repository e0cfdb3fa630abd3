#include "persist/dump_stream_schedules.h"

#include "dumped.h"
#include "type/stream/stream_schedule_words.h"

#define SECTION "01 08 "

static void add(struct stream *s, const char *name, const char *first, const char *second,
                int64_t last_ms, uint64_t fired, int64_t passed_ms)
{
    struct stream_schedules *to = &stream_need_extra(s)->schedules;
    struct bytes words[] = {bytes_text(first),
                            bytes_text(second),
                            BYTES("TZ"),
                            BYTES("Europe/Berlin"),
                            BYTES("START"),
                            BYTES("1774656000000"),
                            BYTES("CATCHUP"),
                            BYTES("ALL"),
                            BYTES("LIMIT"),
                            BYTES("50"),
                            BYTES("FIELDS"),
                            BYTES("task"),
                            BYTES(""),
                            bytes_text(name),
                            BYTES("long enough to be compressed: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")};
    struct stream_schedule_rules r;
    if (strcmp(first, "EVERY") == 0) /* that has no zone */
        memmove(words + 2, words + 4, sizeof(words) - 4 * sizeof(*words));
    bool good = stream_schedule_words_read(words, strcmp(first, "EVERY") == 0 ? 13 : 15,
                                           stream_zones(s), &r);
    CHECK(good);
    struct stream_schedule *x = stream_schedules_set(to, bytes_text(name), &r);
    stream_schedules_mark(to, x, last_ms, fired);
    stream_schedules_pass(to, x, passed_ms);
}

/* broker Z7 */
TEST(schedules_come_back)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    add(s, "b", "CRON", "30 2 * * *", 0, 0, 0);
    CHECK(comes_back(s));
    add(s, "a", "EVERY", "60000", 1774656060000, 1, 1774656200000);
    add(s, "", "CRON", "@hourly", STREAM_SCHEDULE_MOMENT_MOST, INT64_MAX,
        STREAM_SCHEDULE_MOMENT_MOST);
    CHECK(comes_back(s));
    /* What they have fired still counts against LIMIT, and what was passed does not fire. */
    struct rdb_sink to = {.fd = -1};
    char error[160];
    dump_stream_put(&to, s, RDB_MILLRACE_QUEUE);
    struct stream *t = read_back(buf_bytes(&to.out), error);
    struct stream_schedule *x = stream_schedules_find(&t->extra->schedules, BYTES("a"));
    CHECK(x && stream_schedule_left(x) == 49 && x->next_ms == 1774656240000 && x->fired == 1);
    rdb_sink_free(&to);
    stream_free(t);
    stream_free(s);
}

#define EVERY "09 05'EVERY'03'100'05'START'01'5'07'CATCHUP'03'ONE'06'FIELDS'01'f'01'v'"

TEST(damaged_schedules)
{
    static const char one[] = SECTION "3e 01 01'n'" EVERY "0500000000000000 0700000000000000 01";
    char error[160];
    struct stream *s = read_back(rdb_hex(one), error);
    CHECK(s && stream_schedules_count(&s->extra->schedules) == 1);
    stream_free(s);
    CHECK(refused(SECTION "40 7b 02 01'n'" EVERY "0500000000000000 0500000000000000 01 01'n'" EVERY
                          "0500000000000000 0500000000000000 01",
                  "Damaged schedule"));
    CHECK(refused(SECTION "3e 01 01'n'" EVERY "ffffffffffffffff ffffffffffffffff 01",
                  "Damaged schedule"));
    CHECK(refused(SECTION "3e 01 01'n'" EVERY "0500000000000000 ffffffffffffffff 01",
                  "Damaged schedule"));
    CHECK(refused(SECTION "3e 01 01'n'" EVERY "0500000000000000 0400000000000000 01",
                  "Damaged schedule"));
    CHECK(refused(SECTION "4046 01 01'n'" EVERY
                          "0500000000000000 0500000000000000 81 8000000000000000",
                  "Damaged schedule"));
    CHECK(refused(SECTION "1b 01 01'n'01 05'EVERY' 0000000000000000 0000000000000000 00",
                  "or one of a later version"));
    CHECK(refused(SECTION "08 01 01'n'80 ffffffff", "Damaged schedule"));
    CHECK(refused(SECTION "15 01 01'n'00 0000000000000000 0000000000000000 00",
                  "or one of a later version"));
    /* None at all: a stream like any other. */
    s = read_back(rdb_hex(SECTION "01 00"), error);
    CHECK(s && !s->extra);
    stream_free(s);
}

UNIT_MAIN(T(schedules_come_back), T(damaged_schedules))
