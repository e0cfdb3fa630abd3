/* Each call completes one item and returns: a line (a value, or the head of a string or aggregate),
 * a piece of a string, or the end of an aggregate.
 *
 *   AT_LINE       a line is collected up to its LF: used in place if one piece has all of
 *                 it, else its beginning is stored in `line`.
 *   IN_STRING     its bytes are returned as they come, the first ones with the head. Of a
 *                 verbatim string the first four name the format and are skipped.
 *   AFTER_STRING  CR LF, and the next line.
 *
 * left[depth] counts the values that the innermost open aggregate still lacks: a value decrements
 * it when it begins; an attribute does not, since it belongs to the value after it. At 0 the
 * aggregate closes before anything else is read. Level 0 has one value, the reply.
 *
 * What can fail: bytes that are not RESP3, too deep nesting or too long a line. Then it stays
 * BROKEN, since the start of the next value is unknown. */
#include "proto/answer.h"

#include "base/assert.h"
#include "base/num.h"

#include <math.h>

#define COUNT_MOST (1ULL << 48) /* of an aggregate: twice this does not overflow */
#define FORMAT     4            /* "txt:" */

static enum answer_step broken(struct answer *a)
{
    a->state = ANSWER_BROKEN;
    return ANSWER_BAD;
}

void answer_reset(struct answer *a)
{
    buf_free(&a->line);
    *a = (struct answer){0};
}

/* ---- Lines */

static bool begin_aggregate(struct answer *a, struct bytes count, uint64_t per,
                            enum answer_kind kind, struct answer_item *item)
{
    uint64_t n;
    if (!num_parse_uint(count, &n) || n > COUNT_MOST || a->depth + 1 == ANSWER_DEPTH)
        return false;
    item->kind = kind;
    item->n = n;
    a->left[++a->depth] = n * per;
    return true;
}

static bool begin_string(struct answer *a, struct bytes length, unsigned skip,
                         struct answer_item *item)
{
    uint64_t n;
    if (!num_parse_uint(length, &n) || n > COUNT_MOST || n < skip)
        return false;
    item->kind = ANSWER_STRING;
    item->n = n - skip;
    a->string_left = n;
    a->skip = skip;
    a->state = ANSWER_IN_STRING;
    return true;
}

static bool read_double(struct bytes text, double *v)
{
    if (bytes_equal(text, BYTES("nan")))
        *v = NAN;
    else if (bytes_equal(text, BYTES("inf")) || bytes_equal(text, BYTES("-inf")))
        *v = *text.p == '-' ? -INFINITY : INFINITY;
    else
        return num_parse_double(text, v);
    return true;
}

static bool is_bignum(struct bytes digits)
{
    size_t sign = digits.n && (*digits.p == '-' || *digits.p == '+');
    for (size_t i = sign; i < digits.n; i++)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
    return digits.n > sign;
}

/* Values that consist of one line. */
static bool read_scalar(char kind, struct bytes text, struct answer_item *item)
{
    item->text = text;
    switch (kind) {
    case '+':
        item->kind = ANSWER_SIMPLE;
        return true;
    case '-':
        item->kind = ANSWER_ERROR;
        return true;
    case ':':
        item->kind = ANSWER_INT;
        return num_parse_int(text, &item->number);
    case ',':
        item->kind = ANSWER_DOUBLE;
        return read_double(text, &item->real);
    case '#':
        item->kind = ANSWER_BOOL;
        item->number = text.n && *text.p == 't';
        return text.n == 1 && (*text.p == 't' || *text.p == 'f');
    case '(':
        item->kind = ANSWER_BIGNUM;
        return is_bignum(text);
    case '_':
        item->kind = ANSWER_NULL;
        return text.n == 0;
    default:
        return false;
    }
}

static bool read_line(struct answer *a, struct bytes line, struct answer_item *item)
{
    struct bytes text = bytes_of(line.p + 1, line.n - 1);
    bool is_null = (*line.p == '$' || *line.p == '*') && bytes_equal(text, BYTES("-1"));
    *item = (struct answer_item){.depth = a->depth};
    if (*line.p != '|')
        a->left[a->depth]--;
    if (is_null) {
        item->kind = ANSWER_NULL;
        return true;
    }
    switch (*line.p) {
    case '$':
        return begin_string(a, text, 0, item);
    case '=':
        return begin_string(a, text, FORMAT, item);
    case '*':
        return begin_aggregate(a, text, 1, ANSWER_ARRAY, item);
    case '~':
        return begin_aggregate(a, text, 1, ANSWER_SET, item);
    case '>':
        return begin_aggregate(a, text, 1, ANSWER_PUSH, item);
    case '%':
        return begin_aggregate(a, text, 2, ANSWER_MAP, item);
    case '|':
        return begin_aggregate(a, text, 2, ANSWER_ATTRIBUTE, item);
    default:
        return read_scalar(*line.p, text, item);
    }
}

