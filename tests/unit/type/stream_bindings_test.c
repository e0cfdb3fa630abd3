#include "type/stream/stream_bindings.h"

#include "base/buf.h"
#include "base/rng.h"
#include "unit.h"

/* Names of destinations are single letters. */
static void note(void *context, struct bytes dest)
{
    buf_add(context, dest);
}

static int by_letter(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* The destinations of a message, sorted. */
static bool goes_to(struct stream_bindings *b, const struct bytes *pairs, size_t fields,
                    const char *want)
{
    struct buf got = {0};
    stream_bindings_match(b, pairs, fields, note, &got);
    if (got.n)
        qsort(got.p, got.n, 1, by_letter);
    bool same = bytes_equal(buf_bytes(&got), bytes_text(want));
    if (!same)
        printf("# <%.*s>, not <%s>\n", (int)got.n, got.p ? got.p : "", want);
    buf_free(&got);
    return same;
}

static struct stream_binding_rule by(enum stream_binding_kind kind, const struct bytes *value,
                                     const char *dest)
{
    return (struct stream_binding_rule){.kind = kind,
                                        .field = STREAM_BINDINGS_FIELD,
                                        .args = value,
                                        .args_n = value ? 1 : 0,
                                        .dest = bytes_text(dest)};
}

/* broker B1, B3 */
TEST(each_kind_matches)
{
    struct stream_bindings *b = stream_bindings_new();
    struct bytes red = BYTES("red"), pattern = BYTES("r*.#"), star = BYTES("*"), other = BYTES("7"),
                 pairs[] = {BYTES("region"), BYTES("eu"), BYTES("kind"), BYTES("bill")};
    struct stream_binding_rule rules[] = {
        by(STREAM_BINDING_ALL, NULL, "a"),      by(STREAM_BINDING_DIRECT, &red, "d"),
        by(STREAM_BINDING_TOPIC, &star, "t"),   by(STREAM_BINDING_DIRECT, &other, "b"),
        by(STREAM_BINDING_HEADERS, NULL, "h"),  by(STREAM_BINDING_HEADERS, NULL, "i"),
        by(STREAM_BINDING_TOPIC, &pattern, "d")};
    rules[3].field = BYTES("prio");
    rules[4].args = rules[5].args = pairs;
    rules[4].args_n = rules[5].args_n = 4;
    rules[5].any = true;
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        CHECK(stream_bindings_add(b, &rules[i]) && !stream_bindings_add(b, &rules[i]));
        CHECK(stream_bindings_is_sound(b) && b->count == i + 1);
    }
    struct bytes key = BYTES("routing-key"), prio = BYTES("prio");
    CHECK(goes_to(b, (struct bytes[]){BYTES("x"), BYTES("y")}, 1, "a"));
    CHECK(goes_to(b, (struct bytes[]){key, red}, 1, "adt"));
    CHECK(goes_to(b, (struct bytes[]){key, BYTES("blue.red")}, 1, "a"));
    /* The first field of the name counts. */
    CHECK(goes_to(b, (struct bytes[]){key, BYTES("a.b"), key, red}, 2, "a"));
    CHECK(goes_to(b, (struct bytes[]){prio, other, key, red}, 2, "abdt"));
    CHECK(goes_to(b, (struct bytes[]){pairs[2], pairs[3], pairs[0], pairs[1]}, 2, "ahi"));
    CHECK(goes_to(b, (struct bytes[]){pairs[0], BYTES("us"), pairs[2], pairs[3]}, 2, "ai"));
    CHECK(goes_to(b, (struct bytes[]){pairs[0], pairs[3]}, 1, "a"));
    stream_bindings_free(b);
    stream_bindings_free(NULL);
}

/* broker B1 */
TEST(an_alternate_binding_gets_unrouted_messages)
{
    struct stream_bindings *b = stream_bindings_new();
    struct bytes red = BYTES("red"), key = BYTES("routing-key");
    struct stream_binding_rule alternate = by(STREAM_BINDING_ALTERNATE, NULL, "z"),
                               direct = by(STREAM_BINDING_DIRECT, &red, "d"),
                               same = by(STREAM_BINDING_DIRECT, &red, "z");
    CHECK(stream_bindings_add(b, &alternate) && stream_bindings_add(b, &direct));
    CHECK(goes_to(b, (struct bytes[]){key, red}, 1, "d"));
    CHECK(goes_to(b, (struct bytes[]){key, BYTES("blue")}, 1, "z"));
    CHECK(goes_to(b, (struct bytes[]){red, red}, 1, "z"));
    CHECK(stream_bindings_add(b, &same) && goes_to(b, (struct bytes[]){key, red}, 1, "dz"));
    CHECK(stream_bindings_remove_to(b, BYTES("z")) == 2 && b->count == 1);
    CHECK(goes_to(b, (struct bytes[]){key, BYTES("blue")}, 1, ""));
    CHECK(stream_bindings_remove_to(b, BYTES("z")) == 0 && stream_bindings_is_sound(b));
    stream_bindings_free(b);
}

