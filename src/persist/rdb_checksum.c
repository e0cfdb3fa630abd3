#include "persist/rdb_checksum.h"

#include "base/assert.h"
#include "base/crc.h"

#define STEP ((size_t)128 << 10) /* fits the CPU's second-level cache */

struct rdb_checksum rdb_checksum_begin(const unsigned char *start)
{
    return (struct rdb_checksum){.step = start, .summed = start};
}

void rdb_checksum_advance(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end)
{
    ASSERT(c->step <= p && p <= end);
    while (c->summed <= p && c->summed < end) {
        size_t left = (size_t)(end - c->summed), n = left < STEP ? left : STEP;
        c->step = c->summed;
        c->before = c->sum;
        c->sum = crc_64(c->sum, c->step, n);
        c->summed += n;
    }
}

uint64_t rdb_checksum_at(struct rdb_checksum *c, const unsigned char *p, const unsigned char *end)
{
    rdb_checksum_advance(c, p, end);
    ASSERT(p <= c->summed);
    return crc_64(c->before, c->step, (size_t)(p - c->step));
}
