#include "persist/rdb_put.h"

#include "persist/journal.h"
#include "persist/listpack.h"
#include "rdb.h"
#include "unit.h"

/* Whether the value is written as these bytes, its type in front, and reads back as this text. */
static bool is_written(struct entry *e, int version, const char *hex, const char *want)
{
    struct rdb_sink s = {.fd = -1, .version = version};
    unsigned type = rdb_put_type(&s, e);
    rdb_sink_byte(&s, type);
    rdb_put_value(&s, e, type);
    value_free(e);
    bool good = bytes_equal(buf_bytes(&s.out), rdb_hex(hex));
    if (!good) {
        printf("# written");
        for (size_t i = 0; i < s.out.n; i++)
            printf(" %02x", (unsigned char)s.out.p[i]);
        printf("\n");
    }
    const char *got = rdb_value_of(RDB_REDIS, type, bytes_of(s.out.p + 1, s.out.n - 1));
    good = good && strcmp(got, want) == 0;
    rdb_sink_free(&s);
    return good;
}

static struct entry *list_of(const struct bytes *x, size_t n)
{
    struct list *l = list_new(-2, 0);
    for (size_t i = 0; i < n; i++)
        list_push(l, false, x[i]);
    return entry_new_word(BYTES("key"), VALUE_LIST, (uintptr_t)l);
}

static struct entry *hash_of(size_t packed_most, int64_t deadline_ms)
{
    struct hash *h = hash_new();
    struct hash_limits limits = {packed_most, 64};
    hash_set(&h, BYTES("f"), BYTES("v"), HASH_NO_TTL, &limits);
    hash_set(&h, BYTES("g"), BYTES("5"), deadline_ms, &limits);
    struct entry *e = entry_new_word(BYTES("key"), VALUE_HASH, (uintptr_t)h);
    value_set_field_ttl(e, hash_has_ttl(h));
    return e;
}

static struct entry *zset_of(size_t packed_most)
{
    struct zset *z = zset_new();
    struct zset_limits limits = {packed_most, 64};
    zset_set(&z, BYTES("a"), 1, &limits);
    zset_set(&z, BYTES("b"), 1.5, &limits);
    return entry_new_word(BYTES("key"), VALUE_ZSET, (uintptr_t)z);
}

static struct entry *set_of(const char *first, const char *second)
{
    struct set *s = set_new();
    set_add(&s, bytes_text(first), &rdb_options.set);
    set_add(&s, bytes_text(second), &rdb_options.set);
    return entry_new_word(BYTES("key"), VALUE_SET, (uintptr_t)s);
}

TEST(each_value_has_its_bytes)
{
    struct bytes two[] = {BYTES("a"), BYTES("5")};
    CHECK(is_written(string_new(BYTES("key"), BYTES("abc")), 10, "00 03'abc'", "string abc"));
    CHECK(is_written(string_new_int(BYTES("key"), 300), 10, "00 c12c01", "string 300"));
    /* a list of one node: a pack of 'a' and 5 */
    CHECK(is_written(list_of(two, 2), 10, "12 01 02 0c 0c000000 0200 81'a'02 0501 ff", "list a 5"));
    CHECK(is_written(set_of("a", "b"), 10, "02 02 01'a' 01'b'", "set a b"));
    CHECK(is_written(set_of("1", "-2"), 10, "0b 0c 02000000 02000000 feff 0100", "set -2 1"));
    CHECK(is_written(set_of("40000", "1"), 10, "0b 10 04000000 02000000 01000000 409c0000",
                     "set 1 40000"));
    CHECK(is_written(set_of("3000000000", "1"), 10,
                     "0b 18 08000000 02000000 0100000000000000 005ed0b200000000",
                     "set 1 3000000000"));
    CHECK(is_written(zset_of(10), 10, "11 14 14000000 0400 81'a'02 0101 81'b'02 83'1.5'04 ff",
                     "zset a=1 b=1.5"));
    /* the large form from the highest score down */
    CHECK(is_written(zset_of(0), 10, "05 02 01'b' 000000000000f83f 01'a' 000000000000f03f",
                     "zset a=1 b=1.5"));
    CHECK(is_written(hash_of(10, HASH_NO_TTL), 10,
                     "10 12 12000000 0400 81'f'02 81'v'02 81'g'02 0501 ff", "hash f=v g=5"));
    /* deadlines: the earliest, then the distance from it plus one; only from version 12 on */
    CHECK(is_written(hash_of(10, 1000), 12, "18 e803000000000000 02 00 01'f' 01'v' 01 01'g' c005",
                     "hash f=v g=5@1000"));
    CHECK(is_written(hash_of(10, 1000), 11, "10 12 12000000 0400 81'f'02 81'v'02 81'g'02 0501 ff",
                     "hash f=v g=5"));
}