enum { VALUES = 4, DESTS = 3, FIELDS = 2, RULES = 2 * VALUES * DESTS * FIELDS + 3 * DESTS };

static const char *const dests[] = {"a", "b", "c"}, *const names[] = {"f", "g"};
static struct bytes values[VALUES];

static struct stream_binding_rule rule_of(int i)
{
    static const enum stream_binding_kind rest[] = {STREAM_BINDING_ALL, STREAM_BINDING_HEADERS,
                                                    STREAM_BINDING_ALTERNATE};
    static struct bytes pair[2];
    int named = 2 * VALUES * DESTS * FIELDS;
    if (i >= named) {
        struct stream_binding_rule r = by(rest[(i - named) / DESTS], NULL, dests[i % DESTS]);
        pair[0] = bytes_text(names[0]);
        pair[1] = values[0];
        if (r.kind == STREAM_BINDING_HEADERS) {
            r.args = pair;
            r.args_n = 2;
        }
        return r;
    }
    struct stream_binding_rule r = by(i % 2 ? STREAM_BINDING_DIRECT : STREAM_BINDING_TOPIC,
                                      &values[i / 2 % VALUES], dests[i / (2 * VALUES) % DESTS]);
    r.field = bytes_text(names[i / (2 * VALUES * DESTS)]);
    return r;
}

/* Which of all rules match a message of one pair. */
static void expect(const bool *there, int name, int value, char *want)
{
    bool to[DESTS] = {0}, any = false;
    for (int i = 0; i < RULES; i++) {
        struct stream_binding_rule r = rule_of(i);
        bool by_field = r.kind == STREAM_BINDING_DIRECT || r.kind == STREAM_BINDING_TOPIC;
        bool fits = by_field ? bytes_equal(r.field, bytes_text(names[name])) &&
                                   bytes_equal(r.args[0], values[value])
                    : r.kind == STREAM_BINDING_HEADERS ? name == 0 && value == 0
                                                       : r.kind == STREAM_BINDING_ALL;
        if (there[i] && fits)
            any = to[*r.dest.p - 'a'] = true;
    }
    for (int i = 0; i < RULES && !any; i++) {
        struct stream_binding_rule r = rule_of(i);
        to[*r.dest.p - 'a'] |= there[i] && r.kind == STREAM_BINDING_ALTERNATE;
    }
    for (int i = 0; i < DESTS; i++)
        if (to[i])
            *want++ = (char)('a' + i);
    *want = 0;
}

TEST(agrees_with_a_list)
{
    static bool there[RULES];
    struct stream_bindings *b = stream_bindings_new();
    struct rng r;
    size_t count = 0;
    rng_seed(&r, 3);
    for (int i = 0; i < VALUES; i++)
        values[i] = bytes_of(&"wxyz"[i], 1);
    for (int step = 0; step < 20000; step++) {
        int i = (int)rng_below(&r, RULES);
        struct stream_binding_rule rule = rule_of(i);
        if (rng_below(&r, 2)) {
            CHECK(stream_bindings_add(b, &rule) == !there[i]);
            count += !there[i];
            there[i] = true;
        } else {
            CHECK(stream_bindings_remove(b, &rule) == there[i]);
            count -= there[i];
            there[i] = false;
        }
        if (step % 500 == 0) {
            size_t gone = 0;
            for (int k = 0; k < RULES; k++)
                if (there[k] && *rule_of(k).dest.p == 'b') {
                    there[k] = false;
                    gone++;
                }
            CHECK(stream_bindings_remove_to(b, BYTES("b")) == gone);
            count -= gone;
        }
        char want[DESTS + 1];
        int name = (int)rng_below(&r, FIELDS), value = (int)rng_below(&r, VALUES);
        struct bytes message[] = {bytes_text(names[name]), values[value]};
        expect(there, name, value, want);
        CHECK(b->count == count && goes_to(b, message, 1, want));
        CHECK(step % 50 || stream_bindings_is_sound(b));
    }
    stream_bindings_free(b);
}

