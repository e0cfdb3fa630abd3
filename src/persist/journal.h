/* The journal: what happened, as commands in RESP, counted by a 64-bit offset. Gathers the effects
 * of commands in one buffer, from which readers take them: the append-only file, and whoever else
 * wants the stream. Knows no file, no socket and no client.
 *
 * It owns the replication id and the offset: files, INFO and replicas read them here, and nobody
 * else keeps a copy. The offset counts effect bytes exactly as a replica would receive them (SELECT
 * and MULTI included, lines of the file's format not). While there is no reader, nothing is
 * formatted and the offset stands still.
 *
 * A group is what must not be torn apart: more than one effect of it is wrapped in MULTI/EXEC, and
 * readers get it when it has ended. Groups nest, the outermost counts.
 *
 * Readers. Each has a position of its own; bytes stay until the slowest has taken them. What a
 * reader was given and could not use it does not take, and gets it again, with what has come since.
 *
 * The stream and the file. What replicas are sent and what a file keeps are the same bytes but for
 * a few places. Each of these is a note beside the stream, made only while a file reads:
 *
 *   JOURNAL_SKIP   bytes of the stream that no file keeps: PING, PUBLISH, GETACK (stream-only)
 *   JOURNAL_ONLY   bytes that only the file keeps, not counted: what a writable replica's own
 *                  clients write (local)
 *   JOURNAL_ID     from here on the offset belongs to this replication ID
 *
 * Two modes. JOURNAL_EFFECTS: what handlers report as their effects is the stream. JOURNAL_RAW, of
 * a replica: the stream is the bytes that came from its primary (journal_raw_begin()); what other
 * clients of it write is local. */
#ifndef PERSIST_JOURNAL_H
#define PERSIST_JOURNAL_H

#include "base/assert.h"
#include "base/buf.h"
#include "persist/history.h"

#include <stdint.h>

/* Owned by whoever reads, in whose struct it lies. Zero-initialised: not attached. */
struct journal_reader {
    struct journal *journal; /* NULL: not attached */
    struct journal_reader *next;
    uint64_t offset; /* of the last byte that it has taken */
    bool stream;     /* it wants stream-only bytes, and no notes; else it is a file */
};

enum journal_note_kind { JOURNAL_SKIP, JOURNAL_ONLY, JOURNAL_ID };

/* Where file and stream differ: behind the stream byte `offset`. Notes are in the order of offsets,
 * those at one offset in the order in which they belong into the file. */
struct journal_note {
    uint64_t offset;
    enum journal_note_kind kind;
    size_t n;  /* SKIP: bytes of the stream; ONLY, ID: of `text` */
    size_t at; /* ONLY, ID: where its bytes begin in journal.text; of others 0 */
};

enum journal_mode { JOURNAL_EFFECTS, JOURNAL_RAW };

struct journal {
    bool on;       /* effects are gathered: there is a reader, and no pause */
    bool paused;   /* journal_pause() */
    bool applying; /* between journal_raw_begin() and journal_raw_end() */
    bool kept;     /* meanwhile: a file keeps the stream's bytes */
    bool streamed; /* a reader wants stream-only bytes */
    bool filed;    /* a reader is a file: notes are made */
    enum journal_mode mode;
    struct buf pending;     /* stream bytes that some reader has not taken */
    uint64_t offset;        /* of the end of pending */
    uint64_t effects_end;   /* of the last effect: stream-only bytes may follow it */
    struct history history; /* that the offset belongs to */
    int db;                 /* that the last effect was for; -1: say SELECT first */
    int stream_db;          /* that the stream is in at its end, whoever goes on with it; -1: not
                             * known. Of a stream of our own db is that or -1 */
    int depth;              /* open groups */
    size_t group_start;     /* of the outermost open group in pending */
    unsigned group_effects; /* of the outermost open group, stream-only ones included */
    unsigned group_kept;    /* those that are not stream-only */
    size_t group_notes;     /* notes in front of the outermost open group */
    struct journal_note *notes; /* of what the file has not taken */
    size_t note_n, note_cap;
    struct buf text; /* of the notes */
    /* What the file alone keeps (JOURNAL_ONLY: local effects), counted from the beginning of the
     * process: what it was to keep, and what it has taken of that. It moves no offset. */
    uint64_t locals, locals_taken;
    struct journal_reader *readers; /* in the order in which they came, the last one first */
};

/* An empty one with an id of its own. */
struct journal *journal_new(void);
/* Nobody reads it any more. */
void journal_free(struct journal *j);
/* Goes on where loaded data end, under the id that they name; one that is no id (40 letters and
 * digits) is ignored together with its offset. So is any while there is a reader, whose position
 * counts in the history that there is, and during a pause. */
