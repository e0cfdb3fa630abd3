#include "store/value_digest.h"

#include "base/hash.h"
#include "base/num.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
#include "type/value.h"
#include "type/zset.h"
#include "unit.h"

/* What the streams of this program share. */
static struct stream_context *context(void)
{
    static struct stream_context *x;
    if (!x)
        x = stream_context_new();
    return x;
}

enum { PARTS = 50 };

struct digest {
    unsigned char bytes[20];
};

/* Of a value, which is freed. */
static struct digest of(struct entry *e)
{
    struct digest d;
    value_digest(e, d.bytes);
    value_free(e);
    return d;
}

static bool same(struct digest a, struct digest b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static struct entry *word(enum value_kind kind, const void *object)
{
    return entry_new_word(BYTES("key"), kind, (uintptr_t)object);
}

static struct bytes part(char *to, unsigned i)
{
    return bytes_of(to, num_print_uint(to, i));
}

/* Elements 0 to n-1; `odd` changes one of them. */
static struct entry *make_list(unsigned n, int64_t fill, uint32_t depth, int odd)
{
    struct list *l = list_new(fill, depth);
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < n; i++)
        list_push(l, false, part(text, (int)i == odd ? 1000 : i));
    return word(VALUE_LIST, l);
}

/* The same from the last to the first, and in either form. */
static struct entry *make_set(unsigned n, bool backwards, bool large, int odd)
{
    struct set_limits limits = {0, large ? 0 : 1000, 64};
    struct set *s = set_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < n; i++) {
        unsigned k = backwards ? n - 1 - i : i;
        set_add(&s, part(text, (int)k == odd ? 1000 : k), &limits);
    }
    return word(VALUE_SET, s);
}

static struct entry *make_zset(unsigned n, bool backwards, bool large, int odd)
{
    struct zset_limits limits = {large ? 0 : 1000, 64};
    struct zset *z = zset_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < n; i++) {
        unsigned k = backwards ? n - 1 - i : i;
        zset_set(&z, part(text, k), (int)k == odd ? 0.5 : k, &limits);
    }
    return word(VALUE_ZSET, z);
}

static struct entry *make_hash(unsigned n, bool backwards, bool large, int odd, int64_t odd_ms)
{
    struct hash_limits limits = {large ? 0 : 1000, 64};
    struct hash *h = hash_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < n; i++) {
        unsigned k = backwards ? n - 1 - i : i;
        hash_set(&h, part(text, k), (int)k == odd ? BYTES("odd") : BYTES("v"), HASH_NO_TTL,
                 &limits);
        if (k == 7)
            hash_set_deadline(&h, part(text, k), odd_ms);
    }
    return word(VALUE_HASH, h);
}

TEST(a_list_is_its_elements_in_order)
{
    struct digest d = of(make_list(PARTS, -2, 0, -1));
    CHECK(same(d, of(make_list(PARTS, 3, 0, -1))) && same(d, of(make_list(PARTS, 20, 1, -1))));
    CHECK(!same(d, of(make_list(PARTS - 1, -2, 0, -1))));
    for (int i = 0; i < PARTS; i++)
        CHECK(!same(d, of(make_list(PARTS, -2, 0, i))));
    /* The bounds of elements count. */
    struct list *a = list_new(-2, 0), *b = list_new(-2, 0);
    list_push(a, false, BYTES("ab"));
    list_push(a, false, BYTES("c"));
    list_push(b, false, BYTES("a"));
    list_push(b, false, BYTES("bc"));
    CHECK(!same(of(word(VALUE_LIST, a)), of(word(VALUE_LIST, b))));
}

TEST(what_has_no_order_has_none_here)
{
    hash_init("fixed", 5);
    struct digest set = of(make_set(PARTS, false, false, -1)),
                  hash = of(make_hash(PARTS, false, false, -1, HASH_NO_TTL)),
                  zset = of(make_zset(PARTS, false, false, -1));
    for (int large = 0; large < 2; large++) {
        CHECK(same(set, of(make_set(PARTS, true, large, -1))));
        CHECK(same(hash, of(make_hash(PARTS, true, large, -1, HASH_NO_TTL))));
        CHECK(same(zset, of(make_zset(PARTS, true, large, -1))));
        for (int i = 0; i < PARTS; i++) {
            CHECK(!same(set, of(make_set(PARTS, false, large, i))));
            CHECK(!same(hash, of(make_hash(PARTS, false, large, i, HASH_NO_TTL))));
            CHECK(!same(zset, of(make_zset(PARTS, false, large, i))));
        }
        CHECK(!same(hash, of(make_hash(PARTS, false, large, -1, 5000))));
    }
    CHECK(!same(set, of(make_list(PARTS, -2, 0, -1))) && !same(set, zset) && !same(set, hash));
}

