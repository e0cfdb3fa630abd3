/* Two parsers of one grammar.
 *
 * request_quick() parses a complete request with canonical heads and short arguments, without
 * state; arguments point into the buffer. Anything else makes it return 0, and is left to the
 * incremental parser. So only the latter handles errors, limits, inline requests and requests that
 * arrive in pieces.
 *
 * The incremental parser keeps its position in struct request: `at` in the buffer, `left` arguments
 * to come, `bulk` the length of the current one. It is called again with the same bytes and more
 * after them, and continues where it stopped. When the buffer moves, request_rebase() adjusts the
 * arguments.
 *
 * An argument of REQUEST_BIG bytes or more is collected in a string of its own, so that the buffer
 * stays small and the value can be stored without a copy. The string starts with at most 1 MiB and
 * doubles as bytes arrive, so that an announced length alone costs little. If the first allocation
 * fails, the request is refused; if a later one does, the process ends.
 *
 * After REQUEST_BAD the connection is closed: there is no way to find the next request. `verbatim`
 * is true while the bytes read are the canonical form, so that they can go into the journal as they
 * are. */
#include "proto/request.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/words.h"

#include <stdio.h>

#define FIRST_PIECE (1u << 20) /* the most allocated for an announced length */

/* Parses a canonical number and CRLF at p; NULL: incomplete or not canonical. */
static const char *number(const char *p, const char *end, uint32_t *out)
{
    uint32_t v = 0;
    const char *start = p;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9)
            break;
        v = v * 10 + d;
    }
    if (end - p < 2 || p == start || p - start > 6 || p[0] != '\r' || p[1] != '\n' ||
        (*start == '0' && p - start > 1))
        return NULL;
    *out = v;
    return p + 2;
}

/* Parses the number of a head and its CRLF at p, at least four bytes before end; NULL as number().
 * A fast path for up to three digits. */
static inline const char *quick_number(const char *p, const char *end, uint32_t *out)
{
    unsigned first = (unsigned char)p[0] - (unsigned)'0', second, third;
    if (first > 9 || end - p < 5)
        return number(p, end, out);
    if (p[1] == '\r' && p[2] == '\n') {
        *out = first;
        return p + 3;
    }
    second = (unsigned char)p[1] - (unsigned)'0';
    if (second > 9 || first == 0)
        return NULL;
    if (p[2] == '\r' && p[3] == '\n') {
        *out = first * 10 + second;
        return p + 4;
    }
    third = (unsigned char)p[2] - (unsigned)'0';
    if (third > 9 || p[3] != '\r' || p[4] != '\n')
        return number(p, end, out);
    *out = (first * 10 + second) * 10 + third;
    return p + 5;
}

size_t request_quick(const char *p, const char *end, struct bytes *argv, int max, int *argc)
{
    const char *start = p;
    uint32_t count, len;
    if (end - p < 4 || *p != '*' || !(p = quick_number(p + 1, end, &count)) || count == 0 ||
        count > (uint32_t)max)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        if (end - p < 4 || *p != '$' || !(p = quick_number(p + 1, end, &len)) || len >= REQUEST_BIG)
            return 0;
        if ((size_t)(end - p) < (size_t)len + 2 || p[len] != '\r' || p[len + 1] != '\n')
            return 0;
        argv[i] = (struct bytes){p, len};
        p += len + 2;
    }
    *argc = (int)count;
    return (size_t)(p - start);
}

void request_init(struct request *q)
{
    *q = (struct request){.left = -1, .bulk = -1};
}

void request_reset(struct request *q)
{
    for (int i = 0; i < q->argc; i++)
        str_unref(q->owned[i]);
    str_unref(q->big);
    mem_free(q->text);
    struct request fresh = {
        .argv = q->argv, .owned = q->owned, .cap = q->cap, .left = -1, .bulk = -1};
    if (q->cap > 1024) {
        mem_free(q->argv);
        mem_free(q->owned);
        fresh.argv = NULL;
        fresh.owned = NULL;
        fresh.cap = 0;
    }
    *q = fresh;
}

