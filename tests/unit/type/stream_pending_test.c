#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_pending.h"
#include "unit.h"

#define IDS 4000

/* The model: one record for every possible ID, and the order of the touched ones. */
static struct {
    bool there, released;
    int64_t time_ms;
    uint64_t count, order;
    uint32_t consumer;
} model[IDS];

static struct stream_id id_of(unsigned i, bool wide)
{
    return (struct stream_id){1700000000000u + i / 3,
                              wide && i % 3 == 2 ? (uint64_t)1 << 40 : i % 3};
}

static void compare(struct stream_pending *p, bool wide, unsigned consumers)
{
    struct stream_pending_place at;
    struct stream_pending_entry e;
    unsigned n = 0;
    bool any = stream_pending_seek(p, STREAM_ID_MIN, &at);
    for (unsigned i = 0; i < IDS; i++) {
        if (!model[i].there)
            continue;
        CHECK(any);
        stream_pending_get(p, at, &e);
        CHECK(stream_id_compare(e.id, id_of(i, wide)) == 0 && e.time_ms == model[i].time_ms &&
              e.count == model[i].count && e.consumer == model[i].consumer);
        any = stream_pending_next(p, &at);
        n++;
    }
    CHECK(!any && p->count == n && stream_pending_is_sound(p));
    for (uint32_t c = 0; c < consumers; c++) {
        unsigned mine = 0, found = 0;
        for (unsigned i = 0; i < IDS; i++)
            mine += model[i].there && model[i].consumer == c;
        for (any = stream_pending_seek_owned(p, STREAM_ID_MIN, c, &at); any;
             any = stream_pending_next_owned(p, c, &at))
            found++;
        CHECK(mine == found);
    }
    /* By time: released ones first, then never later before earlier. */
    struct stream_pending_walk w;
    int64_t last = -1;
    unsigned walked = 0;
    bool zone = true;
    stream_pending_walk_start(&w, p);
    while (stream_pending_walk_peek(&w, &e)) {
        bool released = e.time_ms == 0;
        CHECK(zone || !released);
        zone = released;
        CHECK(released || e.time_ms >= last);
        last = e.time_ms;
        stream_pending_walk_next(&w, &e);
        walked++;
    }
    CHECK(walked == n);
}

static void run(unsigned seed, bool wide, unsigned consumers)
{
    struct stream_pending p;
    struct rng rng;
    int64_t now = 1700000000000;
    unsigned next = 0;
    rng_seed(&rng, seed);
    stream_pending_init(&p);
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 12000; step++) {
        unsigned what = (unsigned)rng_below(&rng, 10), i = (unsigned)rng_below(&rng, next + 1);
        uint32_t c = (uint32_t)rng_below(&rng, consumers);
        struct stream_pending_place at;
        struct stream_pending_entry e = {.time_ms = now, .count = 1, .consumer = c};
        now += (int64_t)rng_below(&rng, 3);
        if (what < 5 && next < IDS) {
            i = next++;
            e.id = id_of(i, wide);
            stream_pending_add(&p, &e);
            model[i].there = true;
        } else if (what == 5 && i < next && !model[i].there) {
            e.id = id_of(i, wide);
            stream_pending_add(&p, &e);
            model[i].there = true;
        } else if (what < 8 && i < next && model[i].there) {
            CHECK(stream_pending_find(&p, id_of(i, wide), &at));
            stream_pending_remove(&p, at);
            model[i].there = false;
            continue;
        } else if (i < next && model[i].there) {
            bool release = rng_below(&rng, 5) == 0;
            CHECK(stream_pending_find(&p, id_of(i, wide), &at));
            e.count = rng_below(&rng, 3) ? 2 : (uint64_t)INT64_MAX;
            if (release) {
                e.time_ms = 0;
                e.consumer = STREAM_PENDING_NO_CONSUMER;
            }
            stream_pending_change(&p, at, &e, release);
        } else {
            continue;
        }
        model[i].time_ms = e.time_ms;
        model[i].count = e.count;
        model[i].consumer = e.consumer;
        if (step % 500 == 0)
            compare(&p, wide, consumers < 8 ? consumers : 8);
    }
    compare(&p, wide, consumers < 8 ? consumers : 8);
    struct stream_pending copy;
    stream_pending_copy(&copy, &p);
    compare(&copy, wide, 1);
    stream_pending_free(&copy);
    stream_pending_free(&p);
}

