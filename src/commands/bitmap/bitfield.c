/* Integers of any width inside strings: BITFIELD, BITFIELD_RO.
 *
 * A request is a list of steps: GET, SET, INCRBY, each with a type (u1 to u63, i1 to i64) and an
 * offset in bits; OVERFLOW sets how later steps treat values that do not fit. parse() reads all
 * steps before the first runs, so an error in the last one changes nothing. If a step writes, the
 * string is first extended for all of them.
 *
 * fit() computes the written value with 128 bits, so that no sum overflows: WRAP keeps the low
 * bits, SAT takes the bound, FAIL writes nothing and replies null for that step.
 *
 * There is one notification and one effect for the request, if a step changed something or the
 * string grew. */
#include "commands/index.h"

#include "base/mem.h"
#include "command/keys.h"
#include "commands/bitmap/bitmap_args.h"
#include "commands/string_args.h"

enum overflow { WRAP, SATURATE, FAIL };
enum action { GET, SET, ADD };

struct step {
    enum action action;
    enum overflow overflow;
    bool is_signed;
    unsigned width;
    uint64_t at;
    int64_t operand;
};

static bool parse_type(struct call *call, struct bytes text, struct step *s)
{
    long long width;
    s->is_signed = text.n && text.p[0] == 'i';
    bool good = text.n > 1 && (s->is_signed || text.p[0] == 'u') &&
                num_parse_int(bytes_of(text.p + 1, text.n - 1), &width) && width >= 1 &&
                width <= (s->is_signed ? 64 : 63);
    if (good)
        s->width = (unsigned)width;
    else
        reply_errorf(call->reply, "ERR Invalid bitfield type. Use something like i16 u8. Note that "
                                  "u64 is not supported but i64 is.");
    return good;
}

static bool parse_overflow(struct call *call, struct bytes word, enum overflow *out)
{
    if (bytes_is(word, "wrap"))
        *out = WRAP;
    else if (bytes_is(word, "sat"))
        *out = SATURATE;
    else if (bytes_is(word, "fail"))
        *out = FAIL;
    else {
        reply_errorf(call->reply, "ERR Invalid OVERFLOW type specified");
        return false;
    }
    return true;
}

/* Parses all steps; returns their number, -1 after an error. */
static int parse(struct call *call, struct step *steps)
{
    enum overflow overflow = WRAP;
    int n = 0;
    for (int i = 2; i < call->argc;) {
        struct bytes word = call->argv[i];
        int left = call->argc - i - 1;
        struct step s = {.overflow = overflow};
        long long v;
        if (left >= 2 && bytes_is(word, "get")) {
            s.action = GET;
        } else if (left >= 3 && bytes_is(word, "set")) {
            s.action = SET;
        } else if (left >= 3 && bytes_is(word, "incrby")) {
            s.action = ADD;
        } else if (left >= 1 && bytes_is(word, "overflow")) {
            if (!parse_overflow(call, call->argv[i + 1], &overflow))
                return -1;
            i += 2;
            continue;
        } else {
            call_error(call, ERR_SYNTAX);
            return -1;
        }
        if (!parse_type(call, call->argv[i + 1], &s) ||
            !bitmap_args_offset(call, call->argv[i + 2], s.width, &s.at))
            return -1;
        if (s.action != GET) {
            if (!call_int(call, i + 3, &v))
                return -1;
            s.operand = v;
        }
        steps[n++] = s;
        i += s.action == GET ? 3 : 4;
    }
    return n;
}

/* Bit 0 is the highest of the first byte; bits beyond the string are 0. */
static uint64_t read_bits(const unsigned char *p, size_t n, uint64_t at, unsigned width)
{
    uint64_t v = 0;
    for (uint64_t i = at; i < at + width; i++)
        v = v << 1 | (i / 8 < n ? (unsigned)p[i / 8] >> (7 - (i & 7)) & 1u : 0u);
    return v;
}

static void write_bits(unsigned char *p, uint64_t at, unsigned width, uint64_t v)
{
    for (unsigned i = 0; i < width; i++) {
        uint64_t bit = at + i;
        unsigned shift = 7 - (bit & 7);
        unsigned on = v >> (width - 1 - i) & 1;
        p[bit / 8] = (unsigned char)((p[bit / 8] & ~(1u << shift)) | on << shift);
    }
}

/* Sign-extends an integer. */
static int64_t extend(uint64_t v, const struct step *s)
{
    if (s->is_signed && s->width < 64 && v >> (s->width - 1))
        v |= ~(uint64_t)0 << s->width;
    return (int64_t)v;
}

/* The value to write; false: it overflows and must not be written. */
static bool fit(const struct step *s, __int128 wide, uint64_t *out)
{
    __int128 least = 0, most;
    if (s->is_signed) {
        most = ((__int128)1 << (s->width - 1)) - 1;
        least = -most - 1;
    } else {
        most = ((__int128)1 << s->width) - 1;
    }
    if (wide < least || wide > most) {
        if (s->overflow == FAIL)
            return false;
        if (s->overflow == SATURATE)
            wide = wide < least ? least : most;
    }
    *out = (uint64_t)wide;
    if (s->width < 64)
        *out &= ((uint64_t)1 << s->width) - 1;
    return true;
}

