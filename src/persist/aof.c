/* The policy of the append-only file: when to write and fsync, and which replies may be released.
 * The mechanisms are in persist/aof_segment (one increment), aof_rotation (the next one, and a new
 * base), aof_files (names and manifest), aof_frame (the format), group_commit.
 *
 * Happy path: each turn ends with aof_flush(). It writes the turn's effects, then starts an fsync:
 * always, once a second, or never, by the policy; and in any case if one was requested
 * (aof_want_sync()). During an fsync this thread does not write. Under `always` no reply could be
 * released anyway, so the batch stays in the journal for the next fsync; otherwise the writer
 * thread writes it, as long as the fsync is younger than a second, since everysec promises to lose
 * no more.
 *
 * Replies are released up to a journal offset (aof_released()): the synced one under `always`, else
 * the written one. While the base is missing a restart would load nothing, so `always` releases
 * nothing.
 *
 * After a failure replies are held back and the caller refuses writes. A failed write is repeated
 * (aof_retry_batch()); after a failed fsync aof_needs_base() asks for a rewrite: a new increment is
 * prepared and made the current one (aof_switch()), and the child's base replaces everything before
 * it (aof_finish_rewrite()), which ends the failure. */
#include "persist/aof.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/file.h"
#include "persist/aof_rotation.h"
#include "persist/group_commit.h"

#include <errno.h>
#include <stdio.h>

#define EVERY_MS   1000 /* appendfsync everysec */
#define DELAYED_MS 2000 /* a batch that waits longer for an fsync is counted */

struct aof {
    struct journal *journal;
    struct aof_files files;
    struct aof_segment segment;
    struct aof_rotation rotation;
    struct group_commit group;
    uint64_t group_syncs; /* segment.syncs already reported to group */
    enum aof_policy policy;
    bool pause_syncs;
    uint64_t sync_wanted; /* up to this offset, regardless of the policy */
    uint64_t locals_wanted;
    uint64_t delayed; /* turns in which a batch waited for a slow fsync */
};

struct aof *aof_new(struct worker *disk, struct worker *writer, struct journal *j,
                    const char *directory, const char *stem)
{
    struct aof *a = mem_zalloc(sizeof(*a));
    a->journal = j;
    aof_files_init(&a->files, directory, stem);
    aof_segment_init(&a->segment, disk, writer, j, &a->files);
    aof_rotation_init(&a->rotation, disk, &a->files, &a->segment);
    return a;
}

void aof_free(struct aof *a)
{
    if (!a)
        return;
    aof_rotation_free(&a->rotation);
    aof_segment_free(&a->segment);
    aof_files_free(&a->files);
    mem_free(a);
}

/* ---- Opening and closing */

struct manifest *aof_manifest(struct aof *a)
{
    return &a->files.manifest;
}

void aof_path(const struct aof *a, const char *name, char *to, size_t n)
{
    aof_files_path(&a->files, name, to, n);
}

int aof_read_manifest(struct aof *a, char error[MANIFEST_ERROR])
{
    return aof_files_read_manifest(&a->files, error);
}

/* Opens the file for appending. 1: done; 0: unchanged, because it has no header of ours or an older
 * version; or -errno. */
static int append_to(struct aof *a, const char *path)
{
    char start[AOF_FRAME_HEADER_MAX];
    struct aof_frame_header header;
    size_t n;
    int fd = file_open_append(path);
    if (fd < 0)
        return fd;
    /* What was loaded at startup may be in the page cache only. */
    int error = file_sync(fd);
    int64_t size = file_size(fd);
    int got = file_read_start(path, start, sizeof(start));
    if (got < 0 && !error)
        error = got;
    if (!error && size == 0) {
        aof_segment_begin(&a->segment, fd);
        return 1;
    }
    if (!error && aof_frame_parse_header(bytes_of(start, (size_t)got), &header, &n) &&
        header.version == AOF_FRAME_VERSION) {
        aof_segment_resume(&a->segment, fd, &header, (uint64_t)size);
        return 1;
    }
    file_close(fd);
    return error;
}

