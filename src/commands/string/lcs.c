/* LCS: the longest common subsequence of two strings, by dynamic programming over all pairs of
 * prefixes. O(N*M) time and memory; a table above proto-max-bulk-len is refused. */
#include "commands/index.h"

#include "base/mem.h"
#include "commands/string_args.h"

struct lcs {
    struct bytes a, b;
    uint32_t *table; /* (a.n + 1) rows of b.n + 1 */
    bool length, ranges, with_length;
    long long least; /* length of a range */
};

/* table[i][k]: the length for the first i bytes of a and the first k bytes of b. */
static uint32_t *cell(const struct lcs *l, size_t i, size_t k)
{
    return &l->table[i * (l->b.n + 1) + k];
}

/* Row by row; 0 where one of the prefixes is empty. */
static void fill(struct lcs *l)
{
    for (size_t i = 0; i <= l->a.n; i++)
        for (size_t k = 0; k <= l->b.n; k++) {
            if (i == 0 || k == 0) {
                *cell(l, i, k) = 0;
            } else if (l->a.p[i - 1] == l->b.p[k - 1]) {
                *cell(l, i, k) = *cell(l, i - 1, k - 1) + 1;
            } else {
                uint32_t up = *cell(l, i - 1, k), left = *cell(l, i, k - 1);
                *cell(l, i, k) = up > left ? up : left;
            }
        }
}

static void reply_range(struct reply *r, const struct lcs *l, size_t i, size_t k, size_t n)
{
    reply_array(r, l->with_length ? 3 : 2);
    for (int side = 0; side < 2; side++) {
        size_t from = side ? k : i;
        reply_array(r, 2);
        reply_int(r, (long long)from);
        reply_int(r, (long long)(from + n - 1));
    }
    if (l->with_length)
        reply_int(r, (long long)n);
}

/* From the end to the start: writes the text to `text`, the ranges to the reply. Returns the number
 * of ranges. */
static size_t trace(struct reply *r, const struct lcs *l, char *text)
{
    size_t i = l->a.n, k = l->b.n, run = 0, ranges = 0, left = *cell(l, i, k);
    while (i && k) {
        bool match = l->a.p[i - 1] == l->b.p[k - 1];
        if (match) {
            text[--left] = l->a.p[i - 1];
            i--;
            k--;
            run++;
        }
        if (run && (!match || i == 0 || k == 0)) {
            if (l->ranges && (l->least == 0 || run >= (unsigned long long)l->least)) {
                reply_range(r, l, i, k, run);
                ranges++;
            }
            run = 0;
        }
        if (!match) {
            if (*cell(l, i - 1, k) > *cell(l, i, k - 1))
                i--;
            else
                k--;
        }
    }
    return ranges;
}

static void answer(struct call *call, struct lcs *l)
{
    struct reply *r = call->reply;
    fill(l);
    uint32_t n = *cell(l, l->a.n, l->b.n);
    if (l->length) {
        reply_int(r, n);
        return;
    }
    char *text = mem_alloc(n + 1u);
    if (l->ranges) {
        struct chain aside = {0};
        reply_map(r, 2);
        reply_bulk_text(r, "matches");
        reply_later_begin(r, &aside);
        reply_later_end(r, '*', trace(r, l, text));
        reply_bulk_text(r, "len");
        reply_int(r, n);
    } else {
        trace(r, l, text);
        reply_bulk(r, bytes_of(text, n));
    }
    mem_free(text);
}

static bool parse(struct call *call, struct lcs *l)
{
    for (int i = 3; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        if (bytes_is(word, "idx")) {
            l->ranges = true;
        } else if (bytes_is(word, "len")) {
            l->length = true;
        } else if (bytes_is(word, "withmatchlen")) {
            l->with_length = true;
        } else if (bytes_is(word, "minmatchlen") && i + 1 < call->argc) {
            if (!call_int(call, ++i, &l->least))
                return false;
            if (l->least < 0)
                l->least = 0;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    if (l->ranges && l->length) {
        reply_errorf(call->reply,
                     "ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }
    return true;
}

static bool look_up(struct call *call, struct bytes key, char *scratch, struct bytes *out)
{
    struct entry *e = db_read(call->db, key);
    *out = bytes_of("", 0);
    if (e && value_type(e) != TYPE_STRING) {
        reply_errorf(call->reply, "ERR The specified keys must contain string values");
        return false;
    }
    if (e)
        *out = string_view(e, scratch);
    return true;
}

static void do_lcs(struct call *call)
{
    struct lcs l = {0};
    char one[NUM_INT_MAX], two[NUM_INT_MAX];
    if (!look_up(call, call->argv[1], one, &l.a) || !look_up(call, call->argv[2], two, &l.b) ||
        !parse(call, &l))
        return;
    if (l.a.n >= UINT32_MAX - 1 || l.b.n >= UINT32_MAX - 1) {
        reply_errorf(call->reply, "ERR String too long for LCS");
        return;
    }
    size_t bytes;
    bool fits = !__builtin_mul_overflow((l.a.n + 1) * sizeof(uint32_t), l.b.n + 1, &bytes) &&
                bytes <= (size_t)call->engine->settings->proto_max_bulk_len;
    if (!fits) {
        reply_errorf(call->reply, "ERR Insufficient memory, transient memory for LCS exceeds "
                                  "proto-max-bulk-len");
        return;
    }
    l.table = mem_try_alloc(bytes);
    if (!l.table) {
        reply_errorf(call->reply, "ERR Insufficient memory, failed allocating transient memory "
                                  "for LCS");
        return;
    }
    answer(call, &l);
    mem_free(l.table);
}

const struct command lcs_command = {
    .name = "lcs",
    .usage = "key1:key key2:key [LEN] [IDX] [MINMATCHLEN len:int] [WITHMATCHLEN]",
    .summary = "Finds the longest common subsequence of two strings.",
    .since = "7.0.0",
    .complexity = "O(N*M) with N and M their lengths",
    .group = GROUP_STRING,
    .arity = -3,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 1, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_lcs,
};
