#include "base/lz.h"

#include <limits.h>
#include <lz4.h>

size_t lz_bound(size_t n)
{
    return n > LZ4_MAX_INPUT_SIZE ? 0 : (size_t)LZ4_compressBound((int)n);
}

size_t lz_compress(const void *from, size_t n, void *to, size_t cap)
{
    if (n > LZ4_MAX_INPUT_SIZE || cap > INT_MAX)
        return 0;
    int got = LZ4_compress_default(from, to, (int)n, (int)cap);
    return got > 0 ? (size_t)got : 0;
}

bool lz_expand(const void *from, size_t packed, void *to, size_t n)
{
    if (n > LZ4_MAX_INPUT_SIZE || packed > INT_MAX)
        return false;
    return LZ4_decompress_safe(from, to, (int)packed, (int)n) == (int)n;
}
