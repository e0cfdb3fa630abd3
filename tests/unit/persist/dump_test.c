#include "persist/dump.h"

#include "base/crc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "rdb.h"
#include "store/digest.h"
#include "store/value_digest.h"
#include "type/list.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/value.h"
#include "unit.h"

/* Before any test uses rdb_options. */
__attribute__((constructor)) static void make_context(void)
{
    rdb_streams();
}

enum { KINDS = 14 };

static struct entry *make_stream(struct bytes key, bool extras)
{
    struct stream *t = stream_new(rdb_streams(), 100, 100);
    struct stream_log_policy policy = {10, 0, 1};
    struct bytes pair[] = {BYTES("field"), BYTES("value")};
    struct stream_group *g = stream_add_group(t, BYTES("group"), STREAM_ID_MIN, 0);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("consumer"), 5);
    for (unsigned i = 1; i <= 25; i++) {
        stream_append(t, (struct stream_id){i, 0}, pair, 1, &policy);
        if (i < 9)
            stream_group_deliver(g, c, (struct stream_id){i, 0}, 1000 + i);
    }
    if (extras) {
        struct stream_pending_place at;
        stream_dedup_record(&t->dedup, BYTES("producer"), BYTES("id"), (struct stream_id){3, 0},
                            77);
        stream_pending_find(&g->pending, (struct stream_id){4, 0}, &at);
        stream_group_assign(g, at, NULL, 0, 3, true);
    }
    return entry_new_word(key, VALUE_STREAM, (uintptr_t)t);
}

static struct entry *make_list(struct bytes key)
{
    struct list *l = list_new(-2, 0);
    char text[NUM_INT_MAX];
    for (int i = 0; i < 300; i++)
        list_push(l, i % 2,
                  i % 3 ? bytes_of(text, num_print_int(text, i * 7919)) : BYTES("element"));
    return entry_new_word(key, VALUE_LIST, (uintptr_t)l);
}

static struct entry *make_hash(struct bytes key, int n, bool timed)
{
    struct hash *h = hash_new();
    char name[NUM_INT_MAX];
    for (int i = 0; i < n; i++)
        hash_set(&h, bytes_of(name, num_print_int(name, i)), BYTES("a value"),
                 timed && i % 3 == 0 ? 5000000000000 + i : HASH_NO_TTL, &rdb_options.hash);
    struct entry *e = entry_new_word(key, VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, timed);
    return e;
}

static struct entry *make_set(struct bytes key, int n, bool ints)
{
    struct set *s = set_new();
    char x[NUM_INT_MAX + 1] = "m";
    for (int i = 0; i < n; i++) {
        size_t len = num_print_int(x + 1, i * 40000);
        set_add(&s, ints ? bytes_of(x + 1, len) : bytes_of(x, len + 1), &rdb_options.set);
    }
    return entry_new_word(key, VALUE_SET, (uintptr_t)s);
}

static struct entry *make_zset(struct bytes key, int n)
{
    struct zset *z = zset_new();
    char x[NUM_INT_MAX];
    for (int i = 0; i < n; i++)
        zset_set(&z, bytes_of(x, num_print_int(x, i)), i / 4.0 - 3, &rdb_options.zset);
    return entry_new_word(key, VALUE_ZSET, (uintptr_t)z);
}

/* One value of each form. */
static struct entry *make(int kind)
{
    struct bytes key = BYTES("key");
    static char text[3000];
    memset(text, 'x', sizeof(text));
    switch (kind) {
    case 0:
        return string_new(key, BYTES("hello"));
    case 1:
        return string_new_int(key, -123456789);
    case 2:
        return string_new(key, bytes_of(text, sizeof(text)));
    case 3:
        return make_list(key);
    case 4:
        return make_hash(key, 10, false);
    case 5:
        return make_hash(key, 600, false);
    case 6:
        return make_hash(key, 10, true);
    case 7:
        return make_hash(key, 600, true);
    case 8:
        return make_set(key, 20, true);
    case 9:
        return make_set(key, 20, false);
    case 10:
        return make_set(key, 200, false);
    case 11:
        return make_zset(key, 20);
    case 12:
        return make_zset(key, 200);
    default:
        return make_stream(key, kind == KINDS);
    }
}

