#include "persist/aof.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "io/file.h"
#include "persist/aof_frame.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define LATENCY_CLASSES    32
#define BESIDE_MS          1000 /* a batch may be written beside a sync that runs no longer */
#define GATHER_MOST_US     1000
#define GATHER_MOST_MISSED 8
#define WRITE_KEPT         ((size_t)4 << 20) /* a larger buffer is given back */

struct sync_job {
    struct worker_job job;
    struct aof *aof;
    int fd;
    uint64_t offset;
    bool closes; /* the last sync of a segment */
    int error;
    int64_t took_us;
};

/* A batch that is written beside a sync. It stays in the journal too until it is there. */
struct write_job {
    struct worker_job job;
    struct aof *aof;
    int fd;
    struct buf text;  /* the frame */
    size_t frame_n;   /* its bytes */
    size_t effects_n; /* of the journal's pending ones */
    uint64_t offset;  /* the journal's, behind them */
    int64_t now_s;    /* what the frame says of the time, or said last */
    int error;
};

struct segment_job {
    struct worker_job job;
    struct aof *aof;
    char path[PATH_MAX], manifest_path[PATH_MAX];
    struct manifest manifest; /* with the new segment */
    struct buf text;
    int fd, error;
    bool running, ready, unnamed;
};

struct rewrite_job {
    struct worker_job job;
    struct aof *aof;
    char temp[PATH_MAX], base[PATH_MAX], manifest_path[PATH_MAX];
    struct manifest manifest;
    struct buf text;
    char **gone;
    size_t gone_n;
    int error;
    void (*done)(void *context, int error);
    void *context;
    char mark[PATH_MAX]; /* to be removed; empty: none */
};

/* Group commit. Of those who write in a closed loop half would always miss the sync that the other
 * half is in; so a batch waits for the ones just answered, where experience says that they come. */
struct gather {
    bool on, answered;     /* a batch waits; a sync has just ended */
    size_t start, wanted;  /* how many were waiting, how many would be all */
    int64_t until_us;      /* and no longer than this */
    unsigned missed, skip; /* times in vain, syncs to go before the next attempt */
};

struct aof {
    struct worker *disk, *writer;
    struct journal *journal;
    char *directory, *stem;
    struct aof_frame_header head; /* of the segment in use */
    bool head_pending;            /* not yet written */
    struct manifest manifest;
    int fd;
    uint64_t size, base_size; /* of all increments and the base; of both after the last rewrite */
    uint64_t segment_size;
    uint64_t written, synced;
    uint64_t base_offset; /* journal offset that the base being written covers */
    size_t base_pending;  /* bytes of the journal's pending ones that it covers */
    uint64_t switch_seq;  /* first increment that the base being written needs */
    enum aof_policy policy;
    bool pause_syncs;
    bool keep_replaced;
    bool no_base_yet;        /* aof_open_first(): no manifest on the disk is ours yet */
    bool in_flight, writing; /* a sync; a batch beside it */
    int64_t sync_started_ms, sync_done_ms, sync_started_us;
    struct gather gather;
    uint64_t delayed;
    int error;
    bool fsync_failed;     /* a sync failed: what the file holds is not known */
    int enospc;            /* -ENOSPC: the reserve was given up for the last batch */
    uint64_t reserve_size; /* wanted; 0: none */
    bool reserved;         /* it is there */
    bool timestamps;       /* a line in front of frames says when */
    int64_t last_time_s;   /* in this segment; 0: none */
    bool sync_wanted;      /* whatever the policy says */
    uint64_t last_base;    /* number of the last base that was tried */
    uint64_t latencies[LATENCY_CLASSES], longest_us; /* of syncs: less than 2^i us */
    struct sync_job sync;
    struct write_job write;
    struct segment_job segment;
};

struct aof *aof_new(struct worker *disk, struct worker *writer, struct journal *j,
                    const char *directory, const char *stem)
{
    struct aof *a = mem_zalloc(sizeof(*a));
    a->disk = disk;
    a->writer = writer;
    a->journal = j;
    a->directory = mem_copy_text(directory, strlen(directory));
    a->stem = mem_copy_text(stem, strlen(stem));
    a->fd = -1;
    a->segment.fd = -1;
    return a;
}

void aof_free(struct aof *a)
{
    if (!a)
        return;
    file_close(a->fd);
    file_close(a->segment.fd);
    manifest_free(&a->manifest);
    manifest_free(&a->segment.manifest);
    buf_free(&a->segment.text);
    buf_free(&a->write.text);
    mem_free(a->directory);
    mem_free(a->stem);
    mem_free(a);
}

struct manifest *aof_manifest(struct aof *a)
{
    return &a->manifest;
}

void aof_path(const struct aof *a, const char *name, char *to, size_t n)
{
    snprintf(to, n, "%s/%s", a->directory, name);
}

