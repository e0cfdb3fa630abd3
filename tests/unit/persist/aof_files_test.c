#include "persist/aof_files.h"

#include "base/buf.h"
#include "base/crc.h"
#include "disk.h"
#include "io/file.h"
#include "unit.h"

static struct aof_files files;
static char error[MANIFEST_ERROR];

static void begin(void)
{
    crc_init();
    CHECK(disk_begin() && file_make_directory("dir") == 0);
    aof_files_init(&files, "dir", "a.aof");
}

static void end(void)
{
    aof_files_free(&files);
    disk_end();
}

/* As a start: nothing is known but what the disk says. 1, 0 or -1. */
static int start_again(void)
{
    aof_files_free(&files);
    aof_files_init(&files, "dir", "a.aof");
    error[0] = 0;
    return aof_files_read_manifest(&files, error);
}

static void put(const char *path, const char *text)
{
    size_t written;
    int fd = file_create(path);
    CHECK(fd >= 0 && file_write_all(fd, bytes_text(text), &written) == 0);
    file_close(fd);
}

/* The manifest without its checksum, entries separated by "|". */
static bool manifest_is(const char *want)
{
    struct buf text = {0};
    manifest_print(&files.manifest, &text);
    const char *at = memchr(text.p, '\n', text.n);
    struct bytes rest = {at + 1, text.n - (size_t)(at + 1 - text.p)};
    char got[1024];
    snprintf(got, sizeof(got), "%.*s", (int)rest.n, rest.p);
    for (char *p = got; *p; p++)
        if (*p == '\n')
            *p = '|';
    buf_free(&text);
    if (strcmp(got, want) != 0)
        printf("# %s\n", got);
    return strcmp(got, want) == 0;
}

static void replace(void)
{
    int fd = -1;
    put("temp", "base");
    CHECK(aof_files_replace(&files, "temp", true, &fd) == 0 && fd >= 0);
    file_close(fd);
}

TEST(names_and_numbers)
{
    struct aof_files_new n;
    char path[PATH_MAX];
    begin();
    aof_files_next_increment(&files, &n);
    CHECK(n.seq == 1 && strcmp(n.name, "a.aof.1.incr.aof") == 0);
    CHECK(strcmp(n.path, "dir/a.aof.1.incr.aof") == 0);
    aof_files_next_base(&files, true, &n);
    CHECK(n.seq == 1 && strcmp(n.name, "a.aof.1.base.rdb") == 0);
    aof_files_next_base(&files, false, &n); /* no number is tried twice */
    CHECK(n.seq == 2 && strcmp(n.path, "dir/a.aof.2.base.aof") == 0);
    manifest_add(&files.manifest, "x", 7, MANIFEST_INCREMENT);
    manifest_add(&files.manifest, "y", 5, MANIFEST_BASE);
    aof_files_next_increment(&files, &n);
    CHECK(n.seq == 8);
    aof_files_next_base(&files, true, &n);
    CHECK(n.seq == 6);
    manifest_add(&files.manifest, "z", 9, MANIFEST_HISTORY); /* it may have been either */
    aof_files_next_increment(&files, &n);
    CHECK(n.seq == 10);
    aof_files_next_base(&files, true, &n);
    CHECK(n.seq == 10);
    aof_files_manifest_path(&files, path, sizeof(path));
    CHECK(strcmp(path, "dir/a.aof.manifest") == 0);
    end();
}

TEST(what_was_made_is_found_by_a_start)
{
    begin();
    CHECK(start_again() == 0);
    replace();
    CHECK(manifest_is("file a.aof.1.base.rdb seq 1 type b|file a.aof.1.incr.aof seq 1 type i|"));
    CHECK(files.size == 4 && files.base_size == 4);
    int fd = aof_files_add_increment(&files);
    CHECK(fd >= 0);
    file_close(fd);
    CHECK(start_again() == 1);
    CHECK(manifest_is("file a.aof.1.base.rdb seq 1 type b|file a.aof.1.incr.aof seq 1 type i|"
                      "file a.aof.2.incr.aof seq 2 type i|"));
    CHECK(strcmp(aof_files_last_increment(&files)->name, "a.aof.2.incr.aof") == 0);
    end();
}