void request_free(struct request *q)
{
    request_reset(q);
    mem_free(q->argv);
    mem_free(q->owned);
    request_init(q);
}

static void add(struct request *q, struct bytes x, struct str *owned)
{
    if (q->argc == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 16;
        q->argv = mem_realloc(q->argv, (size_t)q->cap * sizeof(*q->argv));
        q->owned = mem_realloc(q->owned, (size_t)q->cap * sizeof(*q->owned));
    }
    q->argv[q->argc] = x;
    q->owned[q->argc++] = owned;
}

static enum request_state bad(struct request *q, const char *text)
{
    snprintf(q->error, sizeof(q->error), "ERR Protocol error: %s", text);
    return REQUEST_BAD;
}

static enum request_state split_inline(struct request *q, const char *p, const char *end)
{
    struct bytes word;
    int got;
    char *to = q->text = mem_alloc((size_t)(end - p) + 1);
    while ((got = words_next(&p, end, &to, &word)) > 0)
        add(q, word, NULL);
    return got < 0 ? bad(q, "unbalanced quotes in request") : REQUEST_READY;
}

static enum request_state parse_inline(struct request *q, const char *base, size_t n,
                                       const struct request_limits *limits)
{
    const char *p = base + q->at, *newline = memchr(p, '\n', n - q->at);
    if (!newline) {
        if ((long long)(n - q->at) > limits->inline_)
            return bad(q, "too big inline request");
        return REQUEST_MORE;
    }
    const char *end = newline > p && newline[-1] == '\r' ? newline - 1 : newline;
    if (end - p > limits->inline_)
        return bad(q, "too big inline request");
    q->at = (size_t)(newline - base) + 1;
    return split_inline(q, p, end);
}

/* Parses a head such as "*3" or "$10". 1: *out is its number; 0: incomplete; -1: not a number. */
static int head(struct request *q, const char *base, size_t n, long long *out, bool *too_long)
{
    const char *p = base + q->at, *cr = memchr(p, '\r', n - q->at);
    *too_long = false;
    if (!cr || (size_t)(cr - base) + 1 >= n) {
        *too_long = !cr && n - q->at > 65536;
        return 0;
    }
    q->at = (size_t)(cr - base) + 2;
    struct bytes digits = {p + 1, (size_t)(cr - p) - 1};
    if (cr[1] != '\n') /* any byte is accepted, as in Redis, but not canonical */
        q->verbatim = false;
    return num_parse_int(digits, out) ? 1 : -1;
}

/* Parses the head of a request. REQUEST_READY: q->left is the number of arguments. */
static enum request_state read_count(struct request *q, const char *base, size_t n,
                                     const struct request_limits *limits)
{
    bool too_long;
    long long count;
    q->verbatim = true;
    int got = head(q, base, n, &count, &too_long);
    if (got == 0)
        return too_long ? bad(q, "too big mbulk count string") : REQUEST_MORE;
    if (got < 0 || count > INT32_MAX)
        return bad(q, "invalid multibulk length");
    if (count > limits->args)
        return bad(q, limits->authenticated ? "invalid multibulk length"
                                            : "unauthenticated multibulk length");
    q->left = count > 0 ? count : 0;
    return REQUEST_READY;
}

/* Parses the head of an argument: sets q->bulk, and q->big for a long one. */
static enum request_state read_length(struct request *q, const char *base, size_t n,
                                      const struct request_limits *limits)
{
    bool too_long;
    long long len;
    if (q->at >= n)
        return REQUEST_MORE;
    if (base[q->at] != '$') {
        char text[64];
        snprintf(text, sizeof(text), "expected '$', got '%c'", base[q->at]);
        return bad(q, text);
    }
    int got = head(q, base, n, &len, &too_long);
    if (got == 0)
        return too_long ? bad(q, "too big bulk count string") : REQUEST_MORE;
    if (got < 0 || len < 0 || (len > limits->bulk && limits->authenticated))
        return bad(q, "invalid bulk length");
    if (len > limits->bulk)
        return bad(q, "unauthenticated bulk length");
    q->bulk = len;
    if (len >= REQUEST_BIG) {
        size_t piece = (size_t)len < FIRST_PIECE ? (size_t)len : FIRST_PIECE;
        q->big = str_try_raw(piece);
        if (!q->big)
            return bad(q, "out of memory for a long argument");
        q->big_got = 0;
    }
    return REQUEST_READY;
}

