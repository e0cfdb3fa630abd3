/* The replication backlog: the tail of the stream in memory, from which replicas are fed, both
 * those that follow and those that reconnect. A reader of the journal.
 *
 * Bytes are stored in blocks of BACKLOG_BLOCK, found by arithmetic, and copied once for any number
 * of replicas. Knows no socket and no replication ID. */
#ifndef PERSIST_BACKLOG_H
#define PERSIST_BACKLOG_H

#include "base/bytes.h"
#include "persist/journal.h"

#include <sys/uio.h>

#define BACKLOG_BLOCK ((size_t)64 << 10)

/* Blocks in a queue. */
struct backlog_ring {
    char **blocks;
    size_t cap, first, count;
};

struct backlog {
    struct journal_reader reader; /* attached while the backlog is open */
    struct backlog_ring ring;     /* block i of it holds bytes from base + i * BACKLOG_BLOCK */
    struct backlog_ring former;   /* no longer needed: reused or freed, some each turn */
    uint64_t base;  /* stream bytes before the first block (its first offset minus 1) */
    uint64_t first; /* offset of the first stored byte, counted from 1 */
    uint64_t end;   /* offset of the last one; first - 1 when empty */
};

/* Attaches to the journal. Must be zero-initialised or closed. */
void backlog_open(struct backlog *b, struct journal *j);
/* Detaches from the journal and frees everything. Cost: a call of the allocator for each block. */
void backlog_free(struct backlog *b);
/* The same, but the blocks are left to backlog_tidy(). */
void backlog_close(struct backlog *b);
static inline bool backlog_is_open(const struct backlog *b)
{
    return b->reader.journal != NULL;
}

/* Once a turn: copies the journal's complete groups. */
void backlog_take(struct backlog *b);
/* At startup: prepends bytes from the tail of the append-only file, up to where the backlog begins.
 * Nothing else may be stored yet. */
void backlog_fill(struct backlog *b, struct bytes tail);
/* After a full synchronisation to another history: empties the backlog, which goes on at the
 * journal's offset. */
void backlog_restart(struct backlog *b);

/* Up to n pieces of the bytes from `offset` on (first <= offset <= end + 1); returns how many.
 * Valid until the backlog changes. */
int backlog_pieces(const struct backlog *b, uint64_t offset, struct iovec *pieces, int n);
/* Whether a replica can continue at `next`: that byte is stored, or is the next to come. */
bool backlog_reaches(const struct backlog *b, uint64_t next);
/* Gives up blocks that end before keep_from. */
void backlog_trim(struct backlog *b, uint64_t keep_from);
/* Once a turn, also while it is closed: frees blocks that were given up, at most BACKLOG_TIDIED,
 * and keeps a few for what comes next. */
#define BACKLOG_TIDIED 8
void backlog_tidy(struct backlog *b);
bool backlog_has_work(const struct backlog *b);

/* Bytes stored, and bytes allocated. */
static inline uint64_t backlog_length(const struct backlog *b)
{
    return b->end + 1 - b->first;
}
size_t backlog_memory(const struct backlog *b);

/* Checks the invariants of the fields. Cheap. */
bool backlog_is_sound(const struct backlog *b);

#endif
