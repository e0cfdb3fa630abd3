#include "unit.h"
#include "world.h"

#include "persist/manifest.h"

/* Turns until the switch has been made, or nothing is being prepared. */
static void prepare(struct world *w)
{
    for (int i = 0; i < 1000 && rewrite_prepares(w->rewrite); i++) {
        world_drain();
        world_turn(w, NULL, NULL, 1);
        rewrite_end_turn(w->rewrite);
    }
}

/* Until the child has ended; true: it has been handed to the rewrite. */
static bool collect(struct world *w)
{
    struct snapshot_end end;
    for (int i = 0; i < 3000; i++) {
        if (snapshot_ended(w->snapshot, &end)) {
            rewrite_child_ended(w->rewrite, &end);
            return true;
        }
        usleep(1000);
    }
    return false;
}

static size_t increments(struct world *w)
{
    const struct manifest *m = aof_manifest(w->aof);
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        n += m->files[i].type == MANIFEST_INCREMENT;
    return n;
}

TEST(prepares_forks_installs)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    world_turn(w, c, "SET k v", 1);
    CHECK(rewrite_start(w->rewrite) == 0);
    CHECK(rewrite_prepares(w->rewrite));
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_REWRITE);
    CHECK(rewrite_start(w->rewrite) == -EALREADY);
    prepare(w);
    CHECK(snapshot_child(w->snapshot) == SNAPSHOT_BASE);
    CHECK(rewrite_figures(w->rewrite)->count == 1);
    world_turn(w, c, "SET l v", 1);
    CHECK(collect(w));
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_REWRITE); /* the manifest is being replaced */
    world_drain();
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    CHECK(rewrite_figures(w->rewrite)->last_ok && rewrite_figures(w->rewrite)->failures == 0);
    CHECK(increments(w) == 1);
    CHECK(manifest_last_seq(aof_manifest(w->aof), MANIFEST_INCREMENT) == 2);
    world_end(w);
}

TEST(what_stands_in_its_way_schedules_it)
{
    struct world *w = world_begin(true);
    CHECK(w);
    CHECK(snapshot_fork(w->snapshot, SNAPSHOT_DUMP) > 0);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_SAVE);
    CHECK(rewrite_start(w->rewrite) == 1 && rewrite_figures(w->rewrite)->scheduled);
    rewrite_start_wanted(w->rewrite);
    CHECK(!rewrite_prepares(w->rewrite));
    snapshot_kill(w->snapshot);
    rewrite_start_wanted(w->rewrite);
    CHECK(rewrite_prepares(w->rewrite) && !rewrite_figures(w->rewrite)->scheduled);
    prepare(w);
    rewrite_cancel(w->rewrite);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    CHECK(snapshot_child(w->snapshot) == SNAPSHOT_NONE);
    world_end(w);
}

/* A snapshot would hold half of a transaction. */
TEST(a_transaction_ends_first)
{
    struct world *w = world_begin(true);
    CHECK(w);
    w->engine->journal->depth = 2;
    CHECK(rewrite_start(w->rewrite) == 1);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    w->engine->journal->depth = 0;
    world_end(w);
}

TEST(a_child_that_fails_leaves_the_old_base)
{
    struct world *w = world_begin(true);
    CHECK(w);
    CHECK(rewrite_start(w->rewrite) == 0);
    world_drain();
    fail_writes = 1; /* of the child: it is forked with it */
    prepare(w);
    fail_writes = 0;
    CHECK(collect(w));
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    CHECK(!rewrite_figures(w->rewrite)->last_ok && rewrite_figures(w->rewrite)->failures == 1);
    CHECK(aof_has_base(w->aof) && increments(w) == 2);
    world_end(w);
}

TEST(by_growth)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    w->b->settings->auto_aof_rewrite_min_size = 4096;
    w->b->settings->auto_aof_rewrite_percentage = 100;
    rewrite_start_if_grown(w->rewrite);
    CHECK(!rewrite_prepares(w->rewrite));
    for (int i = 0; i < 200; i++) {
        world_turn(w, c, "SET key some-value-that-takes-room", 1);
        world_drain();
    }
    w->b->settings->auto_aof_rewrite_percentage = 0;
    rewrite_start_if_grown(w->rewrite);
    CHECK(!rewrite_prepares(w->rewrite));
    w->b->settings->auto_aof_rewrite_percentage = 100;
    rewrite_start_if_grown(w->rewrite);
    CHECK(rewrite_prepares(w->rewrite));
    prepare(w);
    world_end(w);
}

