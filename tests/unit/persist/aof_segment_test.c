/* One increment on a disk that fails. */
#include "persist/aof_segment.h"

#include "base/crc.h"
#include "disk.h"
#include "io/file.h"
#include "persist/aof_read.h"
#include "unit.h"

#include <fcntl.h>

#define FILE_NAME "one.aof"

static struct loop *loop; /* of threads there is a small number: made once */
static struct worker *disk_thread, *writer;
static struct journal *journal;
static struct aof_files files;
static struct aof_segment s;

static void begin(void)
{
    crc_init();
    loop = loop ? loop : loop_new();
    disk_thread = disk_thread ? disk_thread : worker_new(loop, "disk");
    writer = writer ? writer : worker_new(loop, "writer");
    CHECK(disk_begin());
    journal = journal_new();
    aof_files_init(&files, ".", "a");
    aof_segment_init(&s, disk_thread, writer, journal, &files);
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    aof_segment_start_over(&s);
}

static void until_idle(void)
{
    while (worker_pending(disk_thread) || worker_pending(writer))
        loop_turn(loop, 1);
}

static void end(void)
{
    disk_works();
    until_idle();
    aof_segment_free(&s);
    aof_files_free(&files);
    journal_free(journal);
    disk_end();
}

static uint64_t effect(void)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("v")};
    journal_group_begin(journal);
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    journal_group_end(journal);
    return journal->offset;
}

static bool count(void *context, const struct bytes *argv, int argc)
{
    (void)argv;
    *(int *)context += argc == 3; /* not SELECT */
    return true;
}

/* How many effects a start would read; -1: the file is not whole. */
static int readable(void)
{
    struct bytes map;
    struct aof_read_result r;
    int n = 0;
    struct aof_read_options o = {.apply = count, .context = &n};
    if (file_map(FILE_NAME, &map) < 0)
        return -1;
    aof_read(map, &o, &r);
    file_unmap(map);
    return r.status == AOF_READ_GOOD && (n == 0 || r.offset == aof_segment_written(&s)) ? n : -1;
}

TEST(what_is_written_is_read_again)
{
    begin();
    uint64_t first = effect();
    CHECK(aof_segment_unwritten(&s) == first && aof_segment_written(&s) == 0);
    aof_segment_write(&s);
    CHECK(aof_segment_written(&s) == first && s.synced == 0 && readable() == 1);
    effect();
    effect();
    aof_segment_write(&s);
    aof_segment_write(&s); /* nothing is left: nothing is written */
    CHECK(readable() == 3 && s.size == (uint64_t)file_size_of(FILE_NAME) && files.size == s.size);
    end();
}

TEST(an_open_group_is_not_written)
{
    begin();
    effect();
    journal_group_begin(journal);
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("w")};
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    aof_segment_write(&s);
    CHECK(readable() == 1 && aof_segment_unwritten(&s) > 0);
    aof_segment_write(&s);
    CHECK(readable() == 1);
    journal_group_end(journal);
    aof_segment_write(&s);
    CHECK(readable() == 2 && aof_segment_unwritten(&s) == 0);
    end();
}

TEST(timestamps_say_when_once_a_second)
{
    begin();
    s.timestamps = true;
    effect();
    aof_segment_write(&s);
    int64_t size = file_size_of(FILE_NAME), second = s.second;
    CHECK(second > 1700000000);
    char text[512] = "";
    int n = file_read_start(FILE_NAME, text, sizeof(text) - 1);
    CHECK(n == size && memmem(text, (size_t)n, "#TS:", 4));
    effect();
    aof_segment_write(&s);
    CHECK(s.second >= second && readable() == 2);
    end();
}