/* The announced number of nodes is that of the nodes, whatever the elements' sizes. */
TEST(a_list_is_cut_into_nodes)
{
    static char long_one[9000], half[5000];
    memset(long_one, 'l', sizeof(long_one));
    memset(half, 'h', sizeof(half));
    struct bytes x[] = {BYTES("a"), bytes_of(long_one, sizeof(long_one)),
                        bytes_of(half, sizeof(half)), bytes_of(half, sizeof(half)), BYTES("b")};
    struct entry *e = list_of(x, 5);
    struct rdb_sink s = {.fd = -1, .version = 10};
    uint64_t nodes, kind;
    rdb_put_value(&s, e, RDB_LIST);
    struct rdb_source r = rdb_source_of(buf_bytes(&s.out));
    CHECK(rdb_source_length(&r, &nodes) && nodes == 4);
    static const uint64_t kinds[] = {RDB_NODE_PACK, RDB_NODE_PLAIN, RDB_NODE_PACK, RDB_NODE_PACK};
    struct bytes node;
    for (int i = 0; i < 4; i++)
        CHECK(rdb_source_length(&r, &kind) && kind == kinds[i] && rdb_source_string(&r, &node));
    CHECK(r.p == r.end);
    value_free(e);
    rdb_source_free(&r);
    rdb_sink_free(&s);
}

static void write_down(void *context, const struct bytes *argv, int argc)
{
    journal_format(context, argv, argc);
}

static bool effects_are(struct entry *e, unsigned type, const char *want)
{
    struct buf b = {0};
    rdb_put_effects(BYTES("key"), e, type, write_down, &b);
    bool good = bytes_equal(buf_bytes(&b), bytes_text(want));
    if (!good)
        printf("# effects <%.*s>\n", (int)b.n, b.n ? b.p : "");
    buf_free(&b);
    return good;
}

TEST(what_a_type_has_no_place_for_is_said_in_commands)
{
    struct entry *e = hash_of(10, 1000);
    CHECK(effects_are(e, RDB_TIMED_HASH, ""));
    CHECK(effects_are(e, RDB_HASH_PACK,
                      "*6\r\n$10\r\nHPEXPIREAT\r\n$3\r\nkey\r\n$4\r\n1000\r\n$6\r\nFIELDS\r\n"
                      "$1\r\n1\r\n$1\r\ng\r\n"));
    value_free(e);
    struct stream *s = stream_new(rdb_streams(), 50, 100);
    e = entry_new_word(BYTES("key"), VALUE_STREAM, (uintptr_t)s);
    stream_dedup_record(&s->dedup, BYTES("p"), BYTES("i"), (struct stream_id){1, 0}, 7);
    CHECK(effects_are(e, RDB_STREAM,
                      "*6\r\n$7\r\nXCFGSET\r\n$3\r\nkey\r\n$13\r\nIDMP-DURATION\r\n$2\r\n50\r\n"
                      "$12\r\nIDMP-MAXSIZE\r\n$3\r\n100\r\n"
                      "*5\r\n$11\r\nXIDMPRECORD\r\n$3\r\nkey\r\n$1\r\np\r\n$1\r\ni\r\n"
                      "$3\r\n1-0\r\n"));
    value_free(e);
}

