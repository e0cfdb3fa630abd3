/* HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) in the form that Redis documents. An element
 * is hashed to 64 bits: the low 14 select a register, which keeps the longest run of zeros seen in
 * the others, plus one. The distribution of register values gives the estimate.
 *
 *   sparse  opcodes for runs of equal registers, all 16,384 of them in order. sparse_raise() finds
 *           the run of a register, splits it into up to three and joins neighbours of equal value
 *           again, within LOOK_BACK opcodes, which is what Redis does: the bytes must be the same.
 *   dense   6 bits a register. A sparse one becomes dense, permanently, when it would exceed
 *           sparse_max bytes or a value does not fit into an opcode.
 *
 * The bytes come from users (SET writes any string), so a sparse one is not trusted: readers check
 * that each opcode is complete and that the runs end at the last register, and report damage
 * otherwise. A dense one needs only the right length.
 *
 * A change marks the cached count as out of date; the count is written back by PFCOUNT. */
#include "type/hll.h"

#include "base/assert.h"

#include <math.h>

#define BITS       6
#define INDEX_BITS 14
#define RANKS      (64 - INDEX_BITS) /* the other bits; the highest register value is one more */
#define DENSE_SIZE (HLL_HEADER + (HLL_REGISTERS * BITS + 7) / 8)
#define VALUE_MOST 32 /* of a sparse register */
#define RUN_MOST   4  /* registers of one value opcode */
#define ZERO_MOST  64 /* registers of a zero opcode of one byte */
#define LOOK_BACK  5  /* opcodes examined for joining */

/* MurmurHash64A, Austin Appleby, public domain. */
static uint64_t murmur(struct bytes x, uint64_t seed)
{
    const uint64_t m = 0xc6a4a7935bd1e995;
    uint64_t h = seed ^ (x.n * m);
    const unsigned char *p = (const unsigned char *)x.p;
    size_t left = x.n;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t k;
        memcpy(&k, p, 8);
        k *= m;
        k ^= k >> 47;
        k *= m;
        h ^= k;
        h *= m;
    }
    if (left) {
        uint64_t k = 0;
        memcpy(&k, p, left);
        h ^= k;
        h *= m;
    }
    h ^= h >> 47;
    h *= m;
    h ^= h >> 47;
    return h;
}

static unsigned place_of(struct bytes element, unsigned *value)
{
    uint64_t h = murmur(element, 0xadc83b19);
    unsigned index = h & (HLL_REGISTERS - 1);
    h = h >> INDEX_BITS | (uint64_t)1 << RANKS;
    *value = (unsigned)__builtin_ctzll(h) + 1;
    return index;
}

void hll_init(struct buf *to)
{
    static const unsigned char empty[HLL_HEADER + 2] = {'H',        'Y',         'L', 'L',
                                                        HLL_SPARSE, [16] = 0x7f, 0xff};
    buf_add(to, bytes_of(empty, sizeof(empty)));
}

bool hll_is_valid(struct bytes x)
{
    return x.n >= HLL_HEADER && memcmp(x.p, "HYLL", 4) == 0 &&
           (unsigned char)x.p[4] <= HLL_SPARSE && (x.p[4] != HLL_DENSE || x.n == DENSE_SIZE);
}

enum hll_encoding hll_encoding(struct bytes x)
{
    return x.p[4] == HLL_DENSE ? HLL_DENSE : HLL_SPARSE;
}

/* ---- Dense */

static unsigned dense_get(const unsigned char *registers, unsigned i)
{
    ASSERT(i < HLL_REGISTERS);
    unsigned at = i * BITS / 8, shift = i * BITS & 7;
    unsigned pair = registers[at] | (shift > 2 ? (unsigned)registers[at + 1] << 8 : 0);
    return pair >> shift & 63;
}

static void dense_set(unsigned char *registers, unsigned i, unsigned value)
{
    ASSERT(i < HLL_REGISTERS && value < 1u << BITS);
    unsigned at = i * BITS / 8, shift = i * BITS & 7;
    registers[at] = (unsigned char)((registers[at] & ~(63u << shift)) | value << shift);
    if (shift > 2)
        registers[at + 1] =
            (unsigned char)((registers[at + 1] & ~(63u >> (8 - shift))) | value >> (8 - shift));
}

