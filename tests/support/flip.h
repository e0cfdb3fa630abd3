/* Damage for tests of what is kept in files. */
#ifndef SUPPORT_FLIP_H
#define SUPPORT_FLIP_H

#include "base/rng.h"

#include <stddef.h>

/* One to eight bits, anywhere; the same bit may be hit twice. */
static inline void flip_bits(struct rng *rng, char *p, size_t n)
{
    for (unsigned bits = 1 + (unsigned)rng_below(rng, 8); bits; bits--) {
        size_t at = (size_t)rng_below(rng, n);
        p[at] = (char)(p[at] ^ (1 << rng_below(rng, 8)));
    }
}

#endif
