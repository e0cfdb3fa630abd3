#include "type/stream/stream_cache.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#include <string.h>

#define HANDLES   3000
#define PROBATION 16

static struct stream_cache *cache;
static uint32_t handles[HANDLES];

static bool holds(uint32_t handle, int what, size_t n)
{
    const unsigned char *p = stream_cache_pin(cache, handle);
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good &= p[i] == (unsigned char)what;
    stream_cache_unpin(cache, handle);
    return good;
}

static void put(int i, size_t n, bool again)
{
    memset(stream_cache_take(cache, &handles[i], n, again), i, n);
    stream_cache_unpin(cache, handles[i]);
}

static void begin(size_t limit)
{
    cache = stream_cache_new();
    stream_cache_limit(cache, limit);
}

static void end(void)
{
    CHECK(stream_cache_is_sound(cache));
    for (int i = 0; i < HANDLES; i++)
        stream_cache_forget(cache, &handles[i]);
    CHECK(stream_cache_count(cache) == 0 && stream_cache_bytes(cache) == 0);
    stream_cache_free(cache);
}

TEST(what_is_read_once_takes_a_few_buffers_in_turn)
{
    begin(1 << 20);
    for (int i = 0; i < 100; i++)
        put(i, 4000, false);
    CHECK(stream_cache_bytes(cache) == 0 && stream_cache_count(cache) == PROBATION);
    for (int i = 0; i < 100; i++)
        CHECK((handles[i] != 0) == (i >= 100 - PROBATION));
    /* The one that was read from stays longest. */
    CHECK(holds(handles[100 - PROBATION], 100 - PROBATION, 4000));
    put(0, 4000, false);
    CHECK(handles[100 - PROBATION] && !handles[100 - PROBATION + 1]);
    end();
}

TEST(any_buffer_that_was_read_from_stays_longest)
{
    for (int k = 0; k < PROBATION; k++) {
        begin(1 << 20);
        for (int i = 0; i < PROBATION; i++)
            put(i, 4000, false);
        CHECK(holds(handles[k], k, 4000));
        for (int i = PROBATION; i < 2 * PROBATION - 1; i++)
            put(i, 4000, false);
        for (int i = 0; i < PROBATION; i++)
            CHECK((handles[i] != 0) == (i == k));
        put(99, 4000, false);
        CHECK(!handles[k]);
        end();
    }
}

TEST(what_is_forgotten_makes_room_first)
{
    for (int k = 0; k < PROBATION; k++) {
        begin(1 << 20);
        for (int i = 0; i < PROBATION; i++)
            put(i, 4000, false);
        stream_cache_forget(cache, &handles[k]);
        put(99, 4000, false);
        for (int i = 0; i < PROBATION; i++)
            CHECK((handles[i] != 0) == (i != k));
        CHECK(handles[99] && stream_cache_count(cache) == PROBATION);
        end();
    }
}

TEST(what_is_read_again_stays_while_others_are_read_once)
{
    begin(1 << 20);
    for (int i = 0; i < 200; i++)
        put(i, 4096, true);
    for (int i = 200; i < HANDLES; i++)
        put(i, 4096, false);
    for (int i = 0; i < 200; i++)
        CHECK(handles[i] && holds(handles[i], i, 4096));
    CHECK(stream_cache_bytes(cache) == 200 * mem_class_size(4096));
    end();
}

TEST(the_limit_holds_and_what_is_read_often_stays)
{
    begin(100 * mem_class_size(4096));
    for (int i = 0; i < 50; i++)
        put(i, 4096, true);
    for (int i = 50; i < HANDLES; i++) {
        put(i, 4096, true);
        CHECK(stream_cache_bytes(cache) <= 100 * mem_class_size(4096));
        for (int k = 0; k < 50; k++)
            CHECK(handles[k] && holds(handles[k], k, 4096));
    }
    /* Too large for its share: among those that are read once. */
    stream_cache_forget(cache, &handles[0]);
    size_t before = stream_cache_bytes(cache);
    put(0, 100000, true);
    CHECK(handles[0] && stream_cache_bytes(cache) == before);
    /* A smaller limit is kept with the next tick. */
    stream_cache_limit(cache, 10 * mem_class_size(4096));
    stream_cache_tick(cache);
    CHECK(stream_cache_bytes(cache) <= 10 * mem_class_size(4096));
    stream_cache_limit(cache, 0);
    stream_cache_tick(cache);
    CHECK(stream_cache_bytes(cache) == 0);
    end();
}

TEST(what_is_idle_goes_and_what_is_pinned_stays)
{
    begin(1 << 20);
    put(1, 4096, true);
    put(2, 4096, true);
    memset(stream_cache_take(cache, &handles[3], 4096, true), 3, 4096);
    for (int i = 0; i < 30; i++) {
        stream_cache_tick(cache);
        CHECK(holds(handles[1], 1, 4096));
    }
    CHECK(handles[1] && !handles[2] && handles[3]);
    stream_cache_drop(cache);
    CHECK(!handles[1] && handles[3]);
    stream_cache_unpin(cache, handles[3]);
    CHECK(holds(handles[3], 3, 4096));
    stream_cache_drop(cache);
    CHECK(!handles[3] && stream_cache_bytes(cache) == 0);
    end();
}

/* Whatever comes, in whatever order: a handle that is not 0 leads to what was put there. */
TEST(nothing_is_mixed_up)
{
    static size_t sizes[HANDLES];
    struct rng rng;
    rng_seed(&rng, 5 + unit_share());
    begin(2 << 20);
    for (int round = 0; round < 200000 / UNIT_SHARES; round++) {
        int i = (int)rng_below(&rng, HANDLES);
        uint64_t what = rng_below(&rng, 1000);
        if (what < 2)
            stream_cache_tick(cache);
        else if (what < 3)
            stream_cache_drop(cache);
        else if (what < 100)
            stream_cache_forget(cache, &handles[i]);
        else if (handles[i])
            CHECK(holds(handles[i], i, sizes[i]));
        else
            put(i, sizes[i] = rng_below(&rng, 100) ? 1 + rng_below(&rng, 9000) : 200000, what & 1);
        CHECK(stream_cache_bytes(cache) <= 2 << 20);
    }
    end();
}

UNIT_MAIN(T(what_is_forgotten_makes_room_first), T(any_buffer_that_was_read_from_stays_longest),
          T(what_is_read_once_takes_a_few_buffers_in_turn),
          T(what_is_read_again_stays_while_others_are_read_once),
          T(the_limit_holds_and_what_is_read_often_stays),
          T(what_is_idle_goes_and_what_is_pinned_stays), T(nothing_is_mixed_up))
