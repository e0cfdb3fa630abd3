#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_pending_deferred.h"
#include "unit.h"

/* Any number of the first ones, from any moment on, is what sorting all of them gives. */
TEST(the_first_ones_are_those_of_all)
{
    struct stream_pending p;
    struct stream_pending_place at;
    struct rng rng;
    enum { N = 500 };
    rng_seed(&rng, 9);
    stream_pending_init(&p);
    for (uint64_t i = 1; i <= N; i++) {
        struct stream_pending_entry e = {.id = {i, 0}, .time_ms = 1, .count = 1};
        stream_pending_add(&p, &e);
        CHECK(stream_pending_find(&p, e.id, &at));
        stream_pending_defer(&p, at, i, (int64_t)rng_below(&rng, 200));
        if (i % 3 == 0)
            stream_pending_set_reason(&p, e.id, BYTES("why"));
    }
    size_t n, m;
    struct stream_pending_deferred *all = stream_pending_deferred(&p, 0, SIZE_MAX, &n);
    CHECK(n == N);
    for (size_t i = 1; i < N; i++)
        CHECK(all[i - 1].due_ms < all[i].due_ms ||
              (all[i - 1].due_ms == all[i].due_ms &&
               stream_id_compare(all[i - 1].id, all[i].id) < 0));
    for (size_t most = 0; most < N + 2; most += most < 5 ? 1 : 67)
        for (int64_t from = 0; from < 203; from += 7) {
            struct stream_pending_deferred *some = stream_pending_deferred(&p, from, most, &m);
            size_t skip = 0;
            while (skip < N && all[skip].due_ms < from)
                skip++;
            CHECK(m == (most < N - skip ? most : N - skip));
            for (size_t i = 0; i < m; i++)
                CHECK(stream_id_compare(some[i].id, all[skip + i].id) == 0 &&
                      some[i].due_ms == all[skip + i].due_ms && some[i].count == some[i].id.ms &&
                      some[i].reason.n == (some[i].id.ms % 3 ? 0 : 3));
            mem_free(some);
        }
    mem_free(all);
    stream_pending_free(&p);
    stream_pending_init(&p);
    mem_free(stream_pending_deferred(&p, 0, 10, &n));
    CHECK(n == 0);
}

UNIT_MAIN(T(the_first_ones_are_those_of_all))
