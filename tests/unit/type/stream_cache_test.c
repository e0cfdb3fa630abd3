#include "type/stream/stream_cache.h"

#include "base/mem.h"
#include "base/rng.h"
#include "unit.h"

#include <string.h>

#define HANDLES 3000
#define ONCE    16

static uint32_t handles[HANDLES];

static bool holds(uint32_t handle, int what, size_t n)
{
    const unsigned char *p = stream_cache_pin(handle);
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good &= p[i] == (unsigned char)what;
    stream_cache_unpin(handle);
    return good;
}

static void put(int i, size_t n, bool again)
{
    memset(stream_cache_take(&handles[i], n, again), i, n);
    stream_cache_unpin(handles[i]);
}

static void end(void)
{
    for (int i = 0; i < HANDLES; i++)
        stream_cache_forget(&handles[i]);
    CHECK(stream_cache_count() == 0 && stream_cache_bytes() == 0);
}

TEST(what_is_read_once_takes_a_few_buffers_in_turn)
{
    stream_cache_limit(1 << 20);
    for (int i = 0; i < 100; i++)
        put(i, 4000, false);
    CHECK(stream_cache_bytes() == 0 && stream_cache_count() == ONCE);
    for (int i = 0; i < 100; i++)
        CHECK((handles[i] != 0) == (i >= 100 - ONCE));
    /* The one that was read from stays longest. */
    CHECK(holds(handles[100 - ONCE], 100 - ONCE, 4000));
    put(0, 4000, false);
    CHECK(handles[100 - ONCE] && !handles[100 - ONCE + 1]);
    end();
}

TEST(what_is_read_again_stays_while_others_are_read_once)
{
    stream_cache_limit(1 << 20);
    for (int i = 0; i < 200; i++)
        put(i, 4096, true);
    for (int i = 200; i < HANDLES; i++)
        put(i, 4096, false);
    for (int i = 0; i < 200; i++)
        CHECK(handles[i] && holds(handles[i], i, 4096));
    CHECK(stream_cache_bytes() == 200 * mem_class_size(4096));
    end();
}

TEST(the_limit_holds_and_what_is_read_often_stays)
{
    stream_cache_limit(100 * mem_class_size(4096));
    for (int i = 0; i < 50; i++)
        put(i, 4096, true);
    for (int i = 50; i < HANDLES; i++) {
        put(i, 4096, true);
        CHECK(stream_cache_bytes() <= 100 * mem_class_size(4096));
        for (int k = 0; k < 50; k++)
            CHECK(handles[k] && holds(handles[k], k, 4096));
    }
    /* Too large for its share: among those that are read once. */
    stream_cache_forget(&handles[0]);
    size_t before = stream_cache_bytes();
    put(0, 100000, true);
    CHECK(handles[0] && stream_cache_bytes() == before);
    /* A smaller limit is kept with the next tick. */
    stream_cache_limit(10 * mem_class_size(4096));
    stream_cache_tick();
    CHECK(stream_cache_bytes() <= 10 * mem_class_size(4096));
    stream_cache_limit(0);
    stream_cache_tick();
    CHECK(stream_cache_bytes() == 0);
    end();
}

TEST(what_is_idle_goes_and_what_is_pinned_stays)
{
    stream_cache_limit(1 << 20);
    put(1, 4096, true);
    put(2, 4096, true);
    memset(stream_cache_take(&handles[3], 4096, true), 3, 4096);
    for (int i = 0; i < 30; i++) {
        stream_cache_tick();
        CHECK(holds(handles[1], 1, 4096));
    }
    CHECK(handles[1] && !handles[2] && handles[3]);
    stream_cache_drop();
    CHECK(!handles[1] && handles[3]);
    stream_cache_unpin(handles[3]);
    CHECK(holds(handles[3], 3, 4096));
    stream_cache_drop();
    CHECK(!handles[3] && stream_cache_bytes() == 0);
    end();
}

/* Whatever comes, in whatever order: a handle that is not 0 leads to what was put there. */
TEST(nothing_is_mixed_up)
{
    static size_t sizes[HANDLES];
    struct rng rng;
    rng_seed(&rng, 5);
    stream_cache_limit(2 << 20);
    for (int round = 0; round < 200000; round++) {
        int i = (int)rng_below(&rng, HANDLES);
        uint64_t what = rng_below(&rng, 1000);
        if (what < 2)
            stream_cache_tick();
        else if (what < 3)
            stream_cache_drop();
        else if (what < 100)
            stream_cache_forget(&handles[i]);
        else if (handles[i])
            CHECK(holds(handles[i], i, sizes[i]));
        else
            put(i, sizes[i] = rng_below(&rng, 100) ? 1 + rng_below(&rng, 9000) : 200000, what & 1);
        CHECK(stream_cache_bytes() <= 2 << 20);
    }
    end();
}

UNIT_MAIN(T(what_is_read_once_takes_a_few_buffers_in_turn),
          T(what_is_read_again_stays_while_others_are_read_once),
          T(the_limit_holds_and_what_is_read_often_stays),
          T(what_is_idle_goes_and_what_is_pinned_stays), T(nothing_is_mixed_up))
