#include "persist/dump_stream_extra.h"

#include "base/hash.h"
#include "dumped.h"

static void schedule(struct stream *s, uint64_t ms, uint64_t seq, const char *value)
{
    struct bytes pairs[] = {BYTES("name"), bytes_text(value), BYTES(""), BYTES("x")};
    stream_future_add(&stream_need_extra(s)->future, (struct stream_id){ms, seq}, pairs,
                      ms % 2 + 1);
}

static void expire(struct stream *s, uint64_t ms, uint64_t seq, int64_t at_ms)
{
    stream_expiry_set(&stream_need_extra(s)->expiry, (struct stream_id){ms, seq}, at_ms);
}

/* broker Z7 */
TEST(all_of_it_comes_back)
{
    hash_init("seed", 4);
    struct stream *s = five();
    CHECK(dump_stream_type(s) == RDB_STREAM_ACTIVE);
    stream_need_extra(s);
    CHECK(dump_stream_type(s) == RDB_STREAM_ACTIVE); /* there is nothing in it */
    s->extra->limits.max_entries = 1000;
    s->extra->limits.max_age_ms = INT64_MAX;
    s->extra->limits.strategy = STREAM_ACKNOWLEDGED;
    CHECK(comes_back(s));
    s->extra->limits = stream_limits_none();
    s->extra->limits.refuses = true;
    CHECK(comes_back(s));
    s->extra->limits = stream_limits_none();
    schedule(s, 9, 3, "what is long enough to be compressed, compressed, compressed, compressed");
    CHECK(comes_back(s));
    schedule(s, 9, UINT64_MAX, "");
    schedule(s, 2, 7, "between entries");
    schedule(s, DUMP_STREAM_EXTRA_MOMENT_MOST, 0, "last");
    CHECK(comes_back(s));
    expire(s, 9, 3, 1);
    expire(s, 3, 0, 253402300799999 + 315360000000);
    s->extra->limits.max_bytes = 0;
    CHECK(comes_back(s));
    stream_free(s);
    s = five();
    expire(s, 1, 0, 900);
    CHECK(comes_back(s));
    stream_free(s);
}

/* A stream that has nothing but a future. */
TEST(many_scheduled_messages)
{
    struct stream *s = five();
    struct rdb_sink to = {.fd = -1, .compress = true};
    char error[160];
    for (uint64_t i = 0; i < 5000; i++)
        schedule(s, 1000 + i * 7919 % 5000, i, "v");
    dump_stream_put(&to, s, RDB_MILLRACE_QUEUE);
    struct stream *t = read_back(buf_bytes(&to.out), error);
    CHECK(t && is_same(s, t) && stream_future_count(&t->extra->future) == 5000);
    stream_free(s);
    stream_free(t);
    rdb_sink_free(&to);
}

TEST(damaged_limits)
{
    char error[160];
    CHECK(refused("01 01 0b 01 09'MAXLENGTH'", "Damaged limits"));
    CHECK(refused("01 01 0b 02 06'MAXLEN'02'-2'", "Damaged limits"));
    CHECK(refused("01 01 13 04 06'MAXLEN'01'1'06'MAXLEN'01'1'", "Damaged limits"));
    CHECK(refused("01 01 08 01 06'MAXLEN'", "Damaged limits"));
    CHECK(refused("01 01 01 0a", "Damaged limits")); /* ten words */
    CHECK(refused("01 01 21 01 1f'a word that is longer than words'", "Damaged limits"));
    CHECK(refused("01 01 09 02 06'MAXLEN'01'1'", "offset"));
    CHECK(refused("01 01 0b 02 06'MAXLEN'01'1'00", "Damaged section"));
    /* Limits that limit nothing leave nothing behind. */
    struct stream *s = read_back(rdb_hex("01 01 0b 02 06'MAXLEN'02'-1'"), error);
    CHECK(s && !s->extra);
    stream_free(s);
    s = read_back(rdb_hex("01 01 01 00"), error);
    CHECK(s && !s->extra);
    stream_free(s);
}

TEST(damaged_scheduled_messages)
{
    CHECK(refused("01 06 09 01 0900 01 01'a'01'b'00", "Damaged section"));
    CHECK(refused("01 06 04 01 0900 00", "Damaged scheduled message"));
    CHECK(refused("01 06 08 01 0900 80 000fffff", "Damaged scheduled message"));
    CHECK(refused("01 06 08 01 0000 01 01'a'01'b'", "out of order"));
    CHECK(refused("01 06 0f 02 0901 01 01'a'01'b' 0900 01 01'a'01'b'", "out of order"));
    CHECK(refused("01 06 0f 02 0901 01 01'a'01'b' 0901 01 01'a'01'b'", "out of order"));
    CHECK(refused("01 06 08 01 0300 01 01'a'01'b'", "an invalid ID")); /* present */
    CHECK(refused("01 06 10 01 81 0000e677d21fdc00 00 01 01'a'01'b'", "an invalid ID")); /* 10000 */
    CHECK(refused("01 06 06 01 0900 01 01'a'", "offset"));
    CHECK(refused("01 06 00", "offset"));
}

TEST(damaged_moments_of_expiry)
{
    CHECK(refused("01 07 0b 01 0300 0000000000000000", "Damaged moment"));
    CHECK(refused("01 07 0b 01 0300 ffffffffffffff7f", "Damaged moment"));
    CHECK(refused("01 07 0b 01 0301 0100000000000000", "does not exist"));
    CHECK(refused("01 07 15 02 0300 0100000000000000 0300 0100000000000000", "out of order"));
    CHECK(refused("01 07 15 02 0300 0100000000000000 0200 0100000000000000", "out of order"));
    CHECK(refused("01 07 0a 01 0300 01000000000000", "offset"));
    CHECK(refused("01 07 0c 01 0300 0100000000000000 00", "Damaged section"));
}

UNIT_MAIN(T(all_of_it_comes_back), T(many_scheduled_messages), T(damaged_limits),
          T(damaged_scheduled_messages), T(damaged_moments_of_expiry))
