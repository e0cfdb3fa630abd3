/* The append-only file, with a disk that the test holds up and lets fail. */
#include "persist/aof.h"

#include "base/mem.h"
#include "disk.h"
#include "io/file.h"
#include "persist/aof_frame.h"
#include "unit.h"

struct world {
    struct loop *loop;
    struct worker *syncer, *writer;
    struct journal *journal;
    struct aof *aof;
};

static struct world *begin(enum aof_policy policy)
{
    struct world *w = mem_zalloc(sizeof(*w));
    char error[MANIFEST_ERROR];
    if (!disk_begin())
        return NULL;
    /* Of threads there is a small number. */
    static struct loop *loop;
    static struct worker *syncer, *writer;
    loop = loop ? loop : loop_new();
    w->loop = loop;
    w->syncer = syncer = syncer ? syncer : worker_new(loop, "disk");
    w->writer = writer = writer ? writer : worker_new(loop, "writer");
    w->journal = journal_new();
    w->aof = aof_new(w->syncer, w->writer, w->journal, "appendonlydir", "appendonly.aof");
    aof_read_manifest(w->aof, error);
    int fd = file_create("temp.rdb");
    file_close(fd);
    if (aof_create(w->aof, "temp.rdb", true) < 0)
        return NULL;
    aof_set_policy(w->aof, policy, false);
    return w;
}

static void end(struct world *w)
{
    disk_works();
    worker_drain(w->writer);
    worker_drain(w->syncer);
    aof_free(w->aof);
    journal_free(w->journal);
    disk_end();
    mem_free(w);
}

static uint64_t effect(struct world *w)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("v")};
    journal_group_begin(w->journal);
    journal_add(w->journal, 0, argv, 3, bytes_of(NULL, 0));
    journal_group_end(w->journal);
    return w->journal->offset;
}

static void until_idle(struct world *w, struct worker *worker)
{
    while (worker_pending(worker))
        loop_turn(w->loop, 1);
}

static void flush(struct world *w)
{
    aof_flush(w->aof, 1000000, 0);
}

TEST(a_policy_says_what_is_released)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    disk.hold_syncs = 1;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_sync_in_flight(w->aof) && aof_gates(w->aof));
    CHECK(aof_released(w->aof) < first && aof_synced(w->aof) < first);
    aof_set_policy(w->aof, AOF_EVERYSEC, false);
    CHECK(aof_released(w->aof) == first && aof_synced(w->aof) < first);
    aof_set_policy(w->aof, AOF_ALWAYS, true);
    CHECK(aof_released(w->aof) == first);
    aof_set_policy(w->aof, AOF_ALWAYS, false);
    disk.hold_syncs = 0;
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == first && aof_synced(w->aof) == first);
    end(w);
}

/* M11: a sync failed while a batch was written beside it: what the file holds is not known. */
TEST(a_batch_beside_a_sync_that_fails_is_not_believed)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    disk.hold_syncs = 1;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_sync_in_flight(w->aof) && aof_released(w->aof) == first);
    disk.hold_writes = 1;
    uint64_t second = effect(w);
    flush(w);
    CHECK(worker_pending(w->writer) == 1);
    disk.fail_sync = EIO;
    disk.hold_syncs = 0;
    until_idle(w, w->syncer);
    CHECK(aof_needs_base(w->aof));
    disk.hold_writes = 0;
    until_idle(w, w->writer);
    CHECK(aof_released(w->aof) == first && second > first);
    CHECK(aof_synced(w->aof) < first && aof_fails(w->aof));
    /* It stays with the journal, and nothing more goes to that file. */
    CHECK(w->journal->pending.n > 0);
    flush(w);
    aof_retry_batch(w->aof);
    CHECK(aof_released(w->aof) == first && w->journal->pending.n > 0);
    end(w);
}