int aof_open_last(struct aof *a)
{
    const struct manifest_file *last = aof_files_last_increment(&a->files);
    char path[PATH_MAX];
    int result = 0;
    if (last) {
        aof_files_path(&a->files, last->name, path, sizeof(path));
        result = append_to(a, path);
    }
    if (result == 0) {
        int fd = aof_files_add_increment(&a->files);
        if (fd >= 0)
            aof_segment_begin(&a->segment, fd);
        result = fd;
    }
    if (result < 0)
        return result;
    aof_files_measure(&a->files);
    aof_segment_start_over(&a->segment);
    return 0;
}

int aof_create(struct aof *a, const char *base_path, bool rdb_base)
{
    int fd, error = aof_files_replace(&a->files, base_path, rdb_base, &fd);
    if (error)
        return error;
    aof_segment_begin(&a->segment, fd);
    /* The base has the pending effects. */
    aof_segment_start_over(&a->segment);
    ASSERT(aof_has_base(a) && a->segment.synced == a->journal->offset);
    return 0;
}

int aof_adopt(struct aof *a)
{
    return aof_files_adopt(&a->files);
}

int aof_open_first(struct aof *a)
{
    struct aof_files_new first;
    int fd, error = aof_files_begin_first(&a->files, &first, &fd);
    if (error)
        return error;
    aof_rotation_expect_base(&a->rotation, first.seq, a->journal->offset);
    aof_segment_begin(&a->segment, fd);
    aof_segment_start_over(&a->segment);
    ASSERT(aof_is_open(a) && !aof_has_base(a));
    return 0;
}

int aof_begin_base_only(struct aof *a, char error[MANIFEST_ERROR])
{
    ASSERT(!aof_is_open(a));
    snprintf(error, MANIFEST_ERROR, "the directory can't be made");
    int failed = file_make_directory(a->files.directory);
    manifest_free(&a->files.manifest);
    if (!failed && aof_files_read_manifest(&a->files, error) < 0)
        failed = -EBADMSG;
    aof_rotation_expect_base(&a->rotation, UINT64_MAX, a->journal->offset);
    return failed;
}

int aof_move_aside(struct aof *a, char aside[MANIFEST_ERROR])
{
    ASSERT(!aof_is_open(a));
    return aof_files_move_aside(&a->files, aside);
}

void aof_close(struct aof *a)
{
    aof_rotation_cancel(&a->rotation);
    aof_segment_close(&a->segment);
    a->files.no_base_yet = false;
}

bool aof_is_open(const struct aof *a)
{
    return aof_segment_is_open(&a->segment);
}

bool aof_has_no_base_yet(const struct aof *a)
{
    return a->files.no_base_yet;
}

bool aof_has_base(const struct aof *a)
{
    return aof_is_open(a) && !a->files.no_base_yet;
}

/* ---- Settings */

void aof_set_policy(struct aof *a, enum aof_policy policy, bool pause_syncs)
{
    a->policy = policy;
    a->pause_syncs = pause_syncs;
}

void aof_set_timestamps(struct aof *a, bool on)
{
    a->segment.timestamps = on;
    if (!on)
        a->segment.second = 0;
}

void aof_keep_replaced(struct aof *a, bool on)
{
    a->files.keep_replaced = on;
}

void aof_set_reserve(struct aof *a, uint64_t bytes)
{
    aof_files_set_reserve(&a->files, bytes);
    if (aof_is_open(a))
        aof_files_make_reserve(&a->files);
}

/* ---- The turn */

static bool is_ready_to_switch(const struct aof *a)
{
    return a->rotation.state == AOF_ROTATION_READY;
}

