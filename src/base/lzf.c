#include "base/lzf.h"

#include <stdint.h>
#include <string.h>

#define PACK_LEAST  4 /* shorter strings are not compressed */
#define WINDOW      8192
#define MATCH_LEAST 4 /* the format allows 3: slower both ways, 1.4 % smaller */
#define MATCH_MOST  264
#define RUN_MOST    32
#define TABLE_BITS  12
#define WILD        32 /* bytes copied at once where there is room */

static uint32_t four(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The length of the common prefix; b is before a. */
static size_t equal(const uint8_t *a, const uint8_t *b, size_t most)
{
    size_t n = 0;
    while (n + 8 <= most) {
        uint64_t x, y;
        memcpy(&x, a + n, 8);
        memcpy(&y, b + n, 8);
        if (x != y)
            return n + (size_t)__builtin_ctzll(x ^ y) / 8;
        n += 8;
    }
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

/* Writes literal bytes. NULL: no room. */
static uint8_t *put_run(uint8_t *out, const uint8_t *end, const uint8_t *from, size_t n)
{
    while (n) {
        size_t part = n < RUN_MOST ? n : RUN_MOST;
        if ((size_t)(end - out) < part + 1)
            return NULL;
        *out++ = (uint8_t)(part - 1);
        memcpy(out, from, part);
        out += part;
        from += part;
        n -= part;
    }
    return out;
}

static uint8_t *put_match(uint8_t *out, const uint8_t *end, size_t back, size_t n)
{
    n -= 2;
    if (end - out < (n < 7 ? 2 : 3))
        return NULL;
    if (n < 7) {
        *out++ = (uint8_t)(n << 5 | back >> 8);
    } else {
        *out++ = (uint8_t)(7 << 5 | back >> 8);
        *out++ = (uint8_t)(n - 7);
    }
    *out++ = (uint8_t)back;
    return out;
}

size_t lzf_pack(const void *from, size_t n, void *to, size_t cap)
{
    const uint8_t *in = from;
    uint8_t *out = to;
    const uint8_t *end = out + cap;
    uint32_t table[1 << TABLE_BITS]; /* positions + 1; 0: none */
    unsigned bits = n <= 512 ? 8 : n <= 4096 ? 10 : TABLE_BITS;
    size_t at = 0, run = 0; /* start of the bytes not yet written */
    if (n < PACK_LEAST)
        return 0;
    memset(table, 0, sizeof(*table) << bits);
    while (at + MATCH_LEAST < n) {
        uint32_t word = four(in + at), slot = word * 0x9e3779b1u >> (32 - bits);
        size_t before = table[slot];
        table[slot] = (uint32_t)at + 1;
        if (!before || at - (before - 1) > WINDOW || four(in + before - 1) != word) {
            /* The steps get longer while there is no match: incompressible data cost little. */
            at += 1 + (at - run) / RUN_MOST;
            continue;
        }
        size_t most = n - at < MATCH_MOST ? n - at : MATCH_MOST;
        size_t len = equal(in + at, in + before - 1, most);
        out = put_run(out, end, in + run, at - run);
        if (out)
            out = put_match(out, end, at - before, len);
        if (!out)
            return 0;
        at += len;
        run = at;
        /* Only the end of a match is entered into the table: the next match is likely to begin
         * there. */
        if (at + 2 < n) {
            word = four(in + at - 2);
            table[word * 0x9e3779b1u >> (32 - bits)] = (uint32_t)at - 1;
        }
    }
    out = put_run(out, end, in + run, n - run);
    return out ? (size_t)(out - (uint8_t *)to) : 0;
}

/* Copies n bytes from `back` bytes before out; they may overlap. */
static void copy_back(uint8_t *out, size_t back, size_t n)
{
    const uint8_t *from = out - back;
    if (back == 1)
        memset(out, *from, n);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = from[i];
}

/* The same, but may write up to WILD bytes more. */
static void copy_back_wild(uint8_t *out, size_t back, size_t n)
{
    const uint8_t *from = out - back;
    if (back >= 16)
        for (size_t i = 0; i < n; i += 16)
            memcpy(out + i, from + i, 16);
    else if (back >= 8)
        for (size_t i = 0; i < n; i += 8)
            memcpy(out + i, from + i, 8);
    else
        copy_back(out, back, n);
}

/* Reads only the tokens' lengths; lzf_unpack() checks the rest. */
bool lzf_size(const void *from, size_t packed, size_t *n)
{
    const uint8_t *in = from, *in_end = in + packed;
    *n = 0;
    while (in < in_end) {
        size_t control = *in, len = control >> 5, token;
        if (control < RUN_MOST) {
            len = control + 1;
            token = 1 + len;
        } else {
            token = len == 7 ? 3 : 2;
            if ((size_t)(in_end - in) < token)
                return false;
            len += 2 + (len == 7 ? in[1] : 0u);
        }
        if ((size_t)(in_end - in) < token)
            return false;
        in += token;
        *n += len;
    }
    return true;
}

bool lzf_unpack(const void *from, size_t packed, void *to, size_t n)
{
    const uint8_t *in = from, *in_end = in + packed;
    uint8_t *out = to;
    const uint8_t *end = out + n;
    while (in < in_end) {
        /* Far from both ends there is room for any token. */
        bool wild = in_end - in > 1 + WILD && end - out >= MATCH_MOST + WILD;
        size_t control = *in++;
        if (control < RUN_MOST) {
            size_t run = control + 1;
            if (wild)
                memcpy(out, in, WILD);
            else if ((size_t)(in_end - in) >= run && (size_t)(end - out) >= run)
                memcpy(out, in, run);
            else
                return false;
            in += run;
            out += run;
            continue;
        }
        size_t len = control >> 5;
        if (!wild && (size_t)(in_end - in) < (len == 7 ? 2u : 1u))
            return false;
        if (len == 7)
            len += *in++;
        len += 2;
        size_t back = ((control & 31) << 8 | *in++) + 1;
        if (back > (size_t)(out - (uint8_t *)to))
            return false;
        if (wild)
            copy_back_wild(out, back, len);
        else if (len <= (size_t)(end - out))
            copy_back(out, back, len);
        else
            return false;
        out += len;
    }
    return out == end;
}
