/* The body of a frame: a batch of the journal as the file keeps it, with the notes at their places
 * (persist/aof_frame). A batch without notes is its own body, and needs none of this. Pure. */
#ifndef PERSIST_AOF_BATCH_H
#define PERSIST_AOF_BATCH_H

#include "persist/journal.h"

/* Whether the file keeps anything of it; else it is nothing but stream-only bytes. Not empty. */
bool aof_batch_is_kept(const struct journal_batch *b);
/* Puts the body behind out. from: the journal's offset in front of the batch. */
void aof_batch_print(const struct journal_batch *b, uint64_t from, struct buf *out);
/* What the file of a replica begins with: the database in which the stream goes on there. The
 * stream is somebody else's, and says so nowhere. */
void aof_batch_print_select(int db, struct buf *out);

#endif