/* Under `always`: whether to delay the batch for clients that were just answered. */
static bool wait_for_group(struct aof *a, size_t waiting)
{
    const struct aof_segment *s = &a->segment;
    if (s->syncs != a->group_syncs) {
        a->group_syncs = s->syncs;
        group_commit_synced(&a->group);
    }
    return !group_commit_is_idle(&a->group) &&
           group_commit_wait(&a->group, clock_mono_us(), s->sync_began_us, waiting,
                             aof_segment_unwritten(s) > 0);
}

bool aof_waits_for_group(const struct aof *a)
{
    const struct aof_segment *s = &a->segment;
    return a->group.state == GROUP_COMMIT_WAITING && a->policy == AOF_ALWAYS && aof_is_open(a) &&
           s->state == AOF_SEGMENT_SOUND && (aof_segment_is_behind(s) || s->unsynced);
}

static bool sync_is_wanted(const struct aof *a)
{
    return a->sync_wanted > a->segment.synced || a->locals_wanted > a->segment.locals_synced;
}

/* Stream-only bytes, which the file counts but does not store, get an fsync except under `always`,
 * where it would only delay replies. */
static bool sync_is_due(const struct aof *a, int64_t now_ms)
{
    const struct aof_segment *s = &a->segment;
    bool behind = s->unsynced || (a->policy != AOF_ALWAYS && aof_segment_written(s) != s->synced);
    if (!behind || (a->pause_syncs && !sync_is_wanted(a)))
        return false;
    return a->policy == AOF_ALWAYS || sync_is_wanted(a) ||
           (a->policy == AOF_EVERYSEC && now_ms - s->sync_began_ms >= EVERY_MS);
}

/* Called while another thread has a job. */
static void flush_beside(struct aof *a, int64_t now_ms)
{
    struct aof_segment *s = &a->segment;
    if (aof_segment_is_behind(s) && a->policy == AOF_EVERYSEC &&
        now_ms - s->sync_began_ms > DELAYED_MS)
        a->delayed++;
    /* Only if replies wait just for the write. */
    if ((a->policy != AOF_ALWAYS || a->pause_syncs) && aof_segment_may_write_beside(s))
        aof_segment_write_beside(s);
}

void aof_flush(struct aof *a, int64_t now_ms, size_t waiting)
{
    struct aof_segment *s = &a->segment;
    if (!aof_is_open(a) || s->state != AOF_SEGMENT_SOUND)
        return;
    if (aof_segment_is_busy(s)) {
        flush_beside(a, now_ms);
        return;
    }
    /* Stream-only bytes are not delayed: replicas get them in this turn. */
    bool effects = s->unsynced || s->journal->effects_end > aof_segment_written(s);
    if (a->policy == AOF_ALWAYS && effects && !is_ready_to_switch(a) && wait_for_group(a, waiting))
        return;
    aof_segment_write(s);
    /* aof_switch() follows, and syncs: under load no turn would otherwise be free of an fsync. */
    if (s->state == AOF_SEGMENT_SOUND && !is_ready_to_switch(a) && sync_is_due(a, now_ms))
        aof_segment_sync(s, now_ms);
}

void aof_want_sync(struct aof *a)
{
    a->sync_wanted = a->journal->effects_end;
    a->locals_wanted = a->journal->locals;
}

uint64_t aof_released(const struct aof *a)
{
    if (!aof_is_open(a))
        return UINT64_MAX;
    if (a->policy == AOF_ALWAYS && a->files.no_base_yet)
        return 0; /* a restart would not find it, synced or not */
    return a->policy == AOF_ALWAYS && !a->pause_syncs ? a->segment.synced
                                                      : aof_segment_written(&a->segment);
}

uint64_t aof_synced(const struct aof *a)
{
    return a->segment.synced;
}

uint64_t aof_locals_released(const struct aof *a)
{
    if (!aof_is_open(a))
        return UINT64_MAX;
    if (a->policy == AOF_ALWAYS && a->files.no_base_yet)
        return 0;
    return a->policy == AOF_ALWAYS && !a->pause_syncs ? a->segment.locals_synced
                                                      : a->journal->locals_taken;
}

