#include "persist/command_base.h"

#include "base/crc.h"
#include "base/hash.h"
#include "io/file.h"
#include "persist/aof_read.h"
#include "persist/rdb_head.h"
#include "rdb.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Commands one behind the other, words with a blank between them. */
static bool gather(void *context, const struct bytes *argv, int argc)
{
    struct buf *b = context;
    for (int i = 0; i < argc; i++)
        buf_printf(b, "%s%.*s", i ? " " : "", (int)argv[i].n, argv[i].p);
    buf_printf(b, "\n");
    return true;
}

static char path[] = "/tmp/millrace-base-test-XXXXXX";
static struct rdb_write_result result;
static int stream_db = -1, version = 11;

/* The value under "k" in database 1, as the commands of a base. Valid until the next call. */
static const char *commands_of(struct entry *e)
{
    static char text[8192];
    crc_init();
    hash_init("seed", 4);
    struct store *s = db_store_new(2, 1);
    struct buf file = {0}, shown = {0};
    struct rdb_write_options o = {.version = version,
                                  .generation = 3,
                                  .stream_db = stream_db,
                                  .replication_id = "0123456789012345678901234567890123456789"};
    db_add(&s->dbs[1], e);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    bool good = command_base_write(fd, s, &o, &result) == 0 && result.keys == 1 &&
                command_base_verify(path, &result) == 0 && file_read(path, &file) == 0 &&
                file.n == result.bytes;
    close(fd);
    struct rdb_head head;
    good = good && rdb_head_read(path, &head) && head.generation == 3;
    struct aof_read_result r;
    aof_read(buf_bytes(&file), &(struct aof_read_options){.apply = gather, .context = &shown}, &r);
    good = good && r.status == AOF_READ_GOOD && r.framed;
    snprintf(text, sizeof(text), "%.*s", good ? (int)shown.n : 0, shown.p);
    buf_free(&file);
    buf_free(&shown);
    db_store_free(s);
    unlink(path);
    return text;
}

static bool is_written(struct entry *e, const char *want)
{
    const char *got = commands_of(e);
    if (strcmp(got, want) != 0)
        printf("# got <%s>\n", got);
    return strcmp(got, want) == 0;
}

TEST(values_as_commands)
{
    struct bytes k = BYTES("k");
    CHECK(is_written(string_new(k, BYTES("v")), "SELECT 1\nSET k v\n"));
    CHECK(is_written(entry_set_deadline(string_new(k, BYTES("v")), 77),
                     "SELECT 1\nSET k v\nPEXPIREAT k 77\n"));
    struct list *l = list_new(-2, 0);
    list_push(l, false, BYTES("a"));
    list_push(l, false, BYTES("5"));
    CHECK(is_written(entry_new_word(k, VALUE_LIST, (uintptr_t)l), "SELECT 1\nRPUSH k a 5\n"));
    struct zset *z = zset_new();
    zset_set(&z, BYTES("m"), 0.1, &rdb_options.zset);
    CHECK(is_written(entry_new_word(k, VALUE_ZSET, (uintptr_t)z),
                     "SELECT 1\nZADD k 0.10000000000000001 m\n"));
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("v"), 1000, &rdb_options.hash);
    struct entry *e = entry_new_word(k, VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    CHECK(is_written(e,
                     "SELECT 1\nHSET k f v\nPING *6\r\n$10\r\nHPEXPIREAT\r\n$1\r\nk\r\n$4\r\n1000"
                     "\r\n$6\r\nFIELDS\r\n$1\r\n1\r\n$1\r\nf\r\n\n"));
    CHECK(result.hashes_aside == 1 && result.streams_aside == 0);
}

/* Redis 7.4 knows deadlines of fields. */
TEST(a_base_for_newer_readers_says_plainly_what_they_know)
{
    struct hash *h = hash_new();
    hash_set(&h, BYTES("f"), BYTES("v"), 1000, &rdb_options.hash);
    struct entry *e = entry_new_word(BYTES("k"), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, true);
    version = 12;
    CHECK(is_written(e, "SELECT 1\nHSET k f v\nHPEXPIREAT k 1000 FIELDS 1 f\n"));
    CHECK(result.hashes_aside == 0);
    version = 11;
}

