/* millrace-check-rdb and millrace-check-aof are links to the server's binary, which then only
 * checks files. They use the server's own readers: what they call valid is what it would load.
 *
 * A snapshot is read completely; its values are built and dropped. An append-only file is checked
 * frame by frame; of a manifest, all files are checked in order. The verdicts:
 *
 *   valid
 *   torn      The end of the last file is missing, as after a crash. --fix cuts it off.
 *   damaged   Bytes that had been synced have changed. --fix cuts only with --force, because that
 *             discards acknowledged data.
 *
 * The part cut off is saved in another file. Before changing a file the tool locks the data
 * directory, since a running server would go on writing after the cut. */
#include "server/check.h"

#include "base/clock.h"
#include "base/crc.h"
#include "base/mem.h"
#include "base/num.h"
#include "config/settings.h"
#include "io/dirlock.h"
#include "io/file.h"
#include "persist/aof_read.h"
#include "persist/cut.h"
#include "persist/manifest.h"
#include "persist/rdb_read.h"
#include "server/data_lock.h"
#include "type/stream/stream_context.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The data directory is that of the file, or its parent if the file is in an append-only directory
 * (one with a manifest). */
static void note_manifest(void *context, const char *name)
{
    size_t n = strlen(name);
    bool *found = context;
    *found = *found || (n > 9 && strcmp(name + n - 9, ".manifest") == 0);
}

static bool lock_data_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX], holder[64];
    bool inner = false;
    snprintf(directory, sizeof(directory) - 3, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    file_list(directory, note_manifest, &inner);
    if (inner)
        strcat(directory, "/..");
    int fd = dirlock_take(directory); /* until the process ends */
    if (fd != -EWOULDBLOCK)
        return true;
    data_lock_name_holder(directory, holder, sizeof(holder));
    printf("The data directory of %s is in use by %s: stop it first, aborting...\n", path, holder);
    return false;
}

struct checker {
    bool fix, force;
    bool to_time;
    long long time;
};

/* ---- Snapshots */

static void say(void *context, uint64_t offset, struct bytes name, struct bytes value)
{
    (void)context;
    if (!value.p)
        printf("[offset %llu] Selecting DB ID %.*s\n", (unsigned long long)offset, (int)name.n,
               name.p);
    else if (bytes_is(name, "millrace-effects"))
        printf("[offset %llu] AUX FIELD millrace-effects of %zu bytes\n",
               (unsigned long long)offset, value.n);
    else
        printf("[offset %llu] AUX FIELD %.*s = '%.*s'\n", (unsigned long long)offset, (int)name.n,
               name.p, value.n > 200 ? 200 : (int)value.n, value.p);
}

static bool take_effect(void *context, int db, const struct bytes *argv, int argc)
{
    (void)context;
    (void)db;
    (void)argv;
    (void)argc;
    return true;
}

static void print_warning(void *context, const char *text)
{
    (void)context;
    printf("[info] %s\n", text);
}

/* *length: of the snapshot; commands may follow it. */
static bool check_snapshot(const char *name, struct bytes data, size_t *length)
{
    struct settings *s = settings_new();
    struct stream_context *streams = stream_context_new();
    struct rdb_read_options o = {.verify = true,
                                 .check_only = true,
                                 .skip_unknown = true,
                                 .warn = print_warning,
                                 .now_ms = clock_wall_ms(),
                                 .values = rdb_get_options_from(s, streams),
                                 .apply = take_effect,
                                 .note = say};
    struct rdb_read_result r;
    printf("[offset 0] Checking RDB file %s\n", name);
    bool good = rdb_read(NULL, data, &o, &r);
    *length = r.length;
    if (good) {
        printf("[offset %zu] Checksum OK\n[offset %zu] \\o/ RDB looks OK! \\o/\n", r.length,
               r.length);
    } else {
        printf("--- RDB ERROR DETECTED ---\n[offset %zu] %s\n", r.length, r.error);
        if (r.failed_type >= 0)
            printf("[additional info] While doing: read-object-value\n"
                   "[additional info] Reading key '%s'\n[additional info] Reading type %d\n",
                   r.failed_key, r.failed_type);
    }
    if (r.empty)
        printf("[info] %llu empty keys, which are left out\n", (unsigned long long)r.empty);
    if (r.left_out)
        printf("[info] %llu keys hold what has no counterpart here: to be loaded they need "
               "rdb-skip-unknown yes\n",
               (unsigned long long)r.left_out);
    printf("[info] %llu keys read\n[info] %llu expires\n[info] %llu already expired\n",
           (unsigned long long)r.keys, (unsigned long long)r.expires,
           (unsigned long long)r.expired);
    stream_context_free(streams);
    settings_free(s);
    return good;
}

