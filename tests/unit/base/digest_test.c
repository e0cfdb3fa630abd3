#include "base/digest.h"

#include "unit.h"

/* The examples of FIPS 180. */
TEST(digests_are_the_standard_ones)
{
    char hex[DIGEST_SHA256_HEX + 1] = {0};
    digest_sha1_hex(BYTES("abc"), hex);
    CHECK(strcmp(hex, "a9993e364706816aba3e25717850c26c9cd0d89d") == 0);
    digest_sha1_hex((struct bytes){NULL, 0}, hex);
    CHECK(strcmp(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709") == 0);
    digest_sha256_hex(BYTES("abc"), hex);
    CHECK(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
    digest_sha256_hex(BYTES(""), hex);
    CHECK(strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0);
}

TEST(secrets_are_compared_as_a_whole)
{
    CHECK(digest_same("secret", "secret", 6));
    CHECK(!digest_same("secret", "secreT", 6));
    CHECK(!digest_same("secret", "Secret", 6));
    CHECK(digest_same("secret", "secreT", 5));
    CHECK(digest_same("a", "b", 0));
}

UNIT_MAIN(T(digests_are_the_standard_ones), T(secrets_are_compared_as_a_whole))
