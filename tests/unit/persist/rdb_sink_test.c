#include "persist/rdb_sink.h"

#include "base/crc.h"
#include "io/file.h"
#include "rdb.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool length_is(uint64_t n, const char *hex)
{
    struct rdb_sink s = {.fd = -1};
    rdb_sink_length(&s, n);
    struct rdb_source r = rdb_source_of(buf_bytes(&s.out));
    uint64_t back;
    bool good = bytes_equal(buf_bytes(&s.out), rdb_hex(hex)) && rdb_source_length(&r, &back) &&
                back == n && r.p == r.end;
    rdb_sink_free(&s);
    return good;
}

TEST(a_length_takes_the_fewest_bytes)
{
    CHECK(length_is(0, "00") && length_is(63, "3f"));
    CHECK(length_is(64, "4040") && length_is(16383, "7fff"));
    CHECK(length_is(16384, "8000004000") && length_is(UINT32_MAX, "80ffffffff"));
    CHECK(length_is((uint64_t)UINT32_MAX + 1, "810000000100000000"));
    CHECK(length_is(UINT64_MAX, "81ffffffffffffffff"));
}

static bool string_is(const char *text, const char *hex)
{
    struct rdb_sink s = {.fd = -1, .compress = true};
    rdb_sink_string(&s, bytes_text(text));
    bool good = bytes_equal(buf_bytes(&s.out), rdb_hex(hex));
    rdb_sink_free(&s);
    return good;
}

TEST(a_string_is_an_integer_where_it_reads_back_the_same)
{
    CHECK(string_is("", "00") && string_is("a", "01'a'"));
    CHECK(string_is("-128", "c080") && string_is("127", "c07f"));
    CHECK(string_is("128", "c18000") && string_is("-32768", "c10080"));
    CHECK(string_is("32768", "c200800000") && string_is("-2147483648", "c200000080"));
    CHECK(string_is("2147483648", "0a'2147483648'")); /* one too large */
    CHECK(string_is("007", "03'007'") && string_is("-0", "02'-0'") && string_is("+1", "02'+1'"));
}

TEST(a_long_string_is_compressed_when_that_is_shorter)
{
    char text[100], noise[100];
    memset(text, 'a', sizeof(text));
    for (int i = 0; i < 100; i++)
        noise[i] = (char)(i * 7 + 1);
    for (int compress = 0; compress <= 1; compress++) {
        struct rdb_sink s = {.fd = -1, .compress = compress};
        struct bytes x;
        rdb_sink_string(&s, bytes_of(text, sizeof(text)));
        CHECK(compress ? s.out.n < 20 && s.out.p[0] == (char)0xc3 : s.out.n == 102);
        rdb_sink_string(&s, bytes_of(noise, sizeof(noise)));
        struct rdb_source r = rdb_source_of(buf_bytes(&s.out));
        CHECK(rdb_source_string(&r, &x) && bytes_equal(x, bytes_of(text, sizeof(text))));
        CHECK(r.end - r.p == 102); /* 14 bits of length, the bytes */
        CHECK(rdb_source_string(&r, &x) && bytes_equal(x, bytes_of(noise, sizeof(noise))));
        rdb_source_free(&r);
        rdb_sink_free(&s);
    }
}

/* Short ones gather in memory, a long one goes from where it is; the order stays. */
TEST(what_goes_to_a_file_is_summed_and_counted)
{
    char path[] = "/tmp/millrace-sink-test-XXXXXX";
    size_t n = 300000;
    char *text = mem_alloc(n);
    struct buf back = {0};
    crc_init();
    memset(text, 'x', n);
    struct rdb_sink s = {.fd = mkstemp(path), .checksum = true};
    rdb_sink_byte(&s, 7);
    rdb_sink_string(&s, bytes_of(text, n));
    rdb_sink_little64(&s, 0x0102030405060708);
    CHECK(s.out.n == 8 && s.written == 1 + 5 + n);
    rdb_sink_flush(&s);
    CHECK(s.error == 0 && s.out.n == 0 && s.written == 1 + 5 + n + 8);
    CHECK(file_read(path, &back) == 0 && back.n == s.written);
    CHECK(bytes_equal(bytes_of(back.p, 6), rdb_hex("07 80000493e0")));
    CHECK(bytes_equal(bytes_of(back.p + back.n - 8, 8), rdb_hex("0807060504030201")));
    CHECK(crc_64(0, back.p, back.n) == s.crc);
    close(s.fd);
    unlink(path);
    rdb_sink_free(&s);
    buf_free(&back);
    mem_free(text);
}

TEST(the_first_error_stays)
{
    struct rdb_sink s = {.fd = open("/dev/null", O_RDONLY)};
    rdb_sink_byte(&s, 1);
    CHECK(s.error == 0); /* nothing was written yet */
    rdb_sink_flush(&s);
    CHECK(s.error == -EBADF);
    close(s.fd);
    rdb_sink_free(&s);
}

TEST(short_strings_and_what_gathers)
{
    char path[] = "/tmp/millrace-sink-test-XXXXXX", text[1000];
    struct rdb_sink s = {.fd = -1, .compress = true};
    memset(text, 'a', sizeof(text));
    rdb_sink_string(&s, bytes_of(text, 20));
    CHECK(s.out.n == 21);
    rdb_sink_string(&s, bytes_of(text, 21));
    CHECK(s.out.n < 21 + 15 && s.out.p[21] == (char)0xc3);
    rdb_sink_free(&s);
    /* What has gathered goes when it is a quarter of a megabyte. */
    for (int compress = 0; compress < 2; compress++) {
        s = (struct rdb_sink){.fd = compress ? open(path, O_RDWR) : mkstemp(path),
                              .compress = compress};
        CHECK(s.fd >= 0);
        uint64_t all = 0, last = 0;
        for (unsigned i = 0; i < 20000 && s.written == 0; i++) {
            last = s.out.n;
            memset(text, (int)('a' + i % 26), sizeof(text));
            rdb_sink_string(&s, bytes_of(text, compress ? sizeof(text) : 1 + i % 50));
        }
        all = s.written + s.out.n;
        CHECK(s.written >= 262144 && last < 262144 && s.out.n == 0 && all == s.written);
        close(s.fd);
        rdb_sink_free(&s);
    }
    unlink(path);
}

UNIT_MAIN(T(a_length_takes_the_fewest_bytes),
          T(a_string_is_an_integer_where_it_reads_back_the_same),
          T(a_long_string_is_compressed_when_that_is_shorter),
          T(what_goes_to_a_file_is_summed_and_counted), T(the_first_error_stays),
          T(short_strings_and_what_gathers))
