#include "persist/rdb_source.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/lzf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

#define SHORT_CLAIM 4096u             /* a harmless expanded size */
#define LARGE       ((size_t)1 << 20) /* a string that may not fit into memory */

bool rdb_source_fail(struct rdb_source *r, const char *format, ...)
{
    if (r->failed)
        return false;
    r->failed = true;
    ASSERT(r->start <= r->p && r->p <= r->end);
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(r->error, sizeof(r->error), format, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof(r->error))
        snprintf(r->error + n, sizeof(r->error) - (size_t)n, " at offset %zu",
                 (size_t)(r->p - r->start));
    return false;
}

void rdb_source_warn(struct rdb_source *r, const char *format, ...)
{
    char text[200];
    if (!r->warn)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    r->warn(r->warn_context, text);
}

bool rdb_source_need(struct rdb_source *r, uint64_t n)
{
    ASSERT(r->start <= r->p && r->p <= r->end);
    if ((uint64_t)(r->end - r->p) >= n)
        return true;
    return rdb_source_fail(r, "Unexpected EOF reading RDB file");
}

bool rdb_source_byte(struct rdb_source *r, unsigned *out)
{
    if (!rdb_source_need(r, 1))
        return false;
    *out = *r->p++;
    return true;
}

/* A length; *encoded is set when the byte announces a specially encoded string instead. */
static bool length_or_code(struct rdb_source *r, uint64_t *out, bool *encoded)
{
    unsigned c;
    *encoded = false;
    if (!rdb_source_byte(r, &c))
        return false;
    if ((c & RDB_LENGTH_KIND) == RDB_LENGTH_6) {
        *out = c & 63;
    } else if ((c & RDB_LENGTH_KIND) == RDB_LENGTH_14) {
        unsigned d;
        if (!rdb_source_byte(r, &d))
            return false;
        *out = (uint64_t)(c & 63) << 8 | d;
    } else if (c == RDB_LENGTH_32 || c == RDB_LENGTH_64) {
        unsigned n = c == RDB_LENGTH_32 ? 4 : 8;
        if (!rdb_source_need(r, n))
            return false;
        *out = 0;
        for (unsigned i = 0; i < n; i++)
            *out = *out << 8 | *r->p++;
    } else if ((c & RDB_LENGTH_KIND) == RDB_ENCODED) {
        *encoded = true;
        *out = c & 63;
    } else {
        return rdb_source_fail(r, "Unknown length encoding %u", c);
    }
    return true;
}

bool rdb_source_length(struct rdb_source *r, uint64_t *out)
{
    bool encoded;
    if (!length_or_code(r, out, &encoded))
        return false;
    return !encoded || rdb_source_fail(r, "Unexpected encoded length");
}

bool rdb_source_little64(struct rdb_source *r, uint64_t *out)
{
    if (!rdb_source_need(r, 8))
        return false;
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)*r->p++ << (8 * i);
    return true;
}

static bool no_memory(struct rdb_source *r, uint64_t n)
{
    return rdb_source_fail(r, "Not enough memory for a string of %llu bytes",
                           (unsigned long long)n);
}

/* The value made from a string allocates its size once more and cannot report failure, so the
 * allocation is tried here first. */
static bool has_memory(struct rdb_source *r, uint64_t n)
{
    if (n < LARGE)
        return true;
    void *block = mem_try_alloc((size_t)n + LARGE);
    mem_free(block);
    return block || no_memory(r, n);
}

/* A string, expanded into `to` or, if plain, in place. */
bool rdb_source_string_into(struct rdb_source *r, struct bytes *out, struct buf *to)
{
    uint64_t n, packed;
    bool encoded;
    if (r->turn && rdb_source_turn_is_due(r) && !r->turn(r->turn_context))
        return false;
    if (!length_or_code(r, &n, &encoded))
        return false;
    if (!encoded) {
        if (!rdb_source_need(r, n))
            return false;
        *out = bytes_of(r->p, (size_t)n);
        r->p += n;
        return has_memory(r, n);
    }
    if (n <= RDB_INT32) {
        unsigned bytes = 1u << n;
        if (!rdb_source_need(r, bytes))
            return false;
        uint64_t u = 0;
        for (unsigned i = 0; i < bytes; i++)
            u |= (uint64_t)*r->p++ << (8 * i);
        if (u >> (8 * bytes - 1))
            u |= ~(uint64_t)0 << (8 * bytes);
        to->n = 0;
        buf_add_int(to, (int64_t)u);
        *out = buf_bytes(to);
        return true;
    }
    if (n != RDB_LZF)
        return rdb_source_fail(r, "Unknown RDB string encoding type %llu", (unsigned long long)n);
    if (!rdb_source_length(r, &packed) || !rdb_source_length(r, &n) || !rdb_source_need(r, packed))
        return false;
    /* Before a large claimed size is believed, the real one is computed. */
    size_t holds;
    if (n > SHORT_CLAIM && (!lzf_size(r->p, (size_t)packed, &holds) || holds != n))
        return rdb_source_fail(r, "Invalid LZF compressed string");
    to->n = 0;
    char *place = buf_try_room(to, (size_t)n + 1);
    if (!place)
        return no_memory(r, n);
    if (!lzf_unpack(r->p, (size_t)packed, place, (size_t)n))
        return rdb_source_fail(r, "Invalid LZF compressed string");
    to->n = (size_t)n;
    r->p += packed;
    ASSERT(r->p <= r->end && to->n < to->cap);
    *out = buf_bytes(to);
    return has_memory(r, n);
}

bool rdb_source_string(struct rdb_source *r, struct bytes *out)
{
    return rdb_source_string_into(r, out, &r->text);
}

/* Collections built element by element in private. A stream's blocks are in the shared cache. */
bool rdb_source_may_take_turns(unsigned type)
{
    return type == RDB_LIST || type == RDB_SET || type == RDB_HASH || type == RDB_ZSET ||
           type == RDB_TIMED_HASH || type == RDB_OLD_LIST || type == RDB_OLD_ZSET;
}

void rdb_source_time_turn(struct rdb_source *r, int64_t us)
{
    r->turn_at = us ? clock_ticks() + (uint64_t)((double)us * clock_ticks_per_us()) : 0;
}

void rdb_source_free(struct rdb_source *r)
{
    buf_free(&r->text);
    buf_free(&r->blob);
}