/* Cut at any write of a batch: header, effects, trailer. */
TEST(a_write_that_fails_is_taken_back)
{
    for (int left = 0; left < 3; left++) {
        begin();
        if (left == 2) {
            /* With an open group effects and trailer are written apart. */
            effect();
            aof_segment_write(&s);
        }
        int before = left == 2;
        effect();
        if (left == 2) {
            struct bytes argv[] = {BYTES("DEL"), BYTES("k")};
            journal_group_begin(journal);
            journal_add(journal, 0, argv, 2, bytes_of(NULL, 0));
        }
        disk.fail_write = EIO;
        disk.writes_left = left == 2 ? 1 : left;
        uint64_t written = aof_segment_written(&s);
        aof_segment_write(&s);
        CHECK(s.state == AOF_SEGMENT_WRITE_FAILED && s.error == -EIO);
        CHECK(aof_segment_written(&s) == written && aof_segment_unwritten(&s) > 0);
        CHECK(file_size_of(FILE_NAME) == (int64_t)s.size && readable() == before);
        disk_works();
        if (left == 2)
            journal_group_end(journal);
        effect();
        aof_segment_retry(&s);
        CHECK(s.state == AOF_SEGMENT_SOUND && s.error == 0 && aof_segment_unwritten(&s) == 0);
        CHECK(readable() == before + 2);
        end();
    }
}

TEST(what_cannot_be_taken_back_is_not_written_behind)
{
    begin();
    effect();
    disk.fail_write = EIO;
    disk.fail_truncate = EIO;
    aof_segment_write(&s);
    CHECK(s.state == AOF_SEGMENT_FSYNC_FAILED && aof_segment_written(&s) == 0);
    disk_works();
    CHECK(aof_segment_sync_now(&s) == -EIO && aof_segment_written(&s) == 0);
    end();
}

/* Without room the reserve is given up, once. */
TEST(the_last_batch_finds_room)
{
    begin();
    aof_files_set_reserve(&files, 65536);
    CHECK(aof_files_make_reserve(&files) && file_size_of("./a.reserve") == 65536);
    effect();
    disk.fail_write = ENOSPC; /* the header; the reserve does not help on this disk */
    aof_segment_write(&s);
    CHECK(s.state == AOF_SEGMENT_WRITE_FAILED && s.enospc == -ENOSPC && !files.reserved);
    CHECK(!file_exists("./a.reserve"));
    disk_works();
    aof_segment_retry(&s);
    CHECK(s.state == AOF_SEGMENT_SOUND && s.enospc == 0 && files.reserved && readable() == 1);
    CHECK(file_size_of("./a.reserve") == 65536);
    /* Starting over makes it again. */
    CHECK(aof_files_give_reserve_up(&files) && !files.reserved);
    s.enospc = -ENOSPC;
    aof_segment_start_over(&s);
    CHECK(files.reserved && file_size_of("./a.reserve") == 65536 && s.enospc == 0);
    end();
}

TEST(a_sync_covers_what_was_written_when_it_began)
{
    begin();
    uint64_t first = effect();
    aof_segment_write(&s);
    disk.hold_syncs = 1;
    aof_segment_sync(&s, 1000);
    CHECK(aof_segment_is_busy(&s) && s.sync_began_ms == 1000);
    uint64_t second = effect();
    CHECK(aof_segment_may_write_beside(&s));
    aof_segment_write_beside(&s);
    while (worker_pending(writer))
        loop_turn(loop, 1);
    CHECK(aof_segment_written(&s) == second && s.synced == 0 && readable() == 2);
    disk.hold_syncs = 0;
    until_idle();
    CHECK(s.synced == first && s.syncs == 1 && !aof_segment_is_busy(&s));
    CHECK(histogram_count(s.times.by_class) == 1 && s.times.sum_us == s.times.longest_us);
    CHECK(aof_segment_sync_now(&s) == 0 && s.synced == second);
    end();
}

