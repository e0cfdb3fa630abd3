#include "io/file.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static const char *path(const char *name)
{
    static char text[4][128];
    static int next;
    char *to = text[next++ % 4];
    snprintf(to, 128, "%s/%s", directory, name);
    return to;
}

static bool holds(const char *name, const char *text)
{
    struct buf b = {0};
    bool same = file_read(path(name), &b) == 0 && bytes_is(buf_bytes(&b), text);
    buf_free(&b);
    return same;
}

static void count(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
}

TEST(a_file_is_replaced_as_a_whole_and_keeps_its_permissions)
{
    int n = 0;
    CHECK(file_replace(path("a"), BYTES("one")) == 0 && holds("a", "one"));
    CHECK(chmod(path("a"), 0600) == 0);
    CHECK(file_replace(path("a"), BYTES("two")) == 0 && holds("a", "two"));
    struct stat st;
    CHECK(stat(path("a"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(file_list(directory, count, &n) == 0 && n == 1);
    CHECK(file_replace(path("none/a"), BYTES("x")) == -ENOENT);
    CHECK(file_remove(path("a")) == 0 && file_remove(path("a")) == -ENOENT);
}

static void gather(void *context, struct bytes piece)
{
    buf_add(context, piece);
}

TEST(appending_goes_on_where_the_file_ends)
{
    size_t written;
    int fd = file_create(path("log"));
    CHECK(fd >= 0 && file_write_all(fd, BYTES("abc"), &written) == 0 && written == 3);
    CHECK(file_sync(fd) == 0);
    file_close(fd);
    fd = file_open_append(path("log"));
    CHECK(file_write_all(fd, BYTES("def"), &written) == 0 && file_size(fd) == 6);
    CHECK(file_truncate(fd, 4) == 0 && file_write_all(fd, BYTES("!"), &written) == 0);
    file_close(fd);
    CHECK(holds("log", "abcd!") && file_size_of(path("log")) == 5);
    char start[8];
    CHECK(file_read_start(path("log"), start, 3) == 3 && memcmp(start, "abc", 3) == 0);
    CHECK(file_read_start(path("log"), start, 8) == 5);
    struct buf pieces = {0};
    CHECK(file_each(path("log"), gather, &pieces) == 0 && bytes_is(buf_bytes(&pieces), "abcd!"));
    CHECK(file_each(path("none"), gather, &pieces) == -ENOENT);
    buf_free(&pieces);
    struct bytes map;
    CHECK(file_map(path("log"), &map) == 0 && bytes_is(map, "abcd!"));
    file_unmap(map);
    CHECK(file_rename(path("log"), path("old")) == 0 && !file_exists(path("log")) &&
          file_exists(path("old")));
    file_remove(path("old"));
}

TEST(a_file_in_memory_is_read_by_its_path)
{
    char path[64];
    size_t written;
    struct buf got = {0};
    int fd = file_create_in_memory(path, sizeof(path));
    CHECK(fd >= 0 && file_write_all(fd, BYTES("abc"), &written) == 0);
    CHECK(file_size_of(path) == 3 && file_read(path, &got) >= 0);
    CHECK(file_modified_ms(path) > 1700000000000 && file_modified_ms("none") == -ENOENT);
    CHECK(bytes_is(buf_bytes(&got), "abc"));
    file_close(fd);
    buf_free(&got);
}

TEST(a_full_device_is_an_error_and_says_how_far_it_came)
{
    size_t written = 99;
    int fd = file_open_append("/dev/full");
    CHECK(fd >= 0 && file_write_all(fd, BYTES("x"), &written) == -ENOSPC && written == 0);
    file_close(fd);
    CHECK(file_open_read(path("none")) == -ENOENT && file_size_of(path("none")) == -ENOENT);
    file_close(-1);
}

int main(void)
{
    snprintf(directory, sizeof(directory), "/tmp/millrace-unit-XXXXXX");
    if (!mkdtemp(directory))
        return 1;
    static const struct unit_test tests[] = {
        T(a_file_in_memory_is_read_by_its_path),
        T(a_file_is_replaced_as_a_whole_and_keeps_its_permissions),
        T(appending_goes_on_where_the_file_ends),
        T(a_full_device_is_an_error_and_says_how_far_it_came)};
    int failed = unit_run(tests, 4);
    rmdir(directory);
    return failed;
}