static struct entry *ints(int64_t a, int64_t b)
{
    char x[NUM_INT_MAX + 1], y[NUM_INT_MAX + 1];
    x[num_print_int(x, a)] = 0;
    y[num_print_int(y, b)] = 0;
    return set_of(x, y);
}

TEST(a_set_of_integers_is_as_wide_as_the_widest)
{
    static const struct {
        int64_t v;
        unsigned width;
    } rows[] = {{INT16_MAX, 2},       {INT16_MIN, 2}, {INT16_MAX + 1, 4},
                {INT16_MIN - 1, 4},   {INT32_MAX, 4}, {INT32_MIN, 4},
                {INT64_MAX, 8},       {INT64_MIN, 8}, {INT32_MAX + 1LL, 8},
                {INT32_MIN - 1LL, 8}, {-5, 2}};
    /* The others come before it and behind it. */
    static const int64_t others[] = {1, 40000, -40000};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        for (size_t k = 0; k < 3; k++) {
            struct rdb_sink s = {.fd = -1, .version = 10};
            struct entry *e = ints(rows[i].v, others[k]);
            unsigned width = rows[i].width == 2 && k ? 4 : rows[i].width;
            rdb_put_value(&s, e, RDB_INTSET);
            CHECK(s.out.n == 1 + 8 + 2 * width && (unsigned char)s.out.p[1] == width);
            value_free(e);
            rdb_sink_free(&s);
        }
}

