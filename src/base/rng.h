/* Random numbers: the system's for secrets, a fast generator (xoshiro256**) for other choices. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_system(void *to, size_t n);
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* 0 .. bound-1, uniform; bound > 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);
/* n lower-case hex digits from the system's source, no NUL. */
void rng_hex(char *to, size_t n);

#endif
