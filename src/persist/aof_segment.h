/* The increment being written: batches as frames, truncation after failed writes, fsyncs in the
 * disk thread, and writes in the writer thread during an fsync. One struct serves all increments in
 * turn; one is open at a time, while its predecessor may still be in its last fsync.
 *
 * It is a reader of the journal: reader.offset is the written offset. Always synced <= written <=
 * the journal's offset. Owned by struct aof, which decides when to write and sync; others read the
 * fields, and change them only by these calls. */
#ifndef PERSIST_AOF_SEGMENT_H
#define PERSIST_AOF_SEGMENT_H

#include "base/histogram.h"
#include "io/worker.h"
#include "persist/aof_files.h"
#include "persist/aof_frame.h"
#include "persist/journal.h"

enum aof_segment_state {
    AOF_SEGMENT_SOUND,
    AOF_SEGMENT_WRITE_FAILED, /* the batch was truncated away: aof_segment_retry() repeats it */
    /* The preceding file is not trusted or incomplete. Nothing is written to this one until a base
     * has replaced everything before it. */
    AOF_SEGMENT_BASE_MISSING,
    /* An fsync or truncation of this file failed, or another process changed it. Its content is
     * unknown and nothing more is written to it: a new file and a base must follow. */
    AOF_SEGMENT_FSYNC_FAILED
};

struct aof_segment;

struct aof_segment_sync {
    struct worker_job job;
    struct aof_segment *segment;
    int fd;
    uint64_t offset; /* written when it began: becomes `synced` on success */
    uint64_t locals; /* the same for local effects */
    bool running;
    bool closes; /* the last fsync of a replaced file */
    int error;
    int64_t took_us;
};

/* A batch that the writer thread writes during an fsync. The journal keeps it until then. */
struct aof_segment_write {
    struct worker_job job;
    struct aof_segment *segment;
    int fd;
    struct buf frame;
    size_t stream_n, note_n; /* bytes and notes of the journal in this batch */
    bool kept;               /* it has more than stream-only bytes */
    int64_t second;          /* segment.second once it is written */
    bool running;
    int error;
};

/* Durations of fsyncs. */
struct aof_segment_times {
    uint64_t by_class[HISTOGRAM_CLASSES]; /* in microseconds (base/histogram.h) */
    uint64_t sum_us, longest_us;
};

struct aof_segment {
    struct worker *disk, *writer;
    struct aof_files *files;
    struct journal *journal;
    struct journal_reader reader;
    int fd;                         /* -1: none is open */
    struct aof_frame_header header; /* of the current file */
    bool header_pending;            /* the file is empty, its header not yet written */
    bool timestamps;                /* a timestamp line precedes the frames of each second */
    int64_t second;                 /* of the last such line in this file; 0: none */
    /* On a replica: the stream's database when the file began, which the first frame must select
     * because the primary's stream does not repeat it; -1: none. */
    int first_db;
    uint64_t size; /* of the file: header and complete frames */
    uint64_t synced;
    uint64_t locals_synced; /* of the journal's local effects */
    bool unsynced;          /* effects were written since the last fsync began */
    size_t notes_ahead;     /* notes pending in the journal when this file began */
    struct buf frame;       /* of a batch with notes */
    enum aof_segment_state state;
    int error;  /* -errno while the state is not SOUND, else 0 */
    int enospc; /* -ENOSPC while the reserve is used up, else 0 */
    struct aof_segment_sync sync;
    struct aof_segment_write write;
    int64_t sync_began_ms, sync_began_us, sync_ended_ms; /* of the last one; 0: none */
    uint64_t syncs;                                      /* completed */
    struct aof_segment_times times;
};

void aof_segment_init(struct aof_segment *s, struct worker *disk, struct worker *writer,
                      struct journal *j, struct aof_files *f);
/* Neither thread may have a job for it. */
void aof_segment_free(struct aof_segment *s);

/* Makes an empty file the current one and takes over its descriptor. The previous one is closed
 * already. */
void aof_segment_begin(struct aof_segment *s, int fd);
/* Continues a file that already holds frames; no file may be open. */
void aof_segment_resume(struct aof_segment *s, int fd, const struct aof_frame_header *h,
                        uint64_t size);
/* Treats everything in the journal as written and synced, and clears any error: the caller has a
 * base that contains it, or there is nothing yet. */
void aof_segment_start_over(struct aof_segment *s);
/* Closes the file and stops reading the journal. No job may be running. */
void aof_segment_close(struct aof_segment *s);
/* As aof_segment_begin(), but the old file gets a last fsync in the disk thread, and nothing is
 * written until it ends. An old file that is not SOUND is just closed, and the new one waits for a
 * base (AOF_SEGMENT_BASE_MISSING). No job may be running. */
void aof_segment_replace(struct aof_segment *s, int fd);

static inline bool aof_segment_is_open(const struct aof_segment *s)
{
    return s->fd >= 0;
}

/* One of the threads has a job: the caller's thread must not write. */
static inline bool aof_segment_is_busy(const struct aof_segment *s)
{
    return s->sync.running || s->write.running;
}

/* Journal bytes not yet written, including those of an open group. 0 when no file is open. */
static inline uint64_t aof_segment_unwritten(const struct aof_segment *s)
{
    return s->reader.journal ? journal_lag(&s->reader) : 0;
}

/* Bytes or notes wait to be written. */
static inline bool aof_segment_is_behind(const struct aof_segment *s)
{
    return s->reader.journal && (journal_lag(&s->reader) > 0 || s->journal->note_n > 0);
}

/* Journal offset up to which batches are written. A file must be open. */
static inline uint64_t aof_segment_written(const struct aof_segment *s)
{
    return s->reader.offset;
}

/* Writes the journal's complete groups, if any, as one frame; without notes (persist/journal.h)
 * nothing is copied. Must be SOUND and not busy. After a failure the file is truncated to its last
 * complete frame, the state shows the failure, and the batch stays in the journal. */
void aof_segment_write(struct aof_segment *s);
/* The same in the writer thread, during an fsync. Copies the batch. */
void aof_segment_write_beside(struct aof_segment *s);
/* Whether that is possible: there is a batch, the fsync is of the same file and younger than a
 * second, and the writer thread is idle. */
bool aof_segment_may_write_beside(const struct aof_segment *s);
/* Starts an fsync. Must not be busy. */
void aof_segment_sync(struct aof_segment *s, int64_t now_ms);
/* Waits for both threads, then writes and syncs everything. Blocks. 0 or -errno. */
int aof_segment_sync_now(struct aof_segment *s);
/* Repeats the failed write, and tries to restore the reserve. Must not be busy. */
void aof_segment_retry(struct aof_segment *s);
/* Stops trusting the file, which another process changed. */
void aof_segment_distrust(struct aof_segment *s, int error);
/* Called when a base that covers everything up to the offset is installed, and this is the first
 * file after it: what could not be written before is in the base. FSYNC_FAILED stays. */
void aof_segment_repair(struct aof_segment *s, uint64_t base_offset);

/* The duration in microseconds within which this part (0 to 1) of all fsyncs ended, accurate to an
 * eighth. */
uint64_t aof_segment_latency_us(const struct aof_segment *s, double part);

/* Checks the invariants of fields and offsets. Cheap. */
bool aof_segment_is_sound(const struct aof_segment *s);

#endif
