/* The life of a file in the directory:
 *
 *   1.  a file is created empty and synced, its directory too (aof_files_create());
 *   2.  a manifest that names it replaces the present one, by a temporary file, fsync and rename;
 *       from here on a start reads it;
 *   3.  files that the new manifest no longer names are removed, or kept as history.
 *
 * A crash between two steps leaves files that no manifest names, which the next start removes
 * (aof_files_sweep()). A crash never leaves a manifest that names a missing file.
 *
 * Numbers only increase, so that a leftover is never mistaken for a new file. Increments and bases
 * are numbered separately; history entries do not show which of the two they were, so their numbers
 * count for both. After a failed installation the manifest on disk may nevertheless name the new
 * base (the rename succeeded, the fsync of the directory did not): no number is tried twice.
 *
 * While the append-only file is being turned on at run time (no_base_yet) no manifest names the
 * increment, because without the base the data would be incomplete. The marker file
 * "<stem>.beginning" tells this to a start: increments without a manifest are then ignored. Without
 * the marker they show that the manifest was lost, and the start is refused. */
#include "persist/aof_files.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>

void aof_files_init(struct aof_files *f, const char *directory, const char *stem)
{
    *f = (struct aof_files){.directory = mem_copy_text(directory, strlen(directory)),
                            .stem = mem_copy_text(stem, strlen(stem))};
}

void aof_files_free(struct aof_files *f)
{
    manifest_free(&f->manifest);
    mem_free(f->directory);
    mem_free(f->stem);
}

/* ---- Names */

void aof_files_path(const struct aof_files *f, const char *name, char *to, size_t n)
{
    snprintf(to, n, "%s/%s", f->directory, name);
}

/* A path named after the stem only. */
static void stem_path(const struct aof_files *f, const char *suffix, char *to, size_t n)
{
    snprintf(to, n, "%s/%s.%s", f->directory, f->stem, suffix);
}

void aof_files_manifest_path(const struct aof_files *f, char *to, size_t n)
{
    stem_path(f, "manifest", to, n);
}

void aof_files_marker_path(const struct aof_files *f, char *to, size_t n)
{
    stem_path(f, "beginning", to, n);
}

static void reserve_path(const struct aof_files *f, char *to, size_t n)
{
    stem_path(f, "reserve", to, n);
}

/* Next unused sequence number of a type. */
static uint64_t next_seq(const struct manifest *m, enum manifest_type type)
{
    uint64_t last = manifest_last_seq(m, type), history = manifest_last_seq(m, MANIFEST_HISTORY);
    return (last > history ? last : history) + 1;
}

void aof_files_next_increment(const struct aof_files *f, struct aof_files_new *out)
{
    out->seq = next_seq(&f->manifest, MANIFEST_INCREMENT);
    snprintf(out->name, sizeof(out->name), "%s.%llu.incr.aof", f->stem,
             (unsigned long long)out->seq);
    aof_files_path(f, out->name, out->path, sizeof(out->path));
    ASSERT(!manifest_names(&f->manifest, out->name));
}

void aof_files_next_base(struct aof_files *f, bool rdb, struct aof_files_new *out)
{
    uint64_t seq = next_seq(&f->manifest, MANIFEST_BASE);
    out->seq = f->last_base = seq > f->last_base ? seq : f->last_base + 1;
    snprintf(out->name, sizeof(out->name), "%s.%llu.base.%s", f->stem, (unsigned long long)out->seq,
             rdb ? "rdb" : "aof");
    aof_files_path(f, out->name, out->path, sizeof(out->path));
    ASSERT(!manifest_names(&f->manifest, out->name));
}

/* ---- The manifest */

struct orphan {
    const struct aof_files *files;
    char name[80]; /* of an increment that is not empty; "": none */
};

static bool has_stem(const struct aof_files *f, const char *name)
{
    size_t n = strlen(f->stem);
    return strncmp(name, f->stem, n) == 0 && name[n] == '.';
}

static void look_for_orphan(void *context, const char *name)
{
    struct orphan *o = context;
    static const char suffix[] = ".incr.aof";
    char path[PATH_MAX];
    const char *kind = strstr(name, suffix);
    if (!has_stem(o->files, name) || !kind || kind[sizeof(suffix) - 1])
        return;
    aof_files_path(o->files, name, path, sizeof(path));
    if (file_size_of(path) > 0)
        snprintf(o->name, sizeof(o->name), "%s", name);
}