TEST(a_batch_beside_a_sync_is_released_when_it_is_written)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    disk.hold_syncs = 1;
    effect(w);
    flush(w);
    uint64_t second = effect(w);
    flush(w);
    until_idle(w, w->writer);
    CHECK(aof_sync_in_flight(w->aof) && aof_released(w->aof) == second);
    CHECK(aof_synced(w->aof) < second);
    end(w);
}

/* M12: under load there would never be a turn without a sync, and the switch never came. */
TEST(no_sync_begins_while_a_segment_waits_for_its_switch)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    effect(w);
    flush(w);
    until_idle(w, w->syncer);
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    for (int i = 0; i < 3; i++) {
        effect(w);
        flush(w);
        CHECK(!aof_sync_in_flight(w->aof) && aof_switch_ready(w->aof));
    }
    uint64_t last = w->journal->offset;
    CHECK(aof_released(w->aof) < last);
    aof_switch(w->aof);
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == last);
    end(w);
}

/* faults D2: a file that a start would not find promises nothing. */
TEST(without_a_base_always_releases_nothing)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    aof_close(w->aof);
    CHECK(aof_released(w->aof) == UINT64_MAX && aof_open_first(w->aof) == 0);
    uint64_t first = effect(w);
    flush(w);
    until_idle(w, w->syncer);
    CHECK(aof_has_no_base_yet(w->aof) && aof_released(w->aof) == 0);
    aof_set_policy(w->aof, AOF_ALWAYS, true);
    CHECK(aof_released(w->aof) == 0);
    aof_set_policy(w->aof, AOF_EVERYSEC, false);
    CHECK(aof_released(w->aof) == first);
    end(w);
}

static void done(void *context, int error)
{
    *(int *)context = error;
}

/* Turned off while the disk fails, the file stands in nobody's way: writes go on without it, and a
 * base that is asked for takes the place of nothing. */
TEST(a_file_that_is_closed_fails_no_more)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    char why[MANIFEST_ERROR];
    int error = 1;
    disk.fail_write = EIO;
    effect(w);
    flush(w);
    disk.fail_write = 0;
    CHECK(aof_error(w->aof) && aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    aof_switch(w->aof);
    CHECK(aof_needs_base(w->aof));
    aof_close(w->aof);
    CHECK(aof_error(w->aof) == 0 && !aof_needs_base(w->aof));
    CHECK(aof_begin_base_only(w->aof, why) == 0);
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->syncer);
    CHECK(error == 0);
    end(w);
}

/* A base takes the place of what could not be written, while a script runs: its group stays whole.
 */
TEST(a_new_base_leaves_an_open_group_alone)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    int error = 1;
    disk.fail_write = EIO;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_fails(w->aof) && w->journal->pending.n > 0);
    disk.fail_write = 0;
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    CHECK(aof_switch_ready(w->aof));
    aof_switch(w->aof);
    file_close(file_create("temp.rdb"));
    struct bytes argv[] = {BYTES("DEL"), BYTES("k")};
    journal_group_begin(w->journal);
    journal_add(w->journal, 0, argv, 2, bytes_of(NULL, 0));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->syncer);
    CHECK(error == 0 && !aof_fails(w->aof) && aof_released(w->aof) == first);
    journal_add(w->journal, 0, argv, 2, bytes_of(NULL, 0));
    journal_group_end(w->journal);
    static const char start[] = "*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n";
    CHECK(w->journal->pending.n > sizeof(start) &&
          memcmp(w->journal->pending.p, start, sizeof(start) - 1) == 0);
    flush(w);
    CHECK(aof_released(w->aof) == w->journal->offset);
    until_idle(w, w->syncer);
    end(w);
}

TEST(under_always_a_batch_gathers_while_a_sync_runs)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    disk.hold_syncs = 1;
    uint64_t first = effect(w);
    flush(w);
    effect(w);
    flush(w);
    CHECK(worker_pending(w->writer) == 0 && w->journal->pending.n > 0);
    disk.hold_syncs = 0;
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == first);
    end(w);
}

