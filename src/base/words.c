#include "base/words.h"

#include "base/mem.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool words_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0;
}

/* Decodes the escape at p, after a backslash in double quotes; returns the position after it. */
static const char *escape(const char *p, const char *end, char *out)
{
    static const char from[] = "nrtba", into[] = "\n\r\t\b\a";
    if (*p == 'x' && end - p > 2 && hex_value(p[1]) >= 0 && hex_value(p[2]) >= 0) {
        *out = (char)(hex_value(p[1]) * 16 + hex_value(p[2]));
        return p + 3;
    }
    const char *k = *p ? strchr(from, *p) : NULL;
    *out = k ? into[k - from] : *p;
    return p + 1;
}

int words_next(const char **at, const char *end, char **to, struct bytes *word)
{
    const char *p = *at;
    char *out = *to, quote = 0;
    while (p < end && words_is_blank(*p))
        p++;
    if (p >= end)
        return 0;
    while (p < end && (quote || !words_is_blank(*p))) {
        /* A quote may begin inside a word, but ends it: a"b" is ab, "a"b is an error. */
        char c = *p++;
        if (quote == '"' && c == '\\' && p < end) {
            p = escape(p, end, out++);
        } else if (quote == '\'' && c == '\\' && p < end && *p == '\'') {
            *out++ = *p++;
        } else if (quote && c == quote) {
            quote = 0;
            if (p < end && !words_is_blank(*p))
                return -1;
            break;
        } else if (!quote && (c == '"' || c == '\'')) {
            quote = c;
        } else {
            *out++ = c;
        }
    }
    if (quote)
        return -1;
    *word = bytes_of(*to, (size_t)(out - *to));
    *at = p;
    *to = out;
    return 1;
}

int words_split(struct bytes line, struct bytes *words, int max, char **text)
{
    const char *at = line.p, *end = line.p + line.n;
    char *to = *text = mem_alloc(line.n * 2 + 2);
    struct bytes word;
    int n = 0, got;
    while ((got = words_next(&at, end, &to, &word)) > 0) {
        if (n == max)
            return -1;
        words[n++] = word;
        *to++ = 0;
    }
    return got < 0 ? -1 : n;
}

void words_escape(struct buf *out, struct bytes word, unsigned char last)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 32 || c > last)
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

bool words_is_plain(struct bytes word)
{
    bool is_plain = word.n > 0;
    for (size_t i = 0; i < word.n; i++)
        is_plain = is_plain && word.p[i] > ' ' && word.p[i] < 127 && !strchr("\"'\\", word.p[i]);
    return is_plain;
}

/* Also quotes what would begin a comment or be taken for a line end. */
void words_quote(struct buf *out, struct bytes word)
{
    bool plain = word.n > 0;
    for (size_t i = 0; i < word.n; i++)
        if (words_is_blank(word.p[i]) || word.p[i] == '"' || word.p[i] == '\'' ||
            word.p[i] == '\\' || word.p[i] == '#' || (unsigned char)word.p[i] < 32)
            plain = false;
    if (plain)
        buf_add(out, word);
    else
        words_escape(out, word, 255);
}
