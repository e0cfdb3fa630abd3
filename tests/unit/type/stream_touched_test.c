#include "base/rng.h"
#include "type/stream/stream_touched.h"
#include "unit.h"

#define NODES 700

/* By number of the node: what it is. */
static struct model {
    struct stream_id id;
    enum stream_touched_state state;
    int64_t time_ms;
    bool looked;
} model[NODES];

static void compare(const struct stream_touched *t, uint32_t n)
{
    uint64_t looked, wanted = 0;
    CHECK(t->n == n && stream_touched_is_sound(t, &looked));
    for (uint32_t i = 0; i < n; i++) {
        const struct stream_touched_node *x = stream_touched_at(t, i);
        CHECK(stream_id_compare(x->id, model[i].id) == 0 && x->state == model[i].state &&
              x->time_ms == model[i].time_ms && (x->look == t->round) == model[i].looked);
        wanted += model[i].looked;
    }
    CHECK(looked == wanted);
    uint32_t due = stream_touched_next_due(t);
    for (uint32_t i = 0; i < n; i++)
        if (model[i].state == STREAM_DEFERRED)
            CHECK(due < n && model[i].time_ms >= model[due].time_ms);
}

/* Numbers stay dense: the last node takes the number of the one that goes. */
TEST(behaves_like_an_array)
{
    for (unsigned seed = 1; seed < 6; seed++) {
        struct stream_touched t, copy;
        struct rng rng;
        uint32_t n = 0;
        rng_seed(&rng, seed);
        stream_touched_init(&t);
        for (uint64_t step = 0; step < 6000; step++) {
            uint64_t what = rng_below(&rng, 10);
            uint32_t i = (uint32_t)rng_below(&rng, n + 1);
            struct model m = {.id = {rng_below(&rng, 1000), step},
                              .state = (enum stream_touched_state)rng_below(&rng, 4),
                              .time_ms = (int64_t)rng_below(&rng, 500)};
            if (m.state == STREAM_RELEASED)
                m.time_ms = 0;
            /* It grows, shrinks to nothing, and grows again. */
            bool grows = step / 1500 % 2 == 0;
            if (what < (grows ? 5 : 1) && n < NODES) {
                CHECK(stream_touched_add(&t, m.id, m.state, m.time_ms) == n);
                model[n++] = m;
            } else if (what < 6 && i < n) {
                bool was_looked;
                CHECK(stream_touched_remove(&t, i, &was_looked) == (i != n - 1));
                CHECK(was_looked == model[i].looked);
                model[i] = model[--n];
            } else if (what < 9 && i < n) {
                m.id = model[i].id;
                CHECK(stream_touched_move(&t, i, m.state, m.time_ms) == model[i].looked);
                model[i] = m;
            } else if (what == 9 && rng_below(&rng, 50) == 0) {
                stream_touched_look_anew(&t);
                for (uint32_t k = 0; k < n; k++)
                    model[k].looked = false;
            } else if (what == 9) {
                uint32_t k = stream_touched_next_look(&t);
                for (uint32_t x = 0; x < n; x++)
                    CHECK(model[x].state != STREAM_LEASED || model[x].looked ||
                          (k < n && model[x].time_ms >= model[k].time_ms));
                if (k != STREAM_TOUCHED_NONE) {
                    CHECK(model[k].state == STREAM_LEASED && !model[k].looked);
                    stream_touched_look(&t, k);
                    model[k].looked = true;
                }
            }
            if (step % 50 == 0)
                compare(&t, n);
        }
        compare(&t, n);
        stream_touched_copy(&copy, &t);
        stream_touched_free(&t);
        compare(&copy, n);
        stream_touched_free(&copy);
        CHECK(copy.n == 0 && stream_touched_memory(&copy) == 0);
    }
}

/* 2^32 rounds do not make old looks look new. */
TEST(rounds_begin_anew_when_their_numbers_end)
{
    struct stream_touched t;
    uint64_t looked;
    stream_touched_init(&t);
    for (uint64_t i = 0; i < 3; i++)
        stream_touched_add(&t, (struct stream_id){i, 0}, STREAM_LEASED, (int64_t)i);
    stream_touched_look(&t, stream_touched_next_look(&t));
    CHECK(stream_touched_is_sound(&t, &looked) && looked == 1);
    t.round = UINT32_MAX;
    t.looked = STREAM_TOUCHED_NONE;
    stream_touched_look(&t, stream_touched_next_look(&t));
    stream_touched_look_anew(&t);
    CHECK(t.round == 1 && stream_touched_is_sound(&t, &looked) && looked == 0);
    stream_touched_free(&t);
}

#define MANY 20000

/* So many leased ones, delivered at `first_ms` and a millisecond apart. */
static void lease_many(struct stream_touched *t, int64_t first_ms)
{
    stream_touched_init(t);
    for (uint32_t i = 0; i < MANY; i++)
        stream_touched_add(t, (struct stream_id){i, 0}, STREAM_LEASED, first_ms + i);
    CHECK(t->passed == 0);
}

/* It is sound, and no place was far. */
static void end_many(struct stream_touched *t)
{
    uint64_t looked;
    CHECK(stream_touched_is_sound(t, &looked));
    if (t->passed > 3 * MANY)
        printf("# %u steps\n", t->passed);
    CHECK(t->passed <= 3 * MANY);
    stream_touched_free(t);
}

/* broker L15: times in the future become that of the start, one by one. */
TEST(many_are_put_in_front)
{
    struct stream_touched t;
    for (int released = 0; released < 2; released++) {
        lease_many(&t, 1000000);
        if (released)
            stream_touched_move(&t, 5, STREAM_RELEASED, 0);
        for (uint32_t i = 10; i < MANY; i++)
            stream_touched_move(&t, i, STREAM_LEASED, 1000 + i / 100);
        end_many(&t);
    }
}

/* What was delivered before stays in front. */
TEST(many_are_put_in_the_middle)
{
    struct stream_touched t;
    lease_many(&t, 1000000);
    for (uint32_t i = MANY / 2; i < MANY; i++)
        stream_touched_move(&t, i, STREAM_LEASED, 1000000 + MANY / 2);
    end_many(&t);
}

/* The clock was set back: deliveries and acknowledgements go on, some by another clock. */
TEST(many_come_while_the_clock_is_behind)
{
    struct stream_touched t;
    bool was_looked;
    lease_many(&t, 1000000);
    for (uint32_t i = 0; i < MANY; i++) {
        stream_touched_add(&t, (struct stream_id){MANY + i, 0}, STREAM_LEASED, 1000 + i);
        if (i % 3 == 0)
            stream_touched_remove(&t, MANY + i / 2, &was_looked);
        if (i % 3 == 1)
            stream_touched_move(&t, i, STREAM_LEASED, 1000000 + MANY - 2);
    }
    end_many(&t);
}

UNIT_MAIN(T(behaves_like_an_array), T(rounds_begin_anew_when_their_numbers_end),
          T(many_are_put_in_front), T(many_are_put_in_the_middle),
          T(many_come_while_the_clock_is_behind))
