/* The files during a rewrite:
 *
 *   IDLE --prepare()--> PREPARING --disk thread--> READY --switch()--> IDLE      a child writes
 *                           |  failed: error is set                              the base ...
 *                           +--> IDLE                                ... install_base() --> done()
 *
 * The next increment is created and listed in the manifest before it is used, so after a crash at
 * any time the manifest has consecutive increments, of which the last may be empty. At the switch
 * the caller forks: the child's data are exactly those of the increments so far.
 *
 * Installing a base: rename it into place, replace the manifest, remove the replaced files, in this
 * order. The manifest is the commit point: before it a start reads the old base and all increments,
 * after it the new base and those from first_seq on. If a step fails, the next attempt uses another
 * number (persist/aof_files.c), since the manifest may be on disk although its fsync failed.
 *
 * An installed base also repairs an append-only file that was no longer trusted after a disk
 * failure: it covers everything up to base_offset, including what could not be written. */
#include "persist/aof_rotation.h"

#include "base/assert.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>

void aof_rotation_init(struct aof_rotation *r, struct worker *disk, struct aof_files *f,
                       struct aof_segment *s)
{
    *r = (struct aof_rotation){.disk = disk, .files = f, .segment = s, .fd = -1};
}

void aof_rotation_free(struct aof_rotation *r)
{
    file_close(r->fd);
    manifest_free(&r->manifest);
    buf_free(&r->text);
}

/* ---- The next increment */

static void run_prepare(struct worker_job *job)
{
    struct aof_rotation *r = (struct aof_rotation *)job;
    r->fd = aof_files_create(r->next.path);
    r->error = r->fd < 0 ? r->fd : 0;
    if (!r->error && !r->unnamed)
        r->error = file_replace(r->manifest_path, buf_bytes(&r->text));
}

static void prepare_done(struct worker_job *job)
{
    struct aof_rotation *r = (struct aof_rotation *)job;
    ASSERT(r->state == AOF_ROTATION_PREPARING);
    buf_free(&r->text);
    if (r->error) {
        r->state = AOF_ROTATION_IDLE;
        file_close(r->fd);
        r->fd = -1;
        manifest_free(&r->manifest);
        return;
    }
    r->state = AOF_ROTATION_READY;
    manifest_free(&r->files->manifest);
    r->files->manifest = r->manifest;
    r->manifest = (struct manifest){0};
}

int aof_rotation_prepare(struct aof_rotation *r)
{
    if (r->state != AOF_ROTATION_IDLE)
        return -EBUSY;
    ASSERT(r->fd < 0 && r->manifest.n == 0);
    r->job = (struct worker_job){.run = run_prepare, .done = prepare_done};
    r->state = AOF_ROTATION_PREPARING;
    r->error = 0;
    r->unnamed = r->files->no_base_yet;
    aof_files_next_increment(r->files, &r->next);
    aof_files_manifest_path(r->files, r->manifest_path, sizeof(r->manifest_path));
    manifest_copy(&r->manifest, &r->files->manifest);
    manifest_add(&r->manifest, r->next.name, r->next.seq, MANIFEST_INCREMENT);
    manifest_print(&r->manifest, &r->text);
    r->first_seq = r->next.seq;
    worker_submit(r->disk, &r->job);
    return 0;
}

void aof_rotation_switch(struct aof_rotation *r)
{
    ASSERT(r->state == AOF_ROTATION_READY && r->fd >= 0);
    int fd = r->fd;
    r->fd = -1;
    r->state = AOF_ROTATION_IDLE;
    r->base_offset = r->segment->journal->offset;
    aof_segment_replace(r->segment, fd);
}

void aof_rotation_cancel(struct aof_rotation *r)
{
    ASSERT(r->state != AOF_ROTATION_PREPARING);
    file_close(r->fd);
    r->fd = -1;
    r->state = AOF_ROTATION_IDLE;
}

void aof_rotation_expect_base(struct aof_rotation *r, uint64_t first_seq, uint64_t base_offset)
{
    r->first_seq = first_seq;
    r->base_offset = base_offset;
}

/* ---- The base */

struct install {
    struct worker_job job;
    struct aof_rotation *rotation;
    char temp[PATH_MAX], manifest_path[PATH_MAX];
    char marker[PATH_MAX]; /* file to remove; "": none */
    struct aof_files_new base;
    struct manifest manifest; /* with the base */
    struct buf text;          /* of that manifest */
    char **replaced;          /* paths of files to remove */
    size_t replaced_n;
    int error;
    void (*done)(void *context, int error);
    void *context;
};

static void run_install(struct worker_job *job)
{
    struct install *i = (struct install *)job;
    i->error = file_rename(i->temp, i->base.path);
    if (!i->error)
        i->error = file_replace(i->manifest_path, buf_bytes(&i->text));
    if (i->error)
        return;
    if (i->marker[0])
        file_remove(i->marker);
    for (size_t k = 0; k < i->replaced_n; k++)
        file_remove(i->replaced[k]);
}

static void install_done(struct worker_job *job)
{
    struct install *i = (struct install *)job;
    struct aof_rotation *r = i->rotation;
    struct aof_files *f = r->files;
    if (!i->error) {
        manifest_free(&f->manifest);
        f->manifest = i->manifest;
        i->manifest = (struct manifest){0};
        f->no_base_yet = false;
        aof_files_measure(f);
        if (aof_segment_is_open(r->segment))
            aof_files_make_reserve(f);
        if (r->segment->state != AOF_SEGMENT_SOUND)
            aof_segment_repair(r->segment, r->base_offset);
    }
    i->done(i->context, i->error);
    manifest_free(&i->manifest);
    buf_free(&i->text);
    for (size_t k = 0; k < i->replaced_n; k++)
        mem_free(i->replaced[k]);
    mem_free(i->replaced);
    mem_free(i);
}

/* Sorts the present files: the increments that the base needs are kept, others become history or
 * are removed. */
static void sort_files(struct install *i, const struct aof_files *f, uint64_t first_seq)
{
    i->replaced = mem_alloc((f->manifest.n + 1) * sizeof(*i->replaced));
    for (size_t k = 0; k < f->manifest.n; k++) {
        const struct manifest_file *file = &f->manifest.files[k];
        char path[PATH_MAX];
        if (file->type == MANIFEST_INCREMENT && file->seq >= first_seq) {
            manifest_add(&i->manifest, file->name, file->seq, file->type);
        } else if (f->keep_replaced) {
            manifest_add(&i->manifest, file->name, file->seq, MANIFEST_HISTORY);
        } else {
            aof_files_path(f, file->name, path, sizeof(path));
            i->replaced[i->replaced_n++] = mem_copy_text(path, strlen(path));
        }
    }
}

void aof_rotation_install_base(struct aof_rotation *r, const char *temp_path, bool rdb,
                               void (*done)(void *context, int error), void *context)
{
    struct install *i = mem_zalloc(sizeof(*i));
    struct aof_files *f = r->files;
    i->job = (struct worker_job){.run = run_install, .done = install_done};
    i->rotation = r;
    i->done = done;
    i->context = context;
    snprintf(i->temp, sizeof(i->temp), "%s", temp_path);
    aof_files_next_base(f, rdb, &i->base);
    aof_files_manifest_path(f, i->manifest_path, sizeof(i->manifest_path));
    if (f->no_base_yet)
        aof_files_marker_path(f, i->marker, sizeof(i->marker));
    manifest_add(&i->manifest, i->base.name, i->base.seq, MANIFEST_BASE);
    sort_files(i, f, r->first_seq);
    manifest_print(&i->manifest, &i->text);
    worker_submit(r->disk, &i->job);
}