/* There is no manifest: whether there was one. */
static bool lost_manifest(const struct aof_files *f, char error[MANIFEST_ERROR])
{
    char path[PATH_MAX];
    struct orphan o = {.files = f};
    aof_files_marker_path(f, path, sizeof(path));
    if (file_exists(path))
        return false;
    file_list(f->directory, look_for_orphan, &o);
    if (o.name[0])
        snprintf(error, MANIFEST_ERROR,
                 "the manifest is missing, but %.60s is there: put a copy of the manifest back, or "
                 "move the directory away",
                 o.name);
    return o.name[0];
}

int aof_files_read_manifest(struct aof_files *f, char error[MANIFEST_ERROR])
{
    char path[PATH_MAX];
    struct buf text = {0};
    aof_files_manifest_path(f, path, sizeof(path));
    int failed = file_read(path, &text);
    int result = 1;
    if (failed == -ENOENT) {
        result = lost_manifest(f, error) ? -1 : 0;
    } else if (failed) {
        snprintf(error, MANIFEST_ERROR, "the manifest cannot be read: %s", strerror(-failed));
        result = -1;
    } else if (!manifest_parse(&f->manifest, buf_bytes(&text), error)) {
        result = -1;
    }
    buf_free(&text);
    return result;
}

static int write_manifest(const struct aof_files *f, const struct manifest *m)
{
    char path[PATH_MAX];
    struct buf text = {0};
    aof_files_manifest_path(f, path, sizeof(path));
    manifest_print(m, &text);
    int error = file_replace(path, buf_bytes(&text));
    buf_free(&text);
    return error;
}

const struct manifest_file *aof_files_last_increment(const struct aof_files *f)
{
    const struct manifest_file *last = NULL;
    for (size_t i = 0; i < f->manifest.n; i++)
        if (f->manifest.files[i].type == MANIFEST_INCREMENT &&
            (!last || f->manifest.files[i].seq > last->seq))
            last = &f->manifest.files[i];
    return last;
}

/* ---- Making files */

int aof_files_create(const char *path)
{
    int fd = file_create(path);
    if (fd < 0)
        return fd;
    int error = file_sync(fd);
    if (!error)
        error = file_sync_directory(path);
    if (!error)
        return fd;
    file_close(fd);
    return error;
}

int aof_files_add_increment(struct aof_files *f)
{
    struct aof_files_new new;
    ASSERT(!f->no_base_yet); /* the manifest must not name it */
    aof_files_next_increment(f, &new);
    int fd = aof_files_create(new.path);
    if (fd < 0)
        return fd;
    manifest_add(&f->manifest, new.name, new.seq, MANIFEST_INCREMENT);
    int error = write_manifest(f, &f->manifest);
    if (!error)
        return fd;
    file_close(fd);
    return error;
}

static void remove_all(const struct aof_files *f, const struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++) {
        char path[PATH_MAX];
        aof_files_path(f, m->files[i].name, path, sizeof(path));
        file_remove(path);
    }
}

int aof_files_replace(struct aof_files *f, const char *base_path, bool rdb, int *fd)
{
    struct aof_files_new base, increment;
    struct manifest m = {0};
    int error = file_make_directory(f->directory);
    if (error)
        return error;
    aof_files_next_base(f, rdb, &base);
    aof_files_next_increment(f, &increment);
    error = file_rename(base_path, base.path);
    if (error)
        return error;
    *fd = aof_files_create(increment.path);
    if (*fd < 0)
        return *fd;
    manifest_add(&m, base.name, base.seq, MANIFEST_BASE);
    for (size_t i = 0; i < f->manifest.n && f->keep_replaced; i++)
        manifest_add(&m, f->manifest.files[i].name, f->manifest.files[i].seq, MANIFEST_HISTORY);
    manifest_add(&m, increment.name, increment.seq, MANIFEST_INCREMENT);
    error = write_manifest(f, &m);
    if (error) {
        manifest_free(&m);
        file_close(*fd);
        return error;
    }
    if (!f->keep_replaced)
        remove_all(f, &f->manifest);
    manifest_free(&f->manifest);
    f->manifest = m;
    f->no_base_yet = false;
    aof_files_measure(f);
    return 0;
}

int aof_files_begin_first(struct aof_files *f, struct aof_files_new *out, int *fd)
{
    char path[PATH_MAX];
    ASSERT(!f->no_base_yet);
    int error = file_make_directory(f->directory);
    if (error)
        return error;
    aof_files_marker_path(f, path, sizeof(path));
    int marker = file_create(path);
    if (marker < 0)
        return marker;
    file_close(marker);
    aof_files_next_increment(f, out);
    *fd = aof_files_create(out->path); /* its fsync of the directory covers the marker */
    if (*fd < 0)
        return *fd;
    for (size_t i = 0; i < f->manifest.n; i++)
        f->manifest.files[i].type = MANIFEST_HISTORY;
    manifest_add(&f->manifest, out->name, out->seq, MANIFEST_INCREMENT);
    f->no_base_yet = true;
    f->size = f->base_size = 0;
    return 0;
}

