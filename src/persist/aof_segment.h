/* The increment that is being written: batches in frames, taking back what failed, syncs in the
 * other thread, and writing beside them. One struct serves all increments, one after the other; a
 * single one is open at a time, and its predecessor may still be in its last sync.
 *
 * It is a reader of the journal: reader.offset is what has been written. At any time
 * synced <= written <= the journal's offset. Owned by struct aof, which decides when to write and
 * when to sync; others look at the fields and change them by these calls only. */
#ifndef PERSIST_AOF_SEGMENT_H
#define PERSIST_AOF_SEGMENT_H

#include "base/histogram.h"
#include "io/worker.h"
#include "persist/aof_files.h"
#include "persist/aof_frame.h"
#include "persist/journal.h"

enum aof_segment_state {
    AOF_SEGMENT_SOUND,
    AOF_SEGMENT_WRITE_FAILED, /* a batch was taken back: aof_segment_retry() may write it */
    /* The file before this one is not to be believed, or was not written to its end. Nothing is
     * written to this one before a base has taken the place of what was before it. */
    AOF_SEGMENT_BASE_MISSING,
    /* A sync or a truncation of this file failed, or somebody else changed it. What it holds is
     * unknown, and nothing more is written to it: another file and a base have to follow. */
    AOF_SEGMENT_FSYNC_FAILED
};

struct aof_segment;

struct aof_segment_sync {
    struct worker_job job;
    struct aof_segment *segment;
    int fd;
    uint64_t offset; /* what is written, and synced when it succeeds */
    uint64_t locals; /* the same of local effects */
    bool running;
    bool closes; /* the last sync of a file that is not written to any more */
    int error;
    int64_t took_us;
};

/* A batch that is written beside a sync. The journal keeps it until it is written. */
struct aof_segment_write {
    struct worker_job job;
    struct aof_segment *segment;
    int fd;
    struct buf frame;
    size_t stream_n, note_n; /* bytes and notes of the journal that are in it */
    bool kept;               /* there is more in it than what was skipped */
    int64_t second;          /* as segment.second, when it is written */
    bool running;
    int error;
};

/* How long syncs took. */
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
    struct aof_frame_header header; /* of the file in use */
    bool header_pending;            /* the file is empty */
    bool timestamps; /* a line in front of the frames of each second says which it is */
    int64_t second;  /* of the last such line in this file; 0: none */
    /* That the stream was in when the file began, and that its first frame has to name because the
     * stream is a primary's and will not; -1: nothing is to be named. */
    int first_db;
    uint64_t size; /* bytes of the file, header and whole frames */
    uint64_t synced;
    uint64_t locals_synced; /* of the journal's local effects */
    bool unsynced;          /* something to keep was written since the last sync began */
    size_t notes_ahead;     /* notes already pending in the journal when this file began */
    struct buf frame;       /* of a batch with notes */
    enum aof_segment_state state;
    int error;  /* -errno while the state is not sound, else 0 */
    int enospc; /* -ENOSPC while the reserve is given up, else 0 */
    struct aof_segment_sync sync;
    struct aof_segment_write write;
    int64_t sync_began_ms, sync_began_us, sync_ended_ms; /* the last one; 0: none */
    uint64_t syncs;                                      /* that have ended */
    struct aof_segment_times times;
};

void aof_segment_init(struct aof_segment *s, struct worker *disk, struct worker *writer,
                      struct journal *j, struct aof_files *f);
/* Neither thread may still have a job for it. */
void aof_segment_free(struct aof_segment *s);

/* An empty file becomes the one in use; it is owned from here on. The one before is closed. */
void aof_segment_begin(struct aof_segment *s, int fd);
/* Continues a file that already holds frames; no file may be open. */
void aof_segment_resume(struct aof_segment *s, int fd, const struct aof_frame_header *h,
                        uint64_t size);
/* Treats everything in the journal as written and synced, and clears any error: the caller has a
 * base that contains it, or there is nothing yet. */
void aof_segment_start_over(struct aof_segment *s);
/* Closes the file and stops reading the journal. No job may be running. */
void aof_segment_close(struct aof_segment *s);
/* As aof_segment_begin(), but the old file is synced a last time in the other thread, and nothing
 * is written before that has ended. One that is not sound is closed as it is, and the new one waits
 * for a base: AOF_SEGMENT_FSYNC_FAILED. No job runs. */
void aof_segment_replace(struct aof_segment *s, int fd);

static inline bool aof_segment_is_open(const struct aof_segment *s)
{
    return s->fd >= 0;
}

/* A job of a thread is under way: nothing may be written by this one. */
static inline bool aof_segment_is_busy(const struct aof_segment *s)
{
    return s->sync.running || s->write.running;
}

/* Bytes of the journal not yet written to the file, including those of a group that has not ended.
 * 0 when no file is open. */
static inline uint64_t aof_segment_unwritten(const struct aof_segment *s)
{
    return s->reader.journal ? journal_lag(&s->reader) : 0;
}

/* Something waits to be written: bytes, or notes without any. */
static inline bool aof_segment_is_behind(const struct aof_segment *s)
{
    return s->reader.journal && (journal_lag(&s->reader) > 0 || s->journal->note_n > 0);
}

/* Journal offset up to which batches are written. A file must be open. */
static inline uint64_t aof_segment_written(const struct aof_segment *s)
{
    return s->reader.offset;
}

/* Writes what the journal holds of whole groups, if anything, as one frame. Without notes
 * (persist/journal.h) nothing is copied. Not busy, and sound. On
 * failure the file is cut back to its last whole frame and the state says what happened; the batch
 * stays with the journal. */
void aof_segment_write(struct aof_segment *s);
/* The same by the other thread, while a sync runs. The batch is copied. */
void aof_segment_write_beside(struct aof_segment *s);
/* Whether that is possible: the sync is of the same file and younger than a second, no batch is
 * under way beside it, and there is one. */
bool aof_segment_may_write_beside(const struct aof_segment *s);
/* Starts a sync of what is written. Not busy. */
void aof_segment_sync(struct aof_segment *s, int64_t now_ms);
/* Waits for both threads, then writes and syncs everything. 0 or -errno. */
int aof_segment_sync_now(struct aof_segment *s);
/* Tries to write what failed, and to get the reserve back. Not busy. */
void aof_segment_retry(struct aof_segment *s);
/* The file is not what it was. */
void aof_segment_distrust(struct aof_segment *s, int error);
/* A base that holds everything up to the offset is in place, and this is the first file behind it:
 * what could not be written before need not be. FSYNC_FAILED stays. */
void aof_segment_repair(struct aof_segment *s, uint64_t base_offset);

/* So many microseconds at most took a part (0 to 1) of all syncs, to an eighth. */
uint64_t aof_segment_latency_us(const struct aof_segment *s, double part);

/* Whether what is said of fields and offsets above is true. Cheap. */
bool aof_segment_is_sound(const struct aof_segment *s);

#endif