static void manifest_path(const struct aof *a, char *to, size_t n)
{
    snprintf(to, n, "%s/%s.manifest", a->directory, a->stem);
}

static void reserve_path(const struct aof *a, char *to, size_t n)
{
    snprintf(to, n, "%s/%s.reserve", a->directory, a->stem);
}

/* The file that says: what is written has no manifest yet (aof_open_first()). */
static void mark_path(const struct aof *a, char *to, size_t n)
{
    snprintf(to, n, "%s/%s.beginning", a->directory, a->stem);
}

static void increment_name(const struct aof *a, uint64_t seq, char *to, size_t n)
{
    snprintf(to, n, "%s.%llu.incr.aof", a->stem, (unsigned long long)seq);
}

static void base_name(const struct aof *a, uint64_t seq, bool rdb, char *to, size_t n)
{
    snprintf(to, n, "%s.%llu.base.%s", a->stem, (unsigned long long)seq, rdb ? "rdb" : "aof");
}

/* A number that no file of that kind has; of those that are history the kind is forgotten. */
static uint64_t next_seq(const struct manifest *m, enum manifest_type type)
{
    uint64_t last = manifest_last_seq(m, type), history = manifest_last_seq(m, MANIFEST_HISTORY);
    return (last > history ? last : history) + 1;
}

struct orphan {
    const struct aof *aof;
    char name[80]; /* of an increment with something in it */
};

static void look_for_orphan(void *context, const char *name)
{
    struct orphan *o = context;
    char path[PATH_MAX];
    size_t stem = strlen(o->aof->stem);
    const char *kind = strstr(name, ".incr.aof");
    if (strncmp(name, o->aof->stem, stem) != 0 || name[stem] != '.' || !kind || kind[9])
        return;
    aof_path(o->aof, name, path, sizeof(path));
    if (file_size_of(path) > 0)
        snprintf(o->name, sizeof(o->name), "%s", name);
}

/* Without a manifest: had there been one? */
static bool lost_manifest(const struct aof *a, char error[MANIFEST_ERROR])
{
    char path[PATH_MAX];
    struct orphan o = {.aof = a};
    mark_path(a, path, sizeof(path));
    if (file_exists(path))
        return false;
    file_list(a->directory, look_for_orphan, &o);
    if (o.name[0])
        snprintf(error, MANIFEST_ERROR,
                 "the manifest is missing, but %.60s is there: put a copy of the manifest back, or "
                 "move the directory away",
                 o.name);
    return o.name[0];
}

int aof_read_manifest(struct aof *a, char error[MANIFEST_ERROR])
{
    char path[PATH_MAX];
    struct buf text = {0};
    manifest_path(a, path, sizeof(path));
    int failed = file_read(path, &text);
    int result = 1;
    if (failed == -ENOENT) {
        result = lost_manifest(a, error) ? -1 : 0;
    } else if (failed) {
        snprintf(error, MANIFEST_ERROR, "the manifest cannot be read: %s", strerror(-failed));
        result = -1;
    } else if (!manifest_parse(&a->manifest, buf_bytes(&text), error)) {
        result = -1;
    }
    buf_free(&text);
    return result;
}

static int write_manifest(struct aof *a)
{
    char path[PATH_MAX];
    struct buf text = {0};
    manifest_path(a, path, sizeof(path));
    manifest_print(&a->manifest, &text);
    int error = file_replace(path, buf_bytes(&text));
    buf_free(&text);
    return error;
}

/* A number that no attempt has used: one that failed may have left the file, and a manifest on the
 * disk that names it. */
static uint64_t next_base(struct aof *a)
{
    uint64_t seq = next_seq(&a->manifest, MANIFEST_BASE);
    a->last_base = seq > a->last_base ? seq : a->last_base + 1;
    return a->last_base;
}

/* Room for the last batch of a disk that fills up. */
static bool make_reserve(struct aof *a)
{
    char path[PATH_MAX];
    if (a->reserved || !a->reserve_size)
        return true;
    reserve_path(a, path, sizeof(path));
    a->reserved = file_reserve(path, a->reserve_size) == 0;
    return a->reserved;
}

static bool give_reserve_up(struct aof *a)
{
    char path[PATH_MAX];
    if (!a->reserved)
        return false;
    reserve_path(a, path, sizeof(path));
    file_remove(path);
    a->reserved = false;
    return true;
}

static void new_head(struct aof *a)
{
    rng_system(&a->head.salt, sizeof(a->head.salt));
    a->head.offset = a->journal->offset;
    memcpy(a->head.replication_id, a->journal->id, sizeof(a->head.replication_id));
    a->head_pending = true;
    a->last_time_s = 0;
    a->segment_size = 0;
    journal_forget_db(a->journal);
}

