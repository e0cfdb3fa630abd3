/* BITCOUNT: the number of ones in a range of a string (bitmap/bit_span). */
#include "commands/index.h"

#include "commands/bitmap/bit_span.h"
#include "type/string.h"

/* Eight bytes at once. */
static long long count_bits(struct bytes s)
{
    long long n = 0;
    for (; s.n >= 8; s = bytes_of(s.p + 8, s.n - 8))
        n += __builtin_popcountll(bit_span_load8(s.p));
    for (size_t i = 0; i < s.n; i++)
        n += __builtin_popcount((unsigned char)s.p[i]);
    return n;
}

static void do_bitcount(struct call *call)
{
    struct bit_span span;
    char scratch[NUM_INT_MAX];
    struct bytes s;
    struct buf copy = {0};
    if (call->argc == 3) {
        struct entry *e;
        if (call_read(call, call->argv[1], TYPE_STRING, &e)) {
            if (e)
                call_error(call, ERR_SYNTAX);
            else
                reply_int(call->reply, 0);
        }
        return;
    }
    /* An absent key counts 0, even with an invalid range. */
    struct entry *e = db_read(call->db, call->argv[1]);
    if (!e) {
        reply_int(call->reply, 0);
        return;
    }
    if (value_type(e) != TYPE_STRING) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if (!bit_span_parse(call, 2, &span))
        return;
    s = string_view(e, scratch);
    /* Unlike in BITPOS, a range with its end before its start is empty, checked before clipping. */
    bool inverted = span.start < 0 && span.end < 0 && span.start > span.end;
    long long n = !inverted && bit_span_clip(&span, s.n)
                      ? count_bits(bit_span_cut(s, &span, false, &copy))
                      : 0;
    buf_free(&copy);
    reply_int(call->reply, n);
}

const struct command bitcount_command = {
    .name = "bitcount",
    .usage = "key:key [start:int end:int [<BYTE | BIT>]]",
    .summary = "Counts the set bits of a string.",
    .since = "2.6.0",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitcount,
};
