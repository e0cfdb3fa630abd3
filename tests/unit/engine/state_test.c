#include "engine/state.h"

#include "base/clock.h"
#include "engine_commands.h"
#include "unit.h"

#include <errno.h>

TEST(what_the_store_is_told)
{
    static const unsigned holds = ENGINE_DISK_FAILED | ENGINE_SAVE_FAILED | ENGINE_FEW_REPLICAS |
                                  ENGINE_PAUSED | ENGINE_READ_ONLY,
                          stops = holds | ENGINE_REPLICA,
                          acts = stops | ENGINE_LOADING | ENGINE_BUSY;
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    for (unsigned bit = ENGINE_LOADING; bit <= ENGINE_STALE; bit <<= 1) {
        if (bit & (ENGINE_READ_ONLY | ENGINE_STALE)) /* it takes a replica */
            state_set(e, ENGINE_REPLICA, true);
        state_set(e, (enum slow_path_reason)bit, true);
        CHECK(e->store->expiry_paused == ((e->slow_path & stops) != 0));
        CHECK(e->store->expiry_ignored == (bit == ENGINE_LOADING));
        CHECK(state_takes_writes(e) == !(e->slow_path & acts));
        CHECK(state_holds_writes(e) == !!(bit & holds));
        /* Another in between changes nothing. */
        state_set(e, ENGINE_MAXMEMORY, true);
        CHECK(state_takes_writes(e) == !(e->slow_path & acts));
        state_set(e, (enum slow_path_reason)bit, false);
        if (bit & (ENGINE_READ_ONLY | ENGINE_STALE))
            state_set(e, ENGINE_REPLICA, false);
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
    state_compare_replicas(e);
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "NOREPLICAS", 10) == 0);
    e->settings->min_replicas_max_lag = 1;
    state_compare_replicas(e);
    CHECK(e->slow_path & ENGINE_FEW_REPLICAS);
    state_count_replicas(e, 1); /* one is enough */
    CHECK(!state_refuses_writes(e, &why));
    state_count_replicas(e, 0);
    CHECK(e->slow_path & ENGINE_FEW_REPLICAS);
    e->settings->min_replicas_max_lag = 0; /* turns it off */
    state_compare_replicas(e);
    CHECK(!state_refuses_writes(e, &why));
    why.n = 0;
    state_set(e, ENGINE_SAVE_FAILED, true);
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "MISCONF", 7) == 0);
    why.n = 0;
    state_set(e, ENGINE_DISK_FAILED, true); /* the worse of the two is told */
    CHECK(state_refuses_writes(e, &why) &&
          memcmp(why.p, "MISCONF Errors writing to the AOF file: ", 40) == 0);
    state_set(e, ENGINE_DISK_FAILED, false);
    state_set(e, ENGINE_SAVE_FAILED, false);
    why.n = 0;
    e->settings->min_replicas_max_lag = 10;
    state_set_role(e, ROLE_REPLICA_UP); /* whose own replicas do not count */
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "READONLY", 8) == 0);
    state_set_role(e, ROLE_PRIMARY);
    why.n = 0;
    CHECK(state_refuses_writes(e, &why) && memcmp(why.p, "NOREPLICAS", 10) == 0);
    buf_free(&why);
    bench_end(b);
}

/* The role and the settings, and what commands look at. */
TEST(what_a_replica_is)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct settings *s = b->settings;
    for (int role = ROLE_PRIMARY; role <= ROLE_REPLICA_UP; role++)
        for (int i = 0; i < 4; i++) {
            s->replica_read_only = i & 1;
            s->replica_serve_stale_data = i >> 1;
            state_set_role(e, (enum engine_role)role);
            bool replica = role != ROLE_PRIMARY;
            unsigned want = (replica ? ENGINE_REPLICA : 0u) |
                            (replica && (i & 1) ? ENGINE_READ_ONLY : 0u) |
                            (role == ROLE_REPLICA_DOWN && !(i >> 1) ? ENGINE_STALE : 0u);
            CHECK(e->slow_path == want && e->store->expiry_paused == replica);
            CHECK(state_takes_writes(e) == !replica && state_may_evict(e));
            CHECK(state_ignores_memory(e) == replica);
        }
    s->replica_read_only = false;
    state_apply_replica_settings(e);
    s->replica_read_only = true;
    CHECK(!state_holds_writes(e)); /* not told yet */
    state_apply_replica_settings(e);
    CHECK(state_holds_writes(e));
    s->replica_ignore_maxmemory = false;
    CHECK(!state_ignores_memory(e));
    bench_end(b);
}

static struct entry *due(struct engine *e)
{
    struct db *db = &e->store->dbs[0];
    db_add(db, string_new(BYTES("k"), BYTES("x")));
    return db_set_deadline(db, db_find(db, BYTES("k")), e->store->now_ms);
}

/* The primary's clock is what counts for what it sends, ours for those who read here. */
TEST(the_primary_finds_what_is_past_its_time)
{
    struct bench *b = bench_begin_journal();
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    due(e);
    state_set_role(e, ROLE_REPLICA_UP);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|") && e->store->dbs[0].keys.used == 1);
    e->store->expiry_ignored = true;
    CHECK(db_find(c->db, BYTES("k")) && db_write(c->db, BYTES("k")));
    e->store->expiry_ignored = false;
    bench_says(c, "HAS k");
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, ":0|-READONLY You can't write against a read only replica.|"));
    CHECK(e->store->dbs[0].keys.used == 1 && bench_journalled(b, ""));
    /* A write to a replica that takes them goes on without the old value. */
    b->settings->replica_read_only = false;
    state_apply_replica_settings(e);
    bench_says(c, "PUT k");
    CHECK(bench_heard(c, "+OK|") && e->store->dbs[0].keys.used == 1);
    CHECK(!db_find(c->db, BYTES("k"))->has_ttl);
    db_delete(c->db, BYTES("k"));
    due(e);
    state_set_role(e, ROLE_PRIMARY);
    bench_says(c, "HAS k");
    CHECK(bench_heard(c, ":0|") && e->store->dbs[0].keys.used == 0);
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

UNIT_MAIN(T(what_the_store_is_told), T(why_writes_are_refused), T(what_a_replica_is),
          T(the_primary_finds_what_is_past_its_time), T(a_transaction_has_one_time),
          T(an_error_of_the_disk_is_a_reason_of_its_own))
