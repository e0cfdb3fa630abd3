/* The append-only file, with a disk that the test holds up and lets fail. */
#include "persist/aof.h"

#include "base/mem.h"
#include "io/file.h"
#include "unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int hold_syncs, hold_writes, fail_syncs, fail_writes;

int fdatasync(int fd)
{
    (void)fd;
    while (hold_syncs)
        usleep(1000);
    errno = EIO;
    return fail_syncs ? -1 : 0;
}

ssize_t write(int fd, const void *from, size_t n)
{
    struct stat st; /* the loop is woken by writing as well */
    while (hold_writes && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        usleep(1000);
    if (fail_writes && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, from, n);
}

struct world {
    struct loop *loop;
    struct worker *disk, *writer;
    struct journal *journal;
    struct aof *aof;
    char dir[64], before[4096];
};

static struct world *begin(enum aof_policy policy)
{
    struct world *w = mem_zalloc(sizeof(*w));
    char error[MANIFEST_ERROR];
    hold_syncs = hold_writes = fail_syncs = fail_writes = 0;
    snprintf(w->dir, sizeof(w->dir), "/tmp/millrace-aof-XXXXXX");
    if (!mkdtemp(w->dir) || !getcwd(w->before, sizeof(w->before)) || chdir(w->dir) < 0)
        return NULL;
    /* Of threads there is a small number. */
    static struct loop *loop;
    static struct worker *disk, *writer;
    loop = loop ? loop : loop_new();
    w->loop = loop;
    w->disk = disk = disk ? disk : worker_new(loop, "disk");
    w->writer = writer = writer ? writer : worker_new(loop, "writer");
    w->journal = journal_new();
    w->aof = aof_new(w->disk, w->writer, w->journal, "appendonlydir", "appendonly.aof");
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
    hold_syncs = hold_writes = 0;
    worker_drain(w->writer);
    worker_drain(w->disk);
    aof_free(w->aof);
    journal_free(w->journal);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", w->dir);
    if (chdir(w->before) < 0 || system(command) != 0)
        printf("%s stays\n", w->dir);
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
    hold_syncs = 1;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_sync_in_flight(w->aof) && aof_gates(w->aof));
    CHECK(aof_released(w->aof) < first && aof_synced(w->aof) < first);
    aof_set_policy(w->aof, AOF_EVERYSEC, false);
    CHECK(aof_released(w->aof) == first && aof_synced(w->aof) < first);
    aof_set_policy(w->aof, AOF_ALWAYS, true);
    CHECK(aof_released(w->aof) == first);
    aof_set_policy(w->aof, AOF_ALWAYS, false);
    hold_syncs = 0;
    until_idle(w, w->disk);
    CHECK(aof_released(w->aof) == first && aof_synced(w->aof) == first);
    end(w);
}

/* M11: a sync failed while a batch was written beside it: what the file holds is not known. */
TEST(a_batch_beside_a_sync_that_fails_is_not_believed)
{
    struct world *w = begin(AOF_EVERYSEC);
    CHECK(w);
    hold_syncs = 1;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_sync_in_flight(w->aof) && aof_released(w->aof) == first);
    hold_writes = 1;
    uint64_t second = effect(w);
    flush(w);
    CHECK(worker_pending(w->writer) == 1);
    fail_syncs = 1;
    hold_syncs = 0;
    until_idle(w, w->disk);
    CHECK(aof_needs_base(w->aof));
    hold_writes = 0;
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
    hold_syncs = 1;
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
    until_idle(w, w->disk);
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->disk);
    for (int i = 0; i < 3; i++) {
        effect(w);
        flush(w);
        CHECK(!aof_sync_in_flight(w->aof) && aof_switch_ready(w->aof));
    }
    uint64_t last = w->journal->offset;
    CHECK(aof_released(w->aof) < last);
    aof_switch(w->aof);
    until_idle(w, w->disk);
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
    until_idle(w, w->disk);
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
    fail_writes = 1;
    effect(w);
    flush(w);
    fail_writes = 0;
    CHECK(aof_error(w->aof) && aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->disk);
    aof_switch(w->aof);
    CHECK(aof_needs_base(w->aof));
    aof_close(w->aof);
    CHECK(aof_error(w->aof) == 0 && !aof_needs_base(w->aof));
    CHECK(aof_begin_base_only(w->aof, why) == 0);
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->disk);
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
    fail_writes = 1;
    uint64_t first = effect(w);
    flush(w);
    CHECK(aof_fails(w->aof) && w->journal->pending.n > 0);
    fail_writes = 0;
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->disk);
    CHECK(aof_switch_ready(w->aof));
    aof_switch(w->aof);
    file_close(file_create("temp.rdb"));
    struct bytes argv[] = {BYTES("DEL"), BYTES("k")};
    journal_group_begin(w->journal);
    journal_add(w->journal, 0, argv, 2, bytes_of(NULL, 0));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->disk);
    CHECK(error == 0 && !aof_fails(w->aof) && aof_released(w->aof) == first);
    journal_add(w->journal, 0, argv, 2, bytes_of(NULL, 0));
    journal_group_end(w->journal);
    static const char start[] = "*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n";
    CHECK(w->journal->pending.n > sizeof(start) &&
          memcmp(w->journal->pending.p, start, sizeof(start) - 1) == 0);
    flush(w);
    CHECK(aof_released(w->aof) == w->journal->offset);
    until_idle(w, w->disk);
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
    until_idle(w, w->disk);
    aof_switch(w->aof);
    until_idle(w, w->disk);
    uint64_t before = aof_released(w->aof);
    fail_syncs = 1;
    uint64_t lost = effect(w);
    flush(w); /* waits for others who may write */
    flush(w);
    until_idle(w, w->disk);
    fail_syncs = 0;
    CHECK(aof_needs_base(w->aof));
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->disk);
    CHECK(error == 0 && aof_needs_base(w->aof));
    flush(w);
    until_idle(w, w->disk);
    CHECK(aof_released(w->aof) == before && before < lost);
    /* The next one holds it. */
    CHECK(aof_prepare_switch(w->aof) == 0);
    until_idle(w, w->disk);
    aof_switch(w->aof);
    file_close(file_create("temp.rdb"));
    aof_finish_rewrite(w->aof, "temp.rdb", true, done, &error);
    until_idle(w, w->disk);
    CHECK(error == 0 && !aof_needs_base(w->aof) && aof_released(w->aof) == lost);
    end(w);
}

UNIT_MAIN(T(a_policy_says_what_is_released), T(a_batch_beside_a_sync_that_fails_is_not_believed),
          T(a_batch_beside_a_sync_is_released_when_it_is_written),
          T(no_sync_begins_while_a_segment_waits_for_its_switch),
          T(without_a_base_always_releases_nothing), T(a_new_base_leaves_an_open_group_alone),
          T(a_file_that_is_closed_fails_no_more),
          T(a_base_makes_nothing_good_that_failed_after_its_fork))
