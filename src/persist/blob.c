#include "persist/blob.h"

#include "base/assert.h"
#include "base/num.h"

#define ZIPLIST_HEADER 10u

static uint64_t little(const unsigned char *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

bool blob_open(struct blob_reader *r, enum blob_kind kind, struct bytes blob)
{
    const unsigned char *p = (const unsigned char *)blob.p;
    *r = (struct blob_reader){.kind = kind};
    switch (kind) {
    case BLOB_LISTPACK:
        return listpack_open(&r->in, blob);
    case BLOB_ZIPLIST:
        if (blob.n < ZIPLIST_HEADER + 1 || little(p, 4) != blob.n || p[blob.n - 1] != 0xff)
            return false;
        r->in = (struct listpack_reader){p + ZIPLIST_HEADER, p + blob.n - 1};
        return true;
    case BLOB_ZIPMAP:
        if (blob.n < 2 || p[blob.n - 1] != 0xff)
            return false;
        r->in = (struct listpack_reader){p + 1, p + blob.n - 1};
        return true;
    }
    return false;
}

/* Reads a ziplist element after its previous-size field. Returns its length, 0: damaged. */
static size_t ziplist_element(const unsigned char *p, size_t left, char *scratch, struct bytes *out)
{
    unsigned c = p[0];
    size_t head, n;
    if (c < 0xc0) {
        head = c < 0x40 ? 1 : c < 0x80 ? 2 : 5;
        if (left < head || (head == 5 && c != 0x80))
            return 0;
        n = head == 1   ? c
            : head == 2 ? (size_t)(c & 0x3f) << 8 | p[1]
                        : (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        if (left - head < n)
            return 0;
        *out = bytes_of(p + head, n);
        return head + n;
    }
    unsigned bytes = c == 0xc0 ? 2 : c == 0xd0 ? 4 : c == 0xe0 ? 8 : c == 0xf0 ? 3 : c == 0xfe;
    if (left < bytes + 1 || (!bytes && (c < 0xf1 || c > 0xfd)))
        return 0;
    uint64_t u = bytes ? little(p + 1, bytes) : c - 0xf1;
    if (bytes && bytes < 8 && u >> (8 * bytes - 1))
        u |= ~(uint64_t)0 << (8 * bytes);
    *out = bytes_of(scratch, num_print_int(scratch, (int64_t)u));
    return bytes + 1;
}

static bool ziplist_next(struct blob_reader *r, char *scratch, struct bytes *out, bool *bad)
{
    const unsigned char *p = r->in.p;
    size_t left = (size_t)(r->in.end - p), before;
    *bad = false;
    if (left == 0)
        return false;
    *bad = true;
    before = *p < 254 ? 1 : 5;
    if (*p == 255 || left <= before)
        return false;
    size_t n = ziplist_element(p + before, left - before, scratch, out);
    if (n == 0)
        return false;
    r->in.p = p + before + n;
    ASSERT(r->in.p <= r->in.end);
    *bad = false;
    return true;
}

static bool zipmap_next(struct blob_reader *r, struct bytes *out, bool *bad)
{
    const unsigned char *p = r->in.p;
    size_t left = (size_t)(r->in.end - p);
    *bad = r->is_value && left == 0;
    if (left == 0)
        return false;
    *bad = true;
    size_t head = *p < 254 ? 1 : 5;
    if (*p == 255 || left < head)
        return false;
    uint64_t n = head == 1 ? *p : little(p + 1, 4), unused = 0;
    if (r->is_value) {
        if (left == head)
            return false;
        unused = p[head++];
    }
    if (n + unused > left - head)
        return false;
    *out = bytes_of(p + head, n);
    r->in.p = p + head + n + unused;
    ASSERT(r->in.p <= r->in.end);
    r->is_value = !r->is_value;
    *bad = false;
    return true;
}

bool blob_next(struct blob_reader *r, char *scratch, struct bytes *out, bool *bad)
{
    switch (r->kind) {
    case BLOB_LISTPACK:
        return listpack_next(&r->in, scratch, out, bad);
    case BLOB_ZIPLIST:
        return ziplist_next(r, scratch, out, bad);
    case BLOB_ZIPMAP:
        return zipmap_next(r, out, bad);
    }
    *bad = true;
    return false;
}

bool blob_next_int(struct blob_reader *r, int64_t *out)
{
    char scratch[24];
    struct bytes x;
    bool bad;
    long long v;
    if (!blob_next(r, scratch, &x, &bad) || !num_parse_int(x, &v))
        return false;
    *out = v;
    return true;
}