TEST(a_seal_closes_the_increment_and_waits_for_its_sync)
{
    struct world *w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    world_turn(w, c, "SET k v", 1);
    world_drain();
    CHECK(rewrite_seal(w->rewrite) == 0);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_SEAL);
    CHECK(rewrite_start(w->rewrite) == 1); /* scheduled */
    int sealed = 0;
    for (int i = 0; i < 1000 && !sealed; i++) {
        world_drain();
        world_turn(w, NULL, NULL, 1);
        rewrite_end_turn(w->rewrite);
        sealed = rewrite_seal(w->rewrite);
    }
    CHECK(sealed == 1 && increments(w) == 2);
    CHECK(aof_synced(w->aof) == w->engine->journal->offset);
    CHECK(snapshot_child(w->snapshot) == SNAPSHOT_NONE);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    world_end(w);
}

/* The increment that was being prepared has to be used: until then there is no other. */
TEST(a_seal_that_is_dropped_lets_a_rewrite_begin)
{
    struct world *w = world_begin(true);
    CHECK(w);
    CHECK(rewrite_seal(w->rewrite) == 0);
    rewrite_unseal(w->rewrite);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_SEAL);
    for (int i = 0; i < 1000 && rewrite_work(w->rewrite) != REWRITE_WORK_NONE; i++) {
        world_drain();
        world_turn(w, NULL, NULL, 1);
        rewrite_end_turn(w->rewrite);
    }
    CHECK(rewrite_start(w->rewrite) == 0);
    prepare(w);
    CHECK(collect(w));
    world_drain();
    CHECK(rewrite_figures(w->rewrite)->last_ok && increments(w) == 1);
    world_end(w);
}

TEST(nothing_is_sealed_without_a_base_or_on_a_failed_disk)
{
    struct world *w = world_begin(false);
    CHECK(w);
    CHECK(rewrite_seal(w->rewrite) == -ENOENT);
    world_end(w);
    w = world_begin(true);
    CHECK(w);
    struct client *c = bench_client(w->b);
    fail_syncs = 1;
    world_turn(w, c, "SET k v", 1);
    world_drain();
    CHECK(rewrite_seal(w->rewrite) == -EIO);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_NONE);
    world_end(w);
}

/* Its base does not hold what was written since the fork, and no increment does. */
TEST(the_first_file_ends_a_base_that_is_written_without_it)
{
    struct world *w = world_begin(false);
    CHECK(w);
    CHECK(rewrite_start(w->rewrite) == 0); /* no file: forked at once */
    pid_t before = snapshot_pid(w->snapshot);
    CHECK(rewrite_work(w->rewrite) == REWRITE_WORK_REWRITE);
    w->engine->journal->depth = 2; /* within a transaction */
    CHECK(rewrite_open_first(w->rewrite));
    CHECK(rewrite_figures(w->rewrite)->first_wanted && !aof_is_open(w->aof));
    w->engine->journal->depth = 0;
    bench_wait(w->b, 6000);
    rewrite_start_wanted(w->rewrite);
    CHECK(aof_is_open(w->aof) && !aof_has_base(w->aof));
    CHECK(snapshot_pid(w->snapshot) != before);
    CHECK(collect(w));
    world_drain();
    CHECK(aof_has_base(w->aof));
    world_end(w);
}

UNIT_MAIN(T(prepares_forks_installs), T(what_stands_in_its_way_schedules_it),
          T(a_transaction_ends_first), T(a_child_that_fails_leaves_the_old_base), T(by_growth),
          T(a_seal_closes_the_increment_and_waits_for_its_sync),
          T(a_seal_that_is_dropped_lets_a_rewrite_begin),
          T(nothing_is_sealed_without_a_base_or_on_a_failed_disk),
          T(the_first_file_ends_a_base_that_is_written_without_it))