TEST(numbers_go_on_and_what_was_replaced_goes)
{
    begin();
    replace();
    replace();
    CHECK(manifest_is("file a.aof.2.base.rdb seq 2 type b|file a.aof.2.incr.aof seq 2 type i|"));
    CHECK(!file_exists("dir/a.aof.1.base.rdb") && !file_exists("dir/a.aof.1.incr.aof"));
    files.keep_replaced = true;
    replace();
    CHECK(manifest_is("file a.aof.3.base.rdb seq 3 type b|file a.aof.2.base.rdb seq 2 type h|"
                      "file a.aof.2.incr.aof seq 2 type h|file a.aof.3.incr.aof seq 3 type i|"));
    CHECK(file_exists("dir/a.aof.2.base.rdb") && file_exists("dir/a.aof.2.incr.aof"));
    CHECK(files.size == 4); /* history does not count */
    end();
}

/* Whatever step fails: what a start finds is the old files or the new ones, and all of them. */
TEST(a_replacement_that_fails_leaves_what_was_there)
{
    atomic_int *const faults[] = {&disk.fail_rename, &disk.fail_sync, &disk.fail_write,
                                  &disk.fail_directory};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        begin();
        replace();
        int fd;
        put("temp", "new base");
        *faults[i] = EIO;
        CHECK(aof_files_replace(&files, "temp", true, &fd) < 0);
        disk_works();
        CHECK(
            manifest_is("file a.aof.1.base.rdb seq 1 type b|file a.aof.1.incr.aof seq 1 type i|"));
        replace(); /* under other names */
        CHECK(files.manifest.files[0].seq == 3);
        CHECK(start_again() == 1 && files.manifest.n == 2);
        for (size_t k = 0; k < files.manifest.n; k++) {
            char path[PATH_MAX];
            aof_files_path(&files, files.manifest.files[k].name, path, sizeof(path));
            CHECK(file_exists(path));
        }
        end();
    }
}

TEST(a_new_file_is_there_or_an_error_is)
{
    begin();
    disk.fail_sync = EIO;
    CHECK(aof_files_create("dir/x") == -EIO);
    disk.fail_sync = 0;
    disk.fail_directory = ENOSPC;
    CHECK(aof_files_create("dir/x") == -ENOSPC && aof_files_add_increment(&files) == -ENOSPC);
    disk_works();
    CHECK(aof_files_create("nowhere/x") == -ENOENT);
    disk.fail_rename = EROFS; /* of the manifest */
    CHECK(aof_files_add_increment(&files) == -EROFS);
    end();
}

/* faults D2: without its base an increment is nothing, and a start must not take it for a loss. */
TEST(the_first_increment_is_unnamed_and_marked)
{
    struct aof_files_new first;
    int fd;
    begin();
    replace();
    CHECK(aof_files_begin_first(&files, &first, &fd) == 0 && fd >= 0 && files.no_base_yet);
    file_close(fd);
    CHECK(files.size == 0 && files.base_size == 0);
    CHECK(first.seq == 2 && file_exists(first.path) && file_exists("dir/a.aof.beginning"));
    CHECK(manifest_is("file a.aof.1.base.rdb seq 1 type h|file a.aof.1.incr.aof seq 1 type h|"
                      "file a.aof.2.incr.aof seq 2 type i|"));
    CHECK(start_again() == 1); /* what was there before */
    CHECK(manifest_is("file a.aof.1.base.rdb seq 1 type b|file a.aof.1.incr.aof seq 1 type i|"));
    end();
}

TEST(a_manifest_that_was_lost_is_noticed)
{
    begin();
    put("dir/a.aof.3.incr.aof", "");
    put("dir/b.aof.1.incr.aof", "other");
    put("dir/a.aof.1.incr.aof.cut-5", "other");
    put("dir/a.aof.1.base.rdb", "other");
    CHECK(start_again() == 0);
    put("dir/a.aof.4.incr.aof", "effects");
    CHECK(start_again() == -1 && strstr(error, "a.aof.4.incr.aof is there"));
    put("dir/a.aof.beginning", "");
    CHECK(start_again() == 0);
    put("dir/a.aof.manifest", "nonsense\n");
    CHECK(start_again() == -1 && error[0]);
    end();
}

static char swept[512];

static void note(const char *name)
{
    snprintf(swept + strlen(swept), sizeof(swept) - strlen(swept), "%s ", name);
}

TEST(leftovers_are_swept_and_nothing_else)
{
    static const char *const gone[] = {"a.aof.9.base.rdb", "a.aof.9.incr.aof", "a.aof.beginning",
                                       "temp-a.aof.manifest", "temp-rewriteaof-1.aof"};
    static const char *const stay[] = {
        "a.aof.1.incr.aof.cut-17", "a.aof.reserve",  "other",
        "ab.aof.9.incr.aof",       "a.aof.manifest", "a.aof.1.base.rdb"};
    char path[PATH_MAX];
    begin();
    replace();
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
        aof_files_path(&files, gone[i], path, sizeof(path));
        put(path, "x");
    }
    for (size_t i = 0; i < 4; i++) {
        aof_files_path(&files, stay[i], path, sizeof(path));
        put(path, "x");
    }
    swept[0] = 0;
    aof_files_sweep(&files, note);
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
        aof_files_path(&files, gone[i], path, sizeof(path));
        CHECK(!file_exists(path) && strstr(swept, gone[i]));
    }
    for (size_t i = 0; i < sizeof(stay) / sizeof(*stay); i++) {
        aof_files_path(&files, stay[i], path, sizeof(path));
        CHECK(file_exists(path));
    }
    end();
}

