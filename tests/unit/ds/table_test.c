#include "base/hash.h"
#include "base/mem.h"
#include "ds/table.h"
#include "unit.h"

#define N 20000

static struct bytes key_of(char *to, unsigned i)
{
    return bytes_of(to, (size_t)snprintf(to, 32, "key:%u", i));
}

static void add(struct table *t, unsigned i)
{
    char text[32];
    struct bytes key = key_of(text, i);
    table_insert(t, hash_key(key), entry_new_word(key, 1, i));
}

static bool has(const struct table *t, unsigned i)
{
    char text[32];
    struct bytes key = key_of(text, i);
    struct entry **slot = table_find(t, hash_key(key), key);
    return slot && entry_word(*slot) == i;
}

static void drop(struct table *t, unsigned i)
{
    char text[32];
    struct bytes key = key_of(text, i);
    entry_free(table_remove(t, hash_key(key), key));
}

static void clear(struct table *t)
{
    struct table_walk w;
    table_walk_start(&w, t);
    for (struct entry *e; (e = table_walk_next(&w));)
        entry_free(e);
    table_clear(t);
}

TEST(grows_and_shrinks)
{
    struct table t;
    hash_init("seed", 4);
    table_init(&t, hash_key);
    for (unsigned i = 0; i < N; i++)
        add(&t, i);
    CHECK(t.used == N && table_is_sound(&t));
    for (unsigned i = 0; i < N; i++)
        CHECK(has(&t, i));
    CHECK(!has(&t, N));
    size_t wide = t.buckets;
    for (unsigned i = 0; i < N; i++)
        if (i % 100)
            drop(&t, i);
    CHECK(t.used == N / 100 && t.buckets < wide / 10 && table_is_sound(&t));
    for (unsigned i = 0; i < N; i++)
        CHECK(has(&t, i) == (i % 100 == 0));
    for (unsigned i = 0; i < N; i++)
        if (i % 100)
            add(&t, i);
    for (unsigned i = 0; i < N; i++)
        CHECK(has(&t, i));
    clear(&t);
}

static unsigned char seen[N];

static void note(void *context, struct entry *e)
{
    (void)context;
    seen[entry_word(e)] = 1;
}

/* What is there from the first call to the last is returned, whatever happens to the rest. */
TEST(scan_keeps_its_guarantee)
{
    for (unsigned seed = 1; seed < 60; seed++) {
        struct table t;
        struct rng rng;
        hash_init(&seed, sizeof(seed));
        rng_seed(&rng, seed);
        table_init(&t, hash_key);
        memset(seen, 0, sizeof(seen));
        bool there[N] = {0};
        unsigned kept = 100 + (unsigned)rng_below(&rng, 400),
                 others = (unsigned)rng_below(&rng, 5000);
        for (unsigned i = 0; i < kept; i++)
            add(&t, i);
        uint64_t cursor = 0;
        do {
            cursor = table_scan(&t, cursor, note, NULL);
            bool growing = rng_below(&rng, 100) < (seed % 2 ? 70 : 30);
            for (unsigned k = 0; k < 40; k++) {
                unsigned i = kept + (unsigned)rng_below(&rng, others + 1);
                if (growing && !there[i])
                    add(&t, i), there[i] = true;
                else if (!growing && there[i])
                    drop(&t, i), there[i] = false;
            }
            CHECK(table_is_sound(&t));
        } while (cursor);
        for (unsigned i = 0; i < kept; i++)
            CHECK(seen[i]);
        clear(&t);
    }
}

TEST(random_reaches_everything)
{
    struct table t;
    struct rng rng;
    hash_init("seed", 4);
    rng_seed(&rng, 7);
    table_init(&t, hash_key);
    CHECK(table_random(&t, &rng) == NULL);
    for (unsigned i = 0; i < 300; i++)
        add(&t, i);
    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < 20000; i++)
        seen[entry_word(table_random(&t, &rng))] = 1;
    for (unsigned i = 0; i < 300; i++)
        CHECK(seen[i]);
    clear(&t);
}

/* All keys in one bucket, as nobody who does not know the seed can make them: a chain of overflow
 * buckets that grows and shrinks. */
static uint64_t one_hash(struct bytes key)
{
    return (uint64_t)(unsigned char)key.p[key.n - 1] << 57;
}

TEST(a_chain_of_overflow_buckets_is_kept)
{
    struct table t;
    struct rng rng;
    bool there[400] = {0};
    char text[32];
    rng_seed(&rng, 3);
    table_init(&t, one_hash);
    for (int step = 0; step < 6000; step++) {
        unsigned i = (unsigned)rng_below(&rng, 400);
        struct bytes key = key_of(text, i);
        if (there[i]) {
            struct entry *e = table_remove(&t, one_hash(key), key);
            CHECK(e && entry_word(e) == i);
            entry_free(e);
        } else {
            CHECK(!table_find(&t, one_hash(key), key));
            table_insert(&t, one_hash(key), entry_new_word(key, 1, i));
        }
        there[i] = !there[i];
        if (step % 50 == 0) {
            size_t chains[TABLE_CHAINS], n = 0;
            CHECK(table_is_sound(&t));
            table_chains(&t, chains);
            for (size_t k = 0; k < TABLE_CHAINS; k++)
                n += chains[k];
            CHECK(n == t.buckets && (t.used < TABLE_CHAINS || chains[TABLE_CHAINS - 1] == 1));
        }
    }
    clear(&t);
    CHECK(t.used == 0 && t.overflows == 0 && table_is_sound(&t));
}

