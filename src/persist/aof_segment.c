/* The path of a batch to the disk:
 *
 *   journal --aof_segment_write()--> file --aof_segment_sync()--> disk
 *            reader.offset = written           synced
 *
 * The loop's thread writes one frame per batch, and only while no job runs: write() can stall
 * behind fdatasync() of the same file, which the loop must not. During an fsync the writer thread
 * can write instead (aof_segment_write_beside()), from a copy. In both cases effects stay in the
 * journal until they are written.
 *
 * A batch with notes (persist/journal.h) is composed in a buffer. A batch of stream-only bytes is
 * written like any other, so that the file is never behind the replicas, but does not set
 * `unsynced`: no reply depends on it.
 *
 * Fsyncs run in the disk thread, one at a time. What was written when an fsync began is synced once
 * it has succeeded; aof_segment.h has the invariant.
 *
 * When write() fails, the file is truncated to its last complete frame, so that nothing is written
 * after garbage. If the disk is full and there is a reserve file, it is deleted and the write
 * repeated once (enospc is set until the reserve is restored). Otherwise WRITE_FAILED: the batch
 * waits in the journal for aof_segment_retry().
 *
 * When fdatasync() fails, the kernel may have dropped the dirty pages and report success next time.
 * So the file is no longer trusted: FSYNC_FAILED, and `synced` does not move, not even for a batch
 * written during that fsync. The same holds if the file cannot be truncated. Recovery takes another
 * file (aof_segment_replace()), which is BASE_MISSING and not written to until a base has replaced
 * everything before it (aof_segment_repair()). A base forked before the failure does not help: the
 * lost bytes came later. */
#include "persist/aof_segment.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/rng.h"
#include "io/file.h"
#include "persist/aof_batch.h"

#include <errno.h>

#define BESIDE_US  1000000           /* batches may be written during an fsync up to this age */
#define FRAME_KEPT ((size_t)4 << 20) /* a larger buffer is freed */

void aof_segment_init(struct aof_segment *s, struct worker *disk, struct worker *writer,
                      struct journal *j, struct aof_files *f)
{
    *s = (struct aof_segment){
        .disk = disk, .writer = writer, .journal = j, .files = f, .fd = -1, .first_db = -1};
}

void aof_segment_free(struct aof_segment *s)
{
    journal_detach(&s->reader);
    file_close(s->fd);
    buf_free(&s->write.frame);
    buf_free(&s->frame);
}

bool aof_segment_is_sound(const struct aof_segment *s)
{
    return (s->state == AOF_SEGMENT_SOUND) == (s->error == 0) &&
           (!s->reader.journal ||
            (s->synced <= s->reader.offset && s->reader.offset <= s->journal->offset)) &&
           (!s->header_pending || s->size == 0);
}

/* Reports the first error only. */
static void fail(struct aof_segment *s, enum aof_segment_state state, int error)
{
    ASSERT(error < 0 && state != AOF_SEGMENT_SOUND);
    if (state > s->state)
        s->state = state;
    if (!s->error)
        s->error = error;
}

static void clear_error(struct aof_segment *s)
{
    s->state = AOF_SEGMENT_SOUND;
    s->error = 0;
}

/* ---- Opening and closing */

/* The first frame of a file selects its database: on a primary in the stream, on a replica as bytes
 * of the file only. */
static void begin_file(struct aof_segment *s)
{
    const struct journal *j = s->journal;
    s->header.version = AOF_FRAME_VERSION;
    rng_system(&s->header.salt, sizeof(s->header.salt));
    s->header.offset = j->offset;
    memcpy(s->header.replication_id, history_id_of_data(&j->history, j->offset),
           sizeof(s->header.replication_id));
    s->header_pending = true;
    s->second = 0;
    s->size = 0;
    s->unsynced = false;
    s->first_db = j->mode == JOURNAL_RAW ? j->db : -1;
    s->notes_ahead = s->reader.journal ? journal_batch(&s->reader).note_n : 0;
    journal_forget_db(s->journal);
}

void aof_segment_begin(struct aof_segment *s, int fd)
{
    ASSERT(fd >= 0);
    file_close(s->fd);
    s->fd = fd;
    begin_file(s);
}

