#include "persist/manifest.h"

#include "base/crc.h"
#include "base/mem.h"
#include "base/rng.h"
#include "disk.h"
#include "flip.h"
#include "io/file.h"
#include "unit.h"

static const char plain[] = "file a.1.base.rdb seq 1 type b\nfile a.2.incr.aof seq 2 type i\n";

TEST(what_is_printed_is_understood)
{
    struct manifest m = {0}, back = {0};
    struct buf text = {0};
    char error[MANIFEST_ERROR];
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
    char error[MANIFEST_ERROR];
    CHECK(manifest_parse(&m, bytes_text(plain), error) && m.n == 2);
    CHECK(m.files[1].seq == 2 && m.files[1].type == MANIFEST_INCREMENT);
    manifest_free(&m);
}

/* The text of `plain` with its checksum. */
static struct buf with_checksum(void)
{
    struct manifest m = {0};
    struct buf text = {0};
    char error[MANIFEST_ERROR];
    CHECK(manifest_parse(&m, bytes_text(plain), error));
    manifest_print(&m, &text);
    manifest_free(&m);
    return text;
}

/* Any changed byte of a manifest with a checksum is noticed, or changes nothing. */
TEST(damage_is_noticed)
{
    struct buf text = with_checksum();
    char error[MANIFEST_ERROR];
    size_t body = (size_t)((char *)memchr(text.p, '\n', text.n) - text.p);
    for (size_t i = 1; i < text.n; i++) {
        if (i == body)
            continue; /* it makes one line of two */
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
    char error[MANIFEST_ERROR];
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

/* A word as far from "#CRC:" as four bits is a damaged checksum; from five on it is a comment. */
TEST(a_checksum_line_is_known_by_its_word)
{
    struct manifest m = {0};
    struct buf text = with_checksum();
    char error[MANIFEST_ERROR];
    for (int i = 1; i < 5; i++)
        text.p[i] ^= 1;
    CHECK(!manifest_parse(&m, buf_bytes(&text), error));
    manifest_free(&m);
    text.p[1] ^= 2;
    CHECK(manifest_parse(&m, buf_bytes(&text), error) && m.n == 2);
    manifest_free(&m);
    buf_free(&text);
}

/* compat 3.11, section 14 (the texts), faults R2 */
TEST(nonsense_is_refused_in_the_words_of_redis)
{
    char long_line[1400];
    snprintf(long_line, sizeof(long_line), "file %01200d seq 1 type i\n", 1);
    const struct {
        const char *text, *error;
    } bad[] = {
        {"file\n", "Invalid AOF manifest file format"},
        {"file a seq x type b\n", "Invalid AOF manifest file format"},
        {"file a seq 0 type b\n", "Invalid AOF manifest file format"},
        {"file a seq 99999999999999999999 type b\n", "Invalid AOF manifest file format"},
        {"file a seq 1\n", "Invalid AOF manifest file format"},
        {"nofile a seq 1 type b\n", "Invalid AOF manifest file format"},
        {"\n", "Invalid AOF manifest file format"},
        {"\nfile a seq 1 type i\n", "Invalid AOF manifest file format"},
        {"file a seq 1 type i\n\nfile b seq 2 type i\n", "Invalid AOF manifest file format"},
        {"file a seq 1 type i\n\n", "Invalid AOF manifest file format"},
        {"  \nfile a seq 1 type i\n", "Invalid AOF manifest file format"},
        {"file a seq 1 type q\n", "Unknown AOF file type"},
        {"file a seq 1 type bb\n", "Unknown AOF file type"},
        {"file ../a seq 1 type b\n", "File can't be a path, just a filename"},
        {"file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information"},
        {"file a seq 2 type i\nfile b seq 2 type i\n", "Found a non-monotonic sequence number"},
        {"file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number"},
        {"file a seq -1 type i\n", "Found a non-monotonic sequence number"},
        {long_line, "The AOF manifest file contains too long line"},
        {"file a seq 1 type i", "The AOF manifest file contains too long line"},
        {"", "Found an empty AOF manifest"},
        {"# nothing\n", "Found an empty AOF manifest"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct manifest m = {0};
        char error[MANIFEST_ERROR] = "";
        CHECK(!manifest_parse(&m, bytes_text(bad[i].text), error));
        CHECK(strncmp(error, bad[i].error, strlen(bad[i].error)) == 0);
        manifest_free(&m);
    }
}

TEST(comments_anywhere_and_numbers_of_any_size)
{
    static const char *const good[] = {
        "# written by hand\nfile a seq 1 type b\n#at the end\n",
        "#nospace\nfile a seq 1 type b\n",
        "#\nfile a seq 9000000000000000000 type b\n",
        "file a seq 9000000000000000000 type i\n#\n",
        "  file a type i seq 9223372036854775807 more words\n",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct manifest m = {0};
        char error[MANIFEST_ERROR] = "";
        CHECK(manifest_parse(&m, bytes_text(good[i]), error) && m.n == 1);
        manifest_free(&m);
    }
}

/* decision 32 */
TEST(the_checksum_is_in_front_and_was_at_the_end)
{
    struct manifest m = {0};
    struct buf text = {0}, old = {0}, comment = {0};
    char error[MANIFEST_ERROR];
    manifest_add(&m, "a.1.base.rdb", 1, MANIFEST_BASE);
    manifest_add(&m, "a.3.incr.aof", 3, MANIFEST_INCREMENT);
    manifest_add(&m, "a.2.incr.aof", 2, MANIFEST_HISTORY);
    manifest_print(&m, &text);
    static const char files[] = "file a.1.base.rdb seq 1 type b\nfile a.2.incr.aof seq 2 type h\n"
                                "file a.3.incr.aof seq 3 type i\n";
    size_t n = sizeof(files) - 1;
    CHECK(text.n > n && memcmp(text.p + text.n - n, files, n) == 0);
    CHECK(strncmp(text.p, "#CRC:", 5) == 0 &&
          memchr(text.p, '\n', text.n) == text.p + text.n - n - 1);
    manifest_free(&m);
    buf_add_text(&old, files);
    buf_printf(&old, "#CRC:%zu:%08x\n", n, crc_32c(0, files, n));
    buf_add_text(&comment, "# mine\n");
    buf_add(&comment, buf_bytes(&text));
    const struct buf *all[] = {&old, &comment};
    for (int i = 0; i < 2; i++) {
        CHECK(manifest_parse(&m, buf_bytes(all[i]), error) && m.n == 3);
        manifest_free(&m);
        char *digit = strstr(all[i]->p, "seq 3") + 4;
        *digit = '4';
        CHECK(!manifest_parse(&m, buf_bytes(all[i]), error) && strstr(error, "checksum"));
    }
    buf_free(&text);
    buf_free(&old);
    buf_free(&comment);
}

TEST(what_a_start_would_refuse_is_not_sound)
{
    struct manifest m = {0};
    CHECK(manifest_is_sound(&m));
    manifest_add(&m, "a.2.incr.aof", 2, MANIFEST_INCREMENT);
    manifest_add(&m, "a.9.base.rdb", 9, MANIFEST_BASE);
    manifest_add(&m, "a.1.incr.aof", 1, MANIFEST_HISTORY);
    CHECK(manifest_is_sound(&m));
    manifest_add(&m, "a.2.incr.aof", 2, MANIFEST_INCREMENT);
    CHECK(!manifest_is_sound(&m));
    m.files[3].seq = 3;
    CHECK(manifest_is_sound(&m));
    m.files[2].type = MANIFEST_BASE;
    CHECK(!manifest_is_sound(&m));
    manifest_free(&m);
    CHECK(m.n == 0 && !m.files);
}

TEST(names_and_copies)
{
    struct manifest m = {0}, copy;
    manifest_add(&m, "a.1.base.rdb", 1, MANIFEST_BASE);
    manifest_add(&m, "a.2.incr.aof", 2, MANIFEST_INCREMENT);
    manifest_copy(&copy, &m);
    manifest_free(&m);
    CHECK(manifest_names(&copy, "a.1.base.rdb") && manifest_names(&copy, "a.2.incr.aof"));
    CHECK(!manifest_names(&copy, "a.2.incr.ao") && !manifest_names(&copy, "a.3.incr.aof"));
    CHECK(copy.n == 2 && copy.files[1].seq == 2);
    manifest_free(&copy);
}

/* A new increment is named before the one in front of it is synced to its end. */
TEST(the_last_increment_in_use_is_the_last_with_something_in_it)
{
    struct manifest m = {0};
    CHECK(disk_begin() && manifest_last_in_use(&m, ".") == 0);
    manifest_add(&m, "a.1.base.rdb", 9, MANIFEST_BASE);
    for (uint64_t i = 2; i <= 4; i++) {
        char name[32];
        size_t written;
        snprintf(name, sizeof(name), "a.%d.incr.aof", (int)i);
        manifest_add(&m, name, i, MANIFEST_INCREMENT);
        int fd = file_create(name);
        if (i == 3)
            CHECK(file_write_all(fd, BYTES("x"), &written) == 0);
        file_close(fd);
    }
    CHECK(manifest_last_in_use(&m, ".") == 3);
    CHECK(file_remove("a.4.incr.aof") == 0);
    CHECK(manifest_last_in_use(&m, ".") == 4); /* it should be there: that is found out later */
    m.n = 2;
    CHECK(manifest_last_in_use(&m, ".") == 2); /* all are empty: the first */
    m.n = 4;
    manifest_free(&m);
    disk_end();
}

int main(void)
{
    static const struct unit_test tests[] = {
        T(what_is_printed_is_understood),
        T(redis_manifests_have_no_checksum),
        T(damage_is_noticed),
        T(flipped_bits_are_noticed),
        T(a_checksum_line_is_known_by_its_word),
        T(nonsense_is_refused_in_the_words_of_redis),
        T(comments_anywhere_and_numbers_of_any_size),
        T(the_checksum_is_in_front_and_was_at_the_end),
        T(what_a_start_would_refuse_is_not_sound),
        T(names_and_copies),
        T(the_last_increment_in_use_is_the_last_with_something_in_it)};
    crc_init();
    return unit_run(tests, sizeof(tests) / sizeof(*tests));
}