void journal_continue(struct journal *j, const char *id, uint64_t offset);
/* Another history, of which nobody has heard, at the same offset. No group has effects that are
 * pending. */
void journal_begin_history(struct journal *j);
/* The server takes over (id NULL: a random one), or its primary has: history_shift() at the end of
 * the journal. A group that is open has had no effects yet. */
void journal_shift(struct journal *j, const char *id);
/* A full synchronisation: the data are those of this history at this offset, what was pending is
 * dropped, and readers go on from there. No group is open. */
void journal_adopt(struct journal *j, const char *id, uint64_t offset);
/* A group that is open has had no effects yet. In JOURNAL_EFFECTS the next effect begins with
 * SELECT. */
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

/* For journal_add() while somebody reads. */
void journal_put(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw);

/* One effect. raw, when not empty, is the canonical form of argv and is copied as it is. */
static inline void journal_add(struct journal *j, int db, const struct bytes *argv, int argc,
                               struct bytes raw)
{
    if (j->on)
        journal_put(j, db, argv, argc, raw);
}

/* What replicas hear of and no file keeps, one command in RESP. Nothing happens while no reader
 * wants the stream, and on a replica, whose stream is its primary's. */
void journal_stream_only(struct journal *j, struct bytes command);
/* The other way round: a file keeps this command, and replicas do not hear of it. */
void journal_file_only(struct journal *j, int db, const struct bytes *argv, int argc);
/* JOURNAL_RAW: a group opens with these bytes of the primary's stream, whole commands, which are
 * applied before journal_raw_end(). db: which database the stream is in behind them. kept: a file
 * keeps them, and what handlers report meanwhile is no news; else they are stream-only, and what is
 * reported goes to the file alone, as local. */
void journal_raw_begin(struct journal *j, struct bytes stream, int db, bool kept);
void journal_raw_end(struct journal *j);

/* How many of the pending bytes belong to groups that have ended: only these may be handed over. */
size_t journal_whole(const struct journal *j);
/* Until journal_resume() nothing is added, and id and offset stay: what is loaded while the server
 * runs is no news to those who read. */
void journal_pause(struct journal *j);
void journal_resume(struct journal *j);
/* The next effect begins with SELECT (a new segment begins). In JOURNAL_RAW nothing happens: the
 * stream is a primary's. */
void journal_forget_db(struct journal *j);
/* The database that the stream is in, of which something has been loaded; -1: it will say so
 * itself. In JOURNAL_EFFECTS the next effect says SELECT nevertheless. */
void journal_stream_in(struct journal *j, int db);
/* One command in RESP behind out. */
void journal_format(struct buf *out, const struct bytes *argv, int argc);

/* A file reads from here on; of a group that is open, what comes from now on. Not attached before.
 * While others read, an open group must have had no effects yet. At most one at a time. */
void journal_attach(struct journal *j, struct journal_reader *r);
/* The same for who wants the stream, with all that no file keeps. */
void journal_attach_stream(struct journal *j, struct journal_reader *r);
/* Reads no more; nothing happens when it did not. Without readers the pending bytes go, and what
 * the open group has added; and since nobody counts what follows, a new history begins. */
void journal_detach(struct journal_reader *r);

/* What the reader has not taken, of groups that have ended. Valid until the journal is used again;
 * taken or not, the same bytes come first at the next call. */
struct bytes journal_unread(const struct journal_reader *r);
/* The same in bytes, with what an open group has added. */
static inline uint64_t journal_lag(const struct journal_reader *r)
{
    return r->journal->offset - r->offset;
}

/* Up to where a file has taken what there is; without one: all of it. */
uint64_t journal_filed(const struct journal *j);

/* Room for n bytes right behind journal_unread(), which has to be asked again, for something that
 * is to be written together with it; valid as long. NULL: an open group stands there. */
char *journal_room_behind(struct journal_reader *r, size_t n);
/* It is done with the first n bytes of journal_unread(), and with the notes among them. */
void journal_take(struct journal_reader *r, size_t n);

/* What a file is to write: the stream's bytes and, in the order of their offsets, the notes. Valid
 * as journal_unread(). */
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
/* It is done with that many bytes and notes of its batch. */
void journal_take_batch(struct journal_reader *r, size_t bytes, size_t notes);
/* It does not want what has been gathered up to now, nor what the open group has added; then as
 * journal_attach(). */
void journal_skip(struct journal_reader *r);

/* Whether what this header says is true. Walks the readers; for tests and for calls that are rare.
 */
bool journal_is_sound(const struct journal *j);

#endif