/* ---- Sparse */

struct opcode {
    unsigned size; /* bytes: 1 or 2 */
    unsigned run, value;
};

/* False: incomplete. */
static bool read_opcode(const unsigned char *p, const unsigned char *end, struct opcode *out)
{
    if (p >= end)
        return false;
    if (*p & 0x80)
        *out = (struct opcode){1, (*p & 3u) + 1, (*p >> 2 & 31u) + 1};
    else if (*p & 0x40)
        *out = (struct opcode){2, 0, 0};
    else
        *out = (struct opcode){1, (*p & 63u) + 1, 0};
    if (out->size == 2) {
        if (p + 1 >= end)
            return false;
        out->run = ((*p & 63u) << 8 | p[1]) + 1;
    }
    return true;
}

static unsigned put_zeros(unsigned char *to, unsigned run)
{
    if (run == 0)
        return 0;
    ASSERT(run <= HLL_REGISTERS);
    if (run <= ZERO_MOST) {
        to[0] = (unsigned char)(run - 1);
        return 1;
    }
    to[0] = (unsigned char)(0x40 | (run - 1) >> 8);
    to[1] = (unsigned char)(run - 1);
    return 2;
}

static unsigned put_value(unsigned char *to, unsigned value, unsigned run)
{
    if (run == 0)
        return 0;
    ASSERT(value >= 1 && value <= VALUE_MOST && run <= RUN_MOST);
    to[0] = (unsigned char)(0x80 | (value - 1) << 2 | (run - 1));
    return 1;
}

static unsigned put_run(unsigned char *to, unsigned value, unsigned run)
{
    return value ? put_value(to, value, run) : put_zeros(to, run);
}

/* Joins adjacent runs of the same value, from offset `at` on. */
static void join_runs(struct buf *x, size_t at)
{
    unsigned char *p = (unsigned char *)x->p;
    for (int looked = 0; at < x->n && looked < LOOK_BACK; looked++) {
        struct opcode a, b;
        if (!read_opcode(p + at, p + x->n, &a))
            return;
        if (a.value && read_opcode(p + at + 1, p + x->n, &b) && b.value == a.value &&
            a.run + b.run <= RUN_MOST) {
            put_value(p + at + 1, a.value, a.run + b.run);
            memmove(p + at, p + at + 1, x->n - at - 1);
            x->n--;
            continue;
        }
        at += a.size;
    }
}

bool hll_make_dense(struct buf *x)
{
    uint8_t registers[HLL_REGISTERS] = {0};
    if (hll_encoding(buf_bytes(x)) == HLL_DENSE)
        return true;
    if (!hll_merge(registers, buf_bytes(x)))
        return false;
    x->n = HLL_HEADER;
    memset(buf_room(x, DENSE_SIZE - HLL_HEADER), 0, DENSE_SIZE - HLL_HEADER);
    x->n = DENSE_SIZE;
    x->p[4] = HLL_DENSE;
    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        if (registers[i])
            dense_set((unsigned char *)x->p + HLL_HEADER, i, registers[i]);
    return true;
}

static bool raise_in_place(unsigned char *x, unsigned index, unsigned value)
{
    unsigned char *registers = x + HLL_HEADER;
    if (dense_get(registers, index) >= value)
        return false;
    dense_set(registers, index, value);
    hll_forget_cached(x);
    return true;
}

static int dense_raise(struct buf *x, unsigned index, unsigned value)
{
    return raise_in_place((unsigned char *)x->p, index, value);
}

bool hll_add_dense(unsigned char *x, struct bytes element)
{
    unsigned value, index = place_of(element, &value);
    return raise_in_place(x, index, value);
}

static int become_dense(struct buf *x, unsigned index, unsigned value)
{
    return hll_make_dense(x) ? dense_raise(x, index, value) : -1;
}

