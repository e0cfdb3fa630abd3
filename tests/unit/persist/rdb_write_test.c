/* What a snapshot consists of; that it reads back, and damage: rdb_test.c. */
#include "persist/rdb_write.h"

#include "persist/command_base.h"
#include "persist/stream_rebuild.h"

#include "base/crc.h"
#include "base/hash.h"
#include "io/file.h"
#include "rdb.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct bytes library(void *context, size_t i)
{
    (void)context;
    return i == 0 ? BYTES("code") : bytes_of(NULL, 0);
}

static void count(void *context, uint64_t keys)
{
    *(uint64_t *)context = keys;
}

static const unsigned char *find(const struct buf *b, struct bytes x)
{
    for (size_t i = 0; i + x.n <= b->n; i++)
        if (memcmp(b->p + i, x.p, x.n) == 0)
            return (const unsigned char *)b->p + i;
    return NULL;
}

static struct store *fill(void)
{
    crc_init();
    hash_init("seed", 4);
    struct store *s = db_store_new(3, 1);
    db_add(&s->dbs[2], entry_set_deadline(string_new(BYTES("k"), BYTES("v")), 0x0102030405060708));
    return s;
}

TEST(records_in_their_order)
{
    char path[] = "/tmp/millrace-rdb-write-test-XXXXXX";
    struct store *s = fill();
    struct buf file = {0};
    uint64_t told = 0;
    struct rdb_write_options o = {.version = 11,
                                  .checksum = true,
                                  .generation = 7,
                                  .aof = true,
                                  .library = library,
                                  .progress = count,
                                  .context = &told,
                                  .journal_offset = 9,
                                  .replication_id = "0123456789012345678901234567890123456789"};
    struct rdb_write_result r;
    int fd = mkstemp(path);
    CHECK(rdb_write(fd, s, &o, &r) == 0 && r.keys == 1 && told == 1);
    close(fd);
    CHECK(file_read(path, &file) == 0 && file.n == r.bytes);
    CHECK(memcmp(file.p, "REDIS0011", 9) == 0);
    CHECK(find(&file, rdb_hex("fa 0b'repl-offset' c009")));
    CHECK(find(&file, rdb_hex("fa 13'millrace-generation' c007 fa 0c'millrace-aof' c001")));
    /* The libraries stand in front of the databases; empty databases are left out: f5 code | fe 2 |
     * fb 1 key, 1 deadline | fc deadline | type 0, key, value | ff */
    struct bytes end = rdb_hex("f5 04'code' fe 02 fb 01 01 fc 0807060504030201 00 01'k' 01'v' ff");
    const unsigned char *at = find(&file, end);
    CHECK(at && at + end.n + 8 == (const unsigned char *)file.p + file.n);
    uint64_t sum;
    memcpy(&sum, file.p + file.n - 8, 8);
    CHECK(sum == r.sum && sum == crc_64(0, file.p, file.n - 8));
    CHECK(rdb_write_verify(path, &r) == 0);
    unlink(path);
    CHECK(rdb_write_verify(path, &r) == -ENOENT);
    buf_free(&file);
    db_store_free(s);
}

/* What the version has no place for stands in a field behind the key. */
TEST(effects_follow_their_key)
{
    char path[] = "/tmp/millrace-rdb-write-test-XXXXXX";
    struct store *s = fill();
    struct buf file = {0};
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("w"), 1000, &rdb_options.hash);
    struct entry *e = entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    db_add(&s->dbs[0], e);
    for (int version = 11; version <= 12; version++) {
        struct rdb_write_options o = {.version = version};
        struct rdb_write_result r;
        int fd = version == 11 ? mkstemp(path) : open(path, O_RDWR | O_TRUNC);
        CHECK(rdb_write(fd, s, &o, &r) == 0 && r.keys == 2 && r.streams_aside == 0);
        close(fd);
        file.n = 0;
        CHECK(file_read(path, &file) == 0);
        bool aside = find(&file, rdb_hex("'w'02 ff fa 10'millrace-effects'")) != NULL;
        CHECK(aside == (version == 11) && r.hashes_aside == aside);
        CHECK(r.sum == 0); /* none was asked for */
    }
    unlink(path);
    buf_free(&file);
    db_store_free(s);
}

