#include "commands/bitmap/bit_span.h"

bool bit_span_parse(struct call *call, int i, struct bit_span *s)
{
    *s = (struct bit_span){.end = -1};
    if (call->argc > i + 3) {
        call_error(call, ERR_SYNTAX);
        return false;
    }
    if (call->argc > i && !call_int(call, i, &s->start))
        return false;
    s->has_end = call->argc > i + 1;
    if (s->has_end && !call_int(call, i + 1, &s->end))
        return false;
    if (call->argc > i + 2) {
        s->bits = bytes_is(call->argv[i + 2], "bit");
        if (!s->bits && !bytes_is(call->argv[i + 2], "byte")) {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

bool bit_span_clip(struct bit_span *s, size_t n)
{
    long long total = (long long)(s->bits ? n * 8 : n);
    if (s->start < 0)
        s->start = s->start + total < 0 ? 0 : s->start + total;
    if (s->end < 0)
        s->end = s->end + total < 0 ? 0 : s->end + total;
    if (s->end >= total)
        s->end = total - 1;
    if (s->start > s->end)
        return false;
    if (!s->bits) {
        s->start *= 8;
        s->end = s->end * 8 + 7;
    }
    return true;
}

struct bytes bit_span_cut(struct bytes s, const struct bit_span *span, bool outside,
                          struct buf *copy)
{
    size_t first = (size_t)span->start / 8, last = (size_t)span->end / 8;
    struct bytes part = bytes_of(s.p + first, last - first + 1);
    unsigned char head = (unsigned char)(0xff00u >> (span->start & 7)),
                  tail = (unsigned char)(0x7fu >> (span->end & 7));
    if (!head && !tail)
        return part;
    buf_add(copy, part);
    unsigned char *a = (unsigned char *)copy->p, *b = a + part.n - 1;
    *a = (unsigned char)(outside ? *a | head : *a & ~head);
    *b = (unsigned char)(outside ? *b | tail : *b & ~tail);
    return buf_bytes(copy);
}
