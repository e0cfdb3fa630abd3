#include "persist/cut.h"

#include "base/buf.h"
#include "disk.h"
#include "io/file.h"
#include "unit.h"

static const char text[] = "good frames|torn tail";
#define GOOD 12

static bool holds(const char *path, const char *want)
{
    struct buf b = {0};
    bool same = file_read(path, &b) == 0 && bytes_is(buf_bytes(&b), want);
    buf_free(&b);
    return same;
}

static void begin(void)
{
    size_t written;
    CHECK(disk_begin());
    int fd = file_create("file");
    CHECK(file_write_all(fd, bytes_text(text), &written) == 0);
    file_close(fd);
}

TEST(the_tail_goes_to_a_file_of_its_own)
{
    char aside[64] = "";
    begin();
    CHECK(cut_tail("file", bytes_text(text), GOOD, aside, sizeof(aside)) == 0);
    CHECK(strncmp(aside, "file.cut-", 9) == 0);
    CHECK(holds("file", "good frames|") && holds(aside, "torn tail"));
    CHECK(disk.syncs == 2);
    disk_end();
}

/* The file is cut only when its tail is safe. */
TEST(a_tail_that_cannot_be_kept_stays)
{
    atomic_int *const faults[] = {&disk.fail_write, &disk.fail_sync, &disk.fail_directory};
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        char aside[64];
        begin();
        *faults[i] = ENOSPC;
        CHECK(cut_tail("file", bytes_text(text), GOOD, aside, sizeof(aside)) == -ENOSPC);
        CHECK(holds("file", text));
        disk_end();
    }
}

TEST(a_cut_that_fails_says_so)
{
    char aside[64];
    begin();
    disk.fail_truncate = EIO;
    CHECK(cut_tail("file", bytes_text(text), GOOD, aside, sizeof(aside)) == -EIO);
    CHECK(holds("file", text) && holds(aside, "torn tail"));
    disk_works();
    CHECK(cut_tail("nowhere/file", bytes_text(text), GOOD, aside, sizeof(aside)) == -ENOENT);
    disk_end();
}

UNIT_MAIN(T(the_tail_goes_to_a_file_of_its_own), T(a_tail_that_cannot_be_kept_stays),
          T(a_cut_that_fails_says_so))