/* Home and two overflow buckets; the one in the middle becomes empty first, and goes with the last.
 */
TEST(empty_overflow_buckets_leave_their_chain)
{
    struct table t;
    char text[32];
    table_init(&t, one_hash);
    for (unsigned i = 0; i < 16; i++) {
        struct bytes key = key_of(text, i);
        table_insert(&t, one_hash(key), entry_new_word(key, 1, i));
    }
    CHECK(t.overflows == 2 && t.buckets == 4);
    for (unsigned i = 6; i < 16; i++) {
        struct bytes key = key_of(text, i);
        entry_free(table_remove(&t, one_hash(key), key));
        CHECK(table_is_sound(&t) && t.overflows == (i == 15 ? 0 : 2));
    }
    clear(&t);
}

TEST(reserving_makes_room_at_once)
{
    struct table t;
    table_init(&t, hash_key);
    table_reserve(&t, 10000);
    size_t buckets = t.buckets;
    CHECK(buckets * 9 >= 20000 && table_is_sound(&t));
    for (unsigned i = 0; i < 10000; i++)
        add(&t, i);
    CHECK(t.buckets == buckets && table_is_sound(&t));
    table_reserve(&t, 100000); /* not empty: nothing */
    CHECK(t.buckets == buckets);
    clear(&t);
}

TEST(room_is_made_and_given_back_in_steps)
{
    struct table t;
    struct table_walk w;
    size_t buckets = 0, segments, steps = 0;
    table_init(&t, hash_key);
    while (table_reserve_some(&t, 10000)) {
        CHECK(t.buckets - buckets <= TABLE_STEP && table_is_sound(&t));
        buckets = t.buckets;
    }
    table_reserve(&t, 10000); /* nothing is missing */
    CHECK(t.buckets - buckets <= TABLE_STEP && t.buckets * 9 >= 20000);
    for (unsigned i = 0; i < 20000; i++)
        add(&t, i);
    CHECK(t.overflows > 0);
    table_walk_start(&w, &t);
    for (struct entry *e; (e = table_walk_next(&w));)
        entry_free(e);
    segments = t.segment_count;
    buckets = t.buckets;
    for (; table_clear_some(&t); steps++) {
        CHECK(buckets - t.buckets <= TABLE_STEP && t.segment_count == segments - steps - 1);
        buckets = t.buckets;
    }
    CHECK(steps == segments && t.buckets == 0 && t.used == 0 && !table_clear_some(&t));
    add(&t, 1);
    CHECK(has(&t, 1) && table_is_sound(&t));
    clear(&t);
}

TEST(samples_and_walks_are_of_what_is_there)
{
    struct table t;
    struct rng rng;
    struct entry *out[64];
    rng_seed(&rng, 9);
    table_init(&t, hash_key);
    CHECK(table_sample(&t, &rng, out, 64) == 0);
    for (unsigned i = 0; i < 50; i++)
        add(&t, i);
    /* More are wanted than there are: each once. */
    for (int round = 0; round < 20; round++) {
        memset(seen, 0, sizeof(seen));
        CHECK(table_sample(&t, &rng, out, 64) == 50);
        for (unsigned i = 0; i < 50; i++) {
            CHECK(!seen[entry_word(out[i])]);
            seen[entry_word(out[i])] = 1;
        }
        CHECK(table_sample(&t, &rng, out, 7) == 7);
    }
    struct table_walk w;
    unsigned n = 0;
    memset(seen, 0, sizeof(seen));
    table_walk_start(&w, &t);
    for (struct entry *e; (e = table_walk_next(&w)); n++)
        seen[entry_word(e)]++;
    for (unsigned i = 0; i < 50; i++)
        CHECK(seen[i] == 1);
    CHECK(n == 50);
    clear(&t);
}

TEST(an_entry_is_found_by_its_address)
{
    struct table t;
    char text[32];
    table_init(&t, hash_key);
    for (unsigned i = 0; i < 500; i++)
        add(&t, i);
    struct bytes key = key_of(text, 77);
    uint64_t hash = hash_key(key);
    struct entry *e = *table_find(&t, hash, key);
    CHECK(*table_find_address(&t, hash, e) == e && !table_find_address(&t, hash, text));
    CHECK(table_guess(&t, hash) != NULL);
    table_remove_address(&t, hash, e);
    CHECK(!has(&t, 77) && t.used == 499 && table_is_sound(&t));
    entry_free(e);
    clear(&t);
}

UNIT_MAIN(T(a_chain_of_overflow_buckets_is_kept), T(empty_overflow_buckets_leave_their_chain),
          T(reserving_makes_room_at_once), T(room_is_made_and_given_back_in_steps),
          T(samples_and_walks_are_of_what_is_there), T(an_entry_is_found_by_its_address),
          T(grows_and_shrinks), T(scan_keeps_its_guarantee), T(random_reaches_everything))
