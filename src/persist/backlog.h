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

/* A queue of blocks, as a ring buffer. */
struct backlog_ring {
    char **blocks;
    size_t cap, first, count;
};

struct backlog {
    struct journal_reader reader; /* attached while the backlog is open */
    struct backlog_ring ring;   /* block i holds the stream from byte base + i * BACKLOG_BLOCK on */
    struct backlog_ring former; /* trimmed blocks: reused, or freed a few each turn */
    uint64_t base;              /* stream bytes before the first block (its first offset minus 1) */
    uint64_t first;             /* offset of the first stored byte, counted from 1 */
    uint64_t end;               /* offset of the last one; first - 1 when empty */
};

/* Attaches to the journal. Must be zero-initialised or closed. */
void backlog_open(struct backlog *b, struct journal *j);
/* Detaches from the journal and frees all blocks at once: at shutdown. */
void backlog_free(struct backlog *b);
/* Detaches from the journal; backlog_tidy() frees the blocks in later turns. */
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
/* Removes blocks that end before keep_from. */
void backlog_trim(struct backlog *b, uint64_t keep_from);
/* Call once a turn, also after backlog_close(): frees at most BACKLOG_TIDIED removed blocks, so
 * that a large backlog does not stall a turn, and keeps a few for reuse. */
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