TEST(one_batch_at_a_time_beside_a_sync_of_the_same_file)
{
    begin();
    effect();
    aof_segment_write(&s);
    disk.hold_syncs = disk.hold_writes = 1;
    aof_segment_sync(&s, 1000);
    CHECK(!aof_segment_may_write_beside(&s)); /* nothing to write */
    effect();
    CHECK(aof_segment_may_write_beside(&s));
    s.sync_began_us -= 1000001;
    CHECK(!aof_segment_may_write_beside(&s)); /* everysec promises the last second */
    s.sync_began_us += 1000001;
    aof_segment_write_beside(&s);
    effect();
    CHECK(!aof_segment_may_write_beside(&s));
    disk.hold_writes = 0;
    while (worker_pending(writer))
        loop_turn(loop, 1);
    CHECK(aof_segment_may_write_beside(&s) && readable() == 2);
    disk.hold_syncs = 0;
    until_idle();
    /* The last sync of another file. */
    int two = aof_files_create("two.aof"), one = s.fd;
    uint32_t salt = s.header.salt;
    effect();
    disk.hold_syncs = 1;
    aof_segment_replace(&s, two);
    CHECK(s.header.salt != salt); /* a frame of the one is none of the other */
    CHECK(aof_segment_is_busy(&s) && !aof_segment_may_write_beside(&s));
    disk.hold_syncs = 0;
    until_idle();
    CHECK(s.synced == aof_segment_written(&s) && s.state == AOF_SEGMENT_SOUND);
    CHECK(fcntl(one, F_GETFD) < 0 && fcntl(two, F_GETFD) >= 0);
    end();
}

TEST(a_batch_that_fails_beside_a_sync_is_taken_back)
{
    begin();
    uint64_t first = effect();
    aof_segment_write(&s);
    disk.hold_syncs = 1;
    aof_segment_sync(&s, 1000);
    effect();
    disk.fail_write = EIO;
    aof_segment_write_beside(&s);
    while (worker_pending(writer))
        loop_turn(loop, 1);
    CHECK(s.state == AOF_SEGMENT_WRITE_FAILED && aof_segment_written(&s) == first);
    CHECK(readable() == 1);
    disk_works();
    until_idle();
    CHECK(s.synced == first);
    aof_segment_retry(&s);
    CHECK(readable() == 2);
    end();
}

/* The kernel calls the next sync a success: it is not believed. */
TEST(after_a_failed_sync_nothing_of_the_file_is_believed)
{
    begin();
    uint64_t first = effect();
    aof_segment_write(&s);
    disk.fail_sync = EIO;
    aof_segment_sync(&s, 1000);
    until_idle();
    CHECK(s.state == AOF_SEGMENT_FSYNC_FAILED && s.error == -EIO && s.synced == 0);
    disk_works();
    CHECK(aof_segment_sync_now(&s) == -EIO && s.synced == 0);
    aof_segment_repair(&s, first); /* by a base that was forked before */
    CHECK(s.state == AOF_SEGMENT_FSYNC_FAILED);
    effect();
    aof_segment_replace(&s, aof_files_create(FILE_NAME));
    CHECK(s.state == AOF_SEGMENT_BASE_MISSING && s.error == -EIO && !aof_segment_is_busy(&s));
    uint64_t base = journal->offset, behind = effect();
    aof_segment_repair(&s, base);
    CHECK(s.state == AOF_SEGMENT_SOUND && s.synced == base && aof_segment_written(&s) == base);
    aof_segment_write(&s);
    CHECK(aof_segment_written(&s) == behind);
    end();
}

TEST(the_last_sync_of_the_old_file_may_fail)
{
    begin();
    effect();
    aof_segment_write(&s);
    int two = aof_files_create("two.aof");
    disk.fail_sync = EIO;
    aof_segment_replace(&s, two);
    uint64_t base = journal->offset;
    until_idle();
    disk_works();
    CHECK(s.state == AOF_SEGMENT_BASE_MISSING && s.synced == 0 && s.header_pending);
    aof_segment_repair(&s, base);
    CHECK(s.state == AOF_SEGMENT_SOUND && s.synced == base);
    end();
}

TEST(a_closed_file_fails_no_more_and_reads_no_more)
{
    begin();
    effect();
    disk.fail_write = ENOSPC;
    aof_segment_write(&s);
    CHECK(s.error == -ENOSPC);
    disk_works();
    aof_segment_close(&s);
    CHECK(s.error == 0 && s.enospc == 0 && !aof_segment_is_open(&s) && !journal->on);
    effect();
    CHECK(aof_segment_unwritten(&s) == 0 && journal->pending.n == 0);
    end();
}