TEST(scores_in_a_pack_are_integers_where_that_is_exact)
{
    static const struct {
        double score;
        const char *text;
    } rows[] = {{1, "1"},
                {-7, "-7"},
                {0, "0"},
                {-0.0, "0"}, /* a set holds no other */
                {0.5, "0.5"},
                {999999999999999, "999999999999999"},
                {1e15, "1000000000000000"},
                {-1e15, "-1000000000000000"},
                {1e17, "1e+17"},
                {0.1, "0.10000000000000001"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rdb_sink s = {.fd = -1, .version = 10};
        struct zset *z = zset_new();
        zset_set(&z, BYTES("m"), rows[i].score, &rdb_options.zset);
        struct entry *e = entry_new_word(BYTES("key"), VALUE_ZSET, (uintptr_t)z);
        rdb_put_value(&s, e, RDB_ZSET_PACK);
        struct rdb_source r = rdb_source_of(buf_bytes(&s.out));
        struct listpack_reader p;
        struct bytes pack, x;
        char scratch[24];
        bool bad;
        CHECK(rdb_source_string(&r, &pack) && listpack_open(&p, pack));
        CHECK(listpack_next(&p, scratch, &x, &bad) && bytes_is(x, "m"));
        CHECK(listpack_next(&p, scratch, &x, &bad));
        if (!bytes_is(x, rows[i].text))
            printf("# %s: %.*s\n", rows[i].text, (int)x.n, x.p);
        CHECK(bytes_is(x, rows[i].text));
        value_free(e);
        rdb_source_free(&r);
        rdb_sink_free(&s);
    }
}

/* How many nodes of each kind a list of two elements has. */
static bool nodes_are(size_t a, size_t b, unsigned packs, unsigned plain)
{
    static char text[9000];
    struct bytes x[] = {bytes_of(text, a), bytes_of(text, b)}, node;
    memset(text, 'x', sizeof(text));
    struct entry *e = list_of(x, 2);
    struct rdb_sink s = {.fd = -1, .version = 10};
    uint64_t n, kind;
    rdb_put_value(&s, e, RDB_LIST);
    struct rdb_source r = rdb_source_of(buf_bytes(&s.out));
    bool good = rdb_source_length(&r, &n) && n == packs + plain;
    for (; good && n; n--) {
        good = rdb_source_length(&r, &kind) && rdb_source_string(&r, &node);
        packs -= kind == RDB_NODE_PACK;
        plain -= kind == RDB_NODE_PLAIN;
    }
    good = good && packs == 0 && plain == 0 && r.p == r.end;
    value_free(e);
    rdb_source_free(&r);
    rdb_sink_free(&s);
    return good;
}

TEST(a_node_has_its_most_bytes)
{
    CHECK(nodes_are(1, 1, 1, 0) && nodes_are(8192, 8192, 2, 0));
    CHECK(nodes_are(8193, 1, 1, 1) && nodes_are(1, 8193, 1, 1) && nodes_are(8193, 8193, 0, 2));
    CHECK(nodes_are(4000, 8192 - 4004, 1, 0)); /* with four bytes for the first one's head */
    CHECK(nodes_are(4000, 8192 - 4003, 2, 0));
}

TEST(the_type_depends_on_encoding_and_version)
{
    struct entry *plain = hash_of(10, HASH_NO_TTL), *timed = hash_of(10, 1000),
                 *large = hash_of(0, HASH_NO_TTL), *large_timed = hash_of(0, 1000),
                 *s = entry_new_word(BYTES("key"), VALUE_STREAM,
                                     (uintptr_t)stream_new(rdb_streams(), 100, 100));
    for (int version = 10; version <= 13; version++) {
        struct rdb_sink x = {.fd = -1, .version = version};
        CHECK(rdb_put_type(&x, plain) == RDB_HASH_PACK && rdb_put_type(&x, large) == RDB_HASH);
        CHECK(rdb_put_type(&x, timed) == (version >= 12 ? RDB_TIMED_HASH : RDB_HASH_PACK));
        CHECK(rdb_put_type(&x, large_timed) == (version >= 12 ? RDB_TIMED_HASH : RDB_HASH));
        CHECK(rdb_put_type(&x, s) == (version >= 11 ? RDB_STREAM_ACTIVE : RDB_STREAM));
    }
    value_free(plain);
    value_free(timed);
    value_free(large);
    value_free(large_timed);
    value_free(s);
}

TEST(what_streams_have_beside_their_entries)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct entry *e = entry_new_word(BYTES("key"), VALUE_STREAM, (uintptr_t)s);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_pending_place at;
    CHECK(effects_are(e, RDB_STREAM, ""));
    stream_group_deliver(g, stream_group_add_consumer(g, BYTES("c"), 1), (struct stream_id){4, 0},
                         1);
    CHECK(effects_are(e, RDB_STREAM, ""));
    CHECK(stream_pending_find(&g->pending, (struct stream_id){4, 0}, &at));
    stream_group_assign(g, at, NULL, 0, 3, true);
    CHECK(effects_are(e, RDB_STREAM,
                      "*10\r\n$5\r\nXNACK\r\n$3\r\nkey\r\n$1\r\ng\r\n$4\r\nFAIL\r\n$3\r\nIDS\r\n"
                      "$1\r\n1\r\n$3\r\n4-0\r\n$10\r\nRETRYCOUNT\r\n$1\r\n3\r\n$5\r\nFORCE\r\n"
                      "*5\r\n$6\r\nXGROUP\r\n$11\r\nDELCONSUMER\r\n$3\r\nkey\r\n$1\r\ng\r\n"
                      "$16\r\nmillrace-unowned\r\n"));
    stream_remove_group(s, BYTES("g"));
    stream_dedup_set_limits(&s->dedup, 100, 50);
    CHECK(effects_are(e, RDB_STREAM,
                      "*6\r\n$7\r\nXCFGSET\r\n$3\r\nkey\r\n$13\r\nIDMP-DURATION\r\n$3\r\n100\r\n"
                      "$12\r\nIDMP-MAXSIZE\r\n$2\r\n50\r\n"));
    value_free(e);
}

UNIT_MAIN(T(each_value_has_its_bytes), T(a_list_is_cut_into_nodes),
          T(what_a_type_has_no_place_for_is_said_in_commands),
          T(a_set_of_integers_is_as_wide_as_the_widest),
          T(scores_in_a_pack_are_integers_where_that_is_exact), T(a_node_has_its_most_bytes),
          T(the_type_depends_on_encoding_and_version), T(what_streams_have_beside_their_entries))
