/* The checksum of a snapshot in memory while it is being read. It is computed a step ahead of the
 * reader, so that the reader finds the bytes in the CPU's cache: the file comes from memory once.
 */
#ifndef PERSIST_RDB_CHECKSUM_H
#define PERSIST_RDB_CHECKSUM_H

#include <stdint.h>

/* before: CRC-64 of the bytes in front of `step`; sum: of those in front of `summed`. The next byte
 * to read lies between the two once rdb_checksum_advance() has been called for it. */
struct rdb_checksum {
    uint64_t before, sum;
    const unsigned char *step, *summed;
};

/* Nothing is summed yet of what begins at start. */
struct rdb_checksum rdb_checksum_begin(const unsigned char *start);
/* Sums until `summed` is behind p, the next byte to read, or at the end. p never goes back. */
void rdb_checksum_advance(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end);
/* The checksum of everything in front of p. */
uint64_t rdb_checksum_at(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end);

#endif