/* Results of all steps. */
struct outcome {
    int writes, changes;
};

static void run(struct call *call, const struct step *s, unsigned char *p, size_t n,
                struct outcome *o)
{
    uint64_t raw = read_bits(p, n, s->at, s->width), fresh;
    int64_t old = extend(raw, s);
    if (s->action == GET) {
        reply_int(call->reply, old);
        return;
    }
    /* A negative operand of SET on an unsigned field stands for the unsigned number with the same
     * bits. */
    __int128 wide = s->action == ADD ? (__int128)old + s->operand
                    : s->is_signed   ? (__int128)s->operand
                                     : (__int128)(uint64_t)s->operand;
    bool fits = fit(s, wide, &fresh);
    if (!fits) {
        reply_null(call->reply);
        return;
    }
    write_bits(p, s->at, s->width, fresh);
    o->writes++;
    o->changes += fresh != raw;
    reply_int(call->reply, s->action == SET ? old : extend(fresh, s));
}

static void bitfield(struct call *call, bool only_reads)
{
    struct bytes key = call->argv[1], text;
    struct step *steps = mem_alloc((size_t)call->argc * sizeof(*steps));
    struct entry *e = NULL;
    char scratch[NUM_INT_MAX];
    struct outcome o = {0};
    int n = parse(call, steps);
    uint64_t end = 0;
    bool good = n >= 0, writes = false;
    for (int i = 0; i < n; i++)
        if (steps[i].action != GET) {
            writes = true;
            end = steps[i].at + steps[i].width > end ? steps[i].at + steps[i].width : end;
        }
    if (good && writes && only_reads) {
        reply_errorf(call->reply, "ERR BITFIELD_RO only supports the GET subcommand");
        good = false;
    }
    good = good && (writes ? call_write(call, key, TYPE_STRING, &e)
                           : call_read(call, key, TYPE_STRING, &e));
    if (good) {
        unsigned char *p = (unsigned char *)scratch;
        size_t bytes = 0;
        bool grows = writes && (!e || string_length(e) < (end + 7) / 8);
        if (writes) {
            bytes = grows ? (end + 7) / 8 : string_length(e);
            p = string_args_grow(call, key, e, (end + 7) / 8);
        } else if (e) {
            text = string_view(e, scratch);
            p = (unsigned char *)(uintptr_t)text.p;
            bytes = text.n;
        }
        reply_array(call->reply, (size_t)n);
        for (int i = 0; i < n; i++)
            run(call, &steps[i], p, bytes, &o);
        if (o.changes || (grows && o.writes)) {
            /* If the string grew, every writing step counts as a change. */
            db_count_changes(call->store, (uint64_t)(grows ? o.writes : o.changes));
            db_changed(call->db, key, DB_EVENT_STRING, "setbit");
        } else if (grows)
            db_changed(call->db, key, 0, NULL);
    }
    mem_free(steps);
}

static void do_bitfield(struct call *call)
{
    bitfield(call, false);
}

static void do_bitfield_ro(struct call *call)
{
    bitfield(call, true);
}

/* Unknown words count as writing. */
static void find_bitfield_keys(struct keys *to, const struct bytes *argv, int argc)
{
    bool writes = false;
    for (int i = 2; i < argc && !writes; i++) {
        int left = argc - i - 1;
        if (bytes_is(argv[i], "get") && left >= 2)
            i += 2;
        else if (bytes_is(argv[i], "overflow") && left >= 1)
            i++;
        else
            writes = true;
    }
    keys_add(to, 1, writes ? KEY_RW | KEY_ACCESS | KEY_UPDATE : KEY_RO | KEY_ACCESS);
}

const struct command bitfield_command = {
    .name = "bitfield",
    .usage = "key:key [<GET (encoding:string offset:int) | ([OVERFLOW <WRAP | SAT | FAIL>] <SET "
             "(encoding:string offset:int value:int) | INCRBY (encoding:string offset:int "
             "increment:int)>)>...]",
    .summary = "Reads, sets and increments integers of arbitrary width in a string.",
    .since = "3.2.0",
    .complexity = "O(1) for each step",
    .group = GROUP_BITMAP,
    .arity = -2,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE_FLAGS)},
    .find_keys = find_bitfield_keys,
    .handler = do_bitfield,
};
const struct command bitfield_ro_command = {
    .name = "bitfield_ro",
    .usage = "key:key [(GET (encoding:string offset:int))...]",
    .summary = "Reads integers of arbitrary width from a string.",
    .since = "6.0.0",
    .complexity = "O(1) for each step",
    .group = GROUP_BITMAP,
    .arity = -2,
    .flags = COMMAND_FAST | COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_bitfield_ro,
};
