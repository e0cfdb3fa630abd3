#include "persist/aof_frame.h"

#include "base/buf.h"
#include "base/crc.h"
#include "base/rng.h"
#include "flip.h"
#include "unit.h"

#define SALT 0x00c0ffee

static struct aof_frame_header header(void)
{
    struct aof_frame_header h = {
        .version = AOF_FRAME_VERSION, .salt = SALT, .offset = 18446744073709551615u};
    memset(h.replication_id, 'f', 40);
    h.replication_id[40] = 0;
    return h;
}

TEST(a_header_is_read_as_it_was_printed)
{
    struct aof_frame_header h = header(), back;
    char text[AOF_FRAME_HEADER_MAX + 4];
    size_t n = aof_frame_print_header(&h, text), got;
    static const char start[] = "#MILLRACE:2:00c0ffee:18446744073709551615:ffff";
    CHECK(memcmp(text, start, sizeof(start) - 1) == 0 && memcmp(text + n - 2, "\r\n", 2) == 0);
    memcpy(text + n, "*1\r\n", 4);
    CHECK(aof_frame_parse_header(bytes_of(text, n + 4), &back, &got));
    CHECK(got == n && back.salt == h.salt && back.offset == h.offset);
    CHECK(strcmp(back.replication_id, h.replication_id) == 0);
    for (size_t less = 0; less < n; less++)
        CHECK(!aof_frame_parse_header(bytes_of(text, less), &back, &got));
    CHECK(!aof_frame_parse_header(bytes_of(NULL, 0), &back, &got));
}

/* What sscanf() would let pass: blanks, signs, capital letters, leading zeros. */
TEST(a_header_that_means_the_same_is_not_the_same)
{
    struct aof_frame_header h = header(), back;
    char text[AOF_FRAME_HEADER_MAX], other[AOF_FRAME_HEADER_MAX];
    size_t got;
    h.offset = 7;
    aof_frame_print_header(&h, text);
    static const struct {
        const char *from, *to;
    } same[] = {{":7:", ": 7:"}, {":7:", ":+7:"}, {":7:", ":07:"}, {"c0ffee", "C0FFEE"}};
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        const char *at = strstr(text, same[i].from);
        int n = snprintf(other, sizeof(other), "%.*s%s%s", (int)(at - text), text, same[i].to,
                         at + strlen(same[i].from));
        CHECK(!aof_frame_parse_header(bytes_of(other, (size_t)n), &back, &got));
    }
}

TEST(flipped_bits_of_a_header_are_noticed)
{
    struct aof_frame_header h = header(), back;
    struct rng rng;
    char text[AOF_FRAME_HEADER_MAX], bad[AOF_FRAME_HEADER_MAX];
    size_t n = aof_frame_print_header(&h, text), got;
    rng_seed(&rng, 3);
    for (int round = 0; round < 20000; round++) {
        memcpy(bad, text, n);
        flip_bits(&rng, bad, n);
        if (memcmp(bad, text, n) != 0)
            CHECK(!aof_frame_parse_header(bytes_of(bad, n), &back, &got));
    }
}

TEST(both_versions_are_read_and_no_other)
{
    struct aof_frame_header h = header(), back;
    char text[AOF_FRAME_HEADER_MAX];
    size_t got;
    for (unsigned version = 1; version <= 2; version++) {
        h.version = version;
        size_t n = aof_frame_print_header(&h, text);
        CHECK(text[10] == (char)('0' + version));
        CHECK(aof_frame_parse_header(bytes_of(text, n), &back, &got) && back.version == version);
        /* The checksum of what another version would have printed. */
        text[10] = '3';
        n -= 11;
        n += (size_t)sprintf(text + n, ":%08x\r\n", crc_32c(0, text, n));
        CHECK(!aof_frame_parse_header(bytes_of(text, n), &back, &got));
    }
}

