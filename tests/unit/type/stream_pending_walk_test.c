#include "type/stream/stream_pending_walk.h"
#include "unit.h"

/* The order itself is compared with a model in stream_pending_test.c. */

/* As a queue does it: many entries were delivered and all came back, so the first plain one is
 * far; each delivery must not go over all that were touched (a walk of all of them each time takes
 * minutes here). */
TEST(what_was_touched_is_passed_over_once)
{
    struct stream_pending p;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct stream_pending_walk w;
    unsigned n = 300000;
    int64_t ends;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= n; i++) {
        e = (struct stream_pending_entry){.id = {i, 0}, .time_ms = 1000, .count = 1};
        stream_pending_add(&p, &e);
    }
    for (unsigned i = 1; i <= n; i++) {
        stream_pending_walk_start(&w, &p);
        CHECK(stream_pending_walk_peek(&w, &e) && e.id.ms == i);
        CHECK(stream_pending_walk_end_ms(&p, &ends) && ends == 1000);
        CHECK(stream_pending_end_next(&p, 1000, &e) && e.id.ms == i);
        CHECK(stream_pending_find(&p, e.id, &at));
        e.time_ms = 2000;
        stream_pending_change(&p, at, &e, false);
    }
    for (unsigned i = 0; i < n; i++) {
        CHECK(!stream_pending_end_next(&p, 1000, &e));
        CHECK(stream_pending_walk_end_ms(&p, &ends) && ends == 2000);
        stream_pending_walk_start(&w, &p);
        CHECK(stream_pending_walk_peek(&w, &e) && e.id.ms == 1);
    }
    CHECK(p.ended_count == 0 && stream_pending_is_sound(&p));
    stream_pending_free(&p);
}

/* Released ones in their order, then by time of delivery, whichever list tells it. */
TEST(the_oldest_comes_first)
{
    static const struct {
        uint64_t ms;
        int64_t time_ms; /* 0: released */
    } changed[] = {{4, 0}, {2, 90}, {1, 0}, {5, 15}, {6, 110}};
    static const uint64_t order[] = {4, 1, 5, 3, 2, 7, 6};
    struct stream_pending p;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct stream_pending_walk w;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= 7; i++) {
        e = (struct stream_pending_entry){
            .id = {i, 0}, .time_ms = i < 7 ? 10 * i : 100, .count = 1};
        stream_pending_add(&p, &e);
    }
    for (size_t i = 0; i < sizeof(changed) / sizeof(*changed); i++) {
        bool released = changed[i].time_ms == 0;
        CHECK(stream_pending_find(&p, (struct stream_id){changed[i].ms, 0}, &at));
        e = (struct stream_pending_entry){
            .time_ms = changed[i].time_ms,
            .consumer = released ? STREAM_PENDING_NO_CONSUMER : 3,
        };
        stream_pending_change(&p, at, &e, released);
    }
    stream_pending_walk_start(&w, &p);
    for (size_t i = 0; i < 7; i++) {
        CHECK(stream_pending_walk_peek(&w, &e) && e.id.ms == order[i]);
        CHECK(stream_pending_walk_peek(&w, &e) && e.id.ms == order[i]);
        stream_pending_walk_next(&w, &e);
    }
    CHECK(!stream_pending_walk_peek(&w, &e));
    uint32_t node = STREAM_TOUCHED_NONE;
    CHECK(stream_pending_walk_released(&p, &node, &e) && e.id.ms == 4);
    CHECK(stream_pending_walk_released(&p, &node, &e) && e.id.ms == 1);
    CHECK(!stream_pending_walk_released(&p, &node, &e));
    stream_pending_free(&p);
    stream_pending_init(&p);
    stream_pending_walk_start(&w, &p);
    node = STREAM_TOUCHED_NONE;
    CHECK(!stream_pending_walk_peek(&w, &e) && !stream_pending_walk_released(&p, &node, &e));
}

/* A poll by a reader that may take none of the entries delivered until then: how many it visits. */
static uint64_t visits(struct stream_pending *p, int64_t until_ms)
{
    struct stream_pending_walk w;
    struct stream_pending_entry e;
    uint64_t before = p->walked;
    stream_pending_walk_start(&w, p);
    while (stream_pending_walk_peek(&w, &e) && e.time_ms <= until_ms)
        if (!stream_pending_walk_leap(&w, &e))
            stream_pending_walk_bar(&w, &e);
    return p->walked - before;
}

static void change(struct stream_pending *p, uint64_t ms, int64_t time_ms)
{
    struct stream_pending_place at;
    struct stream_pending_entry e = {.time_ms = time_ms, .count = 1};
    CHECK(stream_pending_find(p, (struct stream_id){ms, 0}, &at));
    if (!time_ms)
        e.consumer = STREAM_PENDING_NO_CONSUMER;
    stream_pending_change(p, at, &e, !time_ms);
}

/* Half of them touched, a tenth released. Each is visited again when it has changed, or stands
 * behind one that has not been visited. */
TEST(what_is_barred_is_passed_over_once)
{
    struct stream_pending p;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    unsigned n = 1000;
    stream_pending_init(&p);
    for (unsigned i = 1; i <= n; i++) {
        e = (struct stream_pending_entry){.id = {i, 0}, .time_ms = 1000 + i, .count = 1};
        stream_pending_add(&p, &e);
    }
    for (unsigned i = 2; i <= n; i += 2)
        change(&p, i, i % 20 ? 1000 + i : 0);
    CHECK(visits(&p, 1000 + n / 2) == n / 2 + n / 40);
    CHECK(visits(&p, 1000 + n / 2) == 0 && visits(&p, 1000 + n / 4) == 0);
    CHECK(visits(&p, 1000 + n) == n / 2 - n / 40);
    CHECK(visits(&p, 1000 + n) == 0);
    change(&p, 7, 3000); /* it leaves the front */
    CHECK(visits(&p, 1000 + n) == 0 && visits(&p, 3000) == 1 && visits(&p, 3000) == 0);
    change(&p, 8, 1001); /* set back: those with nodes that were delivered since are visited */
    CHECK(visits(&p, 1001) == 1 && visits(&p, 3000) == n / 2 - n / 20);
    CHECK(visits(&p, 3000) == 0);
    change(&p, 9, 0); /* released: behind those known */
    CHECK(visits(&p, 3000) == 1 && visits(&p, 3000) == 0);
    CHECK(stream_pending_find(&p, (struct stream_id){20, 0}, &at));
    stream_pending_remove(&p, at);
    CHECK(visits(&p, 3000) == 0);
    stream_pending_walk_unbar_between(&p, (struct stream_id){7, 1}, (struct stream_id){7, 9});
    CHECK(visits(&p, 3000) == 0);
    stream_pending_walk_unbar_between(&p, (struct stream_id){7, 0}, (struct stream_id){7, 0});
    CHECK(visits(&p, 3000) == n - 1);
    CHECK(stream_pending_is_sound(&p));
    stream_pending_free(&p);
}

UNIT_MAIN(T(what_was_touched_is_passed_over_once), T(the_oldest_comes_first),
          T(what_is_barred_is_passed_over_once))
