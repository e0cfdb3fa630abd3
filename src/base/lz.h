/* LZ4, for blocks in memory. */
#ifndef BASE_LZ_H
#define BASE_LZ_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes that the output for n bytes may take. */
size_t lz_bound(size_t n);
/* Returns the compressed size; 0: did not fit into cap. */
size_t lz_compress(const void *from, size_t n, void *to, size_t cap);
/* True: exactly n bytes were expanded. Safe on any input. */
bool lz_expand(const void *from, size_t packed, void *to, size_t n);

#endif
