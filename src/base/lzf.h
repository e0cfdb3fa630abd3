/* LZF, the compression of strings in snapshots. A stream of: 000LLLLL and L + 1 bytes as they are;
 * or LLLooooo oooooooo, a copy of L + 2 bytes from o + 1 bytes back; or 111ooooo LLLLLLLL oooooooo,
 * one of L + 9 bytes. Source: the description in lzf.h of liblzf (Marc Lehmann).
 *
 * Written here because strings in snapshots are short: liblzf looks into a table of half a megabyte
 * for each of them, which was half of what a snapshot cost (docs/decisions/0015). */
#ifndef BASE_LZF_H
#define BASE_LZF_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the compressed size; 0: it did not fit into cap. n is below 4 GB. */
size_t lzf_pack(const void *from, size_t n, void *to, size_t cap);
/* The size of what would come out of sound data: nothing is written. False: the data end within a
 * token. Cost: a look at each token. */
bool lzf_size(const void *from, size_t packed, size_t *n);
/* True when exactly n bytes came out. Safe on any input. */
bool lzf_unpack(const void *from, size_t packed, void *to, size_t n);

#endif
