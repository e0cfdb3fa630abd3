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
    CHECK(t.used == N);
    for (unsigned i = 0; i < N; i++)
        CHECK(has(&t, i));
    CHECK(!has(&t, N));
    size_t wide = t.buckets;
    for (unsigned i = 0; i < N; i++)
        if (i % 100)
            drop(&t, i);
    CHECK(t.used == N / 100 && t.buckets < wide / 10);
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

UNIT_MAIN(T(grows_and_shrinks), T(scan_keeps_its_guarantee), T(random_reaches_everything))
