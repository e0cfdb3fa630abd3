#include "type/stream/stream_schedules.h"

#include "base/mem.h"
#include "base/rng.h"
#include "schedules.h"

static struct stream_schedule *set(struct stream_schedules *s, const char *name,
                                   struct stream_schedule_rules r)
{
    struct stream_schedule *x = stream_schedules_set(s, bytes_text(name), &r);
    CHECK(stream_schedules_is_sound(s) && stream_schedules_find(s, bytes_text(name)) == x);
    return x;
}

TEST(the_first_is_the_one_that_comes_first)
{
    struct stream_schedules s = {0};
    size_t n;
    CHECK(!stream_schedules_first(&s) && stream_schedules_due_ms(&s) == INT64_MAX);
    struct stream_schedule *late = set(&s, "b", every(3 * MIN, T0)),
                           *soon = set(&s, "c", every(2 * MIN, T0)), *other;
    CHECK(stream_schedules_first(&s) == soon && stream_schedules_due_ms(&s) == T0 + 2 * MIN);
    s.not_before_ms = T0 + DAY;
    CHECK(stream_schedules_due_ms(&s) == T0 + DAY);
    s.not_before_ms = T0 + MIN;
    CHECK(stream_schedules_due_ms(&s) == T0 + 2 * MIN);
    s.not_before_ms = 0;
    stream_schedules_pass(&s, soon, T0 + 2 * MIN);
    CHECK(stream_schedules_first(&s) == late && stream_schedules_due_ms(&s) == T0 + 3 * MIN);
    /* One that is over is found at once, and removed by whoever acts. */
    struct stream_schedule_rules r = every(MIN, T0);
    r.until_ms = T0;
    other = set(&s, "a", r);
    CHECK(stream_schedule_is_over(other) && stream_schedules_first(&s) == other &&
          stream_schedules_due_ms(&s) == T0);
    struct stream_schedule **all = stream_schedules_sorted(&s, &n);
    CHECK(n == 3 && all[0] == other && all[1] == late && all[2] == soon);
    mem_free(all);
    stream_schedules_remove(&s, other);
    /* A zone that is not known: nothing comes, but it stays. */
    r = cron("@daily", T0);
    r.in = NULL;
    other = set(&s, "z", r);
    CHECK(other->next_ms == INT64_MAX && !stream_schedule_is_over(other));
    stream_schedules_remove(&s, late);
    stream_schedules_remove(&s, soon);
    CHECK(!stream_schedules_first(&s) && stream_schedules_is_sound(&s));
    size_t before = stream_schedules_memory(&s);
    struct bytes long_pair[] = {BYTES("f"), {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 45}};
    r.pairs = long_pair;
    set(&s, "z", r);
    CHECK(stream_schedules_memory(&s) > before);
    stream_schedules_free(&s);
}

TEST(many_are_kept_in_order)
{
    struct stream_schedules s = {0};
    struct rng rng;
    rng_seed(&rng, 6);
    for (int i = 0; i < 3000; i++) {
        char name[8];
        int64_t earliest = INT64_MAX;
        snprintf(name, sizeof(name), "n%d", (int)rng_below(&rng, 40));
        struct stream_schedule *x = stream_schedules_find(&s, bytes_text(name));
        if (x && rng_below(&rng, 3) == 0)
            stream_schedules_remove(&s, x);
        else if (x && rng_below(&rng, 2))
            stream_schedules_mark(&s, x, x->next_ms, x->fired + 1);
        else
            set(&s, name, every(100 + (int64_t)rng_below(&rng, 100000), T0));
        size_t n;
        struct stream_schedule **all = stream_schedules_sorted(&s, &n);
        for (size_t k = 0; k < n; k++)
            earliest = all[k]->next_ms < earliest ? all[k]->next_ms : earliest;
        mem_free(all);
        CHECK(!n || stream_schedules_due_ms(&s) == earliest);
    }
    CHECK(stream_schedules_is_sound(&s));
    stream_schedules_free(&s);
}

UNIT_MAIN(T(the_first_is_the_one_that_comes_first), T(many_are_kept_in_order))