TEST(what_is_dumped_comes_back)
{
    crc_init();
    hash_init("seed", 4);
    for (int kind = 0; kind <= KINDS; kind++)
        for (int compress = 0; compress < 2; compress++) {
            struct entry *e = make(kind), *f = NULL;
            struct buf b = {0};
            unsigned char one[20], two[20];
            dump_write(&b, e, compress);
            CHECK(dump_read(buf_bytes(&b), BYTES("other"), &rdb_options, &f, &(const char *){NULL},
                            NULL) == DUMP_GOOD);
            value_digest(e, one);
            value_digest(f, two);
            CHECK(memcmp(one, two, 20) == 0 && strcmp(value_encoding(e), value_encoding(f)) == 0);
            value_free(e);
            value_free(f);
            buf_free(&b);
        }
}

/* With a checksum that fits, so that the value itself is what is looked at. */
static void seal(struct buf *b)
{
    uint64_t crc = crc_64(0, b->p, b->n - 8);
    memcpy(b->p + b->n - 8, &crc, 8);
}

/* No room for any record: once a use after free, by RESTORE. */
TEST(settings_of_message_ids_that_cannot_be_are_refused)
{
    static const struct {
        int64_t duration_s;
        uint64_t max_size;
    } wrong[] = {{100, 0}, {0, 100}, {86401, 100}, {100, 10001}};
    static const struct {
        int64_t duration_s;
        uint64_t max_size;
    } right[] = {{1, 1}, {86400, 10000}};
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
        struct entry *e = make_stream(BYTES("key"), false), *f = NULL;
        struct stream *s = value_to_change(e);
        struct buf b = {0};
        stream_dedup_set_limits(&s->dedup, right[i].duration_s, right[i].max_size);
        stream_dedup_record(&s->dedup, BYTES("producer"), BYTES("id"), s->last_id, 1000);
        dump_write(&b, e, false);
        CHECK(dump_read(buf_bytes(&b), BYTES("other"), &rdb_options, &f, &(const char *){NULL},
                        NULL) == DUMP_GOOD);
        s = value_to_change(f);
        CHECK(s->dedup.duration_s == right[i].duration_s &&
              s->dedup.max_size == right[i].max_size && s->dedup.tracked == 1);
        value_free(e);
        value_free(f);
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct entry *e = make_stream(BYTES("key"), false), *f = NULL;
        struct stream *s = value_to_change(e);
        struct buf b = {0};
        stream_dedup_record(&s->dedup, BYTES("producer"), BYTES("id"), s->last_id, 1000);
        stream_dedup_record(&s->dedup, BYTES("producer"), BYTES("other"), s->last_id, 1000);
        s->dedup.duration_s = wrong[i].duration_s;
        s->dedup.max_size = wrong[i].max_size;
        dump_write(&b, e, false);
        CHECK(dump_read(buf_bytes(&b), BYTES("other"), &rdb_options, &f, &(const char *){NULL},
                        NULL) == DUMP_BAD_DATA);
        value_free(e);
        buf_free(&b);
    }
}

TEST(damage_is_never_more_than_an_error)
{
    struct rng r;
    rng_seed(&r, 4 + unit_share());
    for (int kind = 0; kind <= KINDS; kind++) {
        struct entry *e = make(kind), *f = NULL;
        struct buf whole = {0};
        dump_write(&whole, e, kind % 2);
        value_free(e);
        for (int i = 0; i < 3000 / UNIT_SHARES; i++) {
            struct buf b = {0};
            buf_add(&b, buf_bytes(&whole));
            size_t at = rng_below(&r, b.n - 10);
            if (i % 3 == 0) {
                /* Something is missing in the middle. */
                size_t n = rng_below(&r, b.n - 10 - at) + 1;
                memmove(b.p + at, b.p + at + n, b.n - at - n);
                b.n -= n;
            } else {
                b.p[at] = (char)rng_next(&r);
                if (i % 3 == 1)
                    b.p[rng_below(&r, b.n - 10)] ^= (char)(1 << rng_below(&r, 8));
            }
            if (i % 50 == 0) {
                enum dump_result got = dump_read(buf_bytes(&b), BYTES("k"), &rdb_options, &f,
                                                 &(const char *){NULL}, NULL);
                /* The format's CRC begins with 0: it does not see a 0 that is missing in front. */
                CHECK(got == DUMP_BAD_FRAME || (at == 0 && whole.p[0] == 0) ||
                      bytes_equal(buf_bytes(&b), buf_bytes(&whole)));
                if (got == DUMP_GOOD) /* the change was none */
                    value_free(f);
            }
            seal(&b);
            if (dump_read(buf_bytes(&b), BYTES("k"), &rdb_options, &f, &(const char *){NULL},
                          NULL) == DUMP_GOOD)
                value_free(f);
            buf_free(&b);
        }
        buf_free(&whole);
    }
}

