#include "persist/group_commit.h"

#include "unit.h"

/* A sync that began at 0 us has ended at the time given, with so many replies held. */
static bool synced(struct group_commit *g, int64_t now_us, size_t held)
{
    group_commit_synced(g);
    return group_commit_wait(g, now_us, 0, held, true);
}

TEST(without_a_sync_nothing_waits)
{
    struct group_commit g = {0};
    CHECK(group_commit_is_idle(&g));
    CHECK(!group_commit_wait(&g, 100, 0, 10, true) && group_commit_is_idle(&g));
}

/* decision 7: until as many are held as were when the sync ended. */
TEST(a_batch_waits_for_those_just_answered)
{
    struct group_commit g = {0};
    CHECK(synced(&g, 100, 10));
    CHECK(group_commit_wait(&g, 110, 0, 0, true)); /* their replies have left */
    CHECK(group_commit_wait(&g, 120, 0, 9, true));
    CHECK(!group_commit_wait(&g, 130, 0, 10, true));
    CHECK(group_commit_is_idle(&g) && g.missed == 0 && g.skip == 0);
}

TEST(it_waits_no_longer_than_two_syncs_take_and_a_millisecond)
{
    struct group_commit g = {0};
    CHECK(synced(&g, 100, 10)); /* it took 100 us */
    CHECK(group_commit_wait(&g, 299, 0, 5, true));
    CHECK(!group_commit_wait(&g, 300, 0, 5, true));
    g = (struct group_commit){0};
    CHECK(synced(&g, 70000, 10)); /* 70 ms */
    CHECK(group_commit_wait(&g, 70000 + GROUP_COMMIT_MOST_US - 1, 0, 5, true));
    CHECK(!group_commit_wait(&g, 70000 + GROUP_COMMIT_MOST_US, 0, 5, true));
}

TEST(half_of_what_was_hoped_for_is_enough)
{
    struct group_commit g = {0};
    CHECK(synced(&g, 100, 10) && group_commit_wait(&g, 110, 0, 0, true));
    CHECK(!group_commit_wait(&g, 400, 0, 5, true));
    CHECK(g.missed == 0 && g.skip == 0);
    CHECK(synced(&g, 100, 10) && group_commit_wait(&g, 110, 0, 0, true));
    CHECK(!group_commit_wait(&g, 400, 0, 4, true));
    CHECK(g.missed == 1 && g.skip == 2);
}

/* Clients that do not write in a closed loop: 2, 4, ... 256 syncs go without a wait. */
TEST(waits_in_vain_become_rare)
{
    struct group_commit g = {0};
    for (unsigned miss = 1; miss <= 12; miss++) {
        unsigned skipped = 0;
        while (!synced(&g, 100, 10))
            skipped++;
        CHECK(skipped == (miss == 1 ? 0u : 1u << (miss - 1 < 8 ? miss - 1 : 8)));
        CHECK(group_commit_wait(&g, 110, 0, 0, true));
        CHECK(!group_commit_wait(&g, 400, 0, 1, true));
    }
    /* One that brings what it hoped for forgives them. */
    while (!synced(&g, 100, 10))
        ;
    CHECK(group_commit_wait(&g, 110, 0, 0, true) && !group_commit_wait(&g, 120, 0, 10, true));
    CHECK(g.missed == 0 && synced(&g, 100, 10));
}

TEST(a_wait_without_a_batch_is_not_in_vain)
{
    struct group_commit g = {0};
    CHECK(synced(&g, 100, 10) && group_commit_wait(&g, 110, 0, 0, false));
    CHECK(!group_commit_wait(&g, 400, 0, 0, false));
    CHECK(g.missed == 0 && g.skip == 0);
}

/* One client alone: its own next request is all that is hoped for. */
TEST(one_alone_does_not_wait_long)
{
    struct group_commit g = {0};
    CHECK(synced(&g, 100, 1) && !group_commit_wait(&g, 101, 0, 1, true));
    CHECK(synced(&g, 100, 0) && !group_commit_wait(&g, 101, 0, 0, true));
}

UNIT_MAIN(T(without_a_sync_nothing_waits), T(a_batch_waits_for_those_just_answered),
          T(it_waits_no_longer_than_two_syncs_take_and_a_millisecond),
          T(half_of_what_was_hoped_for_is_enough), T(waits_in_vain_become_rare),
          T(a_wait_without_a_batch_is_not_in_vain), T(one_alone_does_not_wait_long))
