/* The body of a frame: a journal batch as it is stored in the file, with the notes inserted
 * (persist/aof_frame.h). A batch without notes is its own body and needs none of this. Pure. */
#ifndef PERSIST_AOF_BATCH_H
#define PERSIST_AOF_BATCH_H

#include "persist/journal.h"

/* Whether the file stores any of it; false: it has only stream-only bytes. The batch is not empty.
 */
bool aof_batch_is_kept(const struct journal_batch *b);
/* Appends the body to out. from: the journal offset before the batch. */
void aof_batch_print(const struct journal_batch *b, uint64_t from, struct buf *out);
/* Appends the SELECT that a replica's file begins with: the primary's stream continues in that
 * database without repeating it. */
void aof_batch_print_select(int db, struct buf *out);

#endif
