/* BITOP. Shorter sources are padded with zero bytes. An empty result deletes the destination. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/string_args.h"

/* A bit of the result is set if the sources' bit is set in
 *   DIFF   the first source and none of the others
 *   DIFF1  at least one of the others, but not the first
 *   ANDOR  the first and at least one of the others
 *   ONE    exactly one source */
enum operation { AND, OR, XOR, NOT, DIFF, DIFF1, ANDOR, ONE };

static void combine(unsigned char *to, struct bytes s, size_t n, enum operation op)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
        to[i] = (unsigned char)(op == AND ? to[i] & c : op == OR ? to[i] | c : to[i] ^ c);
    }
}

/* Adds a source: to[] are bits in at least one source, more[] those in more than one. */
static void combine_one(unsigned char *to, unsigned char *more, struct bytes s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
        more[i] |= to[i] & c;
        to[i] |= c;
    }
}

/* first: the first source; to[]: bits in any of the others. */
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

/* Combines the sources into n bytes at p, which are initially 0 (NOT: 1 bits). */
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
    /* Redis before 8.2 does not have the others. */
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
    .summary = "Performs a bitwise operation on strings and stores the result.",
    .since = "2.6.0",
    .complexity = "O(N) with N the bytes",
    .group = GROUP_BITMAP,
    .arity = -4,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(3, -1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitop,
};
