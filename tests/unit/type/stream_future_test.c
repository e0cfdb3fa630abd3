#include "base/rng.h"
#include "type/stream/stream_future.h"
#include "unit.h"

static bool same(struct stream_id a, struct stream_id b)
{
    return stream_id_compare(a, b) == 0;
}

static char long_text[70000];

/* What is scheduled under an ID: some fields, whose lengths are one, two and three bytes long. */
static size_t pairs_of(struct stream_id id, struct bytes pairs[8])
{
    size_t fields = 1 + id.ms % 4;
    for (size_t i = 0; i < fields * 2; i++) {
        size_t n = (id.ms * 7 + id.seq * 3 + i * 11) % 300;
        pairs[i] = bytes_of(long_text + i, n == 299 ? sizeof(long_text) - 8 : n);
    }
    return fields;
}

static void check_message(const struct stream_future_message *m, struct stream_id id)
{
    struct bytes wanted[8], found[8];
    size_t fields = pairs_of(id, wanted);
    uint64_t bytes = 0;
    CHECK(same(m->id, id) && m->fields == fields);
    stream_future_pairs(m, found);
    for (size_t i = 0; i < fields * 2; i++) {
        CHECK(bytes_equal(found[i], wanted[i]));
        bytes += found[i].n;
    }
    CHECK(m->bytes == bytes);
}

static void schedule(struct stream_future *f, struct stream_id id)
{
    struct bytes pairs[8];
    size_t fields = pairs_of(id, pairs);
    stream_future_add(f, id, pairs, fields);
}

TEST(keeps_what_it_is_given)
{
    struct stream_future f = {0}, copy;
    struct stream_future_message m;
    struct stream_map_place at;
    struct rng rng;
    static bool there[100][5];
    memset(there, 0, sizeof(there));
    for (size_t i = 0; i < sizeof(long_text); i++)
        long_text[i] = (char)('a' + i % 23);
    rng_seed(&rng, 4);
    for (int step = 0; step < 5000; step++) {
        struct stream_id id = {rng_below(&rng, 100), rng_below(&rng, 5)};
        bool *is = &there[id.ms][id.seq];
        CHECK(stream_future_has(&f, id) == *is && stream_future_get(&f, id, &m) == *is);
        if (*is)
            check_message(&m, id);
        if (*is)
            CHECK(stream_future_remove(&f, id) && !stream_future_remove(&f, id));
        else
            schedule(&f, id);
        *is = !*is;
    }
    CHECK(stream_future_is_sound(&f));
    stream_future_copy(&copy, &f);
    CHECK(copy.bytes == f.bytes && copy.held == f.held);
    stream_future_free(&f);
    CHECK(f.bytes == 0 && f.held == 0 && stream_future_count(&f) == 0);
    uint64_t n = 0, bytes = 0;
    bool any = stream_future_seek(&copy, STREAM_ID_MIN, &at, &m);
    for (uint64_t ms = 0; ms < 100; ms++) {
        uint64_t last = 0, seq;
        bool some = false;
        for (uint64_t k = 0; k < 5; k++) {
            if (!there[ms][k])
                continue;
            CHECK(any);
            check_message(&m, (struct stream_id){ms, k});
            some = true, last = k;
            n++, bytes += m.bytes;
            any = stream_future_next(&copy, &at, &m);
        }
        CHECK(stream_future_last_of(&copy, ms, &seq) == some && (!some || seq == last));
    }
    CHECK(!any && n == stream_future_count(&copy) && bytes == copy.bytes);
    CHECK(stream_future_is_sound(&copy));
    stream_future_free(&copy);
}

TEST(the_first_is_the_one_due_first)
{
    struct stream_future f = {0};
    struct stream_future_message m;
    struct stream_map_place at;
    uint64_t seq;
    CHECK(!stream_future_first(&f, &m) && !stream_future_last_of(&f, 5, &seq));
    schedule(&f, (struct stream_id){50, 2});
    schedule(&f, (struct stream_id){40, UINT64_MAX});
    schedule(&f, (struct stream_id){40, 7});
    CHECK(stream_future_first(&f, &m) && m.id.ms == 40 && m.id.seq == 7);
    CHECK(stream_future_last_of(&f, 40, &seq) && seq == UINT64_MAX);
    CHECK(!stream_future_last_of(&f, 49, &seq) && !stream_future_last_of(&f, 39, &seq));
    CHECK(stream_future_seek(&f, (struct stream_id){41, 0}, &at, &m) && m.id.ms == 50);
    CHECK(!stream_future_seek(&f, (struct stream_id){50, 3}, &at, &m));
    stream_future_free(&f);
}

/* Memory of a scheduled message beyond its names and values (broker 17). */
TEST(memory_per_message)
{
    struct stream_future f = {0};
    struct rng rng;
    struct bytes pairs[] = {BYTES("order"), BYTES("1234567"), BYTES("state"), BYTES("new")};
    rng_seed(&rng, 9);
    for (int i = 0; i < 100000; i++) {
        struct stream_id id = {1795900000000 + rng_below(&rng, 86400000), 0};
        if (!stream_future_has(&f, id))
            stream_future_add(&f, id, pairs, 2);
    }
    CHECK(stream_future_memory(&f) - f.bytes <= 40 * stream_future_count(&f));
    stream_future_free(&f);
}

UNIT_MAIN(T(keeps_what_it_is_given), T(the_first_is_the_one_due_first), T(memory_per_message))