TEST(a_string_is_its_bytes_whatever_its_form)
{
    struct digest d = of(string_new(BYTES("k"), BYTES("42")));
    struct entry *e = string_splice(string_new(BYTES("k"), BYTES("4")), 1, BYTES("2"));
    CHECK(e->kind == VALUE_TEXT && same(d, of(e)));
    CHECK(!same(d, of(string_new(BYTES("k"), BYTES("43")))));
}

enum stream_part {
    NOTHING,
    ENTRY,
    VALUE,
    LAST_ID,
    DELETED,
    GROUP,
    POSITION,
    CONSUMER,
    IDLE,
    PENDING,
    OWNER,
    TIME,
    COUNT,
    STREAM_PARTS
};

/* A stream in which one thing is otherwise. */
static struct entry *make_stream(enum stream_part odd)
{
    struct stream *s = stream_new(context(), 100, 100);
    struct bytes pairs[] = {BYTES("f"), odd == VALUE ? BYTES("w") : BYTES("v")};
    struct stream_log_policy policy = {.node_entries = 100, .node_bytes = 4096};
    for (uint64_t i = 1; i <= 5; i++)
        stream_append(s, (struct stream_id){i + (odd == ENTRY && i == 5), 0}, pairs, 1, &policy);
    struct stream_counters c = stream_counters(s);
    c.last_id = (struct stream_id){odd == LAST_ID ? 11 : 10, 0};
    c.max_deleted = (struct stream_id){odd == DELETED ? 2 : 1, 0};
    stream_set_counters(s, &c);
    struct stream_group *g = stream_add_group(s, odd == GROUP ? BYTES("h") : BYTES("g"),
                                              (struct stream_id){odd == POSITION ? 3 : 2, 0}, 2);
    struct stream_consumer *a = stream_group_add_consumer(g, BYTES("a"), 1000),
                           *b = stream_group_add_consumer(
                               g, odd == CONSUMER ? BYTES("c") : BYTES("b"), 1000);
    stream_group_add_consumer(g, odd == IDLE ? BYTES("0y") : BYTES("0x"), 1000);
    if (odd != PENDING)
        stream_group_restore(g, (struct stream_id){1, 0}, odd == OWNER ? b : a,
                             odd == TIME ? 1001 : 1000, odd == COUNT ? 3 : 2);
    stream_group_restore(g, (struct stream_id){2, 0}, b, 1000, 1);
    return word(VALUE_STREAM, s);
}

TEST(a_stream_is_its_entries_groups_and_what_is_pending)
{
    struct digest d = of(make_stream(NOTHING));
    CHECK(same(d, of(make_stream(NOTHING))));
    for (enum stream_part odd = NOTHING + 1; odd < STREAM_PARTS; odd++)
        CHECK(!same(d, of(make_stream(odd))));
}

enum queue_part {
    AS_IT_IS,
    WITHOUT,
    LEASE,
    RETRY,
    DEAD,
    PAUSED,
    DUE,
    REASON,
    RELEASED,
    QUEUE_PARTS
};

