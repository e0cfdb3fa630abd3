#include "unit.h"
#include "world.h"

TEST(with_always_a_reply_waits_for_the_sync)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    hold_syncs = 1;
    world_turn(w, c, "SET k v", 1);
    CHECK(chain_pending(&c->out) == 5 && world_sendable(c) == 0);
    CHECK(w->engine->gate.promise.open && w->engine->gate.promise.durable);
    CHECK(w->engine->gate.promise.released < w->engine->journal->offset);
    hold_syncs = 0;
    world_drain();
    world_turn(w, c, NULL, 1);
    CHECK(w->engine->gate.promise.synced == w->engine->journal->offset);
    CHECK(world_sendable(c) == 5);
    CHECK(bench_heard(c, "+OK|"));
    world_end(w);
}

TEST(without_a_file_nothing_waits)
{
    struct world *w = world_begin(false);
    CHECK(w);
    struct client *c = bench_client(w->b);
    world_turn(w, c, "SET k v", 1);
    CHECK(!w->engine->gate.promise.open && !w->engine->gate.promise.armed);
    CHECK(w->engine->gate.promise.synced == 0);
    CHECK(world_sendable(c) == 5);
    world_end(w);
}

/* A write that fails is tried again; meanwhile writes are refused, with the disk's own words. */
TEST(a_disk_that_takes_no_writes_heals_by_itself)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    fail_writes = 1;
    world_turn(w, c, "SET k v", 1);
    world_drain();
    CHECK(w->engine->disk_error == 0); /* heard of at the next turn's beginning */
    world_turn(w, c, "GET k", 1);
    CHECK(w->engine->disk_error == -EIO && (w->engine->slow_path & ENGINE_DISK_FAILED));
    CHECK(w->engine->store->expiry_paused);
    CHECK(world_sendable(c) == 0);
    struct client *other = bench_client(w->b);
    world_turn(w, other, "SET l v", 1);
    CHECK(bench_heard(other, "-MISCONF Errors writing to the AOF file: Input/output error|"));
    fail_writes = 0;
    bench_wait(w->b, 900);
    durability_tick(w->durability, true);
    world_drain();
    CHECK(aof_error(w->aof) != 0); /* a second has not passed */
    bench_wait(w->b, 200);
    durability_tick(w->durability, true);
    world_drain();
    world_turn(w, c, NULL, 1);
    world_drain();
    world_turn(w, c, NULL, 1);
    CHECK(w->engine->disk_error == 0 && !(w->engine->slow_path & ENGINE_DISK_FAILED));
    CHECK(bench_heard(c, "+OK|$1|v|"));
    CHECK(!durability_wants_base(w->durability));
    world_end(w);
}

/* After a sync that failed nothing is known of the file: only a new base helps. */
TEST(a_base_is_tried_at_growing_distances)
{
    static const int64_t waits[] = {1000, 1000, 2000, 4000, 8000, 16000, 32000, 32000};
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    fail_syncs = 1;
    world_turn(w, c, "SET k v", 1);
    world_drain();
    world_turn(w, c, NULL, 1);
    CHECK(w->engine->disk_error == -EIO && aof_needs_base(w->aof));
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        bench_wait(w->b, waits[i] - 1);
        CHECK(!durability_wants_base(w->durability));
        bench_wait(w->b, 1);
        CHECK(durability_wants_base(w->durability));
    }
    world_end(w);
}

/* A reply would not be true, an error neither. */
TEST(clients_held_for_five_seconds_are_closed_unanswered)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b), *reader = bench_client(w->b);
    bench_says(reader, "GET other");
    CHECK(bench_heard(reader, "$-1|"));
    fail_syncs = 1;
    world_turn(w, c, "SET k v", 1);
    world_drain();
    world_turn(w, c, NULL, 1);
    bench_wait(w->b, 5000);
    durability_tick(w->durability, false);
    CHECK(!(c->flags & CLIENT_CLOSING));
    bench_wait(w->b, 1);
    durability_tick(w->durability, false);
    CHECK(c->flags & CLIENT_CLOSING);
    CHECK(!(reader->flags & CLIENT_CLOSING));
    bench_turn(w->b);
    world_end(w);
}

/* Who was promised the disk does not get it any more; for the others nothing is to be waited for.
 */
TEST(a_file_that_is_closed_promises_nothing)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    world_turn(w, c, "SET k v", 1);
    CHECK(aof_sync_now(w->aof) == 0);
    durability_close(w->durability);
    CHECK(!w->engine->gate.promise.open && !w->engine->gate.promise.durable);
    CHECK(world_sendable(c) == 5);
    world_end(w);
}

UNIT_MAIN(T(with_always_a_reply_waits_for_the_sync), T(without_a_file_nothing_waits),
          T(a_disk_that_takes_no_writes_heals_by_itself), T(a_base_is_tried_at_growing_distances),
          T(clients_held_for_five_seconds_are_closed_unanswered),
          T(a_file_that_is_closed_promises_nothing))