int aof_files_adopt(struct aof_files *f)
{
    char path[PATH_MAX];
    int error = file_make_directory(f->directory);
    aof_files_path(f, f->stem, path, sizeof(path));
    /* The manifest first: if the base is not moved yet, the next attempt finds it next to the
     * directory. */
    if (!error && f->manifest.n == 0) {
        manifest_add(&f->manifest, f->stem, 1, MANIFEST_BASE);
        error = write_manifest(f, &f->manifest);
    }
    return error ? error : file_rename(f->stem, path);
}

int aof_files_move_aside(struct aof_files *f, char aside[MANIFEST_ERROR])
{
    long long number = clock_wall_ms() / 1000;
    do
        snprintf(aside, MANIFEST_ERROR, "%.200s.before-%lld", f->directory, number++);
    while (file_exists(aside));
    manifest_free(&f->manifest);
    return file_rename(f->directory, aside);
}

/* ---- Maintenance */

void aof_files_measure(struct aof_files *f)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < f->manifest.n; i++) {
        char path[PATH_MAX];
        aof_files_path(f, f->manifest.files[i].name, path, sizeof(path));
        int64_t n = file_size_of(path);
        if (n > 0 && f->manifest.files[i].type != MANIFEST_HISTORY)
            sum += (uint64_t)n;
    }
    f->size = f->base_size = sum;
}

struct sweep {
    const struct aof_files *files;
    void (*say)(const char *name);
};

static void sweep_one(void *context, const char *name)
{
    const struct sweep *s = context;
    const struct aof_files *f = s->files;
    bool ours = has_stem(f, name);
    bool marker = ours && strcmp(name + strlen(f->stem), ".beginning") == 0;
    bool temporary = strncmp(name, "temp-", 5) == 0;
    /* Tails cut off at a start are kept for inspection. */
    bool unnamed = ours && (strstr(name, ".base.") || strstr(name, ".incr.aof")) &&
                   !strstr(name, ".cut-") && !manifest_names(&f->manifest, name);
    if (!marker && !temporary && !unnamed)
        return;
    char path[PATH_MAX];
    aof_files_path(f, name, path, sizeof(path));
    s->say(name);
    file_remove(path);
}

void aof_files_sweep(const struct aof_files *f, void (*say)(const char *name))
{
    struct sweep s = {f, say};
    file_list(f->directory, sweep_one, &s);
}

bool aof_files_check(const struct aof_files *f, int fd, uint64_t size, char *what, size_t n)
{
    char path[PATH_MAX];
    ASSERT(fd >= 0 && !f->no_base_yet);
    aof_files_manifest_path(f, path, sizeof(path));
    bool good = file_exists(path);
    for (size_t i = 0; i < f->manifest.n && good; i++) {
        if (f->manifest.files[i].type == MANIFEST_HISTORY)
            continue;
        aof_files_path(f, f->manifest.files[i].name, path, sizeof(path));
        good = file_exists(path);
    }
    if (!good) {
        snprintf(what, n, "%s is not there any more", path);
        return false;
    }
    const struct manifest_file *last = aof_files_last_increment(f);
    if (!last)
        return true;
    aof_files_path(f, last->name, path, sizeof(path));
    if (!file_is_at(fd, path))
        snprintf(what, n, "%s is another file now", path);
    else if (file_size(fd) != (int64_t)size)
        snprintf(what, n, "%s was changed by somebody else", path);
    else
        return true;
    return false;
}

bool aof_files_make_reserve(struct aof_files *f)
{
    char path[PATH_MAX];
    if (f->reserved || !f->reserve_size)
        return true;
    /* Really allocates, or fails: a sparse file would reserve nothing. */
    reserve_path(f, path, sizeof(path));
    f->reserved = file_reserve(path, f->reserve_size) == 0;
    return f->reserved;
}

bool aof_files_give_reserve_up(struct aof_files *f)
{
    char path[PATH_MAX];
    if (!f->reserved)
        return false;
    reserve_path(f, path, sizeof(path));
    file_remove(path);
    f->reserved = false;
    return true;
}

void aof_files_set_reserve(struct aof_files *f, uint64_t bytes)
{
    char path[PATH_MAX];
    if (bytes != f->reserve_size)
        aof_files_give_reserve_up(f);
    f->reserve_size = bytes;
    ASSERT(!f->reserved || f->reserve_size);
    /* An earlier server may have left one. */
    reserve_path(f, path, sizeof(path));
    if (!bytes)
        file_remove(path);
}
