#include "persist/aof_parse.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdint.h>
#include <string.h>

#define ARGS_MAX (1 << 20)

/* Reads a line of `kind` and a number. AOF_PARSE_COMMAND: valid, and *at is after it. */
static enum aof_parse_item read_number(struct bytes data, size_t *at, char kind, long long *out)
{
    size_t end = *at + 1;
    if (*at >= data.n)
        return AOF_PARSE_CUT;
    if (data.p[*at] != kind)
        return AOF_PARSE_BAD;
    while (end < data.n && ((data.p[end] >= '0' && data.p[end] <= '9') || data.p[end] == '-'))
        end++;
    size_t left = data.n - end;
    if (left < 2 && (left == 0 || data.p[end] == '\r'))
        return AOF_PARSE_CUT;
    if (data.p[end] != '\r' || data.p[end + 1] != '\n' ||
        !num_parse_int(bytes_of(data.p + *at + 1, end - *at - 1), out))
        return AOF_PARSE_BAD;
    *at = end + 2;
    return AOF_PARSE_COMMAND;
}

/* Reads an argument with its length. AOF_PARSE_COMMAND: valid, and *at is after it. */
static enum aof_parse_item read_argument(struct bytes d, size_t *at, struct bytes *out)
{
    long long n;
    enum aof_parse_item item = read_number(d, at, '$', &n);
    if (item != AOF_PARSE_COMMAND)
        return item;
    if (n < 0)
        return AOF_PARSE_BAD;
    size_t left = d.n - *at;
    if ((uint64_t)n > left)
        return AOF_PARSE_CUT;
    left -= (size_t)n;
    const char *end = d.p + *at + n;
    if ((left > 0 && end[0] != '\r') || (left > 1 && end[1] != '\n'))
        return AOF_PARSE_BAD;
    if (left < 2)
        return AOF_PARSE_CUT;
    *out = bytes_of(d.p + *at, (size_t)n);
    *at += (size_t)n + 2;
    return AOF_PARSE_COMMAND;
}

struct aof_parsed aof_parse(struct bytes d, size_t at, struct aof_parse_room *room)
{
    struct aof_parsed p = {.item = AOF_PARSE_END};
    long long argc;
    if (at >= d.n)
        return p;
    if (d.p[at] == '#') {
        const char *newline = memchr(d.p + at, '\n', d.n - at);
        p.item = newline ? AOF_PARSE_LINE : AOF_PARSE_CUT;
        if (!newline)
            return p;
        size_t end = (size_t)(newline - d.p);
        p.next = end + 1;
        p.line = bytes_of(d.p + at, end - at);
        if (p.line.n && p.line.p[p.line.n - 1] == '\r')
            p.line.n--;
        return p;
    }
    p.item = read_number(d, &at, '*', &argc);
    if (p.item == AOF_PARSE_COMMAND && (argc < 1 || argc > ARGS_MAX))
        p.item = AOF_PARSE_BAD;
    for (int i = 0; p.item == AOF_PARSE_COMMAND && i < argc; i++) {
        if (i == room->cap) {
            room->cap = room->cap ? room->cap * 2 : 64;
            room->argv = mem_realloc(room->argv, (size_t)room->cap * sizeof(*room->argv));
        }
        p.item = read_argument(d, &at, &room->argv[i]);
    }
    if (p.item == AOF_PARSE_COMMAND) {
        p.next = at;
        p.argc = (int)argc;
    }
    return p;
}

void aof_parse_free(struct aof_parse_room *room)
{
    mem_free(room->argv);
    *room = (struct aof_parse_room){0};
}