/* 64 elements a command, as Redis has it; pairs count once. */
TEST(many_elements_take_several_commands)
{
    struct set *s = set_new();
    struct hash *h = hash_new();
    char text[NUM_INT_MAX];
    for (int i = 0; i < 130; i++) {
        struct bytes x = bytes_of(text, num_print_int(text, i));
        set_add(&s, x, &rdb_options.set);
        hash_set(&h, x, BYTES("v"), HASH_NO_TTL, &rdb_options.hash);
    }
    struct entry *values[] = {entry_new_word(BYTES("k"), VALUE_SET, (uintptr_t)s),
                              entry_new_word(BYTES("k"), VALUE_HASH, (uintptr_t)h)};
    for (int i = 0; i < 2; i++) {
        int commands = 0, words = 0;
        for (const char *p = commands_of(values[i]); *p; p++) {
            commands += *p == '\n';
            words += *p == ' ';
        }
        /* SELECT 1, then three times the name and the key, and the elements */
        CHECK(commands == 1 + 3 && words == 1 + 3 + 130 * (1 + i));
    }
}

TEST(streams_with_groups)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_log_policy policy = {100, 4096, 2};
    struct bytes pair[] = {BYTES("f"), BYTES("v")};
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 3);
    for (unsigned i = 1; i <= 3; i++)
        stream_append(s, (struct stream_id){i, 0}, pair, 1, &policy);
    for (unsigned i = 1; i <= 3; i++) /* two of one time and count, one of another */
        stream_group_restore(g, (struct stream_id){i, 0}, c, i == 3 ? 8 : 5, 1);
    CHECK(is_written(entry_new_word(BYTES("k"), VALUE_STREAM, (uintptr_t)s),
                     "SELECT 1\nXADD k 1-0 f v\nXADD k 2-0 f v\nXADD k 3-0 f v\n"
                     "XSETID k 3-0 ENTRIESADDED 3 MAXDELETEDID 0-0\n"
                     "XGROUP CREATE k g 0-0 ENTRIESREAD 0\nXGROUP CREATECONSUMER k g c\n"
                     "XCLAIM k g c 0 1-0 2-0 TIME 5 RETRYCOUNT 1 FORCE JUSTID\n"
                     "XCLAIM k g c 0 3-0 TIME 8 RETRYCOUNT 1 FORCE JUSTID\n"));
    /* broker Z3, Z5: what nobody owns is a consumer's for a Redis, until what is wrapped runs. */
    s = stream_new(rdb_streams(), 100, 100);
    g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    stream_group_restore(g, (struct stream_id){2, 0}, NULL, 0, 3);
    stream_group_restore(g, (struct stream_id){1, 0}, NULL, 0, 3);
    CHECK(is_written(entry_new_word(BYTES("k"), VALUE_STREAM, (uintptr_t)s),
                     "SELECT 1\nXGROUP CREATE k g 0 MKSTREAM\nXGROUP DESTROY k g\n"
                     "XSETID k 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0\n"
                     "XGROUP CREATE k g 0-0 ENTRIESREAD 0\n"
                     "XCLAIM k g millrace-unowned 0 1-0 2-0 TIME 0 RETRYCOUNT 3 FORCE JUSTID\n"
                     "PING *11\r\n$5\r\nXNACK\r\n$1\r\nk\r\n$1\r\ng\r\n$4\r\nFAIL\r\n$3\r\nIDS"
                     "\r\n$1\r\n2\r\n$3\r\n2-0\r\n$3\r\n1-0\r\n$10\r\nRETRYCOUNT\r\n$1\r\n3\r\n"
                     "$5\r\nFORCE\r\n\n"
                     "PING *5\r\n$6\r\nXGROUP\r\n$11\r\nDELCONSUMER\r\n$1\r\nk\r\n$1\r\ng\r\n"
                     "$16\r\nmillrace-unowned\r\n\n"));
    CHECK(result.streams_aside == 1);
    /* Only a group makes a stream without entries. */
    CHECK(is_written(
        entry_new_word(BYTES("k"), VALUE_STREAM, (uintptr_t)stream_new(rdb_streams(), 100, 100)),
        "SELECT 1\nXGROUP CREATE k g 0 MKSTREAM\nXGROUP DESTROY k g\n"
        "XSETID k 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0\n"));
}

