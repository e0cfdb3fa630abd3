#include "base/rng.h"

#include "base/assert.h"

#include <sys/random.h>

void rng_system(void *to, size_t n)
{
    unsigned char *p = to;
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        ASSERT(got > 0);
        p += got;
        n -= (size_t)got;
    }
}

/* splitmix64 spreads a small seed over the state. */
void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        r->s[i] = z ^ (z >> 31);
    }
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    ASSERT(bound > 0);
    /* Values above the limit would bias the remainder to small numbers. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound, v;
    do
        v = rng_next(r);
    while (v >= limit);
    return v % bound;
}

void rng_hex(char *to, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        unsigned char c;
        rng_system(&c, 1);
        to[i] = digits[c & 15];
    }
}
