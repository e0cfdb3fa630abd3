/* Base64 (RFC 4648, with + and / and padding). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/* The size of the Base64 text of n bytes. */
static inline size_t base64_size(size_t n)
{
    return (n + 2) / 3 * 4;
}

size_t base64_print(char *to, struct bytes from);
/* Strict: complete groups, padding only at the end, unused bits zero, nothing else. Writes *n
 * bytes, at most from.n / 4 * 3; to may be from.p. False: not Base64, and `to` is undefined. */
bool base64_parse(char *to, struct bytes from, size_t *n);

#endif
