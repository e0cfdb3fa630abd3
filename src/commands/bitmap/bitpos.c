/* BITPOS: the first bit with a value in a range of a string (bitmap/bit_span). */
#include "commands/index.h"

#include "commands/bitmap/bit_span.h"
#include "type/string.h"

/* The number of the first bit that is `on`, or -1. */
static long long find_bit(struct bytes s, bool on)
{
    size_t i = 0;
    unsigned char none = on ? 0 : 0xff;
    uint64_t none8 = on ? 0 : ~(uint64_t)0;
    /* Skips words, then bytes, without such a bit. */
    while (i + 8 <= s.n && bit_span_load8(s.p + i) == none8)
        i += 8;
    while (i < s.n && (unsigned char)s.p[i] == none)
        i++;
    if (i == s.n)
        return -1;
    unsigned c = (unsigned char)(on ? s.p[i] : ~s.p[i]);
    return (long long)(i * 8 + (unsigned)__builtin_clz(c) - 24);
}

static void do_bitpos(struct call *call)
{
    struct bit_span span;
    long long bit;
    char scratch[NUM_INT_MAX];
    struct buf copy = {0};
    if (!call_int(call, 2, &bit))
        return;
    if (bit != 0 && bit != 1) {
        reply_errorf(call->reply, "ERR The bit argument must be 1 or 0.");
        return;
    }
    struct entry *e = db_read(call->db, call->argv[1]);
    if (!e) {
        reply_int(call->reply, bit ? -1 : 0);
        return;
    }
    if (value_type(e) != TYPE_STRING) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if (!bit_span_parse(call, 3, &span))
        return;
    struct bytes s = string_view(e, scratch);
    if (!bit_span_clip(&span, s.n)) {
        reply_int(call->reply, -1);
        return;
    }
    long long at = find_bit(bit_span_cut(s, &span, !bit, &copy), bit);
    buf_free(&copy);
    /* A zero bit searched without an end is found after the string at the latest. */
    if (at >= 0)
        at += span.start & ~7ll;
    else if (!bit && !span.has_end)
        at = (long long)s.n * 8;
    reply_int(call->reply, at);
}

const struct command bitpos_command = {
    .name = "bitpos",
    .usage = "key:key bit:int [start:int [end:int [<BYTE | BIT>]]]",
    .summary = "Finds the first set or clear bit of a string.",
    .since = "2.8.7",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitpos,
};
