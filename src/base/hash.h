/* Hashes: a keyed 64-bit one for tables (XXH3 with a random 192-byte secret, created once per
 * process, so that clients cannot provoke collisions), and unkeyed ones for formats and commands.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"

#include <stdint.h>

/* To be called before the first hash_key(); seed NULL: from the system's random source. */
void hash_init(const void *seed, size_t n);
uint64_t hash_key(struct bytes key);
/* XXH3, seed 0. */
uint64_t hash_xxh3(struct bytes data);
void hash_xxh3_128(struct bytes data, uint64_t *low, uint64_t *high);

#endif
