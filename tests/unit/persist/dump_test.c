#include "persist/dump.h"

#include "base/crc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/digest.h"
#include "store/value_digest.h"
#include "type/list.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/value.h"
#include "unit.h"

static struct rdb_get_options options = {.list_fill = -2,
                                         .node_entries = 100,
                                         .node_bytes = 4096,
                                         .raw_blocks = 2,
                                         .dedup_duration_s = 100,
                                         .dedup_max = 100,
                                         .hash = {512, 64},
                                         .set = {512, 128, 64},
                                         .zset = {128, 64}};

__attribute__((constructor)) static void make_context(void)
{
    options.streams = stream_context_new();
}

enum { KINDS = 14 };

static struct entry *make_stream(struct bytes key, bool extras)
{
    struct stream *t = stream_new(options.streams, 100, 100);
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
                 timed && i % 3 == 0 ? 5000000000000 + i : HASH_NO_TTL, &options.hash);
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
        set_add(&s, ints ? bytes_of(x + 1, len) : bytes_of(x, len + 1), &options.set);
    }
    return entry_new_word(key, VALUE_SET, (uintptr_t)s);
}

static struct entry *make_zset(struct bytes key, int n)
{
    struct zset *z = zset_new();
    char x[NUM_INT_MAX];
    for (int i = 0; i < n; i++)
        zset_set(&z, bytes_of(x, num_print_int(x, i)), i / 4.0 - 3, &options.zset);
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
            CHECK(dump_read(buf_bytes(&b), BYTES("other"), &options, &f, &(const char *){NULL},
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
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct entry *e = make_stream(BYTES("key"), false), *f = NULL;
        struct stream *s = value_to_change(e);
        struct buf b = {0};
        stream_dedup_record(&s->dedup, BYTES("producer"), BYTES("id"), s->last_id, 1000);
        stream_dedup_record(&s->dedup, BYTES("producer"), BYTES("other"), s->last_id, 1000);
        s->dedup.duration_s = wrong[i].duration_s;
        s->dedup.max_size = wrong[i].max_size;
        dump_write(&b, e, false);
        CHECK(dump_read(buf_bytes(&b), BYTES("other"), &options, &f, &(const char *){NULL}, NULL) ==
              DUMP_BAD_DATA);
        value_free(e);
        buf_free(&b);
    }
}

TEST(damage_is_never_more_than_an_error)
{
    struct rng r;
    rng_seed(&r, 4);
    for (int kind = 0; kind <= KINDS; kind++) {
        struct entry *e = make(kind), *f = NULL;
        struct buf whole = {0};
        dump_write(&whole, e, kind % 2);
        value_free(e);
        for (int i = 0; i < 3000; i++) {
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
                enum dump_result got =
                    dump_read(buf_bytes(&b), BYTES("k"), &options, &f, &(const char *){NULL}, NULL);
                CHECK(got == DUMP_BAD_FRAME || bytes_equal(buf_bytes(&b), buf_bytes(&whole)));
                if (got == DUMP_GOOD) /* the change was none */
                    value_free(f);
            }
            seal(&b);
            if (dump_read(buf_bytes(&b), BYTES("k"), &options, &f, &(const char *){NULL}, NULL) ==
                DUMP_GOOD)
                value_free(f);
            buf_free(&b);
        }
        buf_free(&whole);
    }
}

UNIT_MAIN(T(what_is_dumped_comes_back), T(settings_of_message_ids_that_cannot_be_are_refused),
          T(damage_is_never_more_than_an_error))