/* The child's data must be exactly what the increments before the switch hold. */
TEST(there_is_no_switch_before_all_is_written)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w && aof_prepare_switch(w->aof) == 0 && !aof_switch_ready(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_switch_ready(w->aof));
    journal_group_begin(w->journal);
    effect(w);
    flush(w);
    CHECK(!aof_switch_ready(w->aof)); /* a group is open */
    journal_group_end(w->journal);
    CHECK(!aof_switch_ready(w->aof));
    disk.fail_write = EIO;
    flush(w);
    CHECK(aof_switch_ready(w->aof)); /* the base will hold it */
    disk.fail_write = 0;
    aof_switch(w->aof);
    CHECK(!aof_switch_ready(w->aof) && aof_needs_base(w->aof));
    end(w);
}

TEST(a_switch_that_failed_says_so_until_it_is_cleared)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    disk.fail_directory = ENOSPC;
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    CHECK(aof_switch_error(w->aof) == -ENOSPC && !aof_switch_ready(w->aof));
    aof_clear_switch_error(w->aof);
    CHECK(aof_switch_error(w->aof) == 0);
    end(w);
}

/* M15: no-appendfsync-on-rewrite; the child has ended. */
TEST(a_pause_of_syncs_ends)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    aof_set_policy(w->aof, AOF_ALWAYS, true);
    uint64_t first = effect(w);
    flush(w);
    CHECK(!aof_sync_in_flight(w->aof) && aof_released(w->aof) == first);
    aof_want_sync(w->aof); /* CLIENT DURABLE: in a pause as well */
    flush(w);
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_synced(w->aof) == first);
    uint64_t second = effect(w);
    for (int i = 0; i < 3; i++)
        flush(w);
    CHECK(!aof_sync_in_flight(w->aof) && aof_synced(w->aof) == first);
    aof_set_policy(w->aof, AOF_ALWAYS, false);
    CHECK(aof_released(w->aof) == first);
    flush(w);
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == second);
    end(w);
}

TEST(syncs_come_once_a_second_or_when_they_are_wanted)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    effect(w);
    aof_flush(w->aof, 5000, 0);
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    effect(w);
    aof_flush(w->aof, 5999, 0);
    CHECK(!aof_sync_in_flight(w->aof) && aof_unsynced(w->aof) > 0);
    aof_flush(w->aof, 6000, 0);
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_unsynced(w->aof) == 0);
    aof_flush(w->aof, 9000, 0); /* nothing new */
    CHECK(!aof_sync_in_flight(w->aof));
    aof_set_policy(w->aof, AOF_NO, false);
    effect(w);
    aof_flush(w->aof, 9000, 0);
    CHECK(!aof_sync_in_flight(w->aof));
    aof_want_sync(w->aof);
    aof_flush(w->aof, 9000, 0);
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    effect(w);
    aof_flush(w->aof, 9000, 0);
    CHECK(!aof_sync_in_flight(w->aof)); /* of what there was then, once */
    end(w);
}

/* Under `always` a batch that is for replicas alone is written and not synced; a wanted sync is of
 * effects too. */
TEST(what_no_reply_waits_for_is_not_synced)
{
    struct world *w = begin(AOF_ALWAYS);
    struct journal_reader replica = {0};
    struct bytes ping = BYTES("*1\r\n$4\r\nPING\r\n");
    CHECK(w);
    journal_attach_stream(w->journal, &replica);
    uint64_t end_of_effects = effect(w);
    flush(w);
    until_idle(w, w->syncer);
    int syncs = disk.syncs;
    journal_stream_only(w->journal, ping);
    flush(w);
    CHECK(!aof_sync_in_flight(w->aof) && disk.syncs == syncs && aof_unsynced(w->aof) == 0);
    CHECK(aof_released(w->aof) == end_of_effects && w->journal->note_n == 0);
    aof_want_sync(w->aof);
    flush(w);
    CHECK(!aof_sync_in_flight(w->aof));
    effect(w);
    flush(w);
    flush(w); /* it may have waited for others */
    CHECK(aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == w->journal->offset);
    journal_stream_only(w->journal, ping);
    flush(w);
    CHECK(aof_sync_now(w->aof) == 0 && aof_synced(w->aof) == w->journal->offset);
    journal_detach(&replica);
    end(w);
}

