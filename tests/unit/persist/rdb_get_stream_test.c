#include "persist/rdb_get_stream.h"

#include "rdb.h"
#include "type/stream/stream_pending_walk.h"
#include "unit.h"

/* A node: the master ID 1-0, then a pack of 29 bytes: 1 entry, 0 deleted, 1 field 'f', 0; the
 * entry: flags 2 (the master's fields), 0-0 from the master ID, 'v', 4 elements back. */
#define NODE                                                                                       \
    "10 00000000000000010000000000000000 "                                                         \
    "1d 1d000000 0a00 0101 0001 0101 81'f'02 0001 0201 0001 0001 81'v'02 0401 ff "
/* length 1, last 1-0; first 1-0, deleted 0-0, 1 added */
#define OLD_COUNTERS "01 01 00 "
#define COUNTERS     OLD_COUNTERS "01 00 00 00 01 "
#define ID_1         "00000000000000010000000000000000 "
#define TIME         "0500000000000000 "

TEST(streams_of_each_version)
{
    static const struct rdb_case all[] = {
        {RDB_REDIS, RDB_OLD_STREAM, "01" NODE OLD_COUNTERS "00", "stream 1-0 f=v last 1-0 added 1"},
        {RDB_REDIS, RDB_STREAM, "01" NODE COUNTERS "00", "stream 1-0 f=v last 1-0 added 1"},
        {RDB_REDIS, RDB_STREAM, "00 00 07 00 00 00 00 00 09 00", "stream last 7-0 added 9"},
        /* a group: name, last 1-0, read 1, 1 pending; 1 consumer: name, seen, 1 pending */
        {RDB_REDIS, RDB_STREAM,
         "01" NODE COUNTERS "01 01'g' 01 00 01 01" ID_1 TIME "01 01 01'c'" TIME "01" ID_1,
         "stream 1-0 f=v last 1-0 added 1 group g read 1 pending 1 released 0"},
        /* with the consumer's active time */
        {RDB_REDIS, RDB_STREAM_ACTIVE,
         "01" NODE COUNTERS "01 01'g' 01 00 01 01" ID_1 TIME "01 01 01'c'" TIME TIME "01" ID_1,
         "stream 1-0 f=v last 1-0 added 1 group g read 1 pending 1 released 0"},
        /* message ids: 100 s, 100 at the most, 1 producer 'p' with 1: 'i' of 1-0; 2 counters */
        {RDB_REDIS, RDB_STREAM_DEDUP,
         "01" NODE COUNTERS "00 4064 4064 01 01'p' 01 01'i' 01 00 07 03",
         "stream 1-0 f=v last 1-0 added 1 ids 1 of 7, 3 again"},
        /* a pending entry that nobody owns, which is released */
        {RDB_REDIS, RDB_STREAM_RELEASED,
         "01" NODE COUNTERS "01 01'g' 01 00 01 01" ID_1 TIME "01 00 01" ID_1 "4064 4064 00 00 00",
         "stream 1-0 f=v last 1-0 added 1 group g read 1 pending 1 released 1"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

TEST(what_does_not_fit_together_is_refused)
{
    static const struct rdb_case all[] = {
        /* the second node does not ascend */
        {RDB_REDIS, RDB_STREAM, "02" NODE NODE COUNTERS "00", "! Damaged stream node"},
        {RDB_REDIS, RDB_STREAM, "01 01'x' 00", "! Damaged stream node ID"},
        /* the last ID is below the entry's */
        {RDB_REDIS, RDB_STREAM, "01" NODE "01 00 00 00 00 00 00 01 00", "! Last ID of a stream"},
        {RDB_REDIS, RDB_STREAM, "01" NODE COUNTERS "02 01'g' 01 00 01 00 00 01'g' 01 00 01 00 00",
         "! Group named twice"},
        {RDB_REDIS, RDB_STREAM,
         "01" NODE COUNTERS "01 01'g' 01 00 01 00 02 01'c'" TIME "00 01'c'" TIME "00",
         "! Consumer named twice"},
        /* a consumer owns what its group does not list; two own the same */
        {RDB_REDIS, RDB_STREAM, "01" NODE COUNTERS "01 01'g' 01 00 01 00 01 01'c'" TIME "01" ID_1,
         "! Pending entry of a consumer is not in its group"},
        {RDB_REDIS, RDB_STREAM,
         "01" NODE COUNTERS "01 01'g' 01 00 01 01" ID_1 TIME "01 02 01'c'" TIME "01" ID_1
         "01'd'" TIME "01" ID_1,
         "! Pending entry of a consumer is not in its group"},
        {RDB_REDIS, RDB_STREAM,
         "01" NODE COUNTERS "01 01'g' 01 00 01 02" ID_1 TIME "01" ID_1 TIME "01 00",
         "! Pending entries out of order"},
        {RDB_REDIS, RDB_STREAM, "01" NODE COUNTERS "01 01'g' 01 00 01 8100ffffffffffffff",
         "! More pending entries than bytes"},
        {RDB_REDIS, RDB_STREAM_DEDUP, "01" NODE COUNTERS "00 00 4064 00 00 00",
         "! Damaged settings of message ids"},
        {RDB_REDIS, RDB_STREAM_DEDUP, "01" NODE COUNTERS "00 4064 4064 01 01'p' 01 00 01 00",
         "! Damaged message id"},
    };
    CHECK(RDB_CASES_HOLD(all));
}

static void count(void *context, const char *text)
{
    (void)text;
    ++*(int *)context;
}

/* A writer with a fault: an entry that is pending for nobody, and a wrong length. */
TEST(what_can_be_repaired_is_with_a_warning)
{
    struct bytes data = rdb_hex("01" NODE "02 01 00 01 00 00 00 01"
                                "01 01'g' 01 00 01 01" ID_1 TIME "03 00");
    struct rdb_source r = rdb_source_of(data);
    struct buf shown = {0};
    int warnings = 0;
    rdb_streams();
    r.warn = count;
    r.warn_context = &warnings;
    struct entry *e = rdb_get_stream(&r, BYTES("key"), RDB_STREAM, &rdb_options);
    CHECK(e && warnings == 2 && r.p == r.end);
    rdb_show(&shown, e);
    CHECK(bytes_is(buf_bytes(&shown),
                   "stream 1-0 f=v last 1-0 added 1 group g read 1 pending 1 released 1"));
    value_free(e);
    buf_free(&shown);
    rdb_source_free(&r);
}

static void add_bytes(struct buf *b, uint64_t v, int n, bool big)
{
    for (int i = 0; i < n; i++)
        buf_add_char(b, (char)(v >> 8 * (big ? n - 1 - i : i)));
}

static void add_length(struct buf *b, uint64_t v)
{
    buf_add_char(b, (char)0x80);
    add_bytes(b, v, 4, true);
}

static void add_id(struct buf *b, uint64_t ms)
{
    add_bytes(b, ms, 8, true);
    add_bytes(b, 0, 8, true);
}

/* As XCLAIM and XAUTOCLAIM leave them; in the square of their number it would not come to an end.
 */
TEST(entries_of_any_times_are_read_in_their_order)
{
    enum { N = 200000, STEP = 7919 };
    struct buf b = {0};
    /* no nodes, length, last, first, deleted, added; a group, its last and read */
    buf_add(&b, bytes_of("\0\0", 2));
    add_length(&b, N);
    buf_add(&b, bytes_of("\0\0\0\0\0\0\1\1g\0\0\0", 12));
    add_length(&b, N);
    for (uint64_t i = 0; i < N; i++) {
        add_id(&b, i + 1);
        add_bytes(&b, i * STEP % N + 1, 8, false);
        buf_add_char(&b, 1);
    }
    buf_add(&b, bytes_of("\1\1c\5\0\0\0\0\0\0\0", 11));
    add_length(&b, N);
    for (uint64_t i = 0; i < N; i++)
        add_id(&b, i + 1);
    struct rdb_source r = rdb_source_of(buf_bytes(&b));
    rdb_streams();
    struct entry *e = rdb_get_stream(&r, BYTES("key"), RDB_STREAM, &rdb_options);
    CHECK(e && r.p == r.end);
    struct stream_pending *p = &stream_find_group(value_object(e), BYTES("g"))->pending;
    struct stream_pending_walk w;
    struct stream_pending_entry x;
    int64_t at = 0;
    stream_pending_walk_start(&w, p);
    for (; stream_pending_walk_peek(&w, &x); stream_pending_walk_next(&w, &x))
        if (x.time_ms != ++at || (x.id.ms - 1) * STEP % N + 1 != (uint64_t)at)
            break;
    CHECK(at == N && p->count == N);
    value_free(e);
    buf_free(&b);
    rdb_source_free(&r);
}

UNIT_MAIN(T(streams_of_each_version), T(what_does_not_fit_together_is_refused),
          T(what_can_be_repaired_is_with_a_warning),
          T(entries_of_any_times_are_read_in_their_order))
