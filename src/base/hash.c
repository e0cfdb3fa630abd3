#include "base/hash.h"

#include "base/rng.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static unsigned char secret[XXH3_SECRET_DEFAULT_SIZE];

void hash_init(const void *seed, size_t n)
{
    unsigned char fresh[32];
    if (!seed) {
        rng_system(fresh, sizeof(fresh));
        seed = fresh;
        n = sizeof(fresh);
    }
    /* Expands a short seed to the full length: each word is a hash of it. */
    for (size_t i = 0; i < sizeof(secret); i += 8) {
        uint64_t word = XXH3_64bits_withSeed(seed, n, i + 1);
        memcpy(secret + i, &word, 8);
    }
}

uint64_t hash_key(struct bytes key)
{
    return XXH3_64bits_withSecret(key.p, key.n, secret, sizeof(secret));
}

uint64_t hash_xxh3(struct bytes data)
{
    return XXH3_64bits(data.p, data.n);
}

void hash_xxh3_128(struct bytes data, uint64_t *low, uint64_t *high)
{
    XXH128_hash_t h = XXH3_128bits(data.p, data.n);
    *low = h.low64;
    *high = h.high64;
}
