/* A borrowed run of bytes: the receiver neither keeps nor frees it. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* Part of bytes_equal(); compares n bytes. */
bool bytes_same(const char *a, const char *b, size_t n);

/* Keys and names are short: up to 16 bytes are compared inline, as words that may overlap. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    uint64_t a8, b8, a8_end, b8_end;
    uint32_t a4, b4, a4_end, b4_end;
    if (a.n != b.n)
        return false;
    if (a.n > 16)
        return bytes_same(a.p, b.p, a.n);
    if (a.n >= 8) {
        memcpy(&a8, a.p, 8);
        memcpy(&b8, b.p, 8);
        memcpy(&a8_end, a.p + a.n - 8, 8);
        memcpy(&b8_end, b.p + a.n - 8, 8);
        return ((a8 ^ b8) | (a8_end ^ b8_end)) == 0;
    }
    if (a.n >= 4) {
        memcpy(&a4, a.p, 4);
        memcpy(&b4, b.p, 4);
        memcpy(&a4_end, a.p + a.n - 4, 4);
        memcpy(&b4_end, b.p + a.n - 4, 4);
        return ((a4 ^ b4) | (a4_end ^ b4_end)) == 0;
    }
    return a.n == 0 ||
           (a.p[0] == b.p[0] && a.p[a.n / 2] == b.p[a.n / 2] && a.p[a.n - 1] == b.p[a.n - 1]);
}

/* The sum of n lengths. */
static inline size_t bytes_total(const struct bytes *list, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += list[i].n;
    return total;
}

/* Equal without regard to the case of ASCII letters. word is NUL-terminated. */
bool bytes_is(struct bytes a, const char *word);
bool bytes_equal_nocase(struct bytes a, struct bytes b);
/* <0, 0, >0 as memcmp(); a prefix comes before longer strings. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_has_prefix(struct bytes a, const char *prefix);

#endif