void aof_segment_resume(struct aof_segment *s, int fd, const struct aof_frame_header *h,
                        uint64_t size)
{
    ASSERT(s->fd < 0 && fd >= 0 && size > 0 && h->version == AOF_FRAME_VERSION);
    s->fd = fd;
    s->header = *h;
    s->header_pending = false;
    s->second = 0;
    s->first_db = -1;
    s->size = size;
    s->unsynced = false;
    journal_forget_db(s->journal);
}

void aof_segment_start_over(struct aof_segment *s)
{
    ASSERT(!s->write.running);
    if (s->reader.journal)
        journal_skip(&s->reader);
    else
        journal_attach(s->journal, &s->reader);
    s->synced = s->journal->offset;
    s->locals_synced = s->journal->locals;
    s->unsynced = false;
    s->notes_ahead = 0;
    clear_error(s);
    s->enospc = 0;
    aof_files_make_reserve(s->files);
    ASSERT(aof_segment_is_sound(s));
}

void aof_segment_close(struct aof_segment *s)
{
    ASSERT(!aof_segment_is_busy(s));
    file_close(s->fd);
    s->fd = -1;
    clear_error(s);
    s->enospc = 0;
    journal_detach(&s->reader);
}

/* ---- Syncs */

static void run_sync(struct worker_job *job)
{
    struct aof_segment_sync *y = (struct aof_segment_sync *)job;
    int64_t began_us = clock_mono_us();
    y->error = file_sync(y->fd);
    y->took_us = clock_mono_us() - began_us;
    if (y->closes)
        file_close(y->fd);
}

static void count_latency(struct aof_segment_times *t, uint64_t us)
{
    t->by_class[histogram_class(us)]++;
    t->sum_us += us;
    if (us > t->longest_us)
        t->longest_us = us;
}

static void sync_done(struct worker_job *job)
{
    struct aof_segment_sync *y = (struct aof_segment_sync *)job;
    struct aof_segment *s = y->segment;
    ASSERT(y->running);
    y->running = false;
    s->syncs++;
    s->sync_ended_ms = clock_steady_ms();
    count_latency(&s->times, (uint64_t)y->took_us);
    if (y->error)
        fail(s, y->closes ? AOF_SEGMENT_BASE_MISSING : AOF_SEGMENT_FSYNC_FAILED, y->error);
    /* aof_is_intact() may have failed meanwhile. */
    if (s->state < AOF_SEGMENT_BASE_MISSING && y->offset > s->synced)
        s->synced = y->offset;
    if (s->state < AOF_SEGMENT_BASE_MISSING && y->locals > s->locals_synced)
        s->locals_synced = y->locals;
    ASSERT(aof_segment_is_sound(s));
}

static void start_sync(struct aof_segment *s, int fd, bool closes, int64_t now_ms)
{
    ASSERT(!aof_segment_is_busy(s) && s->synced <= s->reader.offset);
    s->sync = (struct aof_segment_sync){.job = {.run = run_sync, .done = sync_done},
                                        .segment = s,
                                        .fd = fd,
                                        .offset = s->reader.offset,
                                        .locals = s->journal->locals_taken,
                                        .running = true,
                                        .closes = closes};
    s->unsynced = false;
    s->sync_began_ms = now_ms;
    s->sync_began_us = clock_mono_us();
    worker_submit(s->disk, &s->sync.job);
}

void aof_segment_sync(struct aof_segment *s, int64_t now_ms)
{
    start_sync(s, s->fd, false, now_ms);
}

void aof_segment_replace(struct aof_segment *s, int fd)
{
    int old = s->fd;
    ASSERT(!aof_segment_is_busy(s) && old >= 0 && fd >= 0);
    s->fd = fd;
    begin_file(s);
    if (s->state == AOF_SEGMENT_SOUND) {
        start_sync(s, old, true, clock_steady_ms());
    } else {
        s->state = AOF_SEGMENT_BASE_MISSING;
        file_close(old);
    }
}

/* ---- Writing */

/* Prints the timestamp line if the frame to be written is the first of its second. *second becomes
 * the time of the last such line. */
static size_t print_timestamp(const struct aof_segment *s, int64_t *second, char *to)
{
    *second = s->timestamps ? clock_wall_ms() / 1000 : 0;
    return *second != s->second ? aof_frame_print_timestamp(*second, to) : 0;
}

/* Accounts for a written frame or header. */
static void grow(struct aof_segment *s, size_t n)
{
    s->size += n;
    s->files->size += n;
}