/* broker B11 */
TEST(the_order_is_kept_and_copied)
{
    struct stream_bindings *b = stream_bindings_new();
    struct bytes args[2 * STREAM_BINDINGS_PAIRS_MOST];
    int i = 0;
    for (int k = 0; k < VALUES; k++)
        values[k] = bytes_of(&"wxyz"[k], 1);
    for (int k = 0; k < RULES; k++) {
        struct stream_binding_rule rule = rule_of(k * 7 % RULES);
        stream_bindings_add(b, &rule);
    }
    struct stream_bindings *copy = stream_bindings_copy(b);
    CHECK(stream_bindings_memory(copy) > 0 && stream_bindings_free_effort(copy) > RULES);
    stream_bindings_free(b);
    CHECK(copy->count == RULES && stream_bindings_is_sound(copy));
    for (const struct stream_binding *x = NULL; (x = stream_bindings_next(copy, x)); i++) {
        struct stream_binding_rule got = stream_bindings_rule(x, args),
                                   want = rule_of(i * 7 % RULES);
        CHECK(got.kind == want.kind && bytes_equal(got.dest, want.dest) &&
              got.args_n == want.args_n && (!got.args_n || bytes_equal(args[0], want.args[0])));
    }
    CHECK(i == RULES);
    stream_bindings_free(copy);
}

/* Memory of the broker's cost table: a binding <= 200 + its words. */
TEST(memory_of_one)
{
    enum { MANY = 100000 };
    struct stream_bindings *b = stream_bindings_new();
    struct rng r;
    char text[64];
    size_t words = 0, n = 0;
    rng_seed(&r, 9);
    while (n < MANY) {
        unsigned k = (unsigned)rng_below(&r, 20);
        struct bytes value = bytes_of(
            text, (size_t)snprintf(text, 64, "word%u.%s.word%u.word%u", (unsigned)rng_below(&r, 50),
                                   k == 0  ? "#"
                                   : k < 3 ? "*"
                                           : "orders",
                                   (unsigned)rng_below(&r, 50), (unsigned)rng_below(&r, 50)));
        char dest[16];
        snprintf(dest, sizeof(dest), "q%u", (unsigned)rng_below(&r, 100));
        struct stream_binding_rule rule =
            by(rng_below(&r, 2) ? STREAM_BINDING_TOPIC : STREAM_BINDING_DIRECT, &value, dest);
        if (!stream_bindings_add(b, &rule))
            continue;
        words += value.n + rule.dest.n;
        n++;
    }
    size_t each = (stream_bindings_memory(b) - words) / MANY;
    printf("# %zu bytes a binding beside its words\n", each);
    CHECK(each <= 200);
    stream_bindings_free(b);
}

/* broker B2: one value with very many words would hold the server for long. */
TEST(a_value_that_is_too_long_matches_no_topic)
{
    struct stream_bindings *b = stream_bindings_new();
    struct buf text = {0};
    while (text.n <= STREAM_BINDINGS_TOPIC_BYTES)
        buf_add_text(&text, "a.");
    struct bytes any = BYTES("#"), most = bytes_of(text.p, STREAM_BINDINGS_TOPIC_BYTES),
                 more = bytes_of(text.p, STREAM_BINDINGS_TOPIC_BYTES + 1);
    struct stream_binding_rule rules[] = {
        by(STREAM_BINDING_TOPIC, &any, "t"), by(STREAM_BINDING_DIRECT, &most, "d"),
        by(STREAM_BINDING_DIRECT, &more, "e"), by(STREAM_BINDING_ALTERNATE, NULL, "z")};
    for (size_t i = 0; i < 4; i++) {
        CHECK(stream_bindings_add(b, &rules[i]));
        struct bytes at_most[] = {STREAM_BINDINGS_FIELD, most};
        struct bytes above[] = {STREAM_BINDINGS_FIELD, more};
        CHECK(goes_to(b, at_most, 1, i == 0 ? "t" : "dt"));
        CHECK(goes_to(b, above, 1, i < 2 ? "" : "e"));
    }
    stream_bindings_free(b);
    buf_free(&text);
}

UNIT_MAIN(T(each_kind_matches), T(a_value_that_is_too_long_matches_no_topic),
          T(an_alternate_binding_gets_unrouted_messages), T(agrees_with_a_list),
          T(the_order_is_kept_and_copied), T(memory_of_one))