/* Moves bytes of a long argument from the buffer to its string. */
static enum request_state gather_big(struct request *q, const char *base, size_t n)
{
    size_t room, have = n - q->at;
    char *to;
    while (have && (to = request_place(q, &room))) {
        size_t take = have < room ? have : room;
        memcpy(to, base + q->at, take);
        request_got(q, take);
        q->at += take;
        have -= take;
    }
    if (q->big_got < (size_t)q->bulk || n - q->at < 2)
        return REQUEST_MORE;
    q->at += 2;
    add(q, str_bytes(q->big), q->big);
    q->owned_n += mem_block_size(q->big);
    q->big = NULL;
    q->verbatim = false;
    return REQUEST_READY;
}

static enum request_state take_bulk(struct request *q, const char *base, size_t n)
{
    if (q->big)
        return gather_big(q, base, n);
    if (n - q->at < (size_t)q->bulk + 2)
        return REQUEST_MORE;
    add(q, bytes_of(base + q->at, (size_t)q->bulk), NULL);
    const char *end = base + q->at + q->bulk;
    if (end[0] != '\r' || end[1] != '\n')
        q->verbatim = false;
    q->at += (size_t)q->bulk + 2;
    return REQUEST_READY;
}

enum request_state request_parse(struct request *q, const char *base, size_t n,
                                 const struct request_limits *limits)
{
    enum request_state state;
    if (q->left < 0) {
        if (q->at >= n)
            return REQUEST_MORE;
        if (base[q->at] != '*')
            return parse_inline(q, base, n, limits);
        if ((state = read_count(q, base, n, limits)) != REQUEST_READY)
            return state;
    }
    for (; q->left > 0; q->left--) {
        if (q->bulk < 0 && (state = read_length(q, base, n, limits)) != REQUEST_READY)
            return state;
        if ((state = take_bulk(q, base, n)) != REQUEST_READY)
            return state;
        ASSERT(q->at <= n);
        q->bulk = -1;
    }
    return REQUEST_READY;
}

void request_rebase(struct request *q, const char *old_base, const char *new_base)
{
    if (q->text)
        return;
    for (int i = 0; i < q->argc; i++)
        if (!q->owned[i])
            q->argv[i].p = new_base + (q->argv[i].p - old_base);
}

char *request_place(struct request *q, size_t *room)
{
    if (!q->big || q->big_got >= (size_t)q->bulk)
        return NULL;
    if (q->big_got == q->big->n) {
        /* All allocated bytes have been received: double the string. */
        size_t wanted = q->big->n * 2;
        if (wanted > (size_t)q->bulk)
            wanted = (size_t)q->bulk;
        struct str *wider = str_try_resize(q->big, wanted);
        ASSERT(wider != NULL);
        q->big = wider;
    }
    *room = q->big->n - q->big_got;
    return q->big->p + q->big_got;
}

void request_got(struct request *q, size_t n)
{
    ASSERT(q->big && n <= q->big->n - q->big_got);
    q->big_got += n;
}

size_t request_gathered(const struct request *q)
{
    return q->owned_n + (q->big ? q->big_got : 0);
}

size_t request_memory(const struct request *q)
{
    return q->owned_n + (q->big ? mem_class_size(sizeof(*q->big) + q->big->n + 1) : 0) +
           (size_t)q->cap * (sizeof(*q->argv) + sizeof(*q->owned));
}