/* A new increment, in the manifest; blocking. */
static int add_increment(struct aof *a)
{
    char name[PATH_MAX / 4], path[PATH_MAX];
    uint64_t seq = next_seq(&a->manifest, MANIFEST_INCREMENT);
    increment_name(a, seq, name, sizeof(name));
    aof_path(a, name, path, sizeof(path));
    int fd = file_create(path);
    if (fd < 0)
        return fd;
    int error = file_sync(fd);
    if (!error)
        error = file_sync_directory(path);
    if (!error) {
        manifest_add(&a->manifest, name, seq, MANIFEST_INCREMENT);
        error = write_manifest(a);
    }
    if (error) {
        file_close(fd);
        return error;
    }
    file_close(a->fd);
    a->fd = fd;
    new_head(a);
    return 0;
}

static uint64_t total_size(const struct aof *a)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < a->manifest.n; i++) {
        char path[PATH_MAX];
        aof_path(a, a->manifest.files[i].name, path, sizeof(path));
        int64_t n = file_size_of(path);
        if (n > 0 && a->manifest.files[i].type != MANIFEST_HISTORY)
            sum += (uint64_t)n;
    }
    return sum;
}

static void all_written(struct aof *a)
{
    make_reserve(a);
    a->written = a->synced = a->journal->offset;
    a->journal->on = true;
}

int aof_open_last(struct aof *a)
{
    const struct manifest_file *last = NULL;
    for (size_t i = 0; i < a->manifest.n; i++)
        if (a->manifest.files[i].type == MANIFEST_INCREMENT &&
            (!last || a->manifest.files[i].seq > last->seq))
            last = &a->manifest.files[i];
    int error = 0;
    bool fits = false;
    if (last) {
        char path[PATH_MAX], start[AOF_FRAME_HEADER_MAX];
        size_t n;
        aof_path(a, last->name, path, sizeof(path));
        int fd = file_open_append(path);
        if (fd < 0)
            return fd;
        /* What was read back may be in memory only. */
        error = file_sync(fd);
        int64_t size = file_size(fd);
        int got = file_read_start(path, start, sizeof(start));
        if (got < 0 && !error)
            error = got;
        fits = !error &&
               (size == 0 || aof_frame_parse_header(bytes_of(start, (size_t)got), &a->head, &n));
        if (fits) {
            a->fd = fd;
            if (size == 0)
                new_head(a);
            a->segment_size = (uint64_t)size;
        } else {
            file_close(fd);
        }
    }
    if (!error && !fits)
        error = add_increment(a);
    if (error)
        return error;
    journal_forget_db(a->journal);
    a->size = a->base_size = total_size(a);
    all_written(a);
    return 0;
}

int aof_create(struct aof *a, const char *base_path, bool rdb_base)
{
    char name[PATH_MAX / 4], path[PATH_MAX];
    uint64_t seq = next_base(a);
    int error = file_make_directory(a->directory);
    if (error)
        return error;
    base_name(a, seq, rdb_base, name, sizeof(name));
    aof_path(a, name, path, sizeof(path));
    error = file_rename(base_path, path);
    if (error)
        return error;
    struct manifest old = a->manifest;
    uint64_t increment = manifest_last_seq(&old, MANIFEST_INCREMENT);
    a->manifest = (struct manifest){0};
    manifest_add(&a->manifest, name, seq, MANIFEST_BASE);
    for (size_t i = 0; i < old.n && a->keep_replaced; i++)
        manifest_add(&a->manifest, old.files[i].name, old.files[i].seq, MANIFEST_HISTORY);
    if (increment) {
        /* Numbers go on, so that no old file is taken for a new one. */
        char next[PATH_MAX / 4], next_path[PATH_MAX];
        increment_name(a, increment + 1, next, sizeof(next));
        aof_path(a, next, next_path, sizeof(next_path));
        int fd = file_create(next_path);
        error = fd < 0 ? fd : 0;
        if (!error) {
            manifest_add(&a->manifest, next, increment + 1, MANIFEST_INCREMENT);
            error = write_manifest(a);
            file_close(a->fd);
            a->fd = fd;
            new_head(a);
        }
    } else {
        error = add_increment(a);
    }
    for (size_t i = 0; i < old.n && !error && !a->keep_replaced; i++) {
        aof_path(a, old.files[i].name, path, sizeof(path));
        file_remove(path);
    }
    manifest_free(&old);
    if (error)
        return error;
    a->size = a->base_size = total_size(a);
    a->error = a->enospc = 0;
    a->fsync_failed = false;
    a->no_base_yet = false;
    /* The base holds what was still pending. */
    journal_drop(a->journal);
    all_written(a);
    return 0;
}

int aof_adopt(struct aof *a)
{
    char path[PATH_MAX];
    int error = file_make_directory(a->directory);
    aof_path(a, a->stem, path, sizeof(path));
    /* The manifest first: a base that it names and that is not there yet is found beside the
     * directory at the next attempt. */
    if (!error && a->manifest.n == 0) {
        manifest_add(&a->manifest, a->stem, 1, MANIFEST_BASE);
        error = write_manifest(a);
    }
    return error ? error : file_rename(a->stem, path);
}

