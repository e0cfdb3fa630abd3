/* The journal: the effects of commands, as commands in RESP, addressed by a 64-bit offset. Collects
 * them in one buffer, from which readers consume them: the append-only file and the replication
 * backlog. Knows no file, no socket and no client.
 *
 * It owns the replication ID and the offset; there is no other copy. The offset counts effect bytes
 * exactly as a replica receives them (including SELECT and MULTI, without the lines of the file
 * format). Without readers nothing is formatted and the offset does not move.
 *
 * A group is atomic: if it has more than one effect, these are wrapped in MULTI/EXEC; readers see
 * it only when it has ended. Groups nest; only the outermost counts.
 *
 * Readers. Each has its own position; bytes are kept until the slowest reader has taken them. Bytes
 * that a reader saw but did not take are offered again, with what was added since.
 *
 * The stream and the file. Replicas receive and the file stores the same bytes, with a few
 * exceptions. Each of these is a note beside the stream, made only while the file is a reader:
 *
 *   JOURNAL_SKIP   bytes of the stream that no file keeps: PING, PUBLISH, GETACK (stream-only)
 *   JOURNAL_ONLY   bytes that only the file keeps, not counted: what a writable replica's own
 *                  clients write (local)
 *   JOURNAL_ID     from here on the offset belongs to this replication ID
 *
 * Two modes. JOURNAL_EFFECTS: the stream is the effects that handlers report. JOURNAL_RAW, on a
 * replica: the stream is the bytes received from its primary (journal_raw_begin()); writes of its
 * own clients are local. */
#ifndef PERSIST_JOURNAL_H
#define PERSIST_JOURNAL_H

#include "base/assert.h"
#include "base/buf.h"
#include "persist/history.h"

#include <stdint.h>

/* Embedded in, and owned by, the reader. Zero-initialised: not attached. */
struct journal_reader {
    struct journal *journal; /* NULL: not attached */
    struct journal_reader *next;
    uint64_t offset; /* of the last byte taken */
    bool stream;     /* it wants stream-only bytes and no notes; else it is the file */
};

enum journal_note_kind { JOURNAL_SKIP, JOURNAL_ONLY, JOURNAL_ID };

/* A place where file and stream differ, after the stream byte `offset`. Notes are in order of
 * offset, at equal offsets in the order of the file. */
struct journal_note {
    uint64_t offset;
    enum journal_note_kind kind;
    size_t n;  /* SKIP: bytes of the stream; ONLY, ID: of `text` */
    size_t at; /* ONLY, ID: where its bytes begin in journal.text; else 0 */
};

enum journal_mode { JOURNAL_EFFECTS, JOURNAL_RAW };

struct journal {
    bool on;       /* effects are collected: there is a reader, and no pause */
    bool paused;   /* journal_pause() */
    bool applying; /* between journal_raw_begin() and journal_raw_end() */
    bool kept;     /* while applying: the file stores the stream's bytes */
    bool streamed; /* some reader wants stream-only bytes */
    bool filed;    /* the file is a reader: notes are made */
    enum journal_mode mode;
    struct buf pending;     /* stream bytes that not all readers have taken */
    uint64_t offset;        /* of the end of pending */
    uint64_t effects_end;   /* of the last effect; stream-only bytes may follow */
    uint64_t before_raw;    /* while applying: effects_end before the group */
    struct history history; /* that the offset belongs to */
    int db;                 /* of the last effect; -1: the next one begins with SELECT */
    int stream_db;          /* selected at the end of the stream; -1: unknown. In JOURNAL_EFFECTS db
                             * is the same or -1 */
    int depth;              /* open groups */
    size_t group_start;     /* of the outermost open group in pending */
    unsigned group_effects; /* of the outermost open group, stream-only ones included */
    unsigned group_kept;    /* of these, without stream-only ones */
    size_t group_notes;     /* notes before the outermost open group */
    struct journal_note *notes; /* that the file has not taken */
    size_t note_n, note_cap;
    struct buf text; /* of the notes */
    /* Bytes of local effects (JOURNAL_ONLY) since the process began: added, and taken by the file.
     * They move no offset. */
    uint64_t locals, locals_taken;
    struct journal_reader *readers; /* the latest first */
};

/* An empty journal with a random ID. */
struct journal *journal_new(void);
/* No reader may be attached. */
void journal_free(struct journal *j);
/* Continues at the ID and offset of loaded data. Ignored if the ID is invalid (not 40 letters and
 * digits), during a pause, or while there is a reader, whose position belongs to the present
 * history. */
void journal_continue(struct journal *j, const char *id, uint64_t offset);
/* Begins a new random history at the same offset. No open group may have effects. */
void journal_begin_history(struct journal *j);
/* This server is promoted (id NULL: a random one), or its primary was: history_shift() at the end
 * of the journal. No open group may have effects. */
void journal_shift(struct journal *j, const char *id);
/* After a full synchronisation: the data are those of this history at this offset; pending bytes
 * are dropped, and readers continue there. No group may be open. */