/* Whoever reads them looks for the place of each by time, from the end: by ID while times rise,
 * whoever is the owner, then the rest by time. */
TEST(pending_entries_come_in_an_order_that_is_cheap_to_read)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 3),
                           *d = stream_group_add_consumer(g, BYTES("d"), 3);
    const int64_t times[] = {5, 3, 5, 8, 1, 3};
    for (unsigned i = 0; i < 6; i++)
        stream_group_restore(g, (struct stream_id){i + 1, 0}, i % 2 ? d : c, times[i], 1);
    CHECK(is_written(entry_new_word(BYTES("k"), VALUE_STREAM, (uintptr_t)s),
                     "SELECT 1\nXGROUP CREATE k g 0 MKSTREAM\nXGROUP DESTROY k g\n"
                     "XSETID k 0-0 ENTRIESADDED 0 MAXDELETEDID 0-0\n"
                     "XGROUP CREATE k g 0-0 ENTRIESREAD 0\n"
                     "XGROUP CREATECONSUMER k g c\nXGROUP CREATECONSUMER k g d\n"
                     "XCLAIM k g c 0 1-0 3-0 TIME 5 RETRYCOUNT 1 FORCE JUSTID\n"
                     "XCLAIM k g d 0 4-0 TIME 8 RETRYCOUNT 1 FORCE JUSTID\n"
                     "XCLAIM k g c 0 5-0 TIME 1 RETRYCOUNT 1 FORCE JUSTID\n"
                     "XCLAIM k g d 0 2-0 6-0 TIME 3 RETRYCOUNT 1 FORCE JUSTID\n"));
}

TEST(what_reads_back_otherwise_is_noticed)
{
    struct store *s = db_store_new(1, 1);
    struct rdb_write_options o = {.generation = 3,
                                  .replication_id = "0123456789012345678901234567890123456789"};
    db_add(&s->dbs[0], string_new(BYTES("k"), BYTES("v")));
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    CHECK(command_base_write(fd, s, &o, &result) == 0 && command_base_verify(path, &result) == 0);
    for (off_t at = 0; at < (off_t)result.bytes; at++) {
        char was, bent;
        CHECK(pread(fd, &was, 1, at) == 1);
        bent = was ^ 1;
        CHECK(pwrite(fd, &bent, 1, at) == 1 && command_base_verify(path, &result) == -EBADMSG);
        CHECK(pwrite(fd, &was, 1, at) == 1);
    }
    CHECK(ftruncate(fd, (off_t)result.bytes - 1) == 0);
    CHECK(command_base_verify(path, &result) == -EBADMSG);
    close(fd);
    unlink(path);
    fd = open("/dev/full", O_WRONLY);
    CHECK(command_base_write(fd, s, &o, &result) == -ENOSPC);
    close(fd);
    db_store_free(s);
}

/* A replica that begins with the base goes on in the stream's database. */
TEST(the_database_of_the_stream_comes_last)
{
    struct bytes k = BYTES("k");
    stream_db = 0;
    CHECK(is_written(string_new(k, BYTES("v")), "SELECT 1\nSET k v\nSELECT 0\n"));
    stream_db = 1;
    CHECK(is_written(string_new(k, BYTES("v")), "SELECT 1\nSET k v\n"));
    stream_db = -1;
}

UNIT_MAIN(T(a_base_for_newer_readers_says_plainly_what_they_know),
          T(the_database_of_the_stream_comes_last), T(values_as_commands),
          T(many_elements_take_several_commands), T(streams_with_groups),
          T(pending_entries_come_in_an_order_that_is_cheap_to_read),
          T(what_reads_back_otherwise_is_noticed))
