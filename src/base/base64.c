#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_print(char *to, struct bytes from)
{
    const unsigned char *p = (const unsigned char *)from.p;
    char *at = to;
    for (size_t i = 0; i < from.n; i += 3) {
        size_t n = from.n - i < 3 ? from.n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16;
        v |= n > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        v |= n > 2 ? p[i + 2] : 0;
        *at++ = digits[v >> 18];
        *at++ = digits[v >> 12 & 63];
        *at++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *at++ = n > 2 ? digits[v & 63] : '=';
    }
    return (size_t)(at - to);
}

/* 64: not a Base64 character. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool base64_parse(char *to, struct bytes from, size_t *n)
{
    char *at = to;
    if (from.n % 4)
        return false;
    for (size_t i = 0; i < from.n; i += 4) {
        const char *p = from.p + i;
        bool last = i + 4 == from.n;
        size_t padding = last && p[3] == '=' ? (p[2] == '=' ? 2 : 1) : 0;
        unsigned a = value_of(p[0]), b = value_of(p[1]);
        unsigned c = padding == 2 ? 0 : value_of(p[2]), d = padding ? 0 : value_of(p[3]);
        if ((a | b | c | d) > 63 || (padding == 2 && (b & 15)) || (padding == 1 && (c & 3)))
            return false;
        *at++ = (char)(a << 2 | b >> 4);
        if (padding < 2)
            *at++ = (char)(b << 4 | c >> 2);
        if (padding < 1)
            *at++ = (char)(c << 6 | d);
    }
    *n = (size_t)(at - to);
    return true;
}
