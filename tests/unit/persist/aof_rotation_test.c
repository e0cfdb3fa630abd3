/* The next increment and a new base, on a disk that is slow or fails. */
#include "persist/aof_rotation.h"

#include "base/crc.h"
#include "disk.h"
#include "io/file.h"
#include "unit.h"

static struct loop *loop; /* of threads there is a small number: made once */
static struct worker *disk_thread, *writer;
static struct journal *journal;
static struct aof_files files;
static struct aof_segment segment;
static struct aof_rotation rotation;
static int result; /* of the last base */

static void put(const char *path)
{
    size_t written;
    int fd = file_create(path);
    CHECK(fd >= 0 && file_write_all(fd, BYTES("base"), &written) == 0);
    file_close(fd);
}

static void begin(void)
{
    int fd;
    crc_init();
    loop = loop ? loop : loop_new();
    disk_thread = disk_thread ? disk_thread : worker_new(loop, "disk");
    writer = writer ? writer : worker_new(loop, "writer");
    CHECK(disk_begin());
    journal = journal_new();
    aof_files_init(&files, "dir", "a");
    aof_segment_init(&segment, disk_thread, writer, journal, &files);
    aof_rotation_init(&rotation, disk_thread, &files, &segment);
    put("temp");
    CHECK(aof_files_replace(&files, "temp", true, &fd) == 0);
    aof_segment_begin(&segment, fd);
    aof_segment_start_over(&segment);
}

static void until_idle(void)
{
    while (worker_pending(disk_thread))
        loop_turn(loop, 1);
}

static void end(void)
{
    disk_works();
    until_idle();
    aof_rotation_free(&rotation);
    aof_segment_free(&segment);
    aof_files_free(&files);
    journal_free(journal);
    disk_end();
}

static void effect(void)
{
    struct bytes argv[] = {BYTES("SET"), BYTES("k"), BYTES("v")};
    journal_group_begin(journal);
    journal_add(journal, 0, argv, 3, bytes_of(NULL, 0));
    journal_group_end(journal);
}

static void done(void *context, int error)
{
    CHECK(context == &result);
    result = error;
}

static int install(void)
{
    put("temp");
    result = 1;
    aof_rotation_install_base(&rotation, "temp", true, done, &result);
    CHECK(result == 1); /* not at once */
    until_idle();
    return result;
}

/* "b1 i1 i2", in memory and on the disk. */
static bool sets_are(const char *memory, const char *on_disk)
{
    struct aof_files start;
    const char *want[] = {memory, on_disk};
    char error[MANIFEST_ERROR], got[2][128] = {"", ""};
    aof_files_init(&start, "dir", "a");
    CHECK(aof_files_read_manifest(&start, error) == 1);
    const struct manifest *m[] = {&files.manifest, &start.manifest};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < m[k]->n; i++) {
            const struct manifest_file *f = &m[k]->files[i];
            size_t n = strlen(got[k]);
            snprintf(got[k] + n, sizeof(got[k]) - n, "%s%c%d", n ? " " : "", (char)f->type,
                     (int)f->seq);
            char path[PATH_MAX];
            aof_files_path(&files, f->name, path, sizeof(path));
            CHECK(file_exists(path));
        }
    }
    aof_files_free(&start);
    bool same = strcmp(got[0], want[0]) == 0 && strcmp(got[1], want[1]) == 0;
    if (!same)
        printf("# memory <%s>, disk <%s>\n", got[0], got[1]);
    return same;
}

static bool files_are(const char *want)
{
    return sets_are(want, want);
}

static void rotate(void)
{
    CHECK(aof_rotation_prepare(&rotation) == 0);
    until_idle();
    CHECK(rotation.state == AOF_ROTATION_READY);
    aof_rotation_switch(&rotation);
}

TEST(a_rewrite_from_end_to_end)
{
    begin();
    effect();
    aof_segment_write(&segment);
    disk.hold_syncs = 1;
    CHECK(aof_rotation_prepare(&rotation) == 0 && rotation.state == AOF_ROTATION_PREPARING);
    CHECK(aof_rotation_prepare(&rotation) == -EBUSY);
    CHECK(files_are("b1 i1"));
    disk.hold_syncs = 0;
    until_idle();
    CHECK(rotation.state == AOF_ROTATION_READY && files_are("b1 i1 i2"));
    CHECK(aof_rotation_prepare(&rotation) == -EBUSY);
    aof_rotation_switch(&rotation);
    CHECK(rotation.state == AOF_ROTATION_IDLE && rotation.base_offset == journal->offset);
    CHECK(aof_segment_is_busy(&segment)); /* the last sync of the old one */
    until_idle();
    CHECK(segment.synced == journal->offset && segment.size == 0);
    effect();
    aof_segment_write(&segment);
    CHECK(install() == 0 && files_are("b2 i2"));
    CHECK(!file_exists("dir/a.1.base.rdb") && !file_exists("dir/a.1.incr.aof"));
    CHECK(files.size == 4 + segment.size && files.base_size == files.size);
    end();
}

TEST(what_is_replaced_may_stay)
{
    begin();
    rotate();
    until_idle();
    files.keep_replaced = true;
    CHECK(install() == 0 && files_are("b2 h1 h1 i2"));
    end();
}

TEST(an_increment_that_cannot_be_made_is_no_switch)
{
    atomic_int *const faults[] = {&disk.fail_sync, &disk.fail_directory, &disk.fail_rename,
                                  &disk.fail_write};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        begin();
        *faults[i] = ENOSPC;
        CHECK(aof_rotation_prepare(&rotation) == 0);
        until_idle();
        CHECK(rotation.state == AOF_ROTATION_IDLE && rotation.error == -ENOSPC);
        CHECK(rotation.fd < 0 && segment.state == AOF_SEGMENT_SOUND && files_are("b1 i1"));
        disk_works();
        CHECK(aof_rotation_prepare(&rotation) == 0 && rotation.error == 0);
        until_idle();
        CHECK(rotation.state == AOF_ROTATION_READY && files_are("b1 i1 i2"));
        end();
    }
}

