#include "type/value.h"

#include "base/hash.h"
#include "type/hash.h"
#include "type/list.h"
#include "type/set.h"
#include "type/stream/stream.h"
#include "type/string.h"
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

/* Values of every kind, some in both of their forms. */
enum { KINDS = 11 };

static const struct {
    enum value_kind kind;
    enum value_type type;
    const char *name, *encoding;
    bool has_table;
} expected[KINDS] = {
    {VALUE_TEXT, TYPE_STRING, "string", "embstr", false},
    {VALUE_INT, TYPE_STRING, "string", "int", false},
    {VALUE_STR, TYPE_STRING, "string", "raw", false},
    {VALUE_LIST, TYPE_LIST, "list", "listpack", false},
    {VALUE_STREAM, TYPE_STREAM, "stream", "stream", false},
    {VALUE_HASH, TYPE_HASH, "hash", "listpack", false},
    {VALUE_HASH, TYPE_HASH, "hash", "hashtable", true},
    {VALUE_SET, TYPE_SET, "set", "intset", false},
    {VALUE_SET, TYPE_SET, "set", "hashtable", true},
    {VALUE_ZSET, TYPE_ZSET, "zset", "listpack", false},
    {VALUE_ZSET, TYPE_ZSET, "zset", "skiplist", true},
};

static struct entry *make(int i)
{
    struct bytes key = BYTES("key"), member = BYTES("1");
    static char text[3000];
    bool large = expected[i].has_table;
    memset(text, 'x', sizeof(text));
    switch (expected[i].kind) {
    case VALUE_TEXT:
        return string_new(key, BYTES("text"));
    case VALUE_INT:
        return string_new(key, BYTES("-42"));
    case VALUE_STR:
        return string_new(key, bytes_of(text, sizeof(text)));
    case VALUE_LIST: {
        struct list *l = list_new(-2, 0);
        list_push(l, true, member);
        return entry_new_word(key, VALUE_LIST, (uintptr_t)l);
    }
    case VALUE_STREAM:
        return entry_new_word(key, VALUE_STREAM, (uintptr_t)stream_new(context(), 100, 100));
    case VALUE_HASH: {
        struct hash *h = hash_new();
        hash_set(&h, member, member, 1000, &(struct hash_limits){large ? 0 : 10, 64});
        hash_set_deadline(&h, member, HASH_NO_TTL);
        if (!large) {
            hash_free(h);
            h = hash_new();
            hash_set(&h, member, member, HASH_NO_TTL, &(struct hash_limits){10, 64});
        }
        return entry_new_word(key, VALUE_HASH, (uintptr_t)h);
    }
    case VALUE_SET: {
        struct set *s = set_new();
        set_add(&s, member, &(struct set_limits){large ? 0 : 10, 0, 64});
        return entry_new_word(key, VALUE_SET, (uintptr_t)s);
    }
    default: {
        struct zset *z = zset_new();
        zset_set(&z, member, 1, &(struct zset_limits){large ? 0 : 10, 64});
        return entry_new_word(key, VALUE_ZSET, (uintptr_t)z);
    }
    }
}

TEST(kinds_have_types_names_and_encodings)
{
    hash_init("fixed", 5);
    for (int i = 0; i < KINDS; i++) {
        struct entry *e = make(i);
        CHECK(e->kind == expected[i].kind && value_type(e) == expected[i].type);
        CHECK(strcmp(value_type_name(value_type(e)), expected[i].name) == 0);
        CHECK(strcmp(value_encoding(e), expected[i].encoding) == 0);
        CHECK((value_table(e) != NULL) == expected[i].has_table);
        CHECK(!value_has_field_ttl(e));
        value_free(e);
    }
}

TEST(a_copy_is_equal_and_apart)
{
    for (int i = 0; i < KINDS; i++) {
        struct entry *e = entry_set_deadline(make(i), 99),
                     *copy = value_copy(e, BYTES("other key"));
        char a[NUM_INT_MAX], b[NUM_INT_MAX];
        CHECK(bytes_equal(entry_key(copy), BYTES("other key")) && !copy->has_ttl);
        CHECK(copy->kind == e->kind && strcmp(value_encoding(copy), expected[i].encoding) == 0);
        if (value_type(e) == TYPE_STRING)
            CHECK(bytes_equal(string_view(e, a), string_view(copy, b)));
        else
            CHECK(value_object(e) != value_object(copy));
        value_free(e);
        /* The copy lives on. */
        if (copy->kind == VALUE_LIST)
            CHECK(((struct list *)value_object(copy))->count == 1);
        if (copy->kind == VALUE_HASH)
            CHECK(hash_is_sound(value_object(copy)) && hash_count(value_object(copy)) == 1);
        if (copy->kind == VALUE_SET)
            CHECK(set_has(value_object(copy), BYTES("1")));
        if (copy->kind == VALUE_ZSET)
            CHECK(zset_is_sound(value_object(copy)) && zset_count(value_object(copy)) == 1);
        value_free(copy);
    }
}

TEST(the_flag_of_a_kind_is_copied)
{
    struct entry *e = make(5), *copy;
    value_set_field_ttl(e, true);
    copy = value_copy(e, BYTES("c"));
    CHECK(value_has_field_ttl(copy));
    value_free(copy);
    value_free(e);
    /* Of a string it means something else. */
    e = make(0);
    value_set_raw(e, true);
    copy = value_copy(e, BYTES("c"));
    CHECK(strcmp(value_encoding(copy), "raw") == 0 && !value_has_field_ttl(copy));
    value_free(copy);
    value_free(e);
}

TEST(memory_and_effort_grow_with_the_value)
{
    for (int i = 0; i < KINDS; i++) {
        struct entry *e = make(i);
        CHECK(value_memory(e, 0) >= entry_size(e) + 16);
        CHECK(value_free_effort(e) <= 1);
        value_free(e);
    }
    struct list *l = list_new(-2, 0);
    struct zset *z = zset_new();
    struct set *s = set_new();
    struct hash *h = hash_new();
    char text[NUM_INT_MAX];
    for (unsigned i = 0; i < 5000; i++) {
        struct bytes x = {text, num_print_uint(text, i)};
        list_push(l, false, x);
        zset_set(&z, x, i, &(struct zset_limits){100, 64});
        set_add(&s, x, &(struct set_limits){10, 10, 64});
        hash_set(&h, x, x, HASH_NO_TTL, &(struct hash_limits){100, 64});
    }
    struct entry *all[] = {entry_new_word(BYTES("l"), VALUE_LIST, (uintptr_t)l),
                           entry_new_word(BYTES("z"), VALUE_ZSET, (uintptr_t)z),
                           entry_new_word(BYTES("s"), VALUE_SET, (uintptr_t)s),
                           entry_new_word(BYTES("h"), VALUE_HASH, (uintptr_t)h)};
    for (int i = 0; i < 4; i++) {
        size_t effort = value_free_effort(all[i]);
        CHECK(i == 0 ? effort > 1 && effort < 50 : effort == 5000);
        CHECK(value_memory(all[i], 0) > 5000 * 4 && value_memory(all[i], 0) < 5000 * 400);
        /* Sampled it is about the same. */
        CHECK(value_memory(all[i], 5) < value_memory(all[i], 0) * 2);
        value_leave_thread(all[i]);
        value_free(all[i]);
    }
}

UNIT_MAIN(T(kinds_have_types_names_and_encodings), T(a_copy_is_equal_and_apart),
          T(the_flag_of_a_kind_is_copied), T(memory_and_effort_grow_with_the_value))