int aof_open_first(struct aof *a)
{
    char name[PATH_MAX / 4], path[PATH_MAX];
    uint64_t seq = next_seq(&a->manifest, MANIFEST_INCREMENT);
    int error = file_make_directory(a->directory);
    if (error)
        return error;
    mark_path(a, path, sizeof(path));
    int mark = file_create(path);
    if (mark < 0)
        return mark;
    file_close(mark);
    increment_name(a, seq, name, sizeof(name));
    aof_path(a, name, path, sizeof(path));
    int fd = file_create(path);
    error = fd < 0 ? fd : file_sync(fd);
    if (!error)
        error = file_sync_directory(path);
    if (error) {
        file_close(fd);
        return error;
    }
    for (size_t i = 0; i < a->manifest.n; i++)
        a->manifest.files[i].type = MANIFEST_HISTORY;
    manifest_add(&a->manifest, name, seq, MANIFEST_INCREMENT);
    a->fd = fd;
    a->no_base_yet = true;
    a->error = a->enospc = 0;
    a->fsync_failed = false;
    a->switch_seq = seq;
    a->base_offset = a->journal->offset;
    a->base_pending = 0;
    a->size = a->base_size = 0;
    new_head(a);
    all_written(a);
    return 0;
}

bool aof_has_no_base_yet(const struct aof *a)
{
    return a->no_base_yet;
}

bool aof_has_base(const struct aof *a)
{
    return a->fd >= 0 && !a->no_base_yet;
}

int aof_begin_base_only(struct aof *a, char error[MANIFEST_ERROR])
{
    ASSERT(a->fd < 0);
    snprintf(error, MANIFEST_ERROR, "the directory can't be made");
    int failed = file_make_directory(a->directory);
    manifest_free(&a->manifest);
    if (!failed && aof_read_manifest(a, error) < 0)
        failed = -EBADMSG;
    a->switch_seq = UINT64_MAX; /* no increment stays */
    return failed;
}

int aof_move_aside(struct aof *a, char aside[MANIFEST_ERROR])
{
    ASSERT(a->fd < 0);
    long long number = clock_wall_ms() / 1000;
    do
        snprintf(aside, MANIFEST_ERROR, "%.200s.before-%lld", a->directory, number++);
    while (file_exists(aside));
    manifest_free(&a->manifest);
    return file_rename(a->directory, aside);
}

void aof_close(struct aof *a)
{
    ASSERT(!a->in_flight && !a->writing && !a->segment.running);
    file_close(a->fd);
    a->fd = -1;
    a->no_base_yet = false;
    a->error = a->enospc = 0;
    a->fsync_failed = false;
    a->journal->on = false;
    journal_drop(a->journal);
    /* A segment that was prepared is not needed any more. */
    file_close(a->segment.fd);
    a->segment.fd = -1;
    a->segment.ready = false;
}

bool aof_is_open(const struct aof *a)
{
    return a->fd >= 0;
}

void aof_set_policy(struct aof *a, enum aof_policy policy, bool pause_syncs)
{
    a->policy = policy;
    a->pause_syncs = pause_syncs;
}

/* ---- Syncs */

static void run_sync(struct worker_job *job)
{
    struct sync_job *s = (struct sync_job *)job;
    int64_t start_us = clock_mono_us();
    s->error = file_sync(s->fd);
    s->took_us = clock_mono_us() - start_us;
    if (s->closes)
        file_close(s->fd);
}

static void sync_done(struct worker_job *job)
{
    struct sync_job *s = (struct sync_job *)job;
    struct aof *a = s->aof;
    a->in_flight = false;
    a->gather.answered = true;
    a->sync_done_ms = clock_steady_ms();
    if (s->error) {
        a->fsync_failed = true;
        if (!a->error)
            a->error = s->error;
    }
    unsigned class_ = 0;
    while (class_ + 1 < LATENCY_CLASSES && s->took_us >> class_)
        class_++;
    a->latencies[class_]++;
    if ((uint64_t)s->took_us > a->longest_us)
        a->longest_us = (uint64_t)s->took_us;
    if (!s->error && !a->fsync_failed && s->offset > a->synced)
        a->synced = s->offset;
    if (a->synced == a->journal->offset)
        a->sync_wanted = false;
}

static void start_sync(struct aof *a, int fd, bool closes, int64_t now_ms)
{
    a->sync = (struct sync_job){.job = {.run = run_sync, .done = sync_done},
                                .aof = a,
                                .fd = fd,
                                .offset = a->written,
                                .closes = closes};
    a->in_flight = true;
    a->sync_wanted = a->journal->offset != a->written && a->sync_wanted;
    a->sync_started_ms = now_ms;
    a->sync_started_us = clock_mono_us();
    worker_submit(a->disk, &a->sync.job);
}

/* ---- Writing */

