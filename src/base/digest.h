/* Digests needed by formats and commands, computed by OpenSSL; and comparison of secrets. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/bytes.h"

#define DIGEST_SHA1_HEX   40
#define DIGEST_SHA256_HEX 64

/* Lower-case hex digits without a NUL. Cost: about a microsecond. */
void digest_sha1_hex(struct bytes data, char to[DIGEST_SHA1_HEX]);
void digest_sha256_hex(struct bytes data, char to[DIGEST_SHA256_HEX]);
/* Compares in constant time. */
bool digest_same(const void *a, const void *b, size_t n);

#endif