/* A group with a policy and an entry without owner, of which one thing is otherwise. */
static struct entry *make_queue(enum queue_part odd, bool busy)
{
    static const int64_t retry[] = {1000, 5000};
    struct stream *s = stream_new(context(), 100, 100);
    struct stream_group *g = stream_add_group(s, BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_policy *p = stream_policy_new(odd == DEAD ? BYTES("e") : BYTES("d"));
    struct stream_pending_place at;
    struct stream_id id = {5, 0};
    p->lease_ms = odd == LEASE;
    p->paused = odd == PAUSED;
    stream_policy_set_retry(p, STREAM_RETRY_EXP, retry, 2, odd == RETRY ? 1.5 : 2);
    if (odd == WITHOUT)
        stream_policy_free(p);
    else
        stream_set_policy(s, g, p);
    stream_group_restore(g, id, NULL, 0, 1);
    CHECK(stream_pending_find(&g->pending, id, &at));
    if (odd != RELEASED)
        stream_group_defer(g, at, 1, odd == DUE ? 51 : 50);
    stream_pending_set_reason(&g->pending, id, odd == REASON ? BYTES("boon") : BYTES("boom"));
    if (busy) {
        CHECK(stream_pending_release_due(&g->pending, 50, 1) == 1); /* a replica has not yet */
        stream_pending_set_blocked(&g->pending, id);
        if (g->policy)
            g->policy->counts.dead = 7;
    }
    return word(VALUE_STREAM, s);
}

/* broker Z8 */
TEST(policies_and_what_waits_count)
{
    struct digest d = of(make_queue(AS_IT_IS, false));
    CHECK(same(d, of(make_queue(AS_IT_IS, true)))); /* what happened meanwhile does not */
    for (enum queue_part odd = AS_IT_IS + 1; odd < QUEUE_PARTS; odd++)
        CHECK(!same(d, of(make_queue(odd, false))));
}

enum extra_part {
    ALL_OF_IT,
    NO_EXTRA,
    EMPTY_EXTRA,
    LIMIT,
    OVERFLOW,
    MOMENT,
    PAYLOAD,
    EXPIRY,
    NAME,
    SPAN,
    END,
    MESSAGE,
    LAST,
    FIRED,
    BINDING,
    ANOTHER_BINDING,
    CAPTURE,
    EXTRA_PARTS
};

/* A stream with extras, of which one thing is otherwise. */
static struct entry *make_extra(enum extra_part odd)
{
    struct stream *s = stream_new(context(), 100, 100);
    struct bytes pairs[] = {BYTES("a"), odd == PAYLOAD ? BYTES("2") : BYTES("1")};
    struct stream_id id = {900 + (odd == MOMENT), 0};
    if (odd == NO_EXTRA)
        return word(VALUE_STREAM, s);
    struct stream_extra *x = stream_need_extra(s);
    if (odd == EMPTY_EXTRA)
        return word(VALUE_STREAM, s);
    x->limits.max_bytes = odd == LIMIT ? 8 : 7;
    x->limits.refuses = odd == OVERFLOW;
    stream_future_add(&x->future, id, pairs, 1);
    stream_expiry_set(&x->expiry, id, odd == EXPIRY ? 1001 : 1000);
    struct bytes message[] = {BYTES("task"), odd == MESSAGE ? BYTES("2") : BYTES("1")};
    struct stream_schedule_rules r = {.every_ms = odd == SPAN ? 1001 : 1000,
                                      .limit = odd == END ? 8 : 9,
                                      .pairs = message,
                                      .pairs_n = 2};
    struct stream_schedule *made =
        stream_schedules_set(&x->schedules, odd == NAME ? BYTES("m") : BYTES("n"), &r);
    stream_schedules_mark(&x->schedules, made, 5000 + (odd == LAST), 5 + (odd == FIRED));
    struct stream_binding_rule rule = {.kind = STREAM_BINDING_ALL,
                                       .dest = odd == BINDING ? BYTES("e") : BYTES("d")};
    stream_bindings_add(stream_extra_need_bindings(x), &rule);
    rule.kind = STREAM_BINDING_ALTERNATE;
    if (odd == ANOTHER_BINDING)
        stream_bindings_add(x->bindings, &rule);
    stream_captures_add(&x->captures, odd == CAPTURE ? BYTES("b*") : BYTES("a*"));
    return word(VALUE_STREAM, s);
}

/* broker Z8 */
TEST(limits_and_what_is_to_come_count)
{
    struct digest d = of(make_extra(ALL_OF_IT));
    CHECK(same(d, of(make_extra(ALL_OF_IT))));
    CHECK(same(of(make_extra(NO_EXTRA)), of(make_extra(EMPTY_EXTRA))));
    for (enum extra_part odd = ALL_OF_IT + 1; odd < EXTRA_PARTS; odd++)
        CHECK(!same(d, of(make_extra(odd))));
}

static bool printed(struct entry *e, const char *want)
{
    struct buf b = {0};
    value_digest_print(&b, e);
    bool same = bytes_has_prefix(buf_bytes(&b), want);
    if (!same)
        printf("# <%.*s>\n", (int)b.n, b.p);
    buf_free(&b);
    value_free(e);
    return same;
}

TEST(the_type_stands_in_front)
{
    CHECK(printed(make_list(2, -2, 0, -1), "list "));
    CHECK(printed(make_set(2, false, false, -1), "set "));
    CHECK(printed(make_zset(2, false, false, -1), "zset "));
    CHECK(printed(string_new(BYTES("key"), BYTES("x")), "string "));
}

TEST(parts_of_a_stream_are_named)
{
    static const char *const names[] = {"limits ", "binding ", "capture "};
    struct buf b = {0};
    struct entry *e = make_extra(ALL_OF_IT);
    value_digest_print(&b, e);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        bool there = memmem(b.p, b.n, names[i], strlen(names[i])) != NULL;
        CHECK(there);
        if (!there)
            printf("# no <%s> in <%.*s>\n", names[i], (int)b.n, b.p);
    }
    buf_free(&b);
    value_free(e);
}

UNIT_MAIN(T(a_list_is_its_elements_in_order), T(what_has_no_order_has_none_here),
          T(a_string_is_its_bytes_whatever_its_form),
          T(a_stream_is_its_entries_groups_and_what_is_pending), T(policies_and_what_waits_count),
          T(limits_and_what_is_to_come_count), T(the_type_stands_in_front),
          T(parts_of_a_stream_are_named))