uint64_t aof_locals_synced(const struct aof *a)
{
    return a->segment.locals_synced;
}

bool aof_gates(const struct aof *a)
{
    return aof_is_open(a) && (a->policy == AOF_ALWAYS || aof_segment_is_busy(&a->segment) ||
                              a->segment.state != AOF_SEGMENT_SOUND);
}

int aof_sync_now(struct aof *a)
{
    return aof_is_open(a) ? aof_segment_sync_now(&a->segment) : 0;
}

/* ---- Failures */

int aof_error(const struct aof *a)
{
    return a->segment.error ? a->segment.error : a->segment.enospc;
}

bool aof_fails(const struct aof *a)
{
    return aof_is_open(a) && a->segment.state != AOF_SEGMENT_SOUND;
}

bool aof_needs_base(const struct aof *a)
{
    return a->segment.state >= AOF_SEGMENT_BASE_MISSING;
}

void aof_retry_batch(struct aof *a)
{
    if (aof_is_open(a) && !aof_segment_is_busy(&a->segment) && !is_ready_to_switch(a) &&
        !aof_needs_base(a))
        aof_segment_retry(&a->segment);
}

bool aof_is_intact(struct aof *a, char *what, size_t n)
{
    struct aof_segment *s = &a->segment;
    if (!aof_has_base(a) || a->rotation.state != AOF_ROTATION_IDLE || s->write.running ||
        s->state != AOF_SEGMENT_SOUND)
        return true;
    if (aof_files_check(&a->files, s->fd, s->size, what, n))
        return true;
    aof_segment_distrust(s, -ESTALE);
    return false;
}

void aof_sweep(struct aof *a, void (*say)(const char *name))
{
    aof_files_sweep(&a->files, say);
}

/* ---- Rewriting */

int aof_prepare_switch(struct aof *a)
{
    return aof_rotation_prepare(&a->rotation);
}

bool aof_switch_ready(const struct aof *a)
{
    const struct aof_segment *s = &a->segment;
    return is_ready_to_switch(a) && !aof_segment_is_busy(s) &&
           (s->state != AOF_SEGMENT_SOUND || !aof_segment_is_behind(s));
}

int aof_switch_error(const struct aof *a)
{
    return a->rotation.state == AOF_ROTATION_PREPARING ? 0 : a->rotation.error;
}

void aof_clear_switch_error(struct aof *a)
{
    a->rotation.error = 0;
}

void aof_switch(struct aof *a)
{
    ASSERT(aof_switch_ready(a));
    aof_rotation_switch(&a->rotation);
}

void aof_finish_rewrite(struct aof *a, const char *temp_path, bool rdb_base,
                        void (*done)(void *context, int error), void *context)
{
    ASSERT(a->rotation.first_seq > 0); /* after aof_switch() or expect_base() */
    aof_rotation_install_base(&a->rotation, temp_path, rdb_base, done, context);
}

/* ---- Figures */

uint64_t aof_size(const struct aof *a)
{
    return a->files.size;
}

uint64_t aof_base_size(const struct aof *a)
{
    return a->files.base_size;
}

int64_t aof_last_sync_ms(const struct aof *a)
{
    return a->segment.sync_ended_ms;
}

uint64_t aof_unsynced(const struct aof *a)
{
    uint64_t end = a->journal->effects_end;
    return end > a->segment.synced ? end - a->segment.synced : 0;
}

uint64_t aof_delayed_syncs(const struct aof *a)
{
    return a->delayed;
}

uint64_t aof_sync_latency_us(const struct aof *a, double part)
{
    return aof_segment_latency_us(&a->segment, part);
}

const struct aof_segment_times *aof_sync_times(const struct aof *a)
{
    return &a->segment.times;
}

bool aof_sync_in_flight(const struct aof *a)
{
    return a->segment.sync.running;
}
