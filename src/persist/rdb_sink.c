#include "persist/rdb_sink.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/lzf.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "persist/rdb_format.h"

#define FLUSH_FROM  (256u * 1024)
#define LENGTH_MOST 9
#define PACK_MOST   (64u << 20) /* compressing longer strings takes too much memory */

static void write_out(struct rdb_sink *s, struct bytes x)
{
    size_t written;
    ASSERT(s->fd >= 0);
    if (s->checksum)
        s->crc = crc_64(s->crc, x.p, x.n);
    if (!s->error)
        s->error = file_write_all(s->fd, x, &written);
    s->written += x.n;
}

void rdb_sink_flush(struct rdb_sink *s)
{
    if (s->fd < 0)
        return;
    write_out(s, buf_bytes(&s->out));
    s->out.n = 0;
}

void rdb_sink_put(struct rdb_sink *s, const void *p, size_t n)
{
    buf_add(&s->out, bytes_of(p, n));
    if (s->out.n >= FLUSH_FROM)
        rdb_sink_flush(s);
}

void rdb_sink_byte(struct rdb_sink *s, unsigned v)
{
    ASSERT(v <= UINT8_MAX);
    unsigned char c = (unsigned char)v;
    rdb_sink_put(s, &c, 1);
}

/* Returns how many bytes it takes. */
static size_t print_length(unsigned char to[LENGTH_MOST], uint64_t n)
{
    if (n < 64) {
        to[0] = (unsigned char)n;
        return 1;
    }
    if (n < 16384) {
        to[0] = (unsigned char)(RDB_LENGTH_14 | n >> 8);
        to[1] = (unsigned char)n;
        return 2;
    }
    unsigned bytes = n <= UINT32_MAX ? 4 : 8;
    to[0] = bytes == 4 ? RDB_LENGTH_32 : RDB_LENGTH_64;
    for (unsigned i = 0; i < bytes; i++)
        to[1 + i] = (unsigned char)(n >> (8 * (bytes - 1 - i)));
    return bytes + 1;
}

void rdb_sink_length(struct rdb_sink *s, uint64_t n)
{
    unsigned char b[LENGTH_MOST];
    rdb_sink_put(s, b, print_length(b, n));
}

void rdb_sink_little64(struct rdb_sink *s, uint64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    rdb_sink_put(s, b, 8);
}

static void put_int(struct rdb_sink *s, int64_t v)
{
    unsigned char b[5];
    ASSERT(v >= INT32_MIN && v <= INT32_MAX);
    unsigned bytes = v >= -128 && v <= 127 ? 1 : v >= -32768 && v <= 32767 ? 2 : 4;
    b[0] = RDB_ENCODED | (bytes == 1 ? RDB_INT8 : bytes == 2 ? RDB_INT16 : RDB_INT32);
    for (unsigned i = 0; i < bytes; i++)
        b[1 + i] = (unsigned char)((uint64_t)v >> (8 * i));
    rdb_sink_put(s, b, bytes + 1);
}

/* Compresses in place, after room for the longest head. */
static bool put_compressed(struct rdb_sink *s, struct bytes x)
{
    unsigned char head[1 + 2 * LENGTH_MOST];
    char *room = buf_room(&s->out, sizeof(head) + x.n);
    size_t n = lzf_pack(x.p, x.n, room + sizeof(head), x.n - 4);
    if (n == 0)
        return false;
    size_t h = 1;
    head[0] = RDB_ENCODED | RDB_LZF;
    h += print_length(head + h, n);
    h += print_length(head + h, x.n);
    /* The packed bytes are moved down to the actual head, never up. */
    ASSERT(n < x.n && h <= sizeof(head));
    memcpy(room, head, h);
    memmove(room + h, room + sizeof(head), n);
    s->out.n += h + n;
    if (s->out.n >= FLUSH_FROM)
        rdb_sink_flush(s);
    return true;
}

void rdb_sink_string(struct rdb_sink *s, struct bytes x)
{
    long long v;
    if (x.n && x.n <= 11 && num_parse_int(x, &v) && v >= INT32_MIN && v <= INT32_MAX) {
        put_int(s, v);
        return;
    }
    if (s->compress && x.n > 20 && x.n <= PACK_MOST && put_compressed(s, x))
        return;
    rdb_sink_length(s, x.n);
    if (x.n < FLUSH_FROM || s->fd < 0) {
        rdb_sink_put(s, x.p, x.n);
        return;
    }
    /* Long values are written without a copy, after flushing what precedes them. */
    rdb_sink_flush(s);
    ASSERT(s->out.n == 0);
    write_out(s, x);
}

void rdb_sink_free(struct rdb_sink *s)
{
    buf_free(&s->out);
    buf_free(&s->pack);
}