static int sparse_raise(struct buf *x, unsigned index, unsigned value, size_t sparse_max)
{
    if (value > VALUE_MOST)
        return become_dense(x, index, value);
    unsigned char *p = (unsigned char *)x->p;
    size_t at = HLL_HEADER, before = HLL_HEADER;
    unsigned first = 0;
    struct opcode op;
    for (;;) {
        if (!read_opcode(p + at, p + x->n, &op) || first + op.run > HLL_REGISTERS)
            return -1;
        if (index < first + op.run)
            break;
        first += op.run;
        before = at;
        at += op.size;
    }
    if (op.value >= value)
        return 0;
    /* The run split into up to three pieces. */
    unsigned char pieces[5];
    unsigned n = put_run(pieces, op.value, index - first);
    n += put_value(pieces + n, value, 1);
    n += put_run(pieces + n, op.value, first + op.run - index - 1);
    if (n > op.size && x->n + n - op.size > sparse_max)
        return become_dense(x, index, value);
    if (n > op.size) {
        buf_room(x, n - op.size);
        p = (unsigned char *)x->p;
    }
    memmove(p + at + n, p + at + op.size, x->n - at - op.size);
    memcpy(p + at, pieces, n);
    x->n = x->n + n - op.size;
    join_runs(x, before);
    hll_forget_cached((unsigned char *)x->p);
    return 1;
}

int hll_raise(struct buf *x, unsigned index, unsigned value, size_t sparse_max)
{
    return hll_encoding(buf_bytes(x)) == HLL_DENSE ? dense_raise(x, index, value)
                                                   : sparse_raise(x, index, value, sparse_max);
}

int hll_add(struct buf *x, struct bytes element, size_t sparse_max)
{
    unsigned value, index = place_of(element, &value);
    return hll_raise(x, index, value, sparse_max);
}

bool hll_merge(uint8_t *most, struct bytes x)
{
    const unsigned char *p = (const unsigned char *)x.p + HLL_HEADER,
                        *end = (const unsigned char *)x.p + x.n;
    if (hll_encoding(x) == HLL_DENSE) {
        for (unsigned i = 0; i < HLL_REGISTERS; i++) {
            unsigned v = dense_get(p, i);
            if (v > most[i])
                most[i] = (uint8_t)v;
        }
        return true;
    }
    unsigned i = 0;
    struct opcode op;
    while (p < end) {
        if (!read_opcode(p, end, &op) || i + op.run > HLL_REGISTERS)
            return false;
        for (unsigned k = 0; op.value && k < op.run; k++)
            if (op.value > most[i + k])
                most[i + k] = (uint8_t)op.value;
        i += op.run;
        p += op.size;
    }
    return i == HLL_REGISTERS;
}

/* ---- The estimate */

static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double y = 1, z = x, last;
    do {
        x *= x;
        last = z;
        z += x * y;
        y += y;
    } while (last != z);
    return z;
}

static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double y = 1, z = 1 - x, last;
    do {
        x = sqrt(x);
        last = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (last != z);
    return z / 3;
}

uint64_t hll_estimate(const uint8_t *registers)
{
    const double m = HLL_REGISTERS;
    int histogram[64] = {0};
    for (unsigned i = 0; i < HLL_REGISTERS; i++)
        histogram[registers[i] & 63]++;
    double z = m * tau((m - histogram[RANKS + 1]) / m);
    for (int k = RANKS; k >= 1; k--)
        z = (z + histogram[k]) * 0.5;
    z += m * sigma(histogram[0] / m);
    /* 1 / (2 ln 2) */
    return (uint64_t)llroundl(0.721347520444481703680L * m * m / z);
}

bool hll_cached(struct bytes x, uint64_t *out)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)(unsigned char)x.p[8 + i] << (8 * i);
    *out = v;
    return !(v >> 63);
}

void hll_put_cached(unsigned char *header, uint64_t count)
{
    for (int i = 0; i < 8; i++)
        header[8 + i] = (unsigned char)(count >> (8 * i));
}

void hll_forget_cached(unsigned char *header)
{
    header[15] |= 0x80;
}

void hll_describe(struct bytes x, struct buf *to)
{
    const unsigned char *p = (const unsigned char *)x.p + HLL_HEADER,
                        *end = (const unsigned char *)x.p + x.n;
    struct opcode op;
    for (; read_opcode(p, end, &op); p += op.size) {
        if (op.value)
            buf_printf(to, "v:%u,%u ", op.value, op.run);
        else
            buf_printf(to, "%c:%u ", op.size == 2 ? 'Z' : 'z', op.run);
    }
    if (to->n)
        to->n--;
}
