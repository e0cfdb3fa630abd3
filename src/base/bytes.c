#include "base/bytes.h"

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower((unsigned char)a.p[i]) != lower((unsigned char)b.p[i]))
            return false;
    return true;
}

bool bytes_same(const char *a, const char *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

bool bytes_is(struct bytes a, const char *word)
{
    for (size_t i = 0; i < a.n; i++)
        if (word[i] == 0 || lower((unsigned char)a.p[i]) != lower((unsigned char)word[i]))
            return false;
    return word[a.n] == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool bytes_has_prefix(struct bytes a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}