/* Consumes *in up to the end of the line. *line: the complete line without CR LF, in the piece or,
 * if it spans pieces, in a->line. */
static enum answer_step gather_line(struct answer *a, struct bytes *in, struct bytes *line)
{
    const char *end = in->n ? memchr(in->p, '\n', in->n) : NULL;
    size_t n = end ? (size_t)(end - in->p) + 1 : in->n;
    if (a->line.n + n > ANSWER_LINE)
        return ANSWER_BAD;
    *line = bytes_of(in->p, n);
    if (!end || a->line.n) {
        buf_add(&a->line, *line);
        *line = buf_bytes(&a->line);
    }
    *in = bytes_of(in->p + n, in->n - n);
    if (!end)
        return ANSWER_MORE;
    /* At least a kind and CR LF, and no other CR. */
    if (line->n < 3 || memchr(line->p, '\r', line->n) != line->p + line->n - 2)
        return ANSWER_BAD;
    line->n -= 2;
    return ANSWER_ITEM;
}

/* ---- Strings */

static size_t take(struct bytes *in, uint64_t most, struct bytes *out)
{
    size_t n = in->n < most ? in->n : (size_t)most;
    *out = bytes_of(in->p, n);
    *in = bytes_of(in->p + n, in->n - n);
    return n;
}

/* The available part of the string; empty: none, or the string ends here. */
static struct bytes string_piece(struct answer *a, struct bytes *in)
{
    struct bytes piece;
    size_t n = take(in, a->skip, &piece);
    a->skip -= (unsigned)n;
    a->string_left -= n;
    a->string_left -= take(in, a->string_left, &piece);
    if (a->string_left == 0)
        a->state = ANSWER_AFTER_STRING;
    return piece;
}

/* Consumes CR LF. */
static enum answer_step leave_string(struct answer *a, struct bytes *in)
{
    static const char end[] = "\r\n";
    if (a->line.n == 0 && in->n >= 2 && memcmp(in->p, end, 2) == 0) {
        *in = bytes_of(in->p + 2, in->n - 2);
        a->state = ANSWER_AT_LINE;
        return ANSWER_ITEM;
    }
    while (a->line.n < 2) {
        if (in->n == 0)
            return ANSWER_MORE;
        if (*in->p != end[a->line.n])
            return ANSWER_BAD;
        buf_add_char(&a->line, *in->p);
        *in = bytes_of(in->p + 1, in->n - 1);
    }
    a->line.n = 0;
    a->state = ANSWER_AT_LINE;
    return ANSWER_ITEM;
}

enum answer_step answer_next(struct answer *a, struct bytes *in, struct answer_item *item)
{
    enum answer_step step;
    struct bytes line;
    if (!a->begun) {
        a->begun = true;
        a->left[0] = 1;
    }
    if (a->state == ANSWER_BROKEN)
        return ANSWER_BAD;
    if (a->line.n && a->line.p[a->line.n - 1] == '\n')
        a->line.n = 0; /* the last call has returned it */
    if (a->state == ANSWER_IN_STRING) {
        *item = (struct answer_item){.kind = ANSWER_PIECE, .depth = a->depth};
        item->text = string_piece(a, in);
        if (item->text.n)
            return ANSWER_ITEM;
        if (a->state == ANSWER_IN_STRING)
            return ANSWER_MORE;
    }
    if (a->state == ANSWER_AFTER_STRING) {
        step = leave_string(a, in);
        if (step != ANSWER_ITEM)
            return step == ANSWER_BAD ? broken(a) : step;
    }
    if (a->left[a->depth] == 0) {
        if (a->depth == 0)
            return ANSWER_WHOLE;
        a->depth--;
        *item = (struct answer_item){.kind = ANSWER_CLOSE, .depth = a->depth};
        return ANSWER_ITEM;
    }
    step = gather_line(a, in, &line);
    if (step != ANSWER_ITEM)
        return step == ANSWER_BAD ? broken(a) : step;
    if (!read_line(a, line, item))
        return broken(a);
    if (item->kind == ANSWER_STRING)
        item->text = string_piece(a, in);
    return ANSWER_ITEM;
}
