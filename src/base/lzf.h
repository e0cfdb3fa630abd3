/* LZF, for strings in snapshots. A sequence of: 000LLLLL and L + 1 literal bytes; or LLLooooo
 * oooooooo, a copy of L + 2 bytes from o + 1 bytes back; or 111ooooo LLLLLLLL oooooooo, one of L +
 * 9 bytes. Source: the description in lzf.h of liblzf (Marc Lehmann).
 *
 * Our own because strings in snapshots are short: liblzf uses a table of half a megabyte for each,
 * which was half the cost of a snapshot (docs/decisions/0015). */
#ifndef BASE_LZF_H
#define BASE_LZF_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the compressed size; 0: did not fit into cap. n is below 4 GB. */
size_t lzf_pack(const void *from, size_t n, void *to, size_t cap);
/* The expanded size, if the data are valid, without expanding. False: the data end within a token.
 * O(tokens). */
bool lzf_size(const void *from, size_t packed, size_t *n);
/* True when exactly n bytes came out. Safe on any input. */
bool lzf_unpack(const void *from, size_t packed, void *to, size_t n);

#endif
