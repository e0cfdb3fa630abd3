#include "base/digest.h"

#include "base/assert.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* *algorithm caches the lookup by name, which takes longer than hashing a short text. */
static void hex(EVP_MD **algorithm, const char *name, struct bytes data, char *to)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!*algorithm)
        *algorithm = EVP_MD_fetch(NULL, name, NULL);
    int good =
        *algorithm && EVP_Digest(data.n ? data.p : "", data.n, raw, &n, *algorithm, NULL) == 1;
    ASSERT(good);
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[raw[i] >> 4];
        to[2 * i + 1] = digits[raw[i] & 15];
    }
}

void digest_sha1_hex(struct bytes data, char to[DIGEST_SHA1_HEX])
{
    static EVP_MD *sha1;
    hex(&sha1, "SHA1", data, to);
}

void digest_sha256_hex(struct bytes data, char to[DIGEST_SHA256_HEX])
{
    static EVP_MD *sha256;
    hex(&sha256, "SHA256", data, to);
}

bool digest_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
