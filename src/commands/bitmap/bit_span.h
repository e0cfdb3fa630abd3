/* The range of a string for BITCOUNT and BITPOS. */
#ifndef COMMANDS_BITMAP_BIT_SPAN_H
#define COMMANDS_BITMAP_BIT_SPAN_H

#include "base/buf.h"
#include "engine/call.h"

struct bit_span {
    long long start, end; /* end is included */
    bool bits;            /* counted in bits, else in bytes */
    bool has_end;
};

/* "start [end [BYTE | BIT]]" from argument i on; false after the error reply. */
bool bit_span_parse(struct call *call, int i, struct bit_span *s);
/* Clips it to a string of n bytes, 0 <= start <= end, in bits; false: it is empty. */
bool bit_span_clip(struct bit_span *s, size_t n);
/* The bytes of a clipped span. Bits of the first and last byte outside of the span are set to
 * `outside`, in a copy that the caller frees. */
struct bytes bit_span_cut(struct bytes s, const struct bit_span *span, bool outside,
                          struct buf *copy);
/* Eight bytes at once. */
static inline uint64_t bit_span_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

#endif