TEST(latencies_to_an_eighth)
{
    begin();
    CHECK(aof_segment_latency_us(&s, 0.5) == 0);
    s.times.by_class[histogram_class(15)] = 90;
    s.times.by_class[histogram_class(690)] = 10;
    s.times.longest_us = 700;
    CHECK(aof_segment_latency_us(&s, 0.5) == 16 && aof_segment_latency_us(&s, 0.9) == 16);
    CHECK(aof_segment_latency_us(&s, 0.91) == 700 && aof_segment_latency_us(&s, 1) == 700);
    end();
}

#define PING "*1\r\n$4\r\nPING\r\n"

/* Somebody gets the stream, with what no file keeps. */
static struct journal_reader replica;

static void begin_streamed(void)
{
    begin();
    replica = (struct journal_reader){0};
    journal_attach_stream(journal, &replica);
}

static void end_streamed(void)
{
    disk_works();
    until_idle();
    journal_detach(&replica);
    end();
}

static bool file_holds(const char *text)
{
    struct bytes map;
    if (file_map(FILE_NAME, &map) < 0)
        return false;
    bool found = map.n && memmem(map.p, map.n, text, strlen(text));
    file_unmap(map);
    return found;
}

TEST(a_gap_is_written_without_blocking_replies)
{
    begin_streamed();
    effect();
    aof_segment_write(&s);
    CHECK(s.unsynced && !aof_segment_is_behind(&s));
    aof_segment_sync(&s, 1000);
    until_idle();
    CHECK(!s.unsynced);
    journal_stream_only(journal, BYTES(PING));
    CHECK(aof_segment_is_behind(&s));
    aof_segment_write(&s);
    CHECK(!s.unsynced && !aof_segment_is_behind(&s) && aof_segment_written(&s) == journal->offset);
    CHECK(readable() == 1 && file_holds("#SKIP:14\r\n#CRC:10:") && !file_holds("PING"));
    effect();
    journal_stream_only(journal, BYTES(PING));
    aof_segment_write(&s);
    CHECK(s.unsynced && readable() == 2);
    end_streamed();
}

TEST(a_note_without_bytes_is_written)
{
    begin_streamed();
    effect();
    aof_segment_write(&s);
    aof_segment_sync_now(&s);
    journal_shift(journal, NULL);
    CHECK(aof_segment_is_behind(&s) && aof_segment_unwritten(&s) == 0);
    aof_segment_write(&s);
    CHECK(!aof_segment_is_behind(&s) && s.unsynced && readable() == 1);
    CHECK(file_holds(journal->history.id));
    int syncs = disk.syncs;
    CHECK(aof_segment_sync_now(&s) == 0 && disk.syncs == syncs + 1 && !s.unsynced);
    end_streamed();
}

/* Half of it is written, then the disk fails: the same batch comes again, with what came since. */
TEST(a_batch_with_notes_is_taken_back_and_written_again)
{
    begin_streamed();
    effect();
    aof_segment_write(&s);
    journal_stream_only(journal, BYTES(PING));
    effect();
    disk.fail_write = EIO;
    aof_segment_write(&s);
    CHECK(s.state == AOF_SEGMENT_WRITE_FAILED && readable() == 1 && aof_segment_is_behind(&s));
    disk_works();
    journal_shift(journal, NULL);
    journal_stream_only(journal, BYTES(PING));
    aof_segment_retry(&s);
    CHECK(s.state == AOF_SEGMENT_SOUND && readable() == 2 && !aof_segment_is_behind(&s));
    end_streamed();
}

TEST(notes_go_beside_a_sync_too)
{
    begin_streamed();
    effect();
    aof_segment_write(&s);
    disk.hold_syncs = disk.hold_writes = 1;
    aof_segment_sync(&s, 1000);
    journal_stream_only(journal, BYTES(PING));
    CHECK(aof_segment_may_write_beside(&s));
    aof_segment_write_beside(&s);
    journal_stream_only(journal, BYTES(PING)); /* the gap grows meanwhile */
    effect();
    journal_shift(journal, NULL);
    disk.hold_writes = 0;
    while (worker_pending(writer))
        loop_turn(loop, 1);
    CHECK(aof_segment_is_behind(&s) && !s.unsynced && readable() == 1);
    CHECK(aof_segment_may_write_beside(&s));
    aof_segment_write_beside(&s);
    disk.hold_syncs = 0;
    until_idle();
    CHECK(!aof_segment_is_behind(&s) && s.unsynced && readable() == 2);
    CHECK(aof_segment_sync_now(&s) == 0 && s.synced == journal->offset);
    end_streamed();
}

