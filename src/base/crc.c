/* Each checksum is computed in the fastest way that the CPU supports, as determined by crc_init():
 * CRC-32C by its instruction, eight bytes a step, else by a table; CRC-64 of long data by folding
 * with carry-less multiplication, else by eight tables, eight bytes a step. All ways give the same
 * result (tests/unit/base/crc_test.c). */
#include "base/crc.h"

#include <string.h>
#if defined(__x86_64__)
#include <wmmintrin.h>
#endif

#define POLY_32C 0x82f63b78u         /* reflected 0x1edc6f41 */
#define POLY_64  0x95ac9329ac4bc9b5u /* reflected 0xad93d23594c935a9 */

static uint32_t table_32c[256];
static uint64_t table_64[8][256];
static int has_instruction;
#if defined(__x86_64__)
static int can_fold;
static uint64_t folding[4];
static uint64_t power(unsigned n);
#endif

void crc_init(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint32_t c = i;
        uint64_t d = i;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? c >> 1 ^ POLY_32C : c >> 1;
            d = d & 1 ? d >> 1 ^ POLY_64 : d >> 1;
        }
        table_32c[i] = c;
        table_64[0][i] = d;
    }
    for (int t = 1; t < 8; t++)
        for (unsigned i = 0; i < 256; i++)
            table_64[t][i] = table_64[t - 1][i] >> 8 ^ table_64[0][table_64[t - 1][i] & 255];
#if defined(__x86_64__)
    has_instruction = __builtin_cpu_supports("sse4.2");
    can_fold = __builtin_cpu_supports("pclmul");
    /* By 512 bits, and by 128; each for the first and second eight bytes of sixteen. The -1: a
     * reflected product lacks one factor x. */
    folding[0] = power(512 + 64 - 1);
    folding[1] = power(512 - 1);
    folding[2] = power(128 + 64 - 1);
    folding[3] = power(128 - 1);
#endif
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
                                                                 const unsigned char *p, size_t n)
{
    uint64_t c = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        c = __builtin_ia32_crc32di(c, word);
    }
    uint32_t c32 = (uint32_t)c;
    for (; n; n--, p++)
        c32 = __builtin_ia32_crc32qi(c32, *p);
    return c32;
}
#endif

uint32_t crc_32c(uint32_t crc, const void *data, size_t n)
{
    const unsigned char *p = data;
    crc = ~crc;
#if defined(__x86_64__)
    if (has_instruction)
        return ~by_instruction(crc, p, n);
#endif
    for (; n; n--, p++)
        crc = crc >> 8 ^ table_32c[(crc ^ *p) & 255];
    return ~crc;
}

static uint64_t by_tables(uint64_t crc, const unsigned char *p, size_t n)
{
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        w ^= crc;
        crc = table_64[7][w & 255] ^ table_64[6][w >> 8 & 255] ^ table_64[5][w >> 16 & 255] ^
              table_64[4][w >> 24 & 255] ^ table_64[3][w >> 32 & 255] ^ table_64[2][w >> 40 & 255] ^
              table_64[1][w >> 48 & 255] ^ table_64[0][w >> 56];
    }
    for (; n; n--, p++)
        crc = crc >> 8 ^ table_64[0][(crc ^ *p) & 255];
    return crc;
}

#if defined(__x86_64__)
/* x to the power n modulo the polynomial, reflected. */
static uint64_t power(unsigned n)
{
    uint64_t v = (uint64_t)1 << 63;
    for (; n; n--)
        v = v & 1 ? v >> 1 ^ POLY_64 : v >> 1;
    return v;
}

/* Shifts 16 bytes by the distance of the constants and adds the next 16. */
__attribute__((target("pclmul,sse2"))) static __m128i fold(__m128i x, __m128i by, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(x, by, 0x00), high = _mm_clmulepi64_si128(x, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* Folds four times 16 bytes at once by carry-less multiplication: after "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ" (Gopal et al., Intel, 2009). */
__attribute__((target("pclmul,sse2"))) static uint64_t by_folding(uint64_t crc,
                                                                  const unsigned char *p, size_t n)
{
    const __m128i far = _mm_set_epi64x((int64_t)folding[1], (int64_t)folding[0]),
                  near = _mm_set_epi64x((int64_t)folding[3], (int64_t)folding[2]);
    __m128i x[4];
    for (int i = 0; i < 4; i++)
        x[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    x[0] = _mm_xor_si128(x[0], _mm_set_epi64x(0, (int64_t)crc));
    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
        for (int i = 0; i < 4; i++)
            x[i] = fold(x[i], far, _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
    for (int i = 1; i < 4; i++)
        x[i] = fold(x[i - 1], near, x[i]);
    unsigned char last[16];
    _mm_storeu_si128((__m128i *)(void *)last, x[3]);
    return by_tables(by_tables(0, last, 16), p, n);
}
#endif

uint64_t crc_64(uint64_t crc, const void *data, size_t n)
{
#if defined(__x86_64__)
    if (can_fold && n >= 128)
        return by_folding(crc, data, n);
#endif
    return by_tables(crc, data, n);
}

uint16_t crc_16(uint16_t crc, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (; n; n--) {
        crc = (uint16_t)(crc ^ *p++ << 8);
        for (int k = 0; k < 8; k++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}