static int write_header(struct aof_segment *s)
{
    char line[AOF_FRAME_HEADER_MAX];
    size_t written, n = aof_frame_print_header(&s->header, line);
    int error = file_write_all(s->fd, bytes_of(line, n), &written);
    if (error)
        return error;
    s->header_pending = false;
    grow(s, n);
    return 0;
}

/* Writes the effects and their trailer, in one write() if the journal has room after them, that is,
 * unless a group is open. *n: their bytes. */
static int write_effects(struct aof_segment *s, struct bytes timestamp, size_t *n)
{
    char own[AOF_FRAME_LINE_MAX];
    size_t written;
    char *behind = journal_room_behind(&s->reader, AOF_FRAME_LINE_MAX);
    struct bytes effects = journal_unread(&s->reader);
    char *trailer = behind ? behind : own;
    size_t trailer_n =
        aof_frame_print_trailer(s->header.salt, timestamp, effects, s->synced, trailer);
    *n = effects.n + trailer_n;
    if (behind)
        return file_write_all(s->fd, bytes_of(effects.p, *n), &written);
    int error = file_write_all(s->fd, effects, &written);
    return error ? error : file_write_all(s->fd, bytes_of(trailer, trailer_n), &written);
}

static int write_plain(struct aof_segment *s)
{
    char line[AOF_FRAME_LINE_MAX];
    int64_t second;
    size_t written, n;
    struct bytes timestamp = {line, print_timestamp(s, &second, line)};
    int error = timestamp.n ? file_write_all(s->fd, timestamp, &written) : 0;
    if (!error)
        error = write_effects(s, timestamp, &n);
    if (error)
        return error;
    s->second = second;
    grow(s, timestamp.n + n);
    return 0;
}

/* Composes a complete frame, as a copy. */
static void compose(const struct aof_segment *s, const struct journal_batch *b, int64_t *second,
                    struct buf *out)
{
    char line[AOF_FRAME_LINE_MAX];
    struct bytes timestamp = {line, print_timestamp(s, second, line)};
    out->n = 0;
    buf_add(out, timestamp);
    if (s->first_db >= 0)
        aof_batch_print_select(s->first_db, out);
    aof_batch_print(b, s->reader.offset, out);
    buf_room(out, AOF_FRAME_LINE_MAX);
    struct bytes body = {out->p + timestamp.n, out->n - timestamp.n};
    out->n += aof_frame_print_trailer(s->header.salt, timestamp, body, s->synced, out->p + out->n);
}

static int write_composed(struct aof_segment *s, const struct journal_batch *b)
{
    int64_t second;
    size_t written, n;
    compose(s, b, &second, &s->frame);
    n = s->frame.n;
    int error = file_write_all(s->fd, buf_bytes(&s->frame), &written);
    if (s->frame.cap > FRAME_KEPT)
        buf_free(&s->frame);
    if (error)
        return error;
    s->second = second;
    s->first_db = -1;
    grow(s, n);
    return 0;
}

/* Takes a written batch from the journal. */
static void take_written(struct aof_segment *s, size_t stream_n, size_t note_n, bool kept)
{
    s->unsynced = s->unsynced || kept;
    s->notes_ahead = 0;
    journal_take_batch(&s->reader, stream_n, note_n);
    ASSERT(aof_segment_is_sound(s));
}

/* Truncates to the last complete frame after a failed write. True: there is space now, try again.
 */
static bool undo_write(struct aof_segment *s, int error)
{
    bool cut = file_truncate(s->fd, (int64_t)s->size) == 0;
    if (cut && error == -ENOSPC && aof_files_give_reserve_up(s->files)) {
        s->enospc = error;
        return true;
    }
    fail(s, cut ? AOF_SEGMENT_WRITE_FAILED : AOF_SEGMENT_FSYNC_FAILED, error);
    return false;
}

void aof_segment_write(struct aof_segment *s)
{
    ASSERT(!aof_segment_is_busy(s) && s->state == AOF_SEGMENT_SOUND);
    struct journal_batch b = journal_batch(&s->reader);
    if (journal_batch_is_empty(&b))
        return;
    bool kept = aof_batch_is_kept(&b), plain = b.note_n == 0 && s->first_db < 0;
    int error;
    do {
        error = s->header_pending ? write_header(s) : 0;
        if (!error)
            error = plain ? write_plain(s) : write_composed(s, &b);
    } while (error && undo_write(s, error));
    if (!error)
        take_written(s, b.stream.n, b.note_n, kept);
}