TEST(one_that_is_not_wanted_any_more_is_closed)
{
    begin();
    CHECK(aof_rotation_prepare(&rotation) == 0);
    until_idle();
    aof_rotation_cancel(&rotation);
    CHECK(rotation.state == AOF_ROTATION_IDLE && rotation.fd < 0);
    aof_rotation_cancel(&rotation);
    CHECK(aof_rotation_prepare(&rotation) == 0);
    until_idle();
    CHECK(files_are("b1 i1 i2 i3"));
    end();
}

/* The old base and all increments are still what counts; another attempt has another name. */
TEST(a_base_that_cannot_be_installed_changes_nothing)
{
    atomic_int *const faults[] = {&disk.fail_rename, &disk.fail_sync, &disk.fail_write};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        begin();
        rotate();
        until_idle();
        put("temp");
        *faults[i] = EIO;
        aof_rotation_install_base(&rotation, "temp", true, done, &result);
        until_idle();
        disk_works();
        CHECK(result == -EIO && files_are("b1 i1 i2"));
        CHECK(install() == 0 && files_are("b3 i2"));
        end();
    }
}

TEST(a_base_that_is_not_there_is_not_named)
{
    begin();
    rotate();
    until_idle();
    aof_rotation_install_base(&rotation, "no such file", true, done, &result);
    until_idle();
    CHECK(result == -ENOENT && files_are("b1 i1 i2"));
    end();
}

/* The rename of the manifest succeeded, the sync of the directory did not: a start may find either.
 */
TEST(a_manifest_of_which_one_does_not_know_names_files_that_are_there)
{
    begin();
    rotate();
    until_idle();
    put("temp");
    disk.fail_directory = EIO;
    aof_rotation_install_base(&rotation, "temp", true, done, &result);
    until_idle();
    disk_works();
    CHECK(result == -EIO && file_exists("dir/a.1.base.rdb") && file_exists("dir/a.1.incr.aof"));
    CHECK(file_exists("dir/a.2.base.rdb") && files.manifest.n == 3);
    CHECK(install() == 0 && files_are("b3 i2"));
    end();
}

TEST(a_base_makes_good_what_failed_before_its_fork)
{
    begin();
    effect();
    disk.fail_write = EIO;
    aof_segment_write(&segment);
    disk_works();
    CHECK(segment.state == AOF_SEGMENT_WRITE_FAILED);
    rotate();
    CHECK(segment.state == AOF_SEGMENT_BASE_MISSING && journal->pending.n > 0);
    uint64_t base = journal->offset;
    effect();
    CHECK(install() == 0 && segment.state == AOF_SEGMENT_SOUND);
    CHECK(segment.synced == base && aof_segment_written(&segment) == base);
    aof_segment_write(&segment);
    CHECK(aof_segment_written(&segment) == journal->offset);
    end();
}

/* Turned on while the server runs. */
TEST(the_first_base_names_its_increment_and_takes_the_marker_away)
{
    struct aof_files_new first;
    int fd;
    begin();
    aof_segment_close(&segment);
    CHECK(aof_files_begin_first(&files, &first, &fd) == 0);
    aof_rotation_expect_base(&rotation, first.seq, journal->offset);
    aof_segment_begin(&segment, fd);
    aof_segment_start_over(&segment);
    CHECK(file_exists("dir/a.beginning"));
    /* Another increment before the base is there: no manifest names it either. */
    CHECK(aof_rotation_prepare(&rotation) == 0);
    until_idle();
    CHECK(rotation.state == AOF_ROTATION_READY && sets_are("h1 h1 i2 i3", "b1 i1"));
    aof_rotation_switch(&rotation);
    until_idle();
    rotation.first_seq = first.seq; /* the child of the first attempt is used after all */
    CHECK(files.no_base_yet && install() == 0 && !files.no_base_yet);
    CHECK(files_are("b2 i2 i3") && !file_exists("dir/a.beginning"));
    end();
}

/* BGREWRITEAOF without appendonly. */
TEST(a_base_alone_takes_the_place_of_all)
{
    begin();
    aof_segment_close(&segment);
    aof_rotation_expect_base(&rotation, UINT64_MAX, 0);
    CHECK(install() == 0 && files_are("b2"));
    CHECK(!file_exists("dir/a.1.incr.aof") && !aof_segment_is_open(&segment));
    end();
}

TEST(a_base_in_place_makes_room_for_the_reserve)
{
    for (int open = 0; open < 2; open++) {
        begin();
        rotate();
        until_idle();
        if (!open)
            aof_segment_close(&segment);
        aof_files_set_reserve(&files, 4096);
        CHECK(!files.reserved && install() == 0);
        CHECK(files.reserved == open && file_exists("dir/a.reserve") == open);
        end();
    }
}

UNIT_MAIN(T(a_rewrite_from_end_to_end), T(what_is_replaced_may_stay),
          T(an_increment_that_cannot_be_made_is_no_switch),
          T(one_that_is_not_wanted_any_more_is_closed),
          T(a_base_that_cannot_be_installed_changes_nothing),
          T(a_base_that_is_not_there_is_not_named),
          T(a_manifest_of_which_one_does_not_know_names_files_that_are_there),
          T(a_base_makes_good_what_failed_before_its_fork),
          T(the_first_base_names_its_increment_and_takes_the_marker_away),
          T(a_base_alone_takes_the_place_of_all), T(a_base_in_place_makes_room_for_the_reserve))
