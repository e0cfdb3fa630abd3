#include "base/digest.h"

#include "base/assert.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static void hex(const char *algorithm, struct bytes data, char *to)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    size_t n = 0;
    int good = EVP_Q_digest(NULL, algorithm, NULL, data.n ? data.p : "", data.n, raw, &n);
    ASSERT(good == 1);
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = digits[raw[i] >> 4];
        to[2 * i + 1] = digits[raw[i] & 15];
    }
}

void digest_sha1_hex(struct bytes data, char to[DIGEST_SHA1_HEX])
{
    hex("SHA1", data, to);
}

void digest_sha256_hex(struct bytes data, char to[DIGEST_SHA256_HEX])
{
    hex("SHA256", data, to);
}

bool digest_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