TEST(notes_are_read_as_they_were_printed)
{
    struct aof_frame_note back;
    char text[AOF_FRAME_LINE_MAX];
    static const struct {
        struct aof_frame_note note;
        const char *text;
    } all[] = {{{.kind = JOURNAL_SKIP, .n = 14}, "#SKIP:14\r\n"},
               {{.kind = JOURNAL_ONLY, .n = INT64_MAX}, "#ONLY:9223372036854775807\r\n"},
               {{.kind = JOURNAL_ID, .id = "0123456789012345678901234567890123456789"},
                "#ID:0123456789012345678901234567890123456789\r\n"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        size_t n = aof_frame_print_note(&all[i].note, text);
        CHECK(bytes_is(bytes_of(text, n), all[i].text));
        CHECK(aof_frame_parse_note(bytes_of(text, n - 2), &back) && back.kind == all[i].note.kind);
        CHECK(all[i].note.kind == JOURNAL_ID ? strcmp(back.id, all[i].note.id) == 0
                                             : back.n == all[i].note.n);
    }
    static const char *const none[] = {"#SKIP:",
                                       "#SKIP:0",
                                       "#SKIP:-1",
                                       "#SKIP:01",
                                       "#SKIP: 1",
                                       "#skip:1",
                                       "#ONLY:1x",
                                       "#ONLY:9223372036854775808",
                                       "#ID:01234",
                                       "#ID:",
                                       "#TS:1",
                                       "#CRC:1:00000000:0",
                                       "#SKIP:1\r\n",
                                       "#ONLY:+1",
                                       "#ID:01234567890123456789012345678901234567890",
                                       "#ID:012345678901234567890123456789012345678:"};
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        CHECK(!aof_frame_parse_note(bytes_text(none[i]), &back));
}

TEST(a_generation_belongs_to_its_salt)
{
    char text[AOF_FRAME_LINE_MAX];
    uint64_t back;
    size_t n = aof_frame_print_generation(SALT, 42, text);
    CHECK(aof_frame_parse_generation(SALT, bytes_of(text, n), &back) == n && back == 42);
    CHECK(aof_frame_parse_generation(SALT + 1, bytes_of(text, n), &back) == 0);
    CHECK(aof_frame_parse_generation(SALT, bytes_of(text, n - 1), &back) == 0);
    CHECK(aof_frame_parse_generation(SALT, bytes_text("#CRC:1:00000000:0\r\n"), &back) == 0);
    text[12] = '5';
    CHECK(aof_frame_parse_generation(SALT, bytes_of(text, n), &back) == 0);
}

TEST(timestamps)
{
    char text[AOF_FRAME_LINE_MAX];
    long long back;
    size_t n = aof_frame_print_timestamp(1700000000, text);
    CHECK(bytes_is(bytes_of(text, n), "#TS:1700000000\r\n"));
    CHECK(aof_frame_parse_timestamp(bytes_of(text, n - 2), &back) && back == 1700000000);
    CHECK(!aof_frame_parse_timestamp(bytes_text("#TS:soon"), &back));
    CHECK(!aof_frame_parse_timestamp(bytes_text("#CRC:5"), &back));
}

/* A frame in a file, with other bytes in front of it; *at: where its trailer begins. */
static struct buf frame(bool timed, size_t *at, size_t *n)
{
    struct buf file = {0};
    char line[AOF_FRAME_LINE_MAX];
    struct bytes effects = BYTES("*1\r\n$4\r\nPING\r\n");
    buf_add_text(&file, "in front\r\n");
    size_t start = file.n;
    if (timed)
        buf_add(&file, bytes_of(line, aof_frame_print_timestamp(1700000000, line)));
    struct bytes timestamp = {file.p + start, file.n - start};
    *n = aof_frame_print_trailer(SALT, timestamp, effects, 99, line);
    buf_add(&file, effects);
    *at = file.n;
    buf_add(&file, bytes_of(line, *n));
    return file;
}

static bool is_sound(uint32_t salt, const struct buf *file, size_t at, size_t n)
{
    struct aof_frame_trailer t;
    struct bytes line = {file->p + at, n - 2};
    return aof_frame_is_sound(salt, buf_bytes(file), at, line, &t) && t.bytes == 14 &&
           t.synced == 99;
}

TEST(a_frame_is_sound_with_its_own_salt_and_place)
{
    for (int timed = 0; timed < 2; timed++) {
        size_t at, n;
        struct buf file = frame(timed, &at, &n);
        CHECK(is_sound(SALT, &file, at, n));
        CHECK(!is_sound(SALT ^ 1, &file, at, n));
        /* Fewer effects in front than the trailer counts. */
        struct aof_frame_trailer t;
        struct bytes rest = {file.p + at - 5, file.n - at + 5};
        CHECK(!aof_frame_is_sound(SALT, rest, 5, bytes_of(file.p + at, n - 2), &t));
        buf_free(&file);
    }
}

/* The timestamp, the effects, and each number of the trailer. */
TEST(flipped_bits_of_a_frame_are_noticed)
{
    for (int timed = 0; timed < 2; timed++) {
        size_t at, n, first = sizeof("in front\r\n") - 1;
        struct buf file = frame(timed, &at, &n);
        for (size_t bit = first * 8; bit < file.n * 8; bit++) {
            char *p = &file.p[bit / 8], before = *p;
            *p = (char)(*p ^ (1 << bit % 8));
            bool line_end = bit / 8 == file.n - 1; /* the caller has found the line by it */
            CHECK(line_end || !is_sound(SALT, &file, at, n));
            *p = before;
        }
        buf_free(&file);
    }
}

TEST(what_is_no_trailer_is_refused)
{
    static const char *const lines[] = {"#CRC:\r\n",
                                        "#CRC:0\r\n",
                                        "#CRC:0:\r\n",
                                        "#CRC:0:00000000\r\n",
                                        "#CRC:99999999999999999999:00000000:0\r\n",
                                        "#CRC:-1:00000000:0\r\n",
                                        "#TS:1700000000\r\n",
                                        ("#CRC:0:00000000:0000000000000000000000000000000000000000"
                                         "00000000000000000000000000000000000000000000000000\r\n")};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct bytes data = bytes_text(lines[i]);
        struct aof_frame_trailer t;
        CHECK(!aof_frame_is_sound(SALT, data, 0, bytes_of(data.p, data.n - 2), &t));
    }
}

int main(void)
{
    static const struct unit_test tests[] = {T(a_header_is_read_as_it_was_printed),
                                             T(a_header_that_means_the_same_is_not_the_same),
                                             T(flipped_bits_of_a_header_are_noticed),
                                             T(both_versions_are_read_and_no_other),
                                             T(notes_are_read_as_they_were_printed),
                                             T(a_generation_belongs_to_its_salt),
                                             T(timestamps),
                                             T(a_frame_is_sound_with_its_own_salt_and_place),
                                             T(flipped_bits_of_a_frame_are_noticed),
                                             T(what_is_no_trailer_is_refused)};
    crc_init();
    return unit_run(tests, sizeof(tests) / sizeof(*tests));
}