/* ---- Writing during an fsync */

static void run_write(struct worker_job *job)
{
    struct aof_segment_write *w = (struct aof_segment_write *)job;
    size_t written;
    w->error = file_write_all(w->fd, buf_bytes(&w->frame), &written);
}

static void write_done(struct worker_job *job)
{
    struct aof_segment_write *w = (struct aof_segment_write *)job;
    struct aof_segment *s = w->segment;
    size_t n = w->frame.n;
    ASSERT(w->running && w->fd == s->fd);
    w->running = false;
    if (w->frame.cap > FRAME_KEPT)
        buf_free(&w->frame);
    /* The fsync may have failed meanwhile: written or not, the batch waits for a new base. */
    if (s->state >= AOF_SEGMENT_BASE_MISSING)
        return;
    if (w->error) {
        undo_write(s, w->error);
        return;
    }
    s->second = w->second;
    grow(s, n);
    take_written(s, w->stream_n, w->note_n, w->kept);
}

bool aof_segment_may_write_beside(const struct aof_segment *s)
{
    ASSERT(!s->sync.running || s->sync.closes || s->sync.fd == s->fd);
    struct journal_batch b = journal_batch(&s->reader);
    /* Reads the clock, since this turn may have been long (scripts). */
    return !s->write.running && !s->sync.closes && !journal_batch_is_empty(&b) &&
           clock_mono_us() - s->sync_began_us < BESIDE_US;
}

void aof_segment_write_beside(struct aof_segment *s)
{
    struct aof_segment_write *w = &s->write;
    struct journal_batch b = journal_batch(&s->reader);
    ASSERT(!s->header_pending && s->first_db < 0 && !w->running && s->state == AOF_SEGMENT_SOUND);
    w->job = (struct worker_job){.run = run_write, .done = write_done};
    w->segment = s;
    w->fd = s->fd;
    w->stream_n = b.stream.n;
    w->note_n = b.note_n;
    w->kept = aof_batch_is_kept(&b);
    w->running = true;
    compose(s, &b, &w->second, &w->frame);
    worker_submit(s->writer, &w->job);
}

/* ---- Failures and synchronous writes */

int aof_segment_sync_now(struct aof_segment *s)
{
    worker_drain(s->writer);
    worker_drain(s->disk);
    if (s->state == AOF_SEGMENT_WRITE_FAILED)
        clear_error(s); /* another attempt */
    if (s->state == AOF_SEGMENT_SOUND)
        aof_segment_write(s);
    if (s->state == AOF_SEGMENT_SOUND && (s->unsynced || s->synced != s->reader.offset)) {
        int error = file_sync(s->fd);
        s->unsynced = false;
        if (error)
            fail(s, AOF_SEGMENT_FSYNC_FAILED, error);
        else
            s->synced = s->reader.offset;
        if (!error)
            s->locals_synced = s->journal->locals_taken;
    }
    return s->error;
}

void aof_segment_retry(struct aof_segment *s)
{
    ASSERT(s->state < AOF_SEGMENT_BASE_MISSING);
    clear_error(s);
    aof_segment_write(s);
    if (s->state == AOF_SEGMENT_SOUND && s->enospc && aof_files_make_reserve(s->files))
        s->enospc = 0;
}

void aof_segment_distrust(struct aof_segment *s, int error)
{
    fail(s, AOF_SEGMENT_FSYNC_FAILED, error);
}

void aof_segment_repair(struct aof_segment *s, uint64_t base_offset)
{
    if (s->state == AOF_SEGMENT_FSYNC_FAILED || !aof_segment_is_open(s))
        return;
    /* Nothing has been written since this file began, which was when the base was forked. */
    if (s->reader.offset < base_offset || s->notes_ahead)
        journal_take_batch(&s->reader, (size_t)(base_offset - s->reader.offset), s->notes_ahead);
    s->notes_ahead = 0;
    s->unsynced = false;
    if (s->synced < base_offset)
        s->synced = base_offset;
    s->locals_synced = s->journal->locals_taken;
    clear_error(s);
    ASSERT(aof_segment_is_sound(s));
}

uint64_t aof_segment_latency_us(const struct aof_segment *s, double part)
{
    uint64_t most = (uint64_t)histogram_quantile(s->times.by_class, NULL, part);
    return part < 1 && most < s->times.longest_us ? most : s->times.longest_us;
}