TEST(an_old_single_file_becomes_the_base)
{
    begin();
    put("a.aof", "commands");
    disk.fail_rename = EIO;
    CHECK(aof_files_adopt(&files) < 0 && file_exists("a.aof"));
    disk_works();
    aof_files_free(&files);
    aof_files_init(&files, "dir", "a.aof");
    CHECK(aof_files_adopt(&files) == 0);
    CHECK(!file_exists("a.aof") && file_exists("dir/a.aof"));
    CHECK(start_again() == 1 && manifest_is("file a.aof seq 1 type b|"));
    end();
}

TEST(a_directory_is_moved_aside_under_a_free_name)
{
    char aside[MANIFEST_ERROR], second[MANIFEST_ERROR];
    begin();
    replace();
    CHECK(aof_files_move_aside(&files, aside) == 0 && files.manifest.n == 0);
    CHECK(strncmp(aside, "dir.before-", 11) == 0 && file_exists(aside) && !file_exists("dir"));
    CHECK(file_make_directory("dir") == 0 && aof_files_move_aside(&files, second) == 0);
    CHECK(strcmp(aside, second) != 0 && file_exists(second));
    end();
}

TEST(a_modified_file_is_detected)
{
    char what[PATH_MAX + 64] = "";
    begin();
    replace();
    int fd = file_open_append("dir/a.aof.1.incr.aof");
    size_t written;
    CHECK(file_write_all(fd, BYTES("frames"), &written) == 0);
    CHECK(aof_files_check(&files, fd, 6, what, sizeof(what)));
    CHECK(!aof_files_check(&files, fd, 5, what, sizeof(what)) && strstr(what, "was changed"));
    CHECK(file_rename("dir/a.aof.1.incr.aof", "dir/x") == 0);
    CHECK(!aof_files_check(&files, fd, 6, what, sizeof(what)) &&
          strcmp(what, "dir/a.aof.1.incr.aof is not there any more") == 0);
    put("dir/a.aof.1.incr.aof", "frames");
    CHECK(!aof_files_check(&files, fd, 6, what, sizeof(what)) && strstr(what, "is another file"));
    CHECK(file_rename("dir/x", "dir/a.aof.1.incr.aof") == 0);
    CHECK(file_rename("dir/a.aof.manifest", "dir/y") == 0);
    CHECK(!aof_files_check(&files, fd, 6, what, sizeof(what)) && strstr(what, "manifest is not"));
    file_close(fd);
    end();
}

TEST(the_reserve_is_made_and_given_up)
{
    begin();
    CHECK(aof_files_make_reserve(&files) && !aof_files_give_reserve_up(&files));
    aof_files_set_reserve(&files, 4096);
    CHECK(aof_files_make_reserve(&files) && file_size_of("dir/a.aof.reserve") == 4096);
    aof_files_set_reserve(&files, 8192);
    CHECK(!file_exists("dir/a.aof.reserve") && aof_files_make_reserve(&files));
    CHECK(file_size_of("dir/a.aof.reserve") == 8192);
    CHECK(aof_files_give_reserve_up(&files) && !file_exists("dir/a.aof.reserve"));
    CHECK(!aof_files_give_reserve_up(&files));
    put("dir/a.aof.reserve", "of an earlier server");
    aof_files_set_reserve(&files, 0);
    CHECK(!file_exists("dir/a.aof.reserve"));
    end();
}

UNIT_MAIN(T(names_and_numbers), T(what_was_made_is_found_by_a_start),
          T(numbers_go_on_and_what_was_replaced_goes),
          T(a_replacement_that_fails_leaves_what_was_there), T(a_new_file_is_there_or_an_error_is),
          T(the_first_increment_is_unnamed_and_marked), T(a_manifest_that_was_lost_is_noticed),
          T(leftovers_are_swept_and_nothing_else), T(an_old_single_file_becomes_the_base),
          T(a_directory_is_moved_aside_under_a_free_name), T(a_modified_file_is_detected),
          T(the_reserve_is_made_and_given_up))
