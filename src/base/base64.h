/* Base64 (RFC 4648, with + and / and padding). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/* Bytes that base64_print() writes for n. */
static inline size_t base64_size(size_t n)
{
    return (n + 2) / 3 * 4;
}

size_t base64_print(char *to, struct bytes from);
/* Strict: whole groups, padding only at the end, no bits behind the last byte, nothing else. Writes
 * at most from.n / 4 * 3 bytes, also over from itself; *n says how many. False: it is not Base64,
 * and what was written means nothing. */
bool base64_parse(char *to, struct bytes from, size_t *n);

#endif