TEST(behaves_like_a_plain_table)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 6; seed++) {
        run(seed, false, 4);
        run(seed, true, 4);
        run(seed, false, 70000);
    }
}

/* XCLAIM, XAUTOCLAIM: idle for exactly as long as asked for is long enough. */
TEST(what_is_idle_long_enough_may_be_claimed)
{
    struct stream_pending_entry e = {.time_ms = 1000, .count = 1, .consumer = 3};
    CHECK(!stream_pending_is_claimable(&e, 1999, 1000));
    CHECK(stream_pending_is_claimable(&e, 2000, 1000));
    /* Without an idle time no clock is asked; with one, a clock that is behind says no. */
    CHECK(stream_pending_is_claimable(&e, 1000, 0) && stream_pending_is_claimable(&e, 999, 0));
    CHECK(!stream_pending_is_claimable(&e, 999, 1));
    e.consumer = STREAM_PENDING_NO_CONSUMER;
    CHECK(stream_pending_is_claimable(&e, 1000, INT64_MAX));
}

/* What comes in the order of IDs and of time needs no link. */
TEST(only_what_is_out_of_order_is_linked)
{
    struct stream_pending p;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= 300; i++) {
        struct stream_pending_entry e = {.id = {i * 10, 0}, .time_ms = 1000 + i / 2, .count = 1};
        stream_pending_add(&p, &e);
    }
    CHECK(p.count == 300 && p.touched.used == 0 && dlist_empty(&p.by_time));
    CHECK(stream_pending_memory(&p) >= 300 * 16 && stream_pending_memory(&p) < 300 * 40);
    struct stream_pending_entry early = {.id = {3001, 0}, .time_ms = 999, .count = 1};
    stream_pending_add(&p, &early); /* the clock went back */
    CHECK(p.touched.used == 1);
    struct stream_pending_entry low = {.id = {15, 0}, .time_ms = 2000, .count = 1};
    stream_pending_add(&p, &low);
    CHECK(p.touched.used == 2 && p.count == 302 && stream_pending_is_sound(&p));
    /* Claimed as if it had been idle for some time: where that time belongs. */
    static const struct {
        uint64_t ms;
        int64_t time_ms;
    } claimed[] = {{500, 5000}, {510, 3000}, {520, 4000}, {530, 0}, {540, 3000}};
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    struct stream_pending_place at;
    for (size_t i = 0; i < sizeof(claimed) / sizeof(*claimed); i++) {
        CHECK(stream_pending_find(&p, (struct stream_id){claimed[i].ms, 0}, &at));
        stream_pending_get(&p, at, &e);
        e.time_ms = claimed[i].time_ms;
        stream_pending_change(&p, at, &e, false);
    }
    static const uint64_t order[] = {510, 540, 520, 500};
    int64_t last = -1;
    size_t late = 0;
    stream_pending_walk_start(&w, &p);
    while (stream_pending_walk_peek(&w, &e)) {
        CHECK(e.time_ms >= last && (e.time_ms < 3000 || e.id.ms == order[late++]));
        last = e.time_ms;
        stream_pending_walk_next(&w, &e);
    }
    CHECK(late == 4);
    stream_pending_free(&p);
}

UNIT_MAIN(T(behaves_like_a_plain_table), T(what_is_idle_long_enough_may_be_claimed),
          T(only_what_is_out_of_order_is_linked))