static struct bytes library_at(void *context, size_t i)
{
    static const char *const code[] = {"#!lua name=a", "#!lua name=b"};
    return i < *(size_t *)context ? bytes_text(code[i]) : bytes_of(NULL, 0);
}

struct taken {
    int n, most;
    char text[64];
};

static bool take_library(void *context, struct bytes code)
{
    struct taken *t = context;
    size_t n = strlen(t->text);
    snprintf(t->text + n, sizeof(t->text) - n, "%.*s|", (int)code.n, code.p);
    return ++t->n < t->most;
}

TEST(libraries_come_back_in_their_order)
{
    static const char *const all[] = {"", "#!lua name=a|", "#!lua name=a|#!lua name=b|"};
    for (size_t n = 0; n <= 2; n++) {
        struct buf b = {0};
        struct taken t = {.most = 9};
        dump_write_libraries(&b, library_at, &n);
        CHECK(dump_read_libraries(buf_bytes(&b), take_library, &t) == DUMP_GOOD);
        CHECK(strcmp(t.text, all[n]) == 0);
        /* Ended by the one who takes them. */
        struct taken first = {.most = 1};
        CHECK(dump_read_libraries(buf_bytes(&b), take_library, &first) ==
              (n ? DUMP_STOPPED : DUMP_GOOD));
        CHECK(first.n == (n ? 1 : 0));
        /* Something else than a library, and damage. */
        if (n) {
            struct taken none = {.most = 9};
            b.p[0] ^= 1;
            CHECK(dump_read_libraries(buf_bytes(&b), take_library, &none) == DUMP_BAD_FRAME);
            seal(&b);
            CHECK(dump_read_libraries(buf_bytes(&b), take_library, &none) == DUMP_BAD_DATA);
            CHECK(none.n == 0);
        }
        buf_free(&b);
    }
}

TEST(a_payload_is_as_long_as_its_footer_at_least)
{
    static const char zeros[16];
    const char *what;
    struct entry *e = NULL;
    struct taken none = {.most = 9};
    for (size_t n = 0; n < 10; n++) {
        CHECK(dump_read(bytes_of(zeros, n), BYTES("k"), &rdb_options, &e, &what, NULL) ==
              DUMP_BAD_FRAME);
        CHECK(dump_read_libraries(bytes_of(zeros, n), take_library, &none) == DUMP_BAD_FRAME);
    }
    /* A checksum of 0 was not computed; of nothing nothing is made. */
    CHECK(dump_read(bytes_of(zeros, 10), BYTES("k"), &rdb_options, &e, &what, NULL) ==
          DUMP_BAD_DATA);
    CHECK(dump_read_libraries(bytes_of(zeros, 10), take_library, &none) == DUMP_GOOD);
    CHECK(none.n == 0);
}

