#include "persist/listpack.h"

#include "base/assert.h"
#include "base/num.h"

#define HEADER 6u

void listpack_begin(struct buf *b)
{
    b->n = 0;
    memset(buf_room(b, HEADER), 0, HEADER);
    b->n = HEADER;
}

/* Appends an element's size, readable backwards. */
static void add_back_size(struct buf *b, size_t size)
{
    unsigned char *to = (unsigned char *)buf_room(b, 5);
    unsigned n = size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
    for (unsigned i = 0; i < n; i++) {
        unsigned shift = 7 * (n - 1 - i);
        to[i] = (unsigned char)((size >> shift & 127) | (i ? 128 : 0));
    }
    b->n += n;
}

static void count_one(struct buf *b)
{
    ASSERT(b->n > HEADER);
    unsigned char *at = (unsigned char *)b->p + 4;
    unsigned n = at[0] | (unsigned)at[1] << 8;
    if (n < 65535)
        n++;
    at[0] = (unsigned char)n;
    at[1] = (unsigned char)(n >> 8);
}

void listpack_add_int(struct buf *b, int64_t v)
{
    unsigned char x[9];
    size_t n;
    if (v >= 0 && v <= 127) {
        x[0] = (unsigned char)v;
        n = 1;
    } else if (v >= -4096 && v <= 4095) {
        uint64_t u = (uint64_t)v & 0x1fff;
        x[0] = (unsigned char)(0xc0 | u >> 8);
        x[1] = (unsigned char)u;
        n = 2;
    } else {
        unsigned bytes = v >= INT16_MIN && v <= INT16_MAX        ? 2
                         : v >= -(1 << 23) && v <= (1 << 23) - 1 ? 3
                         : v >= INT32_MIN && v <= INT32_MAX      ? 4
                                                                 : 8;
        static const unsigned char codes[] = {0, 0, 0xf1, 0xf2, 0xf3, 0, 0, 0, 0xf4};
        x[0] = codes[bytes];
        for (unsigned i = 0; i < bytes; i++)
            x[1 + i] = (unsigned char)((uint64_t)v >> (8 * i));
        n = bytes + 1;
    }
    buf_add(b, bytes_of(x, n));
    add_back_size(b, n);
    count_one(b);
}

void listpack_add(struct buf *b, struct bytes x)
{
    long long v;
    if (x.n && x.n <= 20 && num_parse_int(x, &v)) {
        listpack_add_int(b, v);
        return;
    }
    unsigned char head[5];
    size_t n;
    if (x.n < 64) {
        head[0] = (unsigned char)(0x80 | x.n);
        n = 1;
    } else if (x.n < 4096) {
        head[0] = (unsigned char)(0xe0 | x.n >> 8);
        head[1] = (unsigned char)x.n;
        n = 2;
    } else {
        head[0] = 0xf0;
        for (int i = 0; i < 4; i++)
            head[1 + i] = (unsigned char)(x.n >> (8 * i));
        n = 5;
    }
    buf_add(b, bytes_of(head, n));
    buf_add(b, x);
    add_back_size(b, n + x.n);
    count_one(b);
}

void listpack_end(struct buf *b)
{
    ASSERT(b->n >= HEADER);
    buf_add_char(b, (char)0xff);
    for (int i = 0; i < 4; i++)
        b->p[i] = (char)(b->n >> (8 * i));
}

static uint64_t little(const unsigned char *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

bool listpack_open(struct listpack_reader *r, struct bytes blob)
{
    const unsigned char *p = (const unsigned char *)blob.p;
    if (blob.n < HEADER + 1 || little(p, 4) != blob.n || p[blob.n - 1] != 0xff)
        return false;
    *r = (struct listpack_reader){p + HEADER, p + blob.n - 1};
    return true;
}

static size_t back_size_n(size_t size)
{
    return size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
}

bool listpack_next(struct listpack_reader *r, char *scratch, struct bytes *out, bool *bad)
{
    const unsigned char *p = r->p;
    size_t left = (size_t)(r->end - p), head = 1, n = 0;
    int64_t v = 0;
    bool text = false;
    *bad = false;
    if (left == 0)
        return false;
    *bad = true;
    unsigned char c = *p;
    if (c < 0x80) {
        v = c;
    } else if (c < 0xc0) {
        text = true;
        n = c & 0x3f;
    } else if (c < 0xe0) {
        if (left < 2)
            return false;
        v = (int64_t)((uint64_t)(c & 0x1f) << 8 | p[1]);
        if (v >= 4096)
            v -= 8192;
        head = 2;
    } else if (c < 0xf0) {
        if (left < 2)
            return false;
        text = true;
        head = 2;
        n = (size_t)(c & 0xf) << 8 | p[1];
    } else if (c == 0xf0) {
        if (left < 5)
            return false;
        text = true;
        head = 5;
        n = little(p + 1, 4);
    } else if (c <= 0xf4) {
        unsigned bytes = c == 0xf1 ? 2 : c == 0xf2 ? 3 : c == 0xf3 ? 4 : 8;
        if (left < bytes + 1)
            return false;
        uint64_t u = little(p + 1, bytes);
        if (bytes < 8 && u >> (8 * bytes - 1))
            u |= ~(uint64_t)0 << (8 * bytes);
        v = (int64_t)u;
        head = bytes + 1;
    } else {
        return false;
    }
    size_t back = back_size_n(head + n);
    if (left < head + n + back)
        return false;
    *bad = false;
    *out = text ? bytes_of(p + head, n) : bytes_of(scratch, num_print_int(scratch, v));
    r->p = p + head + n + back;
    ASSERT(r->p <= r->end);
    return true;
}

bool listpack_next_int(struct listpack_reader *r, int64_t *out)
{
    char scratch[24];
    struct bytes x;
    bool bad;
    long long v;
    if (!listpack_next(r, scratch, &x, &bad) || !num_parse_int(x, &v))
        return false;
    *out = v;
    return true;
}
