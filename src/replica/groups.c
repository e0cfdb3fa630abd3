#include "replica/groups.h"

#include "base/assert.h"

#include <string.h>

#define DIGITS 12 /* of a length: larger values do not exist */

enum head { HEAD_MORE, HEAD_GOOD, HEAD_BAD };

/* Parses "<kind><number>CRLF" at p. A negative number becomes 0, which makes it an empty array. */
static enum head head(const char *p, size_t n, char kind, long long *number, size_t *length)
{
    size_t i = 1;
    long long v = 0;
    if (n == 0)
        return HEAD_MORE;
    if (p[0] != kind)
        return HEAD_BAD;
    bool negative = n > 1 && p[1] == '-';
    i += negative;
    size_t first = i;
    for (; i < n && p[i] >= '0' && p[i] <= '9'; i++) {
        if (i - first == DIGITS)
            return HEAD_BAD;
        v = v * 10 + (p[i] - '0');
    }
    if (i < n && (i == first || p[i] != '\r'))
        return HEAD_BAD;
    if (i + 1 < n && p[i + 1] != '\n')
        return HEAD_BAD;
    if (i + 2 > n)
        return HEAD_MORE;
    *number = negative ? 0 : v;
    *length = i + 2;
    return HEAD_GOOD;
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static size_t line_ends(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && is_line_end(p[i]))
        i++;
    return i;
}

/* Whether the command is "*1 $n word" with this word. */
static bool is_word(const char *p, size_t n, const char *word)
{
    struct bytes argv[1];
    size_t length;
    return n < 32 && groups_split(p, n, argv, 1, &length) == 1 && bytes_is(argv[0], word);
}

/* Parses the rest of the current command: GROUPS_MORE, GROUPS_COMMAND or GROUPS_BAD. */
static enum groups_kind find_command(struct groups *g, const char *p, size_t n)
{
    size_t length;
    enum head h = HEAD_GOOD;
    if (!g->has_head) {
        h = head(p + g->at, n - g->at, '*', &g->args, &length);
        if (h == HEAD_GOOD) {
            g->has_head = true;
            g->at += length;
        }
    }
    while (h == HEAD_GOOD && g->args > 0) {
        if (!g->has_length) {
            h = head(p + g->at, n - g->at, '$', &g->length, &length);
            if (h != HEAD_GOOD)
                break;
            g->has_length = true;
            g->at += length;
        }
        size_t have = n - g->at, want = (size_t)g->length + 2;
        if (have < want)
            return GROUPS_MORE;
        if (p[g->at + want - 2] != '\r' || p[g->at + want - 1] != '\n')
            return GROUPS_BAD;
        g->at += want;
        g->has_length = false;
        g->args--;
    }
    return h == HEAD_GOOD ? GROUPS_COMMAND : h == HEAD_MORE ? GROUPS_MORE : GROUPS_BAD;
}

enum groups_kind groups_find(struct groups *g, const char *p, size_t n)
{
    ASSERT(g->at <= n);
    if (g->at == 0 && !g->has_head && n > 0 && is_line_end(p[0])) {
        g->at = line_ends(p, n);
        return GROUPS_BLANK;
    }
    for (;;) {
        if (!g->has_head && g->in_transaction)
            g->command = g->at += line_ends(p + g->at, n - g->at);
        enum groups_kind kind = find_command(g, p, n);
        if (kind != GROUPS_COMMAND)
            return kind;
        const char *command = p + g->command;
        size_t length = g->at - g->command;
        if (!g->in_transaction && !is_word(command, length, "multi"))
            return GROUPS_COMMAND;
        if (g->in_transaction && is_word(command, length, "exec"))
            return GROUPS_TRANSACTION;
        g->in_transaction = true;
        g->has_head = false;
        g->command = g->at;
    }
}

int groups_split(const char *p, size_t n, struct bytes *argv, int max, size_t *length)
{
    long long count = 0, bulk;
    size_t at = line_ends(p, n), len;
    if (at == 0) {
        enum head h = head(p, n, '*', &count, &at);
        ASSERT(h == HEAD_GOOD);
    }
    for (long long i = 0; i < count; i++) {
        enum head h = head(p + at, n - at, '$', &bulk, &len);
        ASSERT(h == HEAD_GOOD && (size_t)bulk + 2 <= n - at - len);
        if (i < max)
            argv[i] = bytes_of(p + at + len, (size_t)bulk);
        at += len + (size_t)bulk + 2;
    }
    *length = at;
    return (int)count;
}
