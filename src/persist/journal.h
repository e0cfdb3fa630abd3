/* The journal: what happened, as commands in RESP, counted by a 64-bit offset. Gathers the effects
 * of a turn in a buffer and frames them for the append-only file; knows no file and no client.
 *
 * It owns the replication id and the offset: files, INFO and replicas read them here, and nobody
 * else keeps a copy.
 *
 * The offset counts effect bytes exactly as a replica would receive them (SELECT and MULTI
 * included, annotation lines not). While nobody consumes the journal, nothing is formatted and the
 * offset stands still. A group is what must not be torn apart: more than one effect of it is
 * wrapped in MULTI/EXEC. */
#ifndef PERSIST_JOURNAL_H
#define PERSIST_JOURNAL_H

#include "base/assert.h"
#include "base/buf.h"

#include <stdint.h>

struct journal {
    bool on;            /* somebody consumes it */
    struct buf pending; /* effects not yet handed over */
    uint64_t offset;    /* of the end of pending */
    char id[41];        /* replication id: the history that the offset belongs to */
    int db;             /* that the last effect was for; -1: say SELECT first */
    int depth;          /* open groups */
    size_t group_start; /* of the outermost open group in pending */
    unsigned group_effects;
};

/* An empty one with an id of its own. */
struct journal *journal_new(void);
void journal_free(struct journal *j);
/* Goes on where loaded data end, under the id that they name; one that is no id (40 letters and
 * digits) is ignored together with its offset. */
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

/* For journal_add() while somebody consumes it. */
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
/* The first n of the pending bytes were taken over. */
void journal_taken(struct journal *j, size_t n);
/* Nobody wants the pending bytes, nor what the open group has added. */
void journal_drop(struct journal *j);
/* The next effect begins with SELECT (a new segment begins). */
void journal_forget_db(struct journal *j);
/* One command in RESP behind out. */
void journal_format(struct buf *out, const struct bytes *argv, int argc);

#endif
