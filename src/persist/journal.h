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
 */
#ifndef PERSIST_JOURNAL_H
#define PERSIST_JOURNAL_H

#include "base/assert.h"
#include "base/buf.h"

#include <stdint.h>

/* Owned by whoever reads, in whose struct it lies. Zero-initialised: not attached. */
struct journal_reader {
    struct journal *journal; /* NULL: not attached */
    struct journal_reader *next;
    uint64_t offset; /* of the first byte that it has not taken */
};

struct journal {
    bool on;                        /* effects are gathered: there is a reader, and no pause */
    bool paused;                    /* journal_pause() */
    struct buf pending;             /* effects that some reader has not taken */
    uint64_t offset;                /* of the end of pending */
    char id[41];                    /* replication id: the history that the offset belongs to */
    int db;                         /* that the last effect was for; -1: say SELECT first */
    int depth;                      /* open groups */
    size_t group_start;             /* of the outermost open group in pending */
    unsigned group_effects;         /* of the outermost open group */
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

static inline void journal_group_begin(struct journal *j)
{
    if (j->depth++ == 0) {
        j->group_start = j->pending.n;
        j->group_effects = 0;
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

/* How many of the pending bytes belong to groups that have ended: only these may be handed over. */
size_t journal_whole(const struct journal *j);
/* Until journal_resume() nothing is added, and id and offset stay: what is loaded while the server
 * runs is no news to those who read. */
void journal_pause(struct journal *j);
void journal_resume(struct journal *j);
/* The next effect begins with SELECT (a new segment begins). */
void journal_forget_db(struct journal *j);
/* One command in RESP behind out. */
void journal_format(struct buf *out, const struct bytes *argv, int argc);

/* Reads from here on; of a group that is open, what comes from now on. Not attached before. While
 * others read, an open group must have had no effects yet. */
void journal_attach(struct journal *j, struct journal_reader *r);
/* Reads no more; nothing happens when it did not. Without readers the pending bytes go, and what
 * the open group has added. */
void journal_detach(struct journal_reader *r);

/* What the reader has not taken, of groups that have ended. Valid until the journal is used again;
 * taken or not, the same bytes come first at the next call. */
struct bytes journal_unread(const struct journal_reader *r);
/* The same in bytes, with what an open group has added. */
static inline uint64_t journal_lag(const struct journal_reader *r)
{
    return r->journal->offset - r->offset;
}

/* Room for n bytes right behind journal_unread(), which has to be asked again, for something that
 * is to be written together with it; valid as long. NULL: an open group stands there. */
char *journal_room_behind(struct journal_reader *r, size_t n);
/* It is done with the first n bytes of journal_unread(). */
void journal_take(struct journal_reader *r, size_t n);
/* It does not want what has been gathered up to now, nor what the open group has added; then as
 * journal_attach(). */
void journal_skip(struct journal_reader *r);

/* Whether what this header says is true. Walks the readers; for tests and for calls that are rare.
 */
bool journal_is_sound(const struct journal *j);

#endif
