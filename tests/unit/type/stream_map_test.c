#include "base/rng.h"
#include "type/stream/stream_map.h"
#include "unit.h"

#define IDS 3000

/* What the map has to hold: by number of the ID, its word; -1: none. */
static int64_t words[IDS];

/* IDs by number, ascending: dense, in other years, with large sequence numbers. */
static struct stream_id id_of(unsigned kind, uint64_t i)
{
    if (kind == 0)
        return (struct stream_id){1700000000000 + i / 3, i % 3};
    if (kind == 1)
        return (struct stream_id){i * 3000000000, i % 2 ? UINT32_MAX : 0};
    return (struct stream_id){i / 1000 * (UINT64_MAX / 3),
                              i % 1000 == 999 ? UINT64_MAX : i % 1000 << (i / 1000 * 27)};
}

static bool same(struct stream_id a, struct stream_id b)
{
    return stream_id_compare(a, b) == 0;
}

static void compare(struct stream_map *m, unsigned kind)
{
    struct stream_map_place at;
    struct stream_map_record r;
    uint64_t n = 0;
    int64_t least = INT64_MAX;
    bool any = stream_map_seek(m, STREAM_ID_MIN, &at);
    CHECK(stream_map_is_sound(m));
    for (unsigned i = 0; i < IDS; i++) {
        if (words[i] < 0)
            continue;
        CHECK(any);
        r = stream_map_at(m, at);
        CHECK(same(r.id, id_of(kind, i)) && r.word == (uint64_t)words[i]);
        least = words[i] < least ? words[i] : least;
        n++;
        any = stream_map_next(m, &at);
    }
    CHECK(!any && n == m->count);
    if (m->has_least) {
        CHECK(stream_map_least(m, &r) == (n > 0));
        CHECK(!n || (int64_t)r.word == least);
    }
}

static void look_around(const struct stream_map *m, unsigned kind, unsigned i)
{
    struct stream_map_place at;
    uint64_t word;
    unsigned k = i;
    CHECK(stream_map_get(m, id_of(kind, i), &word) == (words[i] >= 0));
    CHECK(words[i] < 0 || word == (uint64_t)words[i]);
    while (k < IDS && words[k] < 0)
        k++;
    CHECK(stream_map_seek(m, id_of(kind, i), &at) == (k < IDS));
    CHECK(k == IDS || same(stream_map_at(m, at).id, id_of(kind, k)));
    for (k = i + 1; k > 0 && words[k - 1] < 0;)
        k--;
    CHECK(stream_map_seek_back(m, id_of(kind, i), &at) == (k > 0));
    CHECK(k == 0 || same(stream_map_at(m, at).id, id_of(kind, k - 1)));
}

static void step(struct stream_map *m, unsigned kind, struct rng *rng, bool grows)
{
    unsigned i = (unsigned)rng_below(rng, IDS);
    uint64_t word = rng_below(rng, 1000), old = 0;
    if (rng_below(rng, 10) < (grows ? 8 : 3)) {
        CHECK(stream_map_set(m, id_of(kind, i), word, &old) == (words[i] >= 0));
        CHECK(words[i] < 0 || old == (uint64_t)words[i]);
        words[i] = (int64_t)word;
    } else {
        CHECK(stream_map_remove(m, id_of(kind, i), &old) == (words[i] >= 0));
        CHECK(words[i] < 0 || old == (uint64_t)words[i]);
        words[i] = -1;
    }
    look_around(m, kind, (unsigned)rng_below(rng, IDS));
}

TEST(behaves_like_an_array)
{
    for (unsigned seed = 0; seed < 6; seed++) {
        struct stream_map m = {.has_least = seed % 2}, copy;
        unsigned kind = seed / 2;
        struct rng rng;
        rng_seed(&rng, seed);
        memset(words, -1, sizeof(words));
        /* It grows, shrinks, and grows again. */
        for (unsigned n = 0; n < 30000; n++) {
            step(&m, kind, &rng, n / 10000 != 1);
            if (n % 500 == 0)
                compare(&m, kind);
        }
        stream_map_copy(&copy, &m);
        stream_map_free(&m);
        CHECK(m.count == 0 && m.has_least == (seed % 2 != 0));
        compare(&copy, kind);
        for (unsigned i = IDS; i-- > 0; words[i] = -1)
            CHECK(stream_map_remove(&copy, id_of(kind, i), NULL) == (words[i] >= 0));
        compare(&copy, kind);
        CHECK(copy.n == 0);
        stream_map_free(&copy);
    }
}

/* Memory as the header promises it (broker 17). */
static uint64_t bytes_a_record(struct stream_map *m)
{
    uint64_t n = stream_map_memory(m) / m->count;
    CHECK(stream_map_is_sound(m));
    stream_map_free(m);
    return n;
}

TEST(memory_per_record)
{
    struct stream_map m = {0};
    struct rng rng;
    const uint64_t n = 100000, day = 86400000;
    rng_seed(&rng, 1);
    for (uint64_t i = 0; i < n; i++)
        stream_map_set(&m, (struct stream_id){1795900000000 + i / 4, i % 4}, i, NULL);
    CHECK(bytes_a_record(&m) <= 16);
    for (uint64_t i = 0; i < n; i++)
        stream_map_set(&m, (struct stream_id){1795900000000 + rng_below(&rng, 365 * day), 0}, i,
                       NULL);
    CHECK(bytes_a_record(&m) <= 20);
    m.has_least = true;
    for (uint64_t i = n; i-- > 0;)
        stream_map_set(&m, (struct stream_id){1795900000000 + i, 0}, i, NULL);
    CHECK(bytes_a_record(&m) <= 24);
    /* Few of many are left. */
    for (uint64_t i = 0; i < n; i++)
        stream_map_set(&m, (struct stream_id){i, 0}, i, NULL);
    for (uint64_t i = 0; i < n; i++)
        if (i % 60)
            CHECK(stream_map_remove(&m, (struct stream_id){i, 0}, NULL));
    CHECK(m.count == (n + 59) / 60 && bytes_a_record(&m) <= 64);
}

/* The oldest go, new ones come: the array of chunks does not grow. */
TEST(a_queue_stays_small)
{
    struct stream_map m = {.has_least = true};
    struct stream_map_record r;
    for (uint64_t i = 0; i < 200000; i++) {
        stream_map_set(&m, (struct stream_id){i, 0}, i + 7, NULL);
        if (i < 1000)
            continue;
        CHECK(stream_map_least(&m, &r) && r.id.ms == i - 1000 && r.word == i - 993);
        CHECK(stream_map_remove(&m, r.id, NULL));
    }
    CHECK(m.count == 1000 && m.cap <= 32 && stream_map_memory(&m) < 24000);
    stream_map_free(&m);
}

UNIT_MAIN(T(behaves_like_an_array), T(memory_per_record), T(a_queue_stays_small))
