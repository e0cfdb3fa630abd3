/* What the tools print is compared by redis-compat/files and tests/integration/persist; here it is
 * what they find and what they change. */
#include "server/check.h"
#include "unit.h"
#include "world.h"

#include "base/crc.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/wait.h>

static char said[8192];

/* Runs a tool as a process of its own: it keeps its lock until it ends. Its exit status, -1: it is
 * no tool; what it prints is in `said`. answer: what is typed. */
static int tool(const char *name, const char *answer, const char *first, const char *second,
                const char *third)
{
    const char *argv[] = {name, first, second, third, NULL};
    int argc = first ? second ? third ? 4 : 3 : 2 : 1, code = -1, status = -1;
    FILE *in = tmpfile(), *out = tmpfile();
    if (!in || !out || fputs(answer, in) < 0 || fflush(in) || fseek(in, 0, SEEK_SET))
        abort();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fileno(in), 0);
        dup2(fileno(out), 1);
        bool asked = check_is_asked(argc, (char **)(uintptr_t)argv, &code);
        fflush(stdout);
        _exit(asked ? code : 255);
    }
    waitpid(pid, &status, 0);
    ssize_t n = pread(fileno(out), said, sizeof(said) - 1, 0);
    said[n > 0 ? n : 0] = 0;
    fclose(in);
    fclose(out);
    int ended = WIFEXITED(status) ? WEXITSTATUS(status) : 256;
    return ended == 255 ? -1 : ended;
}

static int check_rdb(const char *file)
{
    return tool("/usr/bin/millrace-check-rdb", "", file, NULL, NULL);
}

static int check_aof(const char *file)
{
    return tool("millrace-check-aof", "", file, NULL, NULL);
}

static int fix_aof(const char *file, const char *answer)
{
    return tool("millrace-check-aof", answer, "--fix", file, NULL);
}

static bool says(const char *text)
{
    bool good = strstr(said, text);
    if (!good)
        printf("# it said %s\n", said);
    return good;
}

static struct world *begin(bool appendonly, struct client **c)
{
    log_set_level(LOG_WARNING + 1);
    crc_init();
    struct world *w = world_begin(appendonly);
    *c = w ? bench_client(w->b) : NULL;
    return w;
}

static bool append(const char *file, const char *text)
{
    FILE *f = fopen(file, "a");
    return f && fputs(text, f) >= 0 && fclose(f) == 0;
}

static bool damage(const char *file, const char *at)
{
    struct bytes map;
    if (file_map(file, &map))
        return false;
    const char *found = memmem(map.p, map.n, at, strlen(at));
    off_t place = found ? found - map.p : -1;
    char c = (char)(found ? *found ^ 1 : 0);
    file_unmap(map);
    int fd = open(file, O_WRONLY);
    bool good = place >= 0 && fd >= 0 && pwrite(fd, &c, 1, place) == 1;
    close(fd);
    return good;
}

TEST(only_the_names_of_the_tools_ask_for_them)
{
    CHECK(tool("millrace-server", "", NULL, NULL, NULL) == -1);
    CHECK(tool("/opt/check-rdb/millrace-server", "", NULL, NULL, NULL) == -1);
    CHECK(check_rdb(NULL) == 1 && says("Usage: "));
    CHECK(check_aof(NULL) == 1 && says("Usage: "));
    CHECK(tool("millrace-check-aof", "", "--fix", "--truncate-to-timestamp", "1") == 1);
    CHECK(check_rdb("/no/such/file") == 1 && says("Cannot open file"));
}

TEST(a_snapshot_is_good_or_damaged)
{
    struct client *c;
    struct world *w = begin(false, &c);
    CHECK(w);
    w->b->settings->rdbcompression = false;
    world_turn(w, c, "SET key valuevaluevalue", 1);
    CHECK(snapshot_write(w->snapshot, "dump.rdb", SNAPSHOT_DUMP) == 0);
    CHECK(check_rdb("dump.rdb") == 0 && says("[info] 1 keys read"));
    CHECK(symlink("dump.rdb", "link.rdb") == 0);
    CHECK(check_rdb("link.rdb") == 1 && says("symbolic link"));
    CHECK(damage("dump.rdb", "valuevaluevalue") && check_rdb("dump.rdb") == 1);
    CHECK(says("RDB ERROR DETECTED"));
    world_end(w);
}

static const char *increment(const struct world *w)
{
    static char path[256];
    const struct manifest *m = aof_manifest(w->aof);
    for (size_t i = 0; i < m->n; i++)
        if (m->files[i].type == MANIFEST_INCREMENT)
            snprintf(path, sizeof(path), "appendonlydir/%s", m->files[i].name);
    return path;
}

#define MANIFEST "appendonlydir/appendonly.aof.manifest"

TEST(a_torn_end_is_truncated_after_confirmation)
{
    struct client *c;
    struct world *w = begin(true, &c);
    CHECK(w);
    world_turn(w, c, "SET key value", 1);
    world_settles(w);
    const char *path = increment(w);
    int64_t size = file_size_of(path);
    CHECK(check_aof(MANIFEST) == 0 && says("All AOF files and manifest are valid"));
    CHECK(append(path, "*3\r"));
    CHECK(check_aof(MANIFEST) == 1 && says("--fix") && file_size_of(path) == size + 3);
    CHECK(fix_aof(MANIFEST, "n\n") == 1 && file_size_of(path) == size + 3);
    CHECK(fix_aof(MANIFEST, "y\n") == 0 && says("Successfully truncated"));
    CHECK(file_size_of(path) == size && check_aof(MANIFEST) == 0);
    world_end(w);
}

TEST(what_was_synced_is_cut_by_force_alone)
{
    struct client *c;
    struct world *w = begin(true, &c);
    CHECK(w);
    world_turn(w, c, "SET key first", 1);
    world_settles(w);
    world_turn(w, c, "SET key second", 1);
    world_settles(w);
    const char *path = increment(w);
    int64_t size = file_size_of(path);
    CHECK(damage(path, "first"));
    CHECK(fix_aof(MANIFEST, "y\n") == 1 && says("is damaged where it had been synced"));
    CHECK(file_size_of(path) == size);
    CHECK(tool("millrace-check-aof", "y\n", "--fix", "--force", MANIFEST) == 0);
    CHECK(file_size_of(path) < size && check_aof(MANIFEST) == 0);
    world_end(w);
}

TEST(files_that_a_server_has_are_left_alone)
{
    struct client *c;
    struct world *w = begin(true, &c);
    struct data_lock lock;
    CHECK(w);
    world_drain();
    const char *path = increment(w);
    CHECK(append(path, "*3\r") && data_lock_take(".", &lock));
    int64_t size = file_size_of(path);
    CHECK(fix_aof(MANIFEST, "y\n") == 1 && says("is in use by"));
    CHECK(file_size_of(path) == size);
    data_lock_release(&lock);
    world_end(w);
}

UNIT_MAIN(T(only_the_names_of_the_tools_ask_for_them), T(a_snapshot_is_good_or_damaged),
          T(a_torn_end_is_truncated_after_confirmation), T(what_was_synced_is_cut_by_force_alone),
          T(files_that_a_server_has_are_left_alone))