/* Commands, and the note that makes a frame of them, in one write. */
static int write_frame(struct aof *a, struct bytes effects)
{
    struct buf *b = &a->journal->pending;
    char note[AOF_FRAME_LINE_MAX], time[AOF_FRAME_LINE_MAX];
    size_t written, time_n = 0;
    int64_t now_s = a->timestamps ? clock_wall_ms() / 1000 : 0;
    int error = 0;
    if (now_s != a->last_time_s) {
        time_n = aof_frame_print_timestamp(now_s, time);
        error = file_write_all(a->fd, bytes_of(time, time_n), &written);
        if (error)
            return error;
    }
    size_t n =
        aof_frame_print_trailer(a->head.salt, bytes_of(time, time_n), effects, a->synced, note);
    if (effects.n == b->n) {
        buf_add(b, bytes_of(note, n));
        error = file_write_all(a->fd, buf_bytes(b), &written);
        b->n = effects.n;
    } else {
        /* A group that has not ended stands behind them. */
        error = file_write_all(a->fd, effects, &written);
        if (!error)
            error = file_write_all(a->fd, bytes_of(note, n), &written);
    }
    if (error)
        return error;
    a->last_time_s = now_s;
    a->segment_size += time_n + effects.n + n;
    a->size += time_n + effects.n + n;
    return 0;
}

static int write_head(struct aof *a)
{
    char head[AOF_FRAME_HEADER_MAX];
    size_t written, n = aof_frame_print_header(&a->head, head);
    int error = file_write_all(a->fd, bytes_of(head, n), &written);
    if (error)
        return error;
    a->head_pending = false;
    a->segment_size += n;
    a->size += n;
    return 0;
}

/* Back to the last whole frame. True: room has been made, try again. */
static bool take_back(struct aof *a, int error)
{
    if (file_truncate(a->fd, (int64_t)a->segment_size) < 0)
        a->fsync_failed = true;
    if (error == -ENOSPC && !a->fsync_failed && give_reserve_up(a)) {
        a->enospc = error;
        return true;
    }
    /* The batch stays with the journal, its replies are held. */
    a->error = error;
    return false;
}

static void write_batch(struct aof *a)
{
    struct journal *j = a->journal;
    size_t n = journal_whole(j);
    int error;
    do {
        error = a->head_pending ? write_head(a) : 0;
        if (!error)
            error = write_frame(a, bytes_of(j->pending.p, n));
    } while (error && take_back(a, error));
    if (!error) {
        a->written = j->offset - (j->pending.n - n);
        journal_taken(j, n);
    }
}

/* ---- Writing beside a sync */

static void run_write(struct worker_job *job)
{
    struct write_job *w = (struct write_job *)job;
    size_t written;
    w->error = file_write_all(w->fd, buf_bytes(&w->text), &written);
}

static void write_done(struct worker_job *job)
{
    struct write_job *w = (struct write_job *)job;
    struct aof *a = w->aof;
    a->writing = false;
    if (w->text.cap > WRITE_KEPT)
        buf_free(&w->text);
    /* A sync may have failed meanwhile: then the file is not believed, and the batch waits for a
     * new base. */
    if (a->fsync_failed)
        return;
    if (w->error) {
        take_back(a, w->error);
        return;
    }
    a->written = w->offset;
    a->last_time_s = w->now_s;
    a->segment_size += w->frame_n;
    a->size += w->frame_n;
    journal_taken(a->journal, w->effects_n);
}

/* Whether a batch may be written while a sync runs: replies wait for the write only, the sync is of
 * the same file, and it has not run for so long that more might be lost than is promised. */
static bool may_write_beside(const struct aof *a)
{
    /* By the clock: a turn in which a script ran may have lasted. */
    return (a->policy != AOF_ALWAYS || a->pause_syncs) && !a->sync.closes && a->sync.fd == a->fd &&
           journal_whole(a->journal) > 0 && clock_mono_us() - a->sync_started_us < BESIDE_MS * 1000;
}

static void write_beside(struct aof *a)
{
    struct journal *j = a->journal;
    struct write_job *w = &a->write;
    struct bytes effects = bytes_of(j->pending.p, journal_whole(j));
    char note[AOF_FRAME_LINE_MAX], time[AOF_FRAME_LINE_MAX];
    size_t time_n = 0;
    ASSERT(!a->head_pending && !a->writing);
    w->job = (struct worker_job){.run = run_write, .done = write_done};
    w->aof = a;
    w->fd = a->fd;
    w->now_s = a->timestamps ? clock_wall_ms() / 1000 : 0;
    if (w->now_s != a->last_time_s)
        time_n = aof_frame_print_timestamp(w->now_s, time);
    size_t n =
        aof_frame_print_trailer(a->head.salt, bytes_of(time, time_n), effects, a->synced, note);
    w->text.n = 0;
    buf_add(&w->text, bytes_of(time, time_n));
    buf_add(&w->text, effects);
    buf_add(&w->text, bytes_of(note, n));
    w->frame_n = w->text.n;
    w->effects_n = effects.n;
    w->offset = j->offset - (j->pending.n - effects.n);
    a->writing = true;
    worker_submit(a->writer, &w->job);
}

