/* Strings as rows of bits: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP. */
#include "commands/index.h"

#include "base/mem.h"

#include "base/mem.h"
#include "commands/bitmap/bitmap_args.h"
#include "commands/string_args.h"

static void do_setbit(struct call *call)
{
    struct bytes key = call->argv[1];
    uint64_t at;
    long long on;
    struct entry *e;
    if (!bitmap_args_offset(call, call->argv[2], 0, &at))
        return;
    if (!num_parse_int(call->argv[3], &on) || on < 0 || on > 1) {
        reply_errorf(call->reply, "ERR bit is not an integer or out of range");
        return;
    }
    if (!call_write(call, key, TYPE_STRING, &e))
        return;
    bool grows = !e || string_length(e) <= at / 8;
    unsigned char *place = string_args_grow(call, key, e, at / 8 + 1) + at / 8;
    unsigned shift = 7 - (at & 7);
    bool was = *place >> shift & 1;
    if (grows || was != on) {
        *place = (unsigned char)((*place & ~(1u << shift)) | (unsigned)on << shift);
        db_changed(call->db, key, DB_EVENT_STRING, "setbit");
    }
    reply_int(call->reply, was);
}

static void do_getbit(struct call *call)
{
    uint64_t at;
    char scratch[NUM_INT_MAX];
    struct bytes s;
    if (!bitmap_args_offset(call, call->argv[2], 0, &at) ||
        !string_args_read(call, call->argv[1], scratch, &s))
        return;
    bool on = at / 8 < s.n && ((unsigned char)s.p[at / 8] >> (7 - (at & 7)) & 1);
    reply_int(call->reply, on);
}

const struct command setbit_command = {
    .name = "setbit",
    .usage = "key:key offset:int value:int",
    .summary = "Sets or clears a bit of a string.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_BITMAP,
    .arity = 4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE)},
    .handler = do_setbit,
};
const struct command getbit_command = {
    .name = "getbit",
    .usage = "key:key offset:int",
    .summary = "Answers a bit of a string.",
    .since = "2.2.0",
    .complexity = "O(1)",
    .group = GROUP_BITMAP,
    .arity = 3,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_getbit,
};

static uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static long long count_bits(struct bytes s)
{
    long long n = 0;
    for (; s.n >= 8; s = bytes_of(s.p + 8, s.n - 8))
        n += __builtin_popcountll(load8(s.p));
    for (size_t i = 0; i < s.n; i++)
        n += __builtin_popcount((unsigned char)s.p[i]);
    return n;
}

/* The first bit that is `on`; its number, or -1. */
static long long find_bit(struct bytes s, bool on)
{
    size_t i = 0;
    unsigned char none = on ? 0 : 0xff;
    uint64_t none8 = on ? 0 : ~(uint64_t)0;
    while (i + 8 <= s.n && load8(s.p + i) == none8)
        i += 8;
    while (i < s.n && (unsigned char)s.p[i] == none)
        i++;
    if (i == s.n)
        return -1;
    unsigned c = (unsigned char)(on ? s.p[i] : ~s.p[i]);
    return (long long)(i * 8 + (unsigned)__builtin_clz(c) - 24);
}

struct span {
    long long start, end; /* the last included */
    bool bits;            /* counted in bits, else in bytes */
    bool has_end;
};

/* "start [end [BYTE | BIT]]" from argument i on. */
static bool parse_span(struct call *call, int i, struct span *s)
{
    *s = (struct span){.end = -1};
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

/* Fits it to a string of n bytes, in bits; false: nothing is in it. */
static bool clip(struct span *s, size_t n)
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

/* The bytes that a span touches, copied when bits at its ends have to be masked off (set to
 * `outside`). */
static struct bytes cut(struct bytes s, const struct span *span, bool outside, struct buf *copy)
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

static void do_bitcount(struct call *call)
{
    struct span span;
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
    /* An absent key counts nothing, whatever the range says. */
    struct entry *e = db_read(call->db, call->argv[1]);
    if (!e) {
        reply_int(call->reply, 0);
        return;
    }
    if (value_type(e) != TYPE_STRING) {
        call_error(call, ERR_WRONGTYPE);
        return;
    }
    if (!parse_span(call, 2, &span))
        return;
    s = string_view(e, scratch);
    /* Here, unlike in BITPOS, what ends before it begins is nothing, before anything is clipped. */
    bool inverted = span.start < 0 && span.end < 0 && span.start > span.end;
    long long n = !inverted && clip(&span, s.n) ? count_bits(cut(s, &span, false, &copy)) : 0;
    buf_free(&copy);
    reply_int(call->reply, n);
}

static void do_bitpos(struct call *call)
{
    struct span span;
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
    if (!parse_span(call, 3, &span))
        return;
    struct bytes s = string_view(e, scratch);
    if (!clip(&span, s.n)) {
        reply_int(call->reply, -1);
        return;
    }
    long long at = find_bit(cut(s, &span, !bit, &copy), bit);
    buf_free(&copy);
    /* A zero that is looked for without an end is found behind the string at the latest. */
    if (at >= 0)
        at += span.start & ~7ll;
    else if (!bit && !span.has_end)
        at = (long long)s.n * 8;
    reply_int(call->reply, at);
}

const struct command bitcount_command = {
    .name = "bitcount",
    .usage = "key:key [start:int end:int [<BYTE | BIT>]]",
    .summary = "Counts the bits that are set.",
    .since = "2.6.0",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitcount,
};
const struct command bitpos_command = {
    .name = "bitpos",
    .usage = "key:key bit:int [start:int [end:int [<BYTE | BIT>]]]",
    .summary = "Finds the first bit that is set, or clear.",
    .since = "2.8.7",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitpos,
};

/* DIFF: in the first and no other; DIFF1: in another and not the first; ANDOR: in the first and
 * another; ONE: in exactly one. */
enum operation { AND, OR, XOR, NOT, DIFF, DIFF1, ANDOR, ONE };

static void combine(unsigned char *to, struct bytes s, size_t n, enum operation op)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
        to[i] = (unsigned char)(op == AND ? to[i] & c : op == OR ? to[i] | c : to[i] ^ c);
    }
}