void journal_adopt(struct journal *j, const char *id, uint64_t offset);
/* No open group may have effects. In JOURNAL_EFFECTS the next effect begins with SELECT. */
void journal_set_mode(struct journal *j, enum journal_mode mode);

static inline void journal_group_begin(struct journal *j)
{
    if (j->depth++ == 0) {
        j->group_start = j->pending.n;
        j->group_effects = j->group_kept = 0;
        j->group_notes = j->note_n;
    }
}

/* Wraps the group's effects in MULTI and EXEC. */
void journal_group_wrap(struct journal *j);

static inline void journal_group_end(struct journal *j)
{
    ASSERT(j->depth > 0);
    if (--j->depth == 0 && j->group_effects > 1)
        journal_group_wrap(j);
}

/* Part of journal_add(), while there are readers. */
void journal_put(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw);

/* Adds an effect. raw, unless empty, is the canonical form of argv and copied as it is. */
static inline void journal_add(struct journal *j, int db, const struct bytes *argv, int argc,
                               struct bytes raw)
{
    if (j->on)
        journal_put(j, db, argv, argc, raw);
}

/* Adds a command in RESP that replicas receive and no file stores. Does nothing while no reader
 * wants the stream, and on a replica, whose stream is its primary's. */
void journal_stream_only(struct journal *j, struct bytes command);
/* The reverse: a command that the file stores and replicas do not receive. */
void journal_file_only(struct journal *j, int db, const struct bytes *argv, int argc);
/* JOURNAL_RAW: opens a group with these bytes of the primary's stream, complete commands, which the
 * caller runs before journal_raw_end(). db: selected after them. kept: the file stores them, and
 * effects reported meanwhile are ignored; else they are stream-only, and reported effects go to the
 * file only, as local. */
void journal_raw_begin(struct journal *j, struct bytes stream, int db, bool kept);
void journal_raw_end(struct journal *j);
/* Within such a group: the file leaves out n of its bytes, from offset `from` in the group: a
 * command that failed, and would fail again when the file is loaded. Calls in ascending order. */
void journal_raw_skip(struct journal *j, size_t from, size_t n);

/* The number of pending bytes in ended groups, which are all that readers may see. */
size_t journal_whole(const struct journal *j);
/* Until journal_resume() nothing is added, and ID and offset stay: data loaded into a running
 * server are not effects. */
void journal_pause(struct journal *j);
void journal_resume(struct journal *j);
/* The next effect begins with SELECT (for a new segment). Does nothing in JOURNAL_RAW. */
void journal_forget_db(struct journal *j);
/* Sets the stream's database, as found in loaded data; -1: unknown, the stream begins with SELECT.
 * In JOURNAL_EFFECTS the next effect begins with SELECT in any case. */
void journal_stream_in(struct journal *j, int db);
/* Appends one command in RESP to out. */
void journal_format(struct buf *out, const struct bytes *argv, int argc);

/* Attaches the file, at most one, which must be detached; it reads from here on. While there are
 * other readers, no open group may have effects. */
void journal_attach(struct journal *j, struct journal_reader *r);
/* The same for a reader of the stream, including stream-only bytes. */
void journal_attach_stream(struct journal *j, struct journal_reader *r);
/* Detaches, if attached. With the last reader the pending bytes are dropped, including an open
 * group's; and since what follows is not counted, a new history begins. */
void journal_detach(struct journal_reader *r);

/* The bytes of ended groups that the reader has not taken. Valid until the journal is used again;
 * bytes not taken come first in the next call. */
struct bytes journal_unread(const struct journal_reader *r);
/* The number of bytes not taken, including those of an open group. */
static inline uint64_t journal_lag(const struct journal_reader *r)
{
    return r->journal->offset - r->offset;
}

/* The offset that the file has taken; without a file that of the journal. */
uint64_t journal_filed(const struct journal *j);

/* Room for n bytes directly after journal_unread(), so that both can be written together;
 * journal_unread() must be called again, and both are valid as long. NULL: an open group is there.
 */
char *journal_room_behind(struct journal_reader *r, size_t n);
/* Takes the first n bytes of journal_unread(), and the notes among them. */
void journal_take(struct journal_reader *r, size_t n);

/* What the file has to write: stream bytes and notes, in order of offset. Valid as
 * journal_unread(). */
struct journal_batch {
    struct bytes stream;
    const struct journal_note *notes;
    size_t note_n;
    const char *text; /* of the notes */
};
struct journal_batch journal_batch(const struct journal_reader *r);
static inline bool journal_batch_is_empty(const struct journal_batch *b)
{
    return b->stream.n == 0 && b->note_n == 0;
}
/* Takes that many bytes and notes of the batch. */
void journal_take_batch(struct journal_reader *r, size_t bytes, size_t notes);
/* Skips everything pending, including an open group's bytes; then as journal_attach(). */
void journal_skip(struct journal_reader *r);

/* Whether the invariants stated in this header hold. O(readers): for tests and assertions off the
 * hot path. */
bool journal_is_sound(const struct journal *j);

#endif
