#include "replica/receive.h"

#include "base/buf.h"
#include "base/crc.h"
#include "io/file.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#define MARK "0123456789abcdef0123456789abcdef01234567"

static char path[64];

/* "REDIS0010", a field, the end, its checksum. */
static struct buf snapshot(void)
{
    struct buf b = {0};
    buf_add(&b, BYTES("REDIS0010\xfa\x01\x61\x01\x62\xff"));
    uint64_t sum = crc_64(0, b.p, b.n);
    for (int i = 0; i < 8; i++)
        buf_add_char(&b, (char)(sum >> 8 * i));
    return b;
}

/* What comes, `step` bytes at a time, and a rest behind it; returns how it ended, and how much was
 * not taken. */
static enum receive_state comes(struct receive *x, struct bytes text, size_t step, size_t *left)
{
    enum receive_state state = RECEIVE_MORE;
    size_t at = 0, used;
    while (at < text.n && state == RECEIVE_MORE) {
        size_t n = text.n - at < step ? text.n - at : step;
        state = receive_take(x, bytes_of(text.p + at, n), &used);
        at += used;
        if (used < n && state == RECEIVE_MORE)
            break;
    }
    *left = text.n - at;
    return state;
}

static bool file_holds(struct bytes want)
{
    struct buf got = {0};
    bool same = file_read(path, &got) >= 0 && bytes_equal(buf_bytes(&got), want);
    buf_free(&got);
    return same;
}

TEST(a_snapshot_of_known_length_is_received)
{
    struct buf file = snapshot(), sent = {0};
    buf_printf(&sent, "\n\n$%zu\r\n", file.n);
    buf_add(&sent, buf_bytes(&file));
    buf_add_text(&sent, "rest");
    for (size_t step = 1; step <= sent.n; step++) {
        size_t left;
        int64_t length;
        struct receive *x = receive_new(path, true);
        CHECK(!receive_has_begun(x, &length) && receive_bytes(x) == 0);
        CHECK(comes(x, buf_bytes(&sent), step, &left) == RECEIVE_WHOLE && left == 4);
        CHECK(receive_has_begun(x, &length) && length == (int64_t)file.n);
        CHECK(receive_bytes(x) == file.n && file_holds(buf_bytes(&file)));
        receive_free(x);
        CHECK(!file_exists(path));
    }
    buf_free(&file);
    buf_free(&sent);
}

TEST(a_snapshot_up_to_a_mark_is_received)
{
    struct buf file = snapshot(), sent = {0};
    buf_add_text(&sent, "$EOF:" MARK "\r\n");
    buf_add(&sent, buf_bytes(&file));
    buf_add_text(&sent, MARK "rest");
    for (size_t step = 1; step <= sent.n; step++) {
        size_t left;
        int64_t length;
        struct receive *x = receive_new(path, true);
        CHECK(comes(x, buf_bytes(&sent), step, &left) == RECEIVE_WHOLE && left == 4);
        CHECK(receive_has_begun(x, &length) && length == -1 && file_holds(buf_bytes(&file)));
        receive_free(x);
    }
    buf_free(&file);
    buf_free(&sent);
}

TEST(without_a_disk_it_is_in_memory)
{
    struct buf file = snapshot(), sent = {0}, got = {0};
    buf_printf(&sent, "$%zu\r\n", file.n);
    buf_add(&sent, buf_bytes(&file));
    size_t left;
    struct receive *x = receive_new(NULL, true);
    CHECK(comes(x, buf_bytes(&sent), 5, &left) == RECEIVE_WHOLE && left == 0);
    CHECK(file_read(receive_path(x), &got) >= 0);
    CHECK(bytes_equal(buf_bytes(&got), buf_bytes(&file)));
    receive_free(x);
    buf_free(&file);
    buf_free(&sent);
    buf_free(&got);
}

TEST(every_changed_byte_is_noticed)
{
    struct buf file = snapshot();
    for (size_t i = 0; i < file.n; i++) {
        struct buf sent = {0};
        size_t left;
        buf_printf(&sent, "$%zu\r\n", file.n);
        size_t head = sent.n;
        buf_add(&sent, buf_bytes(&file));
        sent.p[head + i] ^= 4;
        struct receive *x = receive_new(path, true);
        CHECK(comes(x, buf_bytes(&sent), 7, &left) == RECEIVE_FAILED && *receive_why(x));
        receive_free(x);
        buf_free(&sent);
    }
    buf_free(&file);
}

static enum receive_state end_of(struct bytes text, bool verify)
{
    size_t left;
    struct receive *x = receive_new(path, verify);
    enum receive_state state = comes(x, text, 1000, &left);
    receive_free(x);
    return state;
}

TEST(a_checksum_that_is_not_there_is_not_compared)
{
    CHECK(end_of(BYTES("$18\r\nREDIS0010\xff\0\0\0\0\0\0\0\0"), true) == RECEIVE_WHOLE);
    CHECK(end_of(BYTES("$18\r\nREDIS0004\xff-------\xff"), true) == RECEIVE_WHOLE);
    CHECK(end_of(BYTES("$18\r\nREDIS0010\xff"
                       "12345678"),
                 true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$18\r\nREDIS0010\xff"
                       "12345678"),
                 false) == RECEIVE_WHOLE);
    CHECK(end_of(BYTES("$18\r\nVALKEY080\xff"
                       "12345678"),
                 true) == RECEIVE_FAILED);
}

TEST(what_is_no_snapshot_fails)
{
    CHECK(end_of(BYTES("-ERR no\r\n"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$x\r\n"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$-1\r\n"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$0\r\n"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$5\r\nREDIS"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$18\r\nHELLO0010\xff\0\0\0\0\0\0\0\0"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$EOF:123\r\n"), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$EOF:" MARK "\r\n" MARK), true) == RECEIVE_FAILED);
    char many[200];
    memset(many, '$', sizeof(many));
    CHECK(end_of(bytes_of(many, sizeof(many)), true) == RECEIVE_FAILED);
    CHECK(end_of(BYTES("$999999999999\r\nREDIS0010"), true) == RECEIVE_MORE);
    CHECK(!file_exists(path));
}

TEST(a_file_that_cannot_be_made_is_told)
{
    size_t left;
    struct receive *x = receive_new("/nowhere/at/all", true);
    CHECK(comes(x, BYTES("$18\r\n"), 9, &left) == RECEIVE_FAILED);
    CHECK(strstr(receive_why(x), "No such file"));
    receive_free(x);
}

int main(void)
{
    static const struct unit_test tests[] = {T(a_snapshot_of_known_length_is_received),
                                             T(a_snapshot_up_to_a_mark_is_received),
                                             T(every_changed_byte_is_noticed),
                                             T(without_a_disk_it_is_in_memory),
                                             T(a_checksum_that_is_not_there_is_not_compared),
                                             T(what_is_no_snapshot_fails),
                                             T(a_file_that_cannot_be_made_is_told)};
    crc_init();
    snprintf(path, sizeof(path), "/tmp/receive_test.%d", (int)getpid());
    return unit_run(tests, sizeof(tests) / sizeof(*tests));
}
