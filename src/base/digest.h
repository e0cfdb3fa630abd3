/* Digests that formats and commands ask for, made by OpenSSL; and the comparison of secrets. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/bytes.h"

#define DIGEST_SHA1_HEX   40
#define DIGEST_SHA256_HEX 64

/* Lower-case hex digits, no NUL behind them. Cost: about a microsecond. */
void digest_sha1_hex(struct bytes data, char to[DIGEST_SHA1_HEX]);
void digest_sha256_hex(struct bytes data, char to[DIGEST_SHA256_HEX]);
/* Takes the same time wherever the first difference is. */
bool digest_same(const void *a, const void *b, size_t n);

#endif
