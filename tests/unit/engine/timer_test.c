#include "engine/timer.h"

#include "base/rng.h"
#include "ds/dlist.h"
#include "unit.h"

enum { MANY = 500 };

struct alarm {
    struct timer timer;
    int rung;
    int64_t again_ms; /* sets itself for this time when it rings; 0: no */
    struct timers *all;
    struct alarm *stops; /* stops that one */
};

static int order[MANY], rung;

static void ring(struct timer *t)
{
    struct alarm *a = dlist_item(t, struct alarm, timer);
    a->rung++;
    order[rung++ % MANY] = (int)t->node.at;
    if (a->again_ms)
        timer_set(a->all, t, TIMER_STEADY, a->again_ms, ring);
    if (a->stops)
        timer_stop(a->all, &a->stops->timer);
}

TEST(rings_at_its_millisecond_and_once)
{
    struct timers all = {0};
    struct alarm a = {.all = &all};
    CHECK(timer_sleep_ms(&all, 5, 5) == -1);
    timer_set(&all, &a.timer, TIMER_STEADY, 100, ring);
    CHECK(timer_is_set(&a.timer));
    CHECK(timer_sleep_ms(&all, 40, 0) == 60 && timer_sleep_ms(&all, 100, 0) == 0);
    CHECK(timer_sleep_ms(&all, 140, 0) == 0);
    timer_run(&all, 99, INT64_MAX);
    CHECK(a.rung == 0);
    timer_run(&all, 100, 0);
    CHECK(a.rung == 1 && !timer_is_set(&a.timer));
    timer_run(&all, 1000, 0);
    CHECK(a.rung == 1 && timer_sleep_ms(&all, 1000, 0) == -1);
    timer_free(&all);
}

TEST(set_again_it_moves_and_stopped_it_does_not_ring)
{
    struct timers all = {0};
    struct alarm a = {.all = &all}, b = {.all = &all};
    timer_set(&all, &a.timer, TIMER_STEADY, 100, ring);
    timer_set(&all, &a.timer, TIMER_STEADY, 300, ring);
    timer_set(&all, &b.timer, TIMER_STEADY, 200, ring);
    CHECK(timer_sleep_ms(&all, 0, 0) == 200);
    timer_stop(&all, &b.timer);
    timer_stop(&all, &b.timer);
    CHECK(timer_sleep_ms(&all, 0, 0) == 300);
    timer_run(&all, 299, 0);
    CHECK(a.rung == 0);
    timer_set(&all, &a.timer, TIMER_WALL, 50, ring); /* to the other clock */
    timer_run(&all, 1000, 49);
    CHECK(a.rung == 0);
    timer_run(&all, 1000, 50);
    CHECK(a.rung == 1 && b.rung == 0);
    timer_free(&all);
}

TEST(the_loop_sleeps_until_the_earliest_of_both_clocks)
{
    struct timers all = {0};
    struct alarm a = {.all = &all}, b = {.all = &all};
    timer_set(&all, &a.timer, TIMER_STEADY, 500, ring);
    timer_set(&all, &b.timer, TIMER_WALL, 1000300, ring);
    CHECK(timer_sleep_ms(&all, 0, 1000000) == 300);
    CHECK(timer_sleep_ms(&all, 300, 1000000) == 200);
    CHECK(timer_sleep_ms(&all, 0, 1000400) == 0);
    CHECK(timer_sleep_ms(&all, 500, 1000000) == 0); /* due by the one, not by the other */
    /* A date far away is looked at again within a second: the wall clock may be set. */
    timer_stop(&all, &a.timer);
    CHECK(timer_sleep_ms(&all, 0, 5) == 1000);
    timer_stop(&all, &b.timer);
    timer_free(&all);
}

TEST(steps_of_the_wall_clock)
{
    struct timers all = {0};
    struct alarm date = {.all = &all}, span = {.all = &all};
    timer_set(&all, &date.timer, TIMER_WALL, 5000, ring);
    timer_set(&all, &span.timer, TIMER_STEADY, 100, ring);
    timer_run(&all, 10, 1000); /* set back: the date is as far away as it says */
    CHECK(date.rung == 0 && span.rung == 0);
    timer_run(&all, 11, 9000); /* set forward: it has passed; the span has not */
    CHECK(date.rung == 1 && span.rung == 0);
    timer_run(&all, 100, 0);
    CHECK(span.rung == 1);
    timer_free(&all);
}

TEST(many_ring_in_the_order_of_their_times)
{
    static struct alarm alarms[MANY];
    struct timers all = {0};
    struct rng r;
    rng_seed(&r, 3);
    rung = 0;
    for (int i = 0; i < MANY; i++)
        timer_set(&all, &alarms[i].timer, TIMER_STEADY, (int64_t)rng_below(&r, 1000), ring);
    timer_run(&all, 499, 0);
    for (int i = 0; i < rung; i++)
        CHECK(order[i] <= 499 && (i == 0 || order[i] >= order[i - 1]));
    for (int i = 0; i < MANY; i++)
        CHECK(timer_is_set(&alarms[i].timer) == (alarms[i].rung == 0) &&
              (alarms[i].rung || alarms[i].timer.node.at > 499));
    timer_run(&all, 1000, 0);
    CHECK(rung == MANY);
    timer_free(&all);
}

TEST(a_callback_may_set_and_stop_and_cannot_keep_the_turn)
{
    struct timers all = {0};
    struct alarm a = {.all = &all, .again_ms = 10}, b = {.all = &all}, c = {.all = &all};
    a.stops = &b;
    timer_set(&all, &a.timer, TIMER_STEADY, 10, ring);
    timer_set(&all, &b.timer, TIMER_STEADY, 11, ring);
    timer_set(&all, &c.timer, TIMER_STEADY, 12, ring);
    timer_run(&all, 20, 0);
    CHECK(a.rung > 0 && a.rung <= 3 && b.rung == 0 && timer_is_set(&a.timer));
    a.again_ms = 0;
    timer_run(&all, 20, 0);
    timer_run(&all, 20, 0);
    CHECK(!timer_is_set(&a.timer) && c.rung == 1);
    timer_free(&all);
}

UNIT_MAIN(T(rings_at_its_millisecond_and_once), T(set_again_it_moves_and_stopped_it_does_not_ring),
          T(the_loop_sleeps_until_the_earliest_of_both_clocks), T(steps_of_the_wall_clock),
          T(many_ring_in_the_order_of_their_times),
          T(a_callback_may_set_and_stop_and_cannot_keep_the_turn))