/* Whether the batch had better wait. */
static bool gather(struct aof *a, size_t waiting)
{
    struct gather *g = &a->gather;
    if (g->answered) {
        /* Those whose replies leave in this turn still count. */
        g->answered = false;
        g->on = g->skip == 0;
        g->skip -= g->skip > 0;
        if (!g->on)
            return false;
        int64_t now_us = clock_mono_us(), patience_us = 2 * (now_us - a->sync_started_us);
        g->until_us = now_us + (patience_us < GATHER_MOST_US ? patience_us : GATHER_MOST_US);
        g->wanted = waiting;
        g->start = waiting;
        return true;
    }
    if (!g->on)
        return false;
    if (waiting < g->start)
        g->start = waiting;
    if (waiting < g->wanted && clock_mono_us() < g->until_us)
        return true;
    g->on = false;
    if (waiting - g->start >= (g->wanted - g->start) / 2) {
        g->missed = 0;
    } else if (a->journal->pending.n) {
        g->missed += g->missed < GATHER_MOST_MISSED;
        g->skip = 1u << g->missed;
    }
    return false;
}

bool aof_waits_for_group(const struct aof *a)
{
    return a->gather.on && a->policy == AOF_ALWAYS && a->fd >= 0 && !a->error &&
           (a->journal->pending.n || a->written != a->synced);
}

void aof_flush(struct aof *a, int64_t now_ms, size_t waiting)
{
    if (a->fd < 0 || a->error)
        return;
    if (a->in_flight || a->writing) {
        if (a->journal->pending.n && a->policy == AOF_EVERYSEC &&
            now_ms - a->sync_started_ms > 2000)
            a->delayed++;
        if (!a->writing && may_write_beside(a))
            write_beside(a);
        return;
    }
    if (a->policy == AOF_ALWAYS && !a->segment.ready && gather(a, waiting))
        return;
    if (a->journal->pending.n)
        write_batch(a);
    /* aof_switch() follows and syncs: under load there would never be a turn without a sync. */
    if (a->segment.ready)
        return;
    if (a->error || a->written == a->synced || (a->pause_syncs && !a->sync_wanted))
        return;
    if (a->policy == AOF_ALWAYS || a->sync_wanted ||
        (a->policy == AOF_EVERYSEC && now_ms - a->sync_started_ms >= 1000))
        start_sync(a, a->fd, false, now_ms);
}

void aof_want_sync(struct aof *a)
{
    a->sync_wanted = a->fd >= 0 && a->synced != a->journal->offset;
}

uint64_t aof_released(const struct aof *a)
{
    if (a->fd < 0)
        return UINT64_MAX;
    if (a->policy == AOF_ALWAYS && a->no_base_yet)
        return 0; /* a start would not find it, synced or not */
    return a->policy == AOF_ALWAYS && !a->pause_syncs ? a->synced : a->written;
}

uint64_t aof_synced(const struct aof *a)
{
    return a->synced;
}

bool aof_gates(const struct aof *a)
{
    return a->fd >= 0 && (a->policy == AOF_ALWAYS || a->in_flight || a->writing || a->error);
}

bool aof_is_intact(struct aof *a, char *what, size_t n)
{
    char path[PATH_MAX], last[PATH_MAX] = "";
    const char *gone = NULL, *why = "is not there any more";
    if (a->fd < 0 || a->segment.running || a->segment.ready || a->writing || a->error ||
        a->no_base_yet)
        return true;
    manifest_path(a, path, sizeof(path));
    gone = file_exists(path) ? NULL : path;
    for (size_t i = 0; i < a->manifest.n && !gone; i++) {
        const struct manifest_file *f = &a->manifest.files[i];
        if (f->type == MANIFEST_HISTORY)
            continue;
        aof_path(a, f->name, path, sizeof(path));
        gone = file_exists(path) ? NULL : path;
        if (f->type == MANIFEST_INCREMENT)
            memcpy(last, path, sizeof(last));
    }
    if (!gone && *last && !file_is_at(a->fd, last)) {
        gone = last;
        why = "is another file now";
    } else if (!gone && *last && file_size(a->fd) != (int64_t)a->segment_size) {
        gone = last;
        why = "was changed by somebody else";
    }
    if (!gone)
        return true;
    a->error = -ESTALE;
    a->fsync_failed = true;
    snprintf(what, n, "%s %s", gone, why);
    return false;
}

bool aof_fails(const struct aof *a)
{
    return a->fd >= 0 && a->error;
}

