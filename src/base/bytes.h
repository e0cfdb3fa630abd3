/* A borrowed run of bytes: never kept, never freed by who gets it. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *p;
    size_t n;
};

/* From a string literal. */
#define BYTES(literal) ((struct bytes){("" literal), sizeof(literal) - 1})

static inline struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){p, n};
}

static inline struct bytes bytes_text(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII letters compare without case. word is NUL-terminated. */
bool bytes_is(struct bytes a, const char *word);
bool bytes_equal_nocase(struct bytes a, struct bytes b);
/* <0, 0, >0 as memcmp(), the shorter first. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_has_prefix(struct bytes a, const char *prefix);

#endif