/* The stream is its primary's: the database stands beside it, once. */
TEST(a_file_of_a_replica_names_the_database)
{
    begin_streamed();
    journal_set_mode(journal, JOURNAL_RAW);
    journal_stream_in(journal, 7);
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    for (int i = 0; i < 2; i++) {
        journal_raw_begin(journal, BYTES("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"), 7, true);
        journal_raw_end(journal);
        if (i == 0) {
            disk.fail_write = EIO;
            disk.writes_left = 1; /* the header is written, the frame is not */
            aof_segment_write(&s);
            CHECK(s.state == AOF_SEGMENT_WRITE_FAILED && s.first_db == 7);
            disk_works();
            aof_segment_retry(&s);
        } else {
            aof_segment_write(&s);
        }
        CHECK(readable() == i + 1 && s.first_db == -1);
    }
    CHECK(file_holds("\r\n#ONLY:23\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n*3\r\n$3\r\nSET"));
    CHECK(bytes_is(journal_unread(&replica), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
                                             "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"));
    end_streamed();
}

/* Local writes of a replica move no offset: the base has those before it, the file those behind. */
TEST(a_base_takes_the_notes_in_front_of_it)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("v")};
    begin_streamed();
    journal_set_mode(journal, JOURNAL_RAW);
    journal_stream_in(journal, 0);
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    disk.fail_sync = EIO;
    aof_segment_write(&s);
    aof_segment_sync(&s, 1000);
    until_idle();
    CHECK(s.state == AOF_SEGMENT_FSYNC_FAILED);
    disk_works();
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    aof_segment_replace(&s, aof_files_create(FILE_NAME)); /* and a child is forked */
    CHECK(s.notes_ahead == 1);
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    CHECK(journal->note_n == 3);
    aof_segment_repair(&s, journal->offset);
    CHECK(journal->note_n == 2 && s.state == AOF_SEGMENT_SOUND);
    aof_segment_write(&s);
    CHECK(readable() == 2);
    end_streamed();
}

/* STEPS of docs/decisions/0039. */
TEST(a_file_names_the_id_of_the_last_byte)
{
    static const char *const g1 = "6d696c6c00000001aaaaaaaa1111111111111111";
    static const char *const g2 = "6d696c6c00000002aaaaaaaa2222222222222222";
    begin();
    effect();
    journal_shift(journal, g1);
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    CHECK(strcmp(s.header.replication_id, journal->history.id2) == 0);
    effect();
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    CHECK(strcmp(s.header.replication_id, g1) == 0);
    journal_shift(journal, g2);
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    CHECK(strcmp(s.header.replication_id, g1) == 0);
    /* A random one is borne at once. */
    journal_shift(journal, NULL);
    aof_segment_begin(&s, aof_files_create(FILE_NAME));
    CHECK(strcmp(s.header.replication_id, journal->history.id) == 0);
    end();
}

UNIT_MAIN(T(a_file_names_the_id_of_the_last_byte), T(a_gap_is_written_without_blocking_replies),
          T(a_note_without_bytes_is_written), T(a_batch_with_notes_is_taken_back_and_written_again),
          T(notes_go_beside_a_sync_too), T(a_file_of_a_replica_names_the_database),
          T(a_base_takes_the_notes_in_front_of_it), T(what_is_written_is_read_again),
          T(an_open_group_is_not_written), T(timestamps_say_when_once_a_second),
          T(a_write_that_fails_is_taken_back), T(what_cannot_be_taken_back_is_not_written_behind),
          T(the_last_batch_finds_room), T(a_sync_covers_what_was_written_when_it_began),
          T(one_batch_at_a_time_beside_a_sync_of_the_same_file),
          T(a_batch_that_fails_beside_a_sync_is_taken_back),
          T(after_a_failed_sync_nothing_of_the_file_is_believed),
          T(the_last_sync_of_the_old_file_may_fail),
          T(a_closed_file_fails_no_more_and_reads_no_more), T(latencies_to_an_eighth))