/* broker Z4: kinds and scheduled messages, for the log; in a base of commands as well. */
TEST(what_redis_would_not_find_is_counted)
{
    char path[] = "/tmp/millrace-rdb-write-test-XXXXXX";
    struct store *s = db_store_new(1, 1);
    struct bytes pairs[] = {BYTES("a"), BYTES("1")};
    for (int i = 0; i < 4; i++) {
        struct stream *x = stream_new(rdb_streams(), 100, 100);
        char key[] = {(char)('a' + i), 0};
        for (int k = 0; k < i; k++)
            stream_future_add(&stream_need_extra(x)->future, (struct stream_id){9, (unsigned)k},
                              pairs, 1);
        if (i == 3)
            stream_need_extra(x)->limits.max_entries = 5;
        db_add(&s->dbs[0], entry_new_word(bytes_text(key), VALUE_STREAM, (uintptr_t)x));
    }
    for (int commands = 0; commands < 2; commands++) {
        struct rdb_write_options o = {.version = 11,
                                      .replication_id = "0123456789abcdef0123456789abcdef01234567"};
        struct rdb_write_result r;
        int fd = commands ? open(path, O_RDWR | O_TRUNC) : mkstemp(path);
        CHECK((commands ? command_base_write : rdb_write)(fd, s, &o, &r) == 0);
        close(fd);
        CHECK(r.keys == 4 && r.streams_aside == 3 && r.scheduled == 6);
        CHECK(r.stream_kinds == (1u << STREAM_REBUILD_SETTINGS | 1u << STREAM_REBUILD_SCHEDULED));
    }
    unlink(path);
    db_store_free(s);
}

TEST(an_error_of_write_is_returned)
{
    struct store *s = fill();
    struct rdb_write_options o = {.version = 11};
    struct rdb_write_result r;
    int fd = open("/dev/full", O_WRONLY);
    CHECK(fd >= 0 && rdb_write(fd, s, &o, &r) == -ENOSPC);
    close(fd);
    db_store_free(s);
}

TEST(what_a_replica_needs_is_told_and_what_it_does_not_want_left_out)
{
    char path[] = "/tmp/millrace-rdb-write-test-XXXXXX";
    struct store *s = fill();
    struct buf file = {0};
    struct rdb_write_options o = {.version = 10,
                                  .library = library,
                                  .stream_db = 2,
                                  .no_keys = true,
                                  .replication_id = "0123456789012345678901234567890123456789"};
    struct rdb_write_result r;
    int fd = mkstemp(path);
    CHECK(rdb_write(fd, s, &o, &r) == 0 && r.keys == 0);
    close(fd);
    CHECK(file_read(path, &file) == 0);
    CHECK(find(&file, BYTES("repl-stream-db\xc0\x02")) && find(&file, BYTES("\xf5\x04"
                                                                            "code")));
    CHECK(!find(&file, BYTES("\xfe")));
    unlink(path);
    buf_free(&file);
    db_store_free(s);
}

TEST(what_is_not_known_is_not_said)
{
    static const char *const sometimes[] = {"repl-id", "repl-offset", "repl-stream-db",
                                            "millrace-generation", "millrace-aof"};
    static const char *const always[] = {"redis-ver", "redis-bits",       "ctime",
                                         "used-mem",  "millrace-version", "aof-base"};
    char path[] = "/tmp/millrace-rdb-write-test-XXXXXX";
    struct store *s = fill();
    for (int known = 0; known < 2; known++) {
        struct buf file = {0};
        struct rdb_write_options o = {
            .version = 11, .generation = known ? 1 : 0, .key_delay_us = 0};
        struct rdb_write_result r;
        if (known)
            o.replication_id = "0123456789012345678901234567890123456789";
        int fd = known ? open(path, O_RDWR | O_TRUNC) : mkstemp(path);
        CHECK(rdb_write(fd, s, &o, &r) == 0);
        close(fd);
        CHECK(file_read(path, &file) == 0);
        for (size_t i = 0; i < sizeof(sometimes) / sizeof(*sometimes); i++)
            CHECK((find(&file, bytes_text(sometimes[i])) != NULL) == known);
        for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
            CHECK(find(&file, bytes_text(always[i])));
        CHECK(find(&file, rdb_hex("fe 02 fb 01 01"))); /* no library stands in front */
        CHECK(find(&file, rdb_hex("fa 0a'redis-bits' c040 fa 05'ctime' c2")));
        buf_free(&file);
    }
    unlink(path);
    db_store_free(s);
}

UNIT_MAIN(T(records_in_their_order), T(effects_follow_their_key),
          T(what_redis_would_not_find_is_counted), T(an_error_of_write_is_returned),
          T(what_is_not_known_is_not_said),
          T(what_a_replica_needs_is_told_and_what_it_does_not_want_left_out))
