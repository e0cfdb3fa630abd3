#include "type/hash_deadlines.h"

#include "base/rng.h"
#include "unit.h"

#include <stdio.h>

enum { FIELDS = 300 };

/* The earliest of all, and how many are due. */
static int64_t next_of(struct entry **entries, int64_t now_ms, size_t *due)
{
    int64_t least = INT64_MAX;
    *due = 0;
    for (int i = 0; i < FIELDS; i++) {
        int64_t at = entries[i] ? entry_deadline_ms(entries[i]) : -1;
        if (at >= 0 && at < least)
            least = at;
        *due += at >= 0 && at <= now_ms;
    }
    return least;
}

static void play(unsigned seed, unsigned spread)
{
    struct entry *entries[FIELDS] = {0};
    struct hash_deadlines d = {0};
    struct rng r;
    char name[32];
    size_t n = 0, due;
    rng_seed(&r, seed);
    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rng_below(&r, FIELDS);
        int64_t at = (int64_t)rng_below(&r, spread);
        /* It fills up and empties again and again. */
        bool removes = rng_below(&r, 8) < (step / 2000 % 2 ? 6 : 2);
        if (entries[i] && removes) {
            hash_deadlines_remove(&d, hash_entry_place(entries[i]));
            hash_entry_free(entries[i]);
            entries[i] = NULL;
            n--;
        } else if (!removes) {
            uint32_t place = entries[i] ? hash_entry_place(entries[i]) : 0;
            n += !entries[i];
            if (entries[i])
                hash_entry_free(entries[i]); /* its address in the heap is not followed */
            entries[i] =
                hash_entry_new(bytes_of(name, (size_t)sprintf(name, "%u", i)), BYTES("value"), at);
            hash_deadlines_put(&d, place, entries[i]);
        }
        int64_t now_ms = (int64_t)rng_below(&r, spread);
        CHECK(d.n == n && hash_deadlines_next_ms(&d) == next_of(entries, now_ms, &due));
        CHECK(hash_deadlines_due(&d, now_ms) == due);
        if (step % 16 == 0)
            CHECK(hash_deadlines_is_sound(&d));
    }
    for (int i = 0; i < FIELDS; i++)
        if (entries[i]) {
            hash_deadlines_remove(&d, hash_entry_place(entries[i]));
            hash_entry_free(entries[i]);
        }
    CHECK(d.n == 0 && d.items == NULL && hash_deadlines_memory(&d) == 0);
}

TEST(the_first_is_the_earliest)
{
    play(1, 1000000);
    play(2, 30);
}

TEST(memory_follows_the_number_of_fields)
{
    enum { MANY = 20000 };
    static struct entry *entries[MANY];
    struct hash_deadlines d = {0};
    for (int i = 0; i < MANY; i++) {
        entries[i] = hash_entry_new(BYTES("x"), BYTES("y"), MANY - i);
        hash_deadlines_put(&d, 0, entries[i]);
        if (d.n > 100)
            CHECK(hash_deadlines_memory(&d) <= 12 * (size_t)d.n);
    }
    for (int i = 0; i < MANY; i++) {
        hash_deadlines_remove(&d, hash_entry_place(entries[i]));
        hash_entry_free(entries[i]);
        if (d.n > 100)
            CHECK(hash_deadlines_memory(&d) <= 12 * (size_t)d.n + 64);
    }
    hash_deadlines_free(&d);
}

UNIT_MAIN(T(the_first_is_the_earliest), T(memory_follows_the_number_of_fields))