/* Each entry that was released keeps its count, and its place among the released ones. */
TEST(released_entries_come_back_one_by_one)
{
    struct entry *e = make_stream(BYTES("key"), true), *f = NULL;
    struct stream_group *g = stream_find_group(value_object(e), BYTES("group"));
    struct buf b = {0};
    struct stream_pending_place at;
    static const uint64_t released[] = {4, 8, 1, 6};
    for (unsigned i = 1; i < 4; i++) {
        CHECK(stream_pending_find(&g->pending, (struct stream_id){released[i], 0}, &at));
        stream_group_assign(g, at, NULL, 0, 10 + i, true);
    }
    dump_write(&b, e, false);
    CHECK(dump_read(buf_bytes(&b), BYTES("other"), &rdb_options, &f, &(const char *){NULL}, NULL) ==
          DUMP_GOOD);
    g = stream_find_group(value_object(f), BYTES("group"));
    CHECK(g->pending.count == 8 && stream_pending_released_count(&g->pending) == 4 &&
          stream_group_is_sound(g));
    uint32_t node = STREAM_TOUCHED_NONE;
    struct stream_pending_entry x;
    for (unsigned i = 0; i < 4; i++) {
        CHECK(stream_pending_walk_released(&g->pending, &node, &x));
        CHECK(x.id.ms == released[i] && x.count == (i ? 10 + i : 3) &&
              x.consumer == STREAM_PENDING_NO_CONSUMER);
    }
    CHECK(!stream_pending_walk_released(&g->pending, &node, &x));
    value_free(e);
    value_free(f);
    buf_free(&b);
}

/* However it is cut: with a checksum that fits, so that the reader itself has to notice. */
TEST(what_is_cut_is_refused)
{
    for (int kind = 0; kind <= KINDS; kind++) {
        struct entry *e = make(kind), *f = NULL;
        struct buf whole = {0};
        char error[DUMP_ERROR];
        const char *what;
        dump_write(&whole, e, true);
        value_free(e);
        for (size_t n = 0; n < whole.n - 10; n += whole.n < 1500 ? 1 : 37) {
            struct buf b = {0};
            buf_add(&b, bytes_of(whole.p, n));
            buf_add(&b, bytes_of(whole.p + whole.n - 10, 10));
            seal(&b);
            CHECK(dump_read(buf_bytes(&b), BYTES("k"), &rdb_options, &f, &what, error) ==
                  DUMP_BAD_DATA);
            CHECK(error[0] && !what);
            buf_free(&b);
        }
        buf_free(&whole);
    }
}

TEST(what_modules_know_of_the_key_may_stand_in_front)
{
    struct entry *e = NULL;
    const char *what;
    CHECK(dump_read(rdb_hex("f3 01 00000068 00 00 01'v' 0b00 0000000000000000"), BYTES("k"),
                    &rdb_options, &e, &what, NULL) == DUMP_GOOD);
    char text[NUM_INT_MAX];
    CHECK(bytes_is(string_view(e, text), "v") && bytes_is(entry_key(e), "k"));
    value_free(e);
    CHECK(dump_read(rdb_hex("f3 01 00000068 00 0b00 0000000000000000"), BYTES("k"), &rdb_options,
                    &e, &what, NULL) == DUMP_BAD_DATA);
    CHECK(dump_read(rdb_hex("f3 01 0000 0b00 0000000000000000"), BYTES("k"), &rdb_options, &e,
                    &what, NULL) == DUMP_BAD_DATA);
    /* A type of value without a counterpart is named. */
    CHECK(dump_read(rdb_hex("1c 00 00 0b00 0000000000000000"), BYTES("k"), &rdb_options, &e, &what,
                    NULL) == DUMP_FOREIGN);
    CHECK(what && strstr(what, "array"));
}

/* As a newer Redis makes it: only the footer differs. */
TEST(a_newer_payload_of_libraries_is_written_as_an_old_one)
{
    size_t n = 2;
    struct buf b = {0}, again = {0};
    crc_init();
    dump_write_libraries(&b, library_at, &n);
    char *newer = mem_copy_text(b.p, b.n);
    newer[b.n - 10] = 12;
    memset(newer + b.n - 8, 0, 8); /* not computed */
    dump_write_libraries_again(&again, bytes_of(newer, b.n));
    CHECK(bytes_equal(buf_bytes(&again), buf_bytes(&b)));
    mem_free(newer);
    buf_free(&b);
    buf_free(&again);
}

UNIT_MAIN(T(a_newer_payload_of_libraries_is_written_as_an_old_one), T(what_is_dumped_comes_back),
          T(settings_of_message_ids_that_cannot_be_are_refused),
          T(damage_is_never_more_than_an_error), T(libraries_come_back_in_their_order),
          T(a_payload_is_as_long_as_its_footer_at_least), T(released_entries_come_back_one_by_one),
          T(what_is_cut_is_refused), T(what_modules_know_of_the_key_may_stand_in_front))
