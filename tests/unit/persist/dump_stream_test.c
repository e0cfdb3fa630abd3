#include "persist/dump_stream.h"

#include "base/hash.h"
#include "rdb.h"
#include "unit.h"

/* With a group "g" whose policy it has, or none. */
static struct stream *make(bool policy)
{
    struct stream *s = stream_new(rdb_streams(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    if (policy)
        stream_set_policy(s, g, stream_policy_new(BYTES("d")));
    return s;
}

static struct stream_group *group(const struct stream *s)
{
    return stream_find_group(s, BYTES("g"));
}

static void unowned(struct stream *s, uint64_t ms, uint64_t count, int64_t due_ms, const char *why)
{
    struct stream_group *g = group(s);
    struct stream_pending_place at;
    struct stream_id id = {ms, 0};
    stream_group_restore(g, id, NULL, 0, count);
    CHECK(stream_pending_find(&g->pending, id, &at));
    if (due_ms >= 0)
        stream_group_defer(g, at, count, due_ms);
    stream_pending_set_reason(&g->pending, id, bytes_text(why));
}

/* What reads back is equal in all that is written. */
static bool same(const struct stream *a, const struct stream *b)
{
    struct rdb_sink x = {.fd = -1}, y = {.fd = -1};
    unsigned type = dump_stream_type(a);
    bool equal = type == dump_stream_type(b);
    if (equal && type != RDB_STREAM_ACTIVE) {
        dump_stream_put(&x, a, type);
        dump_stream_put(&y, b, type);
        equal = bytes_equal(buf_bytes(&x.out), buf_bytes(&y.out));
    }
    rdb_sink_free(&x);
    rdb_sink_free(&y);
    return equal;
}

/* Into a stream that has the group, as type 21 leaves it. */
static struct stream *read_back(struct bytes data, unsigned type, char error[160])
{
    struct stream *s = make(false);
    struct rdb_source r = rdb_source_of(data);
    bool good = dump_stream_get(&r, s, type) && r.p == r.end;
    snprintf(error, 160, "%s", r.error);
    rdb_source_free(&r);
    if (good)
        return s;
    stream_free(s);
    return NULL;
}

static bool comes_back(const struct stream *s, unsigned type)
{
    struct rdb_sink to = {.fd = -1, .compress = true};
    char error[160];
    if (dump_stream_type(s) != type)
        return false;
    dump_stream_put(&to, s, type);
    struct stream *t = read_back(buf_bytes(&to.out), type, error);
    bool good = t && same(s, t) && stream_is_sound(t);
    if (!t)
        printf("# %s\n", error);
    /* Whatever is cut off, it is noticed. */
    for (size_t n = 0; n < to.out.n; n++) {
        struct stream *cut = read_back(bytes_of(to.out.p, n), type, error);
        good = good && !cut;
        stream_free(cut);
    }
    /* Whatever is bent, it is refused, or is a stream all the same. */
    for (size_t i = 0; i < to.out.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            to.out.p[i] ^= (char)(1 << bit);
            struct stream *bent = read_back(buf_bytes(&to.out), type, error);
            good = good && (!bent || stream_is_sound(bent));
            stream_free(bent);
            to.out.p[i] ^= (char)(1 << bit);
        }
    stream_free(t);
    rdb_sink_free(&to);
    return good;
}

/* broker Z7: 224 as long as it holds everything. */
TEST(the_lowest_type_that_holds_it)
{
    hash_init("seed", 4);
    struct stream *s = make(false);
    CHECK(dump_stream_type(s) == RDB_STREAM_ACTIVE);
    unowned(s, 5, 3, -1, "");
    CHECK(comes_back(s, RDB_MILLRACE_STREAM));
    stream_dedup_set_limits(&s->dedup, 50, 60);
    stream_dedup_record(&s->dedup, BYTES("p"), BYTES("i"), (struct stream_id){1, 0}, 7);
    CHECK(comes_back(s, RDB_MILLRACE_STREAM));
    unowned(s, 4, 2, -1, "why");
    CHECK(comes_back(s, RDB_MILLRACE_QUEUE));
    stream_free(s);
    s = make(true);
    CHECK(comes_back(s, RDB_MILLRACE_QUEUE));
    stream_policy_jobs(group(s)->policy);
    s->deleting = 1;
    unowned(s, 4, 2, 900, "");
    unowned(s, 2, INT64_MAX, 900, "boom");
    unowned(s, 9, 0, 100, "");
    unowned(s, 8, 1, -1, "");
    unowned(s, 7, 1, -1, "a reason");
    CHECK(comes_back(s, RDB_MILLRACE_QUEUE));
    stream_free(s);
}

static bool refused(const char *hex, const char *why)
{
    char error[160];
    struct stream *s = read_back(rdb_hex(hex), RDB_MILLRACE_QUEUE, error);
    bool good = !s && strstr(error, why);
    if (!good)
        printf("# %s: %s\n", hex, error);
    stream_free(s);
    return good;
}

/* A section of a later version is passed over when it says that it may be. */
TEST(sections_that_are_not_known)
{
    char error[160];
    struct stream *s = read_back(rdb_hex("01 80 03'abc'"), RDB_MILLRACE_QUEUE, error);
    CHECK(s && dump_stream_type(s) == RDB_STREAM_ACTIVE);
    stream_free(s);
    s = read_back(rdb_hex("02 03 08 01 01'g' 01 0500 03 00 ff 00"), RDB_MILLRACE_QUEUE, error);
    CHECK(s && stream_pending_released_count(&group(s)->pending) == 1);
    stream_free(s);
    CHECK(refused("01 0b 03'abc'", "section 11, which is not known"));
    CHECK(refused("01 7f 00", "section 127, which is not known"));
}

TEST(damage_is_refused)
{
    CHECK(refused("02 80 00 80 00", "out of order"));
    CHECK(refused("01 00 00", "out of order"));
    CHECK(refused("01 03 08 01 01'h' 01 0500 03 00", "A group of the stream does not exist"));
    CHECK(refused("01 03 0c 01 01'g' 02 0500 03 00 0500 03 00", "stands twice"));
    CHECK(refused("01 05 10 01 01'g' 01 0500 0100000000000000 03 00", "without a policy"));
    CHECK(refused("01 03 09 01 01'g' 01 0500 03 00 00", "Damaged section"));
    CHECK(refused("01 03 09 01 01'g' 01 0500 03 00", "offset"));
    /* No command can tell a higher count than INT64_MAX. */
    struct stream_pending_entry e;
    uint32_t at = STREAM_TOUCHED_NONE;
    char error[160];
    struct stream *s = read_back(rdb_hex("01 03 10 01 01'g' 01 0500 81ffffffffffffffff 00"),
                                 RDB_MILLRACE_QUEUE, error);
    CHECK(s && stream_pending_walk_released(&group(s)->pending, &at, &e) && e.count == INT64_MAX);
    stream_free(s);
    CHECK(refused("01 04 0a 01 01'g' 01 05'LEASE'", "Damaged policy"));
    CHECK(refused("01 04 04 01 01'g' 00", "Damaged policy"));
    CHECK(refused("01 02 03 00 01 00", "Damaged settings"));
}

/* A moment that XNACK does not take would not come back from a snapshot. */
TEST(moments_end_with_the_year_9999)
{
    for (int beyond = 0; beyond < 2; beyond++) {
        char error[160];
        struct rdb_sink x = {.fd = -1};
        struct stream *s = make(true);
        unowned(s, 5, 1, 253402300799999 + beyond, "");
        dump_stream_put(&x, s, RDB_MILLRACE_QUEUE);
        struct stream *back = read_back(buf_bytes(&x.out), RDB_MILLRACE_QUEUE, error);
        CHECK(beyond ? !back && strstr(error, "Damaged released entry") : back && same(s, back));
        stream_free(back);
        stream_free(s);
        rdb_sink_free(&x);
    }
}

UNIT_MAIN(T(the_lowest_type_that_holds_it), T(sections_that_are_not_known), T(damage_is_refused),
          T(moments_end_with_the_year_9999))