int aof_sync_now(struct aof *a)
{
    if (a->fd < 0)
        return 0;
    worker_drain(a->writer);
    worker_drain(a->disk);
    if (a->error && !a->fsync_failed)
        a->error = 0; /* another attempt */
    if (!a->error && journal_whole(a->journal))
        write_batch(a);
    if (!a->error && a->written != a->synced) {
        a->error = file_sync(a->fd);
        if (!a->error)
            a->synced = a->written;
        else
            a->fsync_failed = true;
    }
    return a->error;
}

int aof_error(const struct aof *a)
{
    return a->error ? a->error : a->enospc;
}

bool aof_needs_base(const struct aof *a)
{
    return a->error && a->fsync_failed;
}

void aof_retry_batch(struct aof *a)
{
    if (a->fd < 0 || a->in_flight || a->writing || a->segment.ready || aof_needs_base(a))
        return;
    a->error = 0;
    if (journal_whole(a->journal))
        write_batch(a);
    if (!a->error && a->enospc && make_reserve(a))
        a->enospc = 0;
}

void aof_keep_replaced(struct aof *a, bool on)
{
    a->keep_replaced = on;
}

void aof_set_timestamps(struct aof *a, bool on)
{
    a->timestamps = on;
    if (!on)
        a->last_time_s = 0;
}

void aof_set_reserve(struct aof *a, uint64_t bytes)
{
    char path[PATH_MAX];
    if (bytes != a->reserve_size)
        give_reserve_up(a);
    a->reserve_size = bytes;
    /* A server before this one may have had a reserve. */
    reserve_path(a, path, sizeof(path));
    if (!bytes)
        file_remove(path);
    if (a->fd >= 0)
        make_reserve(a);
}

/* ---- Segments */

static void run_segment(struct worker_job *job)
{
    struct segment_job *s = (struct segment_job *)job;
    s->fd = file_create(s->path);
    s->error = s->fd < 0 ? s->fd : file_sync(s->fd);
    if (!s->error)
        s->error = file_sync_directory(s->path);
    if (!s->error && !s->unnamed)
        s->error = file_replace(s->manifest_path, buf_bytes(&s->text));
}

static void segment_done(struct worker_job *job)
{
    struct segment_job *s = (struct segment_job *)job;
    s->running = false;
    buf_free(&s->text);
    if (s->error) {
        file_close(s->fd);
        s->fd = -1;
        manifest_free(&s->manifest);
        return;
    }
    s->ready = true;
    manifest_free(&s->aof->manifest);
    s->aof->manifest = s->manifest;
    s->manifest = (struct manifest){0};
}

int aof_prepare_switch(struct aof *a)
{
    struct segment_job *s = &a->segment;
    if (s->running || s->ready)
        return -EBUSY;
    char name[PATH_MAX / 4];
    uint64_t seq = next_seq(&a->manifest, MANIFEST_INCREMENT);
    increment_name(a, seq, name, sizeof(name));
    *s = (struct segment_job){
        .job = {.run = run_segment, .done = segment_done},
        .aof = a,
        .fd = -1,
        .running = true,
        .unnamed = a->no_base_yet,
    };
    aof_path(a, name, s->path, sizeof(s->path));
    manifest_path(a, s->manifest_path, sizeof(s->manifest_path));
    manifest_copy(&s->manifest, &a->manifest);
    manifest_add(&s->manifest, name, seq, MANIFEST_INCREMENT);
    manifest_print(&s->manifest, &s->text);
    a->switch_seq = seq;
    worker_submit(a->disk, &s->job);
    return 0;
}

bool aof_switch_ready(const struct aof *a)
{
    return a->segment.ready && !a->in_flight && !a->writing &&
           (a->error || a->journal->pending.n == 0);
}

int aof_switch_error(const struct aof *a)
{
    return a->segment.running ? 0 : a->segment.error;
}

void aof_clear_switch_error(struct aof *a)
{
    a->segment.error = 0;
}

void aof_switch(struct aof *a)
{
    ASSERT(aof_switch_ready(a));
    int old = a->fd;
    a->fd = a->segment.fd;
    a->segment.fd = -1;
    a->segment.ready = false;
    a->base_offset = a->journal->offset;
    a->base_pending = a->journal->pending.n;
    new_head(a);
    /* Nothing is written to the new segment before the last sync of the old one has returned. A
     * segment that failed is not believed any more: the base takes its place. */
    if (a->error) {
        a->fsync_failed = true;
        file_close(old);
    } else {
        start_sync(a, old, true, clock_steady_ms());
    }
}

/* ---- The end of a rewrite */

static void run_rewrite(struct worker_job *job)
{
    struct rewrite_job *r = (struct rewrite_job *)job;
    r->error = file_rename(r->temp, r->base);
    if (!r->error)
        r->error = file_replace(r->manifest_path, buf_bytes(&r->text));
    if (!r->error && r->mark[0])
        file_remove(r->mark);
    for (size_t i = 0; i < r->gone_n && !r->error; i++)
        file_remove(r->gone[i]);
}

