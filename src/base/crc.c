#include "base/crc.h"

#include <string.h>

#define POLY_32C 0x82f63b78u         /* reflected 0x1edc6f41 */
#define POLY_64  0x95ac9329ac4bc9b5u /* reflected 0xad93d23594c935a9 */

static uint32_t table_32c[256];
static uint64_t table_64[8][256];
static int has_instruction;

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

uint64_t crc_64(uint64_t crc, const void *data, size_t n)
{
    const unsigned char *p = data;
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
