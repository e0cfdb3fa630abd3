/* The checksum of a mapped snapshot while it is being read. It is computed a step ahead of the
 * reader, so that the reader finds the bytes in the CPU cache and the file is fetched from memory
 * only once. */
#ifndef PERSIST_RDB_CHECKSUM_H
#define PERSIST_RDB_CHECKSUM_H

#include <stdint.h>

/* before: CRC-64 of the bytes before `step`; sum: of those before `summed`. The next byte to read
 * lies between the two after rdb_checksum_advance(). */
struct rdb_checksum {
    uint64_t before, sum;
    const unsigned char *step, *summed;
};

/* Begins at start. */
struct rdb_checksum rdb_checksum_begin(const unsigned char *start);
/* Sums until `summed` is after p, the next byte to read, or at the end. p never decreases. */
void rdb_checksum_advance(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end);
/* The checksum of everything before p. */
uint64_t rdb_checksum_at(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end);

#endif
