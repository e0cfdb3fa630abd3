#include "engine/state.h"

#include "base/clock.h"
#include "engine_commands.h"
#include "unit.h"

#include <errno.h>

TEST(what_the_store_is_told)
{
    static const unsigned holds = ENGINE_DISK_FAILED | ENGINE_SAVE_FAILED | ENGINE_FEW_REPLICAS |
                                  ENGINE_PAUSED,
                          acts = holds | ENGINE_LOADING | ENGINE_BUSY;
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    for (unsigned bit = ENGINE_LOADING; bit <= ENGINE_MONITORED; bit <<= 1) {
        state_set(e, (enum slow_path_reason)bit, true);
        CHECK(e->slow_path == bit && e->store->expiry_paused == ((bit & holds) != 0));
        CHECK(e->store->expiry_ignored == (bit == ENGINE_LOADING));
        CHECK(state_takes_writes(e) == !(bit & acts) && state_holds_writes(e) == !!(bit & holds));
        /* Another in between changes nothing. */
        state_set(e, ENGINE_MAXMEMORY, true);
        CHECK(state_takes_writes(e) == !(bit & acts));
        state_set(e, (enum slow_path_reason)bit, false);
        CHECK(state_takes_writes(e) && !e->store->expiry_paused && !e->store->expiry_ignored);
        state_set(e, ENGINE_MAXMEMORY, false);
        CHECK(e->slow_path == 0);
    }
    bench_end(b);
}

TEST(why_writes_are_refused)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct buf why = {0};
    CHECK(!state_refuses_writes(e, &why) && why.n == 0);
    e->settings->min_replicas_to_write = 1;
    e->settings->min_replicas_max_lag = 10;
    state_count_replicas(e);
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "NOREPLICAS", 10) == 0);
    e->settings->min_replicas_max_lag = 1;
    state_count_replicas(e);
    CHECK(e->slow_path & ENGINE_FEW_REPLICAS);
    e->settings->min_replicas_max_lag = 0; /* turns it off */
    state_count_replicas(e);
    CHECK(!state_refuses_writes(e, &why));
    why.n = 0;
    state_set(e, ENGINE_SAVE_FAILED, true);
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "MISCONF", 7) == 0);
    why.n = 0;
    state_set(e, ENGINE_DISK_FAILED, true); /* the worse of the two is told */
    CHECK(state_refuses_writes(e, &why) &&
          memcmp(why.p, "MISCONF Errors writing to the AOF file: ", 40) == 0);
    buf_free(&why);
    bench_end(b);
}

TEST(a_transaction_has_one_time)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    int64_t before = clock_wall_us();
    CHECK(state_freeze_clock(e) && e->frozen_us >= before);
    CHECK(e->now_ms == e->frozen_us / 1000 && e->store->now_ms == e->now_ms);
    int64_t frozen = e->frozen_us;
    CHECK(!state_freeze_clock(e) && e->frozen_us == frozen); /* one around it holds it already */
    state_thaw_clock(e);
    CHECK(e->frozen_us == 0);
    bench_end(b);
}

TEST(an_error_of_the_disk_is_a_reason_of_its_own)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    static const int errors[] = {EPERM, ENOSPC};
    for (int i = 0; i < 2; i++) {
        state_set_disk_error(e, errors[i]);
        CHECK(e->slow_path == ENGINE_DISK_FAILED && e->disk_error == errors[i]);
        state_set_disk_error(e, 0);
        CHECK(e->slow_path == 0 && e->disk_error == 0);
    }
    bench_end(b);
}

UNIT_MAIN(T(what_the_store_is_told), T(why_writes_are_refused), T(a_transaction_has_one_time),
          T(an_error_of_the_disk_is_a_reason_of_its_own))