static bool map(const char *path, struct bytes *data)
{
    if (file_is_link(path)) {
        printf("%s is a symbolic link: refused\n", path);
        return false;
    }
    int error = file_map(path, data);
    if (error)
        printf("Cannot open file %s: %s, aborting...\n", path, strerror(-error));
    return error == 0;
}

static int check_rdb(int argc, char **argv)
{
    struct bytes data;
    size_t length;
    if (argc != 2) {
        printf("Usage: %s <rdb-file-name>\n", argv[0]);
        return 1;
    }
    if (!map(argv[1], &data))
        return 1;
    bool good = check_snapshot(argv[1], data, &length);
    file_unmap(data);
    return good ? 0 : 1;
}

/* ---- Append-only files */

static bool take_command(void *context, const struct bytes *argv, int argc)
{
    (void)context;
    (void)argv;
    (void)argc;
    return true;
}

static bool early_enough(void *context, int64_t seconds)
{
    const struct checker *c = context;
    return seconds <= c->time;
}

static uint64_t lines_in(struct bytes data)
{
    uint64_t n = 1;
    for (size_t i = 0; i < data.n; i++)
        n += data.p[i] == '\n';
    return n;
}

static bool confirmed(void)
{
    char answer[8];
    printf("Continue? [y/N]: ");
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Truncates the file to `good` bytes, after asking. */
static bool shorten(const char *path, const char *name, struct bytes data, uint64_t good)
{
    char aside[PATH_MAX + 64];
    printf("This will shrink the AOF %s from %zu bytes, with %llu bytes, to %llu bytes\n", name,
           data.n, (unsigned long long)(data.n - good), (unsigned long long)good);
    if (!confirmed()) {
        printf("Aborting...\n");
        return false;
    }
    int error = cut_tail(path, data, good, aside, sizeof(aside));
    if (error) {
        printf("Failed to truncate AOF %s: %s\n", name, strerror(-error));
        return false;
    }
    printf("Successfully truncated AOF %s\nWhat was cut off is in %s\n", name, aside);
    return true;
}

static bool repair(const struct checker *c, const char *path, const char *name, struct bytes data,
                   const struct aof_read_result *r, size_t before, bool last)
{
    uint64_t good = before + r->good;
    if (r->status == AOF_READ_STOPPED) {
        if (r->commands == 0 && before == 0) {
            printf("AOF %s has nothing before timestamp %lld, aborting...\n", name, c->time);
            return false;
        }
        if (!last) {
            printf("Failed to truncate AOF %s to timestamp %lld to offset %llu because it is not "
                   "the last file.\n",
                   name, c->time, (unsigned long long)good);
            return false;
        }
        return shorten(path, name, data, good);
    }
    printf("%s\n", r->error);
    printf("AOF analyzed: filename=%s, size=%zu, ok_up_to=%llu, ok_up_to_line=%llu, diff=%llu\n",
           name, data.n, (unsigned long long)good,
           (unsigned long long)lines_in(bytes_of(data.p, (size_t)good)),
           (unsigned long long)(data.n - good));
    if (!c->fix) {
        printf("AOF %s is not valid. Use the --fix option to try fixing it.\n", name);
        return false;
    }
    if (!last) {
        printf("Failed to truncate AOF %s because it is not the last file\n", name);
        return false;
    }
    if (r->status == AOF_READ_DAMAGED && !c->force) {
        printf("AOF %s is damaged where it had been synced: to cut it there would throw away what "
               "was acknowledged. Look for a backup; --fix --force cuts it all the same.\n",
               name);
        return false;
    }
    return shorten(path, name, data, good);
}

/* ours: as aof_read_options.ours. */
static bool check_file(const struct checker *c, const char *path, const char *name, bool last,
                       bool ours)
{
    struct bytes data;
    size_t before = 0;
    if (!map(path, &data))
        return false;
    bool good = true;
    if (rdb_read_is_snapshot(data)) {
        good = check_snapshot(name, data, &before);
        if (good)
            printf("RDB preamble is OK, proceeding with AOF tail...\n");
    }
    if (good) {
        struct aof_read_options o = {
            .apply = take_command, .ours = ours, .context = (void *)(uintptr_t)c};
        struct aof_read_result r;
        if (c->to_time)
            o.at_time = early_enough;
        aof_read(bytes_of(data.p + before, data.n - before), &o, &r);
        if (r.status != AOF_READ_GOOD)
            good = repair(c, path, name, data, &r, before, last);
        else if (c->to_time)
            printf("Truncate nothing in AOF %s to timestamp %lld\n", name, c->time);
        else
            printf("AOF analyzed: filename=%s, size=%zu, ok_up_to=%zu, ok_up_to_line=%llu, "
                   "diff=0\n",
                   name, data.n, data.n, (unsigned long long)lines_in(data));
    }
    file_unmap(data);
    return good;
}

static void path_of(const char *manifest, const char *name, char to[PATH_MAX])
{
    const char *slash = strrchr(manifest, '/');
    snprintf(to, PATH_MAX, "%.*s%s", slash ? (int)(slash - manifest) + 1 : 0, manifest, name);
}

static bool check_named(const struct checker *c, const char *manifest,
                        const struct manifest_file *f, bool last, bool ours)
{
    char path[PATH_MAX];
    path_of(manifest, f->name, path);
    const char *kind = f->type == MANIFEST_BASE ? "BASE" : "INCR";
    bool good = check_file(c, path, f->name, last, ours);
    if (good)
        printf("%s AOF %s is valid\n", kind, f->name);
    return good;
}

static int check_manifest(const struct checker *c, const char *path, struct bytes text)
{
    struct manifest m = {0};
    char error[MANIFEST_ERROR];
    printf("Start checking Multi Part AOF\n");
    if (!manifest_parse(&m, text, error)) {
        printf("Invalid AOF manifest file %s: %s\n", path, error);
        manifest_free(&m);
        return 1;
    }
    uint64_t most = manifest_last_seq(&m, MANIFEST_INCREMENT), used;
    const struct manifest_file *base = manifest_base(&m);
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    used = manifest_last_in_use(&m, directory);
    bool good = true;
    if (base) {
        char base_path[PATH_MAX], start[5];
        path_of(path, base->name, base_path);
        printf("Start to check BASE AOF (%s format).\n",
               file_read_start(base_path, start, 5) == 5 && memcmp(start, "REDIS", 5) == 0
                   ? "RDB"
                   : "RESP");
        good = check_named(c, path, base, most == 0, false);
    }
    if (good && most)
        printf("Start to check INCR files.\n");
    for (size_t i = 0; good && i < m.n; i++)
        if (m.files[i].type == MANIFEST_INCREMENT)
            good = check_named(c, path, &m.files[i], m.files[i].seq == used,
                               m.files[i].seq == used && m.checked);
    if (good)
        printf("All AOF files and manifest are valid\n");
    manifest_free(&m);
    return good ? 0 : 1;
}

static int check_aof(int argc, char **argv)
{
    struct checker c = {0};
    const char *path = NULL;
    bool understood = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fix") == 0)
            c.fix = true;
        else if (strcmp(argv[i], "--force") == 0)
            c.force = true;
        else if (strcmp(argv[i], "--truncate-to-timestamp") == 0 && i + 1 < argc)
            understood = understood && num_parse_int(bytes_text(argv[++i]), &c.time) &&
                         c.time > 0 && (c.to_time = true);
        else if (argv[i][0] != '-' && !path)
            path = argv[i];
        else
            understood = false;
    }
    if (!path || !understood || (c.to_time && c.fix)) {
        printf("Usage: %s [--fix [--force]|--truncate-to-timestamp $timestamp] "
               "<file.manifest|file.aof>\n",
               argv[0]);
        return 1;
    }
    struct bytes data;
    if ((c.fix || c.to_time) && !lock_data_of(path))
        return 1;
    if (!map(path, &data))
        return 1;
    size_t n = strlen(path);
    int code;
    if ((n > 9 && strcmp(path + n - 9, ".manifest") == 0) || bytes_has_prefix(data, "file ") ||
        bytes_has_prefix(data, "#CRC:")) {
        code = check_manifest(&c, path, data);
    } else {
        printf("Start checking Old-Style AOF\n");
        code = check_file(&c, path, path, true, false) ? 0 : 1;
        if (code == 0)
            printf("AOF %s is valid\n", path);
    }
    file_unmap(data);
    return code;
}

bool check_is_asked(int argc, char **argv, int *code)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    crc_init();
    if (strstr(name, "check-rdb"))
        *code = check_rdb(argc, argv);
    else if (strstr(name, "check-aof"))
        *code = check_aof(argc, argv);
    else
        return false;
    return true;
}
