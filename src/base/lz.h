/* LZ4, the compression of blocks in memory. */
#ifndef BASE_LZ_H
#define BASE_LZ_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that LZ4 output of n bytes may take at the most. */
size_t lz_bound(size_t n);
/* Returns the compressed size; 0: did not fit into cap. */
size_t lz_compress(const void *from, size_t n, void *to, size_t cap);
/* True when exactly n bytes came out. Safe on any input. */
bool lz_expand(const void *from, size_t packed, void *to, size_t n);

#endif
