#include "persist/manifest.h"

#include "base/crc.h"
#include "base/mem.h"
#include "base/rng.h"
#include "flip.h"
#include "unit.h"

static const char plain[] = "file a.1.base.rdb seq 1 type b\nfile a.2.incr.aof seq 2 type i\n";

TEST(what_is_printed_is_understood)
{
    struct manifest m = {0}, back = {0};
    struct buf text = {0};
    char error[160];
    manifest_add(&m, "with space.1.base.rdb", 1, MANIFEST_BASE);
    manifest_add(&m, "a.7.incr.aof", 7, MANIFEST_INCREMENT);
    manifest_add(&m, "a.3.incr.aof", 3, MANIFEST_HISTORY);
    manifest_print(&m, &text);
    CHECK(manifest_parse(&back, buf_bytes(&text), error));
    CHECK(back.n == 3 && strcmp(manifest_base(&back)->name, "with space.1.base.rdb") == 0);
    CHECK(manifest_last_seq(&back, MANIFEST_INCREMENT) == 7 &&
          manifest_last_seq(&back, MANIFEST_HISTORY) == 3);
    manifest_free(&m);
    manifest_free(&back);
    buf_free(&text);
}

TEST(redis_manifests_have_no_checksum)
{
    struct manifest m = {0};
    char error[160];
    CHECK(manifest_parse(&m, bytes_text(plain), error) && m.n == 2);
    CHECK(m.files[1].seq == 2 && m.files[1].type == MANIFEST_INCREMENT);
    manifest_free(&m);
}

/* Any changed byte of a manifest with a checksum is noticed, or changes nothing. */
TEST(damage_is_noticed)
{
    struct manifest m = {0};
    struct buf text = {0};
    char error[160];
    CHECK(manifest_parse(&m, bytes_text(plain), error));
    manifest_print(&m, &text);
    manifest_free(&m);
    size_t body = (size_t)((char *)memchr(text.p, '#', text.n) - text.p);
    for (size_t i = 0; i < body; i++) {
        struct manifest bad = {0};
        text.p[i] ^= 4;
        CHECK(!manifest_parse(&bad, buf_bytes(&text), error) && error[0]);
        manifest_free(&bad);
        text.p[i] ^= 4;
    }
    buf_free(&text);
}

/* One to eight bits anywhere, the checksum included: refused, or it says what it said. */
TEST(flipped_bits_are_noticed)
{
    struct manifest m = {0};
    struct buf text = {0};
    struct rng rng;
    char error[160];
    CHECK(manifest_parse(&m, bytes_text(plain), error));
    manifest_print(&m, &text);
    char *whole = mem_copy_text(text.p, text.n);
    rng_seed(&rng, 12);
    for (int round = 0; round < 20000; round++) {
        struct manifest bad = {0};
        flip_bits(&rng, text.p, text.n);
        if (manifest_parse(&bad, buf_bytes(&text), error)) {
            CHECK(bad.n == m.n);
            for (size_t i = 0; i < m.n; i++)
                CHECK(strcmp(bad.files[i].name, m.files[i].name) == 0 &&
                      bad.files[i].seq == m.files[i].seq && bad.files[i].type == m.files[i].type);
        }
        manifest_free(&bad);
        memcpy(text.p, whole, text.n);
    }
    mem_free(whole);
    manifest_free(&m);
    buf_free(&text);
}

TEST(nonsense_is_refused)
{
    static const char *const bad[] = {"file\n",
                                      "file a seq x type b\n",
                                      "file a seq 1 type q\n",
                                      "file a seq 1\n",
                                      "nofile a seq 1 type b\n",
                                      "file ../a seq 1 type b\n",
                                      "file a seq 1 type b\nfile b seq 2 type b\n",
                                      "file a seq 2 type i\nfile b seq 2 type i\n",
                                      ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct manifest m = {0};
        char error[160] = "";
        CHECK(!manifest_parse(&m, bytes_text(bad[i]), error) && error[0]);
        manifest_free(&m);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        T(what_is_printed_is_understood), T(redis_manifests_have_no_checksum), T(damage_is_noticed),
        T(flipped_bits_are_noticed), T(nonsense_is_refused)};
    crc_init();
    return unit_run(tests, 5);
}
