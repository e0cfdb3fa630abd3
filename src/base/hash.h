/* Hashes: keyed 64 bits for tables (XXH3 with a random 192-byte secret, made once a process, so
 * that clients cannot aim at a bucket), and the fixed ones that formats and commands ask for. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"

#include <stdint.h>

/* Before the first hash_key(); seed NULL: from the system's random source. */
void hash_init(const void *seed, size_t n);
uint64_t hash_key(struct bytes key);
/* XXH3, seed 0. */
uint64_t hash_xxh3(struct bytes data);
void hash_xxh3_128(struct bytes data, uint64_t *low, uint64_t *high);

#endif
