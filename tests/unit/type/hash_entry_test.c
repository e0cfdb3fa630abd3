#include "type/hash_entry.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

static char text[3000];

/* Lengths around the longest inline value. */
static size_t some_length(struct rng *r)
{
    switch (rng_below(r, 3)) {
    case 0:
        return rng_below(r, 20);
    case 1:
        return HASH_ENTRY_INLINE_MAX - 3 + rng_below(r, 10);
    default:
        return rng_below(r, sizeof(text));
    }
}

static bool holds(const struct entry *e, struct bytes name, struct bytes value, int64_t deadline_ms)
{
    struct hash_field f;
    hash_entry_get(e, &f);
    return bytes_equal(f.name, name) && bytes_equal(f.value, value) &&
           f.deadline_ms == deadline_ms && e->has_ttl == (deadline_ms >= 0);
}

TEST(a_field_holds_what_was_set)
{
    struct rng r;
    rng_seed(&r, 5);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    for (int round = 0; round < 200; round++) {
        struct bytes name = {text, rng_below(&r, 40)}, value = {text + 7, some_length(&r) / 2};
        int64_t deadline_ms = HASH_NO_TTL;
        struct entry *e = hash_entry_new(name, value, deadline_ms);
        for (int step = 0; step < 50; step++) {
            deadline_ms = rng_below(&r, 2) ? (int64_t)rng_below(&r, 1000) : HASH_NO_TTL;
            if (rng_below(&r, 2)) {
                size_t n = some_length(&r);
                value = bytes_of(text + sizeof(text) - n, n);
                e = hash_entry_set(e, value, deadline_ms);
            } else {
                e = hash_entry_set_deadline(e, deadline_ms);
            }
            if (e->has_ttl) {
                hash_entry_put_place(e, 0xfedcba98);
                CHECK(hash_entry_place(e) == 0xfedcba98);
            } else {
                CHECK(hash_entry_place(e) == 0);
            }
            CHECK(holds(e, name, value, deadline_ms));
        }
        hash_entry_free(e);
    }
}

TEST(long_values_are_counted_in_its_memory)
{
    struct bytes name = BYTES("name");
    for (int timed = 0; timed < 2; timed++) {
        struct entry *e = hash_entry_new(name, bytes_of(text, 10), timed ? 5 : HASH_NO_TTL);
        CHECK(hash_entry_memory(e) >= 24 && hash_entry_memory(e) < 100);
        e = hash_entry_set(e, bytes_of(text, 2000), timed ? 5 : HASH_NO_TTL);
        CHECK(hash_entry_memory(e) >= 2000 && hash_entry_memory(e) < 3000);
        hash_entry_free(e);
    }
}

UNIT_MAIN(T(a_field_holds_what_was_set), T(long_values_are_counted_in_its_memory))