/* Its frames hold no notes. */
TEST(a_start_begins_a_new_file_behind_one_of_version_1)
{
    struct world *w = begin(AOF_NO);
    char path[256], text[AOF_FRAME_HEADER_MAX];
    struct aof_frame_header head = {.version = 1, .salt = 4};
    CHECK(w);
    aof_path(w->aof, aof_manifest(w->aof)->files[1].name, path, sizeof(path));
    memcpy(head.replication_id, w->journal->history.id, sizeof(head.replication_id));
    int fd = file_open_append(path);
    size_t written, files = aof_manifest(w->aof)->n;
    file_write_all(fd, bytes_of(text, aof_frame_print_header(&head, text)), &written);
    file_close(fd);
    int64_t size = file_size_of(path);
    aof_close(w->aof);
    CHECK(aof_open_last(w->aof) == 0 && aof_manifest(w->aof)->n == files + 1);
    effect(w);
    flush(w);
    CHECK(aof_sync_now(w->aof) == 0 && file_size_of(path) == size);
    end(w);
}

TEST(a_batch_waits_for_clients_just_answered)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    effect(w);
    aof_flush(w->aof, 1000, 2);
    usleep(1000); /* the sync takes so long */
    until_idle(w, w->syncer);
    uint64_t synced = aof_synced(w->aof), next = effect(w);
    aof_flush(w->aof, 1000, 2);
    CHECK(aof_waits_for_group(w->aof) && !aof_sync_in_flight(w->aof));
    aof_flush(w->aof, 1000, 0);
    CHECK(aof_waits_for_group(w->aof));
    aof_flush(w->aof, 1000, 2);
    CHECK(!aof_waits_for_group(w->aof) && aof_sync_in_flight(w->aof));
    until_idle(w, w->syncer);
    CHECK(aof_synced(w->aof) == next && next > synced);
    end(w);
}

TEST(a_batch_that_waits_for_a_slow_sync_is_counted)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    disk.hold_syncs = 1;
    effect(w);
    aof_flush(w->aof, 5000, 0);
    disk.hold_writes = 1;
    effect(w);
    aof_flush(w->aof, 7000, 0);
    CHECK(aof_delayed_syncs(w->aof) == 0);
    aof_flush(w->aof, 7001, 0);
    CHECK(aof_delayed_syncs(w->aof) == 1);
    end(w);
}

/* A start appends to the last increment, or begins one when that has no header of ours. */
TEST(a_start_goes_on_in_the_last_increment)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    char error[MANIFEST_ERROR], path[4096];
    uint64_t end_offset = effect(w);
    CHECK(aof_sync_now(w->aof) == 0);
    uint64_t size = aof_size(w->aof);
    aof_free(w->aof);
    w->aof = aof_new(w->syncer, w->writer, w->journal, "appendonlydir", "appendonly.aof");
    CHECK(aof_read_manifest(w->aof, error) == 1 && aof_open_last(w->aof) == 0);
    CHECK(aof_size(w->aof) == size && aof_synced(w->aof) == end_offset && aof_has_base(w->aof));
    CHECK(aof_manifest(w->aof)->n == 2);
    effect(w);
    CHECK(aof_sync_now(w->aof) == 0 && aof_size(w->aof) > size);
    aof_path(w->aof, aof_manifest(w->aof)->files[1].name, path, sizeof(path));
    CHECK(file_size_of(path) == (int64_t)aof_size(w->aof)); /* the base is empty */
    CHECK(aof_is_intact(w->aof, error, sizeof(error)));
    /* Commands without frames, as Redis writes them. */
    aof_free(w->aof);
    size_t written;
    int fd = file_create(path);
    CHECK(file_write_all(fd, BYTES("*1\r\n$4\r\nPING\r\n"), &written) == 0);
    file_close(fd);
    w->aof = aof_new(w->syncer, w->writer, w->journal, "appendonlydir", "appendonly.aof");
    CHECK(aof_read_manifest(w->aof, error) == 1 && aof_open_last(w->aof) == 0);
    CHECK(aof_manifest(w->aof)->n == 3 && file_size_of(path) == 14);
    end(w);
}

