/* The tail of the stream in memory, from which replicas are sent what they lack: those that follow,
 * and those that come back after a cut. A reader of the journal.
 *
 * Bytes lie in blocks of BACKLOG_BLOCK, found by arithmetic, and are copied once however many
 * replicas there are. Knows no socket and no replication ID. */
#ifndef PERSIST_BACKLOG_H
#define PERSIST_BACKLOG_H

#include "base/bytes.h"
#include "persist/journal.h"

#include <sys/uio.h>

#define BACKLOG_BLOCK ((size_t)64 << 10)

struct backlog {
    struct journal_reader reader; /* attached while the backlog is open */
    char **blocks; /* a ring: block i of it holds bytes from base + i * BACKLOG_BLOCK */
    size_t cap, first_block, count;
    uint64_t base;  /* offset of the first byte of the first block, minus 1: bytes in front of it */
    uint64_t first; /* offset of the first byte that is held, counted from 1 */
    uint64_t end;   /* offset of the last one; first - 1: it is empty */
};

/* Opens: reads the journal from here on. Zero-initialised before, or closed. */
void backlog_open(struct backlog *b, struct journal *j);
/* Nobody needs it any more: everything is freed, the journal has one reader less. */
void backlog_close(struct backlog *b);
static inline bool backlog_is_open(const struct backlog *b)
{
    return b->reader.journal != NULL;
}

/* Once a turn: copies what the journal holds of whole groups. */
void backlog_take(struct backlog *b);
/* Bytes in front of everything held, which end where it begins: the tail of the append-only file,
 * at the start. It holds nothing yet but them. */
void backlog_fill(struct backlog *b, struct bytes tail);
/* What it holds belongs to another history (a full synchronisation): it is empty, and goes on at
 * the journal's offset. */
void backlog_restart(struct backlog *b);

/* Where the bytes from `offset` (first <= offset <= end + 1) on lie, at most n pieces; returns how
 * many. Valid until the backlog changes. */
int backlog_pieces(const struct backlog *b, uint64_t offset, struct iovec *pieces, int n);
/* Whether it can go on from there: the next byte wanted is held, or the one behind the end. */
bool backlog_reaches(const struct backlog *b, uint64_t next);
/* Frees blocks all of whose bytes lie in front of keep_from, at most 64: for each turn. */
void backlog_trim(struct backlog *b, uint64_t keep_from);

/* Bytes held, and what they take. */
static inline uint64_t backlog_length(const struct backlog *b)
{
    return b->end + 1 - b->first;
}
size_t backlog_memory(const struct backlog *b);

/* Whether what is said of the fields is true. Cheap. */
bool backlog_is_sound(const struct backlog *b);

#endif
