/* rdb_write.c and rdb_read.c, together. */
#include "base/crc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "flip.h"
#include "io/file.h"
#include "persist/rdb_read.h"
#include "persist/rdb_write.h"
#include "type/list.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct store *fill(void)
{
    struct store *s = db_store_new(2, 1);
    struct stream_log_policy policy = {10, 0, 1};
    for (int i = 0; i < 50; i++) {
        char key[32], value[2000];
        size_t n = (size_t)sprintf(key, "string%d", i);
        memset(value, 'a' + i % 26, sizeof(value));
        struct entry *e = i % 3 ? string_new(bytes_of(key, n), bytes_of(value, (size_t)i * 30))
                                : string_new_int(bytes_of(key, n), i * 1000003LL);
        if (i % 5 == 0)
            e = entry_set_deadline(e, 5000000000000 + i);
        db_add(&s->dbs[i % 2], e);
    }
    struct list *l = list_new(-2, 0);
    for (int i = 0; i < 500; i++) {
        char x[64];
        list_push(l, i % 2, bytes_of(x, (size_t)sprintf(x, i % 3 ? "element %d" : "%d", i)));
    }
    db_add(&s->dbs[0], entry_new_word(BYTES("list"), VALUE_LIST, (uintptr_t)l));
    struct stream *t = stream_new(s->streams, 100, 100);
    struct bytes pair[] = {BYTES("field"), BYTES("value"), BYTES("other"), BYTES("7")};
    struct stream_group *g = stream_add_group(t, BYTES("group"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("consumer"), 5);
    for (unsigned i = 1; i <= 95; i++) {
        stream_append(t, (struct stream_id){i, i % 4}, pair, 1 + i % 2, &policy);
        if (i < 60)
            stream_group_deliver(g, c, (struct stream_id){i, i % 4}, 1000 + i);
    }
    for (unsigned i = 1; i <= 30; i += 3)
        stream_delete(t, (struct stream_id){i, i % 4});
    db_add(&s->dbs[0], entry_new_word(BYTES("stream"), VALUE_STREAM, (uintptr_t)t));
    return s;
}

static struct bytes written(struct store *s, int version, struct buf *out)
{
    char path[] = "/tmp/millrace-rdb-test-XXXXXX";
    int fd = mkstemp(path);
    struct rdb_write_result r;
    struct rdb_write_options o = {.version = version, .checksum = true, .compress = true};
    CHECK(fd >= 0 && rdb_write(fd, s, &o, &r) == 0 && r.keys == 52);
    close(fd);
    out->n = 0;
    CHECK(file_read(path, out) == 0);
    unlink(path);
    return buf_bytes(out);
}

static struct rdb_read_options options = {.verify = true,
                                          .values.list_fill = -2,
                                          .values.node_entries = 100,
                                          .values.node_bytes = 4096,
                                          .values.raw_blocks = 2};

__attribute__((constructor)) static void make_context(void)
{
    options.values.streams = stream_context_new();
}

TEST(what_is_written_reads_back)
{
    crc_init();
    hash_init("seed", 4);
    for (int version = 10; version <= 11; version++) {
        struct store *s = fill(), *t = db_store_new(2, 1);
        struct buf first = {0}, second = {0};
        struct rdb_read_result r;
        written(s, version, &first);
        CHECK(rdb_read(t, buf_bytes(&first), &options, &r));
        CHECK(r.keys == 52 && r.length == first.n);
        written(t, version, &second);
        for (int d = 0; d < 2; d++) {
            struct table_walk w;
            table_walk_start(&w, &s->dbs[d].keys);
            for (struct entry *e; (e = table_walk_next(&w));) {
                struct entry *o = db_find(&t->dbs[d], entry_key(e));
                CHECK(o && value_type(o) == value_type(e) &&
                      entry_deadline_ms(o) == entry_deadline_ms(e));
                char a[NUM_INT_MAX], b[NUM_INT_MAX];
                if (value_type(e) == TYPE_STRING)
                    CHECK(bytes_equal(string_view(e, a), string_view(o, b)));
            }
        }
        struct stream *x = value_to_change(db_find(&t->dbs[0], BYTES("stream")));
        CHECK(x->log.length == 85 && x->added == 95 && x->last_id.ms == 95 &&
              x->max_deleted.ms == 28);
        struct stream_group *g = stream_find_group(x, BYTES("group"));
        CHECK(g && g->pending.count == 59 &&
              stream_group_consumer(g, BYTES("consumer"))->pending == 59);
        buf_free(&first);
        buf_free(&second);
        db_store_free(s);
        db_store_free(t);
    }
}

static struct {
    unsigned pieces, commands, ids;
    size_t longest;
} heard;

static void note_piece(void *context, uint64_t offset, struct bytes name, struct bytes value)
{
    (void)context;
    (void)offset;
    if (!value.p || !bytes_is(name, "millrace-effects"))
        return;
    heard.pieces++;
    heard.longest = value.n > heard.longest ? value.n : heard.longest;
}

static bool count_command(void *context, int db, const struct bytes *argv, int argc)
{
    long long n;
    (void)context;
    CHECK(db == 1 && argc > 4 && bytes_is(argv[bytes_is(argv[0], "XGROUP") ? 2 : 1], "q"));
    heard.commands++;
    if (bytes_is(argv[0], "XNACK")) {
        CHECK(num_parse_int(argv[5], &n));
        heard.ids += (unsigned)n;
    }
    return true;
}

/* broker Z2: what completes a key is cut between commands, so that nobody has all of it in memory.
 */
TEST(effects_are_written_in_pieces)
{
    char path[] = "/tmp/millrace-rdb-test-XXXXXX";
    struct store *s = db_store_new(2, 1), *t = db_store_new(2, 1);
    struct stream *x = stream_new(s->streams, 100, 100);
    struct stream_group *g = stream_add_group(x, BYTES("g"), STREAM_ID_MIN, 0);
    struct buf file = {0};
    unsigned n = 40000;
    char reason[64];
    hash_init("seed", 4);
    crc_init();
    for (unsigned i = 1; i <= n; i++) {
        struct stream_id id = {i, 0};
        stream_group_restore(g, id, NULL, 0, 1);
        snprintf(reason, sizeof(reason), "reason %u", i / 2); /* two of a kind */
        stream_pending_set_reason(&g->pending, id, bytes_text(reason));
    }
    db_add(&s->dbs[1], entry_new_word(BYTES("q"), VALUE_STREAM, (uintptr_t)x));
    for (int compress = 0; compress < 2; compress++) {
        struct rdb_write_result r;
        struct rdb_read_result got;
        struct rdb_write_options o = {.version = 11, .checksum = true, .compress = compress};
        struct rdb_read_options in = options;
        strcpy(path + strlen(path) - 6, "XXXXXX");
        int fd = mkstemp(path);
        CHECK(rdb_write(fd, s, &o, &r) == 0 && r.streams_aside == 1);
        close(fd);
        file.n = 0;
        CHECK(file_read(path, &file) == 0);
        unlink(path);
        in.apply = count_command;
        in.note = note_piece;
        in.merge = true;
        memset(&heard, 0, sizeof(heard));
        CHECK(rdb_read(t, buf_bytes(&file), &in, &got) && got.keys == 1);
        CHECK(heard.pieces >= 3 && heard.longest <= 1u << 20 && heard.longest > 1000000);
        CHECK(heard.ids == n && heard.commands == n / 2 + 1 + 1);
        /* A Redis finds all of them, as a consumer's (broker Z3). */
        const struct stream *y = value_object(db_find(&t->dbs[1], BYTES("q")));
        g = stream_find_group(y, BYTES("g"));
        struct stream_consumer *c = stream_group_consumer(g, BYTES("millrace-unowned"));
        CHECK(g->pending.count == n && c && c->pending == n);
    }
    buf_free(&file);
    db_store_free(s);
    db_store_free(t);
}

static bool remember_key(void *context, int db, const struct bytes *argv, int argc)
{
    return bytes_is(argv[0], "xpolicy") && db == 1 && argc > 3 &&
           bytes_equal(argv[2], *(struct bytes *)context);
}

/* Words of commands behind a key may be as long as a key. */
TEST(commands_behind_a_key_may_be_long)
{
    struct store *s = db_store_new(2, 1), *t = db_store_new(2, 1);
    struct stream *x = stream_new(s->streams, 100, 100);
    static char long_key[100000];
    struct bytes key = bytes_of(long_key, sizeof(long_key));
    struct rdb_write_result r;
    struct rdb_read_result got;
    struct rdb_write_options o = {.version = 11, .checksum = true};
    struct rdb_read_options in = options;
    struct buf file = {0};
    char path[] = "/tmp/millrace-rdb-test-XXXXXX";
    hash_init("seed", 4);
    crc_init();
    memset(long_key, 'k', sizeof(long_key));
    stream_set_policy(x, stream_add_group(x, BYTES("g"), STREAM_ID_MIN, 0),
                      stream_policy_new(BYTES("d")));
    db_add(&s->dbs[1], entry_new_word(key, VALUE_STREAM, (uintptr_t)x));
    int fd = mkstemp(path);
    CHECK(rdb_write(fd, s, &o, &r) == 0 && r.streams_aside == 1);
    close(fd);
    CHECK(file_read(path, &file) == 0);
    unlink(path);
    in.apply = remember_key;
    in.context = &key;
    CHECK(rdb_read(t, buf_bytes(&file), &in, &got) && got.keys == 1);
    buf_free(&file);
    db_store_free(s);
    db_store_free(t);
}

/* Flipped bits are detected by the checksum, whatever they hit. */
TEST(flipped_bits_are_detected)
{
    struct store *s = fill();
    struct buf file = {0};
    struct rng rng;
    crc_init();
    hash_init("seed", 4);
    rng_seed(&rng, 9 + unit_share());
    written(s, 11, &file);
    char *whole = mem_copy_text(file.p, file.n);
    for (int round = 0; round < 20000 / UNIT_SHARES; round++) {
        flip_bits(&rng, file.p, file.n);
        if (memcmp(file.p, whole, file.n) == 0)
            continue; /* one flip took another back */
        struct store *t = db_store_new(2, 1);
        struct rdb_read_result r;
        CHECK(!rdb_read(t, buf_bytes(&file), &options, &r));
        CHECK(r.error[0]);
        db_store_free(t);
        memcpy(file.p, whole, file.n);
    }
    mem_free(whole);
    for (size_t n = 0; n < file.n; n += 7) {
        struct store *t = db_store_new(2, 1);
        struct rdb_read_result r;
        char *exact = mem_alloc(n + 1);
        memcpy(exact, file.p, n);
        CHECK(!rdb_read(t, bytes_of(exact, n), &options, &r));
        mem_free(exact);
        db_store_free(t);
    }
    buf_free(&file);
    db_store_free(s);
}

/* Without a checksum damage must still never crash. */
TEST(damage_without_a_checksum_is_survived)
{
    struct store *s = fill();
    struct buf file = {0};
    struct rng rng;
    struct rdb_read_options lax = options;
    lax.verify = false;
    crc_init();
    hash_init("seed", 4);
    rng_seed(&rng, 10 + unit_share());
    written(s, 11, &file);
    for (int round = 0; round < 3000 / UNIT_SHARES; round++) {
        char *copy = mem_alloc(file.n);
        memcpy(copy, file.p, file.n);
        for (int k = 0; k < 4; k++)
            copy[rng_below(&rng, file.n)] = (char)rng_next(&rng);
        struct store *t = db_store_new(2, 1);
        struct rdb_read_result r;
        rdb_read(t, bytes_of(copy, file.n), &lax, &r);
        db_store_free(t);
        mem_free(copy);
    }
    buf_free(&file);
    db_store_free(s);
}

/* The file is read back after it was written: bits that fell, an end that is missing. */
TEST(what_reads_back_otherwise_is_noticed)
{
    char path[] = "/tmp/millrace-rdb-test-XXXXXX";
    crc_init();
    for (int checksum = 0; checksum <= 1; checksum++) {
        struct store *s = fill();
        struct rdb_write_options o = {.version = 11, .checksum = checksum, .compress = true};
        struct rdb_write_result r;
        struct rng rng;
        int fd = checksum ? open(path, O_RDWR | O_TRUNC) : mkstemp(path);
        CHECK(fd >= 0 && rdb_write(fd, s, &o, &r) == 0);
        CHECK(rdb_write_verify(path, &r) == 0);
        rng_seed(&rng, 9);
        for (int i = 0; i < 200; i++) {
            /* Without a checksum only the end of the file is known. */
            off_t at = (off_t)(checksum ? rng_below(&rng, r.bytes) : r.bytes - 1 - (unsigned)i % 8);
            char was, bent;
            CHECK(pread(fd, &was, 1, at) == 1);
            bent = was ^ (char)(1 << i % 8);
            CHECK(pwrite(fd, &bent, 1, at) == 1 && rdb_write_verify(path, &r) == -EBADMSG);
            CHECK(pwrite(fd, &was, 1, at) == 1);
        }
        CHECK(rdb_write_verify(path, &r) == 0);
        CHECK(ftruncate(fd, (off_t)r.bytes - 1) == 0 && rdb_write_verify(path, &r) == -EBADMSG);
        CHECK(ftruncate(fd, (off_t)r.bytes + 1) == 0 && rdb_write_verify(path, &r) == -EBADMSG);
        close(fd);
        db_store_free(s);
    }
    unlink(path);
    struct rdb_write_result none = {.bytes = 100};
    CHECK(rdb_write_verify(path, &none) == -ENOENT);
}

UNIT_MAIN(T(commands_behind_a_key_may_be_long), T(effects_are_written_in_pieces),
          T(what_is_written_reads_back), T(flipped_bits_are_detected),
          T(damage_without_a_checksum_is_survived), T(what_reads_back_otherwise_is_noticed))