TEST(a_removed_file_triggers_a_new_base)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    char what[8192];
    effect(w);
    CHECK(aof_sync_now(w->aof) == 0 && aof_is_intact(w->aof, what, sizeof(what)));
    CHECK(file_remove("appendonlydir/appendonly.aof.1.incr.aof") == 0);
    CHECK(!aof_is_intact(w->aof, what, sizeof(what)) && strstr(what, "is not there any more"));
    CHECK(aof_needs_base(w->aof) && aof_error(w->aof) == -ESTALE && aof_gates(w->aof));
    CHECK(aof_is_intact(w->aof, what, sizeof(what))); /* said once */
    end(w);
}

/* A sync of the new increment fails while the base for those before it is being written. That base
 * does not hold what is in the new one: it takes another rewrite to make things good. */
TEST(a_base_makes_nothing_good_that_failed_after_its_fork)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    int error = 1;
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    aof_switch(w->aof);
    until_idle(w, w->syncer);
    uint64_t before = aof_released(w->aof);
    disk.fail_sync = EIO;
    uint64_t lost = effect(w);
    flush(w); /* waits for others who may write */
    flush(w);
    until_idle(w, w->syncer);
    disk.fail_sync = 0;
    CHECK(aof_needs_base(w->aof));
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->syncer);
    CHECK(error == 0 && aof_needs_base(w->aof));
    flush(w);
    until_idle(w, w->syncer);
    CHECK(aof_released(w->aof) == before && before < lost);
    /* The next one holds it. */
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    aof_switch(w->aof);
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->syncer);
    CHECK(error == 0 && !aof_needs_base(w->aof) && aof_released(w->aof) == lost);
    end(w);
}

TEST(settings_reach_the_files)
{
    static const char reserve[] = "appendonlydir/appendonly.aof.reserve";
    struct world *w = begin(AOF_EVERYSEC);
    char path[256];
    int error = 1;
    CHECK(w && aof_is_open(w->aof) && aof_has_base(w->aof));
    aof_path(w->aof, "x", path, sizeof(path));
    CHECK(strcmp(path, "appendonlydir/x") == 0);
    aof_set_reserve(w->aof, 4096);
    CHECK(file_size_of(reserve) == 4096);
    aof_set_reserve(w->aof, 0);
    CHECK(!file_exists(reserve));
    /* Files that are replaced stay. */
    aof_keep_replaced(w->aof, true);
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    aof_switch(w->aof);
    until_idle(w, w->syncer);
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->syncer);
    CHECK(error == 0 && file_exists("appendonlydir/appendonly.aof.1.base.rdb"));
    CHECK(aof_manifest(w->aof)->n == 4);
    /* A closed one holds no bytes back. */
    aof_close(w->aof);
    aof_set_reserve(w->aof, 4096);
    CHECK(!file_exists(reserve));
    end(w);
}

TEST(what_is_closed_is_as_if_it_had_never_begun)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w && aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    CHECK(aof_switch_ready(w->aof));
    aof_close(w->aof);
    CHECK(!aof_is_open(w->aof) && !aof_switch_ready(w->aof) && !aof_has_base(w->aof));
    CHECK(aof_open_first(w->aof) == 0);
    CHECK(aof_is_open(w->aof) && aof_has_no_base_yet(w->aof) && !aof_has_base(w->aof));
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->syncer);
    aof_close(w->aof);
    CHECK(!aof_has_no_base_yet(w->aof));
    end(w);
}