static void rewrite_done(struct worker_job *job)
{
    struct rewrite_job *r = (struct rewrite_job *)job;
    struct aof *a = r->aof;
    if (!r->error) {
        manifest_free(&a->manifest);
        a->manifest = r->manifest;
        r->manifest = (struct manifest){0};
        a->size = a->base_size = total_size(a);
        a->no_base_yet = false;
        if (a->fd >= 0)
            make_reserve(a);
        if (a->error) {
            /* The base holds what could not be written: its replies may go. */
            journal_taken(a->journal, a->base_pending);
            if (a->base_offset > a->written)
                a->written = a->base_offset;
            if (a->base_offset > a->synced)
                a->synced = a->base_offset;
            a->error = 0;
            a->fsync_failed = false;
        }
    }
    r->done(r->context, r->error);
    manifest_free(&r->manifest);
    buf_free(&r->text);
    for (size_t i = 0; i < r->gone_n; i++)
        mem_free(r->gone[i]);
    mem_free(r->gone);
    mem_free(r);
}

void aof_finish_rewrite(struct aof *a, const char *temp_path, bool rdb_base,
                        void (*done)(void *context, int error), void *context)
{
    struct rewrite_job *r = mem_zalloc(sizeof(*r));
    char name[PATH_MAX / 4];
    uint64_t seq = next_base(a);
    r->job = (struct worker_job){.run = run_rewrite, .done = rewrite_done};
    r->aof = a;
    r->done = done;
    r->context = context;
    base_name(a, seq, rdb_base, name, sizeof(name));
    aof_path(a, name, r->base, sizeof(r->base));
    manifest_path(a, r->manifest_path, sizeof(r->manifest_path));
    if (a->no_base_yet)
        mark_path(a, r->mark, sizeof(r->mark));
    snprintf(r->temp, sizeof(r->temp), "%s", temp_path);
    manifest_add(&r->manifest, name, seq, MANIFEST_BASE);
    r->gone = mem_alloc((a->manifest.n + 1) * sizeof(*r->gone));
    for (size_t i = 0; i < a->manifest.n; i++) {
        const struct manifest_file *f = &a->manifest.files[i];
        if (f->type == MANIFEST_INCREMENT && f->seq >= a->switch_seq) {
            manifest_add(&r->manifest, f->name, f->seq, f->type);
            continue;
        }
        if (a->keep_replaced) {
            manifest_add(&r->manifest, f->name, f->seq, MANIFEST_HISTORY);
            continue;
        }
        char path[PATH_MAX];
        aof_path(a, f->name, path, sizeof(path));
        r->gone[r->gone_n++] = mem_copy_text(path, strlen(path));
    }
    manifest_print(&r->manifest, &r->text);
    worker_submit(a->disk, &r->job);
}

/* ---- Leftovers */

struct sweep {
    struct aof *aof;
    void (*say)(const char *name);
};

static void sweep_one(void *context, const char *name)
{
    struct sweep *s = context;
    struct aof *a = s->aof;
    size_t stem = strlen(a->stem);
    bool temporary = strncmp(name, "temp-", 5) == 0 ||
                     (strncmp(name, a->stem, stem) == 0 && strcmp(name + stem, ".beginning") == 0);
    bool ours = strncmp(name, a->stem, stem) == 0 && name[stem] == '.' &&
                (strstr(name, ".base.") || strstr(name, ".incr.aof")) && !strstr(name, ".cut-");
    for (size_t i = 0; i < a->manifest.n; i++)
        if (strcmp(a->manifest.files[i].name, name) == 0)
            ours = false;
    if (!temporary && !ours)
        return;
    char path[PATH_MAX];
    aof_path(a, name, path, sizeof(path));
    s->say(name);
    file_remove(path);
}

void aof_sweep(struct aof *a, void (*say)(const char *name))
{
    struct sweep s = {a, say};
    file_list(a->directory, sweep_one, &s);
}

uint64_t aof_size(const struct aof *a)
{
    return a->size;
}

uint64_t aof_base_size(const struct aof *a)
{
    return a->base_size;
}

int64_t aof_last_sync_ms(const struct aof *a)
{
    return a->sync_done_ms;
}

uint64_t aof_unsynced(const struct aof *a)
{
    return a->journal->offset - a->synced;
}

uint64_t aof_delayed_syncs(const struct aof *a)
{
    return a->delayed;
}

uint64_t aof_sync_latency_us(const struct aof *a, double part)
{
    uint64_t all = 0, sum = 0;
    for (int i = 0; i < LATENCY_CLASSES; i++)
        all += a->latencies[i];
    for (int i = 0; i < LATENCY_CLASSES && all; i++) {
        sum += a->latencies[i];
        if ((double)sum >= part * (double)all)
            return part < 1 && (uint64_t)1 << i < a->longest_us ? (uint64_t)1 << i : a->longest_us;
    }
    return 0;
}

bool aof_sync_in_flight(const struct aof *a)
{
    return a->in_flight;
}