/* What to[] and the bits that were in more than one become with one more source. */
static void combine_one(unsigned char *to, unsigned char *more, struct bytes s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
        more[i] |= to[i] & c;
        to[i] |= c;
    }
}

/* first is the first source; to[] holds what any of the others has. */
static void combine_first(unsigned char *to, struct bytes first, size_t n, enum operation op)
{
    for (size_t i = 0; i < n; i++) {
        unsigned x = i < first.n ? (unsigned char)first.p[i] : 0, y = to[i];
        to[i] = (unsigned char)(op == DIFF ? x & ~y : op == DIFF1 ? y & ~x : x & y);
    }
}

static struct bytes source(const struct call *call, int i, char *scratch)
{
    struct entry *e = db_find(call->db, call->argv[i]);
    return e ? string_view(e, scratch) : bytes_of("", 0);
}

/* The sources into n bytes at p, all of them 0 (NOT: all 1). */
static void combine_all(const struct call *call, unsigned char *p, size_t n, enum operation op)
{
    char scratch[NUM_INT_MAX];
    if (op <= NOT) {
        for (int i = 3; i < call->argc; i++)
            combine(p, source(call, i, scratch), n, i == 3 ? (op == NOT ? XOR : OR) : op);
    } else if (op == ONE) {
        unsigned char *more = mem_zalloc(n + 1);
        for (int i = 3; i < call->argc; i++)
            combine_one(p, more, source(call, i, scratch), n);
        for (size_t i = 0; i < n; i++)
            p[i] &= (unsigned char)~more[i];
        mem_free(more);
    } else {
        for (int i = 4; i < call->argc; i++)
            combine(p, source(call, i, scratch), n, OR);
        combine_first(p, source(call, 3, scratch), n, op);
    }
}

static bool parse_operation(struct call *call, enum operation *op)
{
    static const char *const words[] = {"and", "or", "xor", "not", "diff", "diff1", "andor", "one"};
    for (int i = AND; i <= ONE; i++)
        if (bytes_is(call->argv[1], words[i])) {
            *op = (enum operation)i;
            if (*op == NOT && call->argc != 4) {
                reply_errorf(call->reply, "ERR BITOP NOT must be called with a single source key.");
                return false;
            }
            if (*op >= DIFF && *op <= ANDOR && call->argc < 5) {
                reply_errorf(call->reply,
                             "ERR BITOP %s must be called with at least two source keys.",
                             *op == DIFF    ? "DIFF"
                             : *op == DIFF1 ? "DIFF1"
                                            : "ANDOR");
                return false;
            }
            return true;
        }
    call_error(call, ERR_SYNTAX);
    return false;
}

static void do_bitop(struct call *call)
{
    enum operation op;
    struct bytes to = call->argv[2], s;
    char scratch[NUM_INT_MAX];
    size_t n = 0;
    if (!parse_operation(call, &op))
        return;
    for (int i = 3; i < call->argc; i++) {
        if (!string_args_read(call, call->argv[i], scratch, &s))
            return;
        n = s.n > n ? s.n : n;
    }
    struct buf result = {0};
    unsigned char *p = (unsigned char *)buf_room(&result, n + 1);
    memset(p, op == NOT ? 0xff : 0, n);
    combine_all(call, p, n, op);
    /* Redis before 8.2 does not know the others. */
    if (op > NOT && n)
        CALL_EFFECT(call, BYTES("SET"), to, bytes_of(p, n));
    else if (op > NOT)
        CALL_EFFECT(call, BYTES("DEL"), to);
    struct entry *e = n ? string_new(to, bytes_of(p, n)) : NULL;
    helpers_store(call, to, e, DB_EVENT_STRING, "set");
    buf_free(&result);
    reply_int(call->reply, (long long)n);
}

const struct command bitop_command = {
    .name = "bitop",
    .usage = "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey:key key:key...",
    .summary = "Combines strings bit by bit into another.",
    .since = "2.6.0",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(3, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitop,
};