/* Lines that say when, only while they are wanted. */
TEST(frames_say_when_only_while_that_is_wanted)
{
    static const char path[] = "appendonlydir/appendonly.aof.1.incr.aof";
    struct world *w = begin(AOF_NO);
    CHECK(w);
    for (int i = 0; i < 3; i++) {
        struct buf text = {0};
        aof_set_timestamps(w->aof, i == 1);
        effect(w);
        flush(w);
        CHECK(file_read(path, &text) == 0);
        unsigned times = 0;
        for (size_t at = 0; at + 4 <= text.n; at++)
            times += memcmp(text.p + at, "#TS:", 4) == 0;
        CHECK(times == (i > 0));
        buf_free(&text);
    }
    end(w);
}

/* What a replica's own clients write moves no offset, and is counted. */
TEST(local_effects_are_released_and_synced_like_others)
{
    struct world *w = begin(AOF_ALWAYS);
    CHECK(w);
    journal_set_mode(w->journal, JOURNAL_RAW);
    uint64_t offset = effect(w);
    CHECK(offset == 0 && w->journal->locals == 1);
    disk.hold_syncs = 1;
    flush(w);
    CHECK(aof_sync_in_flight(w->aof) && aof_locals_released(w->aof) == 0);
    effect(w);
    flush(w);
    CHECK(w->journal->locals_taken == 1);
    aof_set_policy(w->aof, AOF_EVERYSEC, false);
    CHECK(aof_locals_released(w->aof) == 1 && aof_locals_synced(w->aof) == 0);
    aof_set_policy(w->aof, AOF_ALWAYS, false);
    disk.hold_syncs = 0;
    until_idle(w, w->syncer);
    CHECK(aof_locals_released(w->aof) == 1 && aof_locals_synced(w->aof) == 1);
    flush(w);
    flush(w);
    until_idle(w, w->syncer);
    CHECK(aof_locals_released(w->aof) == 2 && aof_released(w->aof) == 0);
    aof_set_policy(w->aof, AOF_NO, false);
    effect(w);
    CHECK(aof_locals_released(w->aof) == 2);
    flush(w);
    CHECK(aof_locals_released(w->aof) == 3 && !aof_sync_in_flight(w->aof));
    aof_want_sync(w->aof);
    flush(w);
    until_idle(w, w->syncer);
    CHECK(aof_locals_synced(w->aof) == 3);
    effect(w);
    CHECK(aof_sync_now(w->aof) == 0 && aof_locals_synced(w->aof) == 4);
    effect(w);
    aof_close(w->aof);
    CHECK(aof_locals_released(w->aof) == UINT64_MAX && w->journal->locals_taken == 5);
    end(w);
}

UNIT_MAIN(
    T(a_policy_says_what_is_released), T(a_batch_beside_a_sync_that_fails_is_not_believed),
    T(a_batch_beside_a_sync_is_released_when_it_is_written),
    T(no_sync_begins_while_a_segment_waits_for_its_switch),
    T(without_a_base_always_releases_nothing), T(a_file_that_is_closed_fails_no_more),
    T(a_new_base_leaves_an_open_group_alone), T(under_always_a_batch_gathers_while_a_sync_runs),
    T(there_is_no_switch_before_all_is_written),
    T(a_switch_that_failed_says_so_until_it_is_cleared), T(a_pause_of_syncs_ends),
    T(syncs_come_once_a_second_or_when_they_are_wanted), T(what_no_reply_waits_for_is_not_synced),
    T(a_start_begins_a_new_file_behind_one_of_version_1),
    T(a_batch_waits_for_clients_just_answered), T(a_batch_that_waits_for_a_slow_sync_is_counted),
    T(a_start_goes_on_in_the_last_increment), T(a_removed_file_triggers_a_new_base),
    T(a_base_makes_nothing_good_that_failed_after_its_fork), T(settings_reach_the_files),
    T(what_is_closed_is_as_if_it_had_never_begun), T(frames_say_when_only_while_that_is_wanted),
    T(local_effects_are_released_and_synced_like_others))
