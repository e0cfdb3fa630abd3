#include "base/hash.h"
#include "base/rng.h"
#include "type/stream/stream_group.h"
#include "unit.h"

#define IDS    80
#define VALUES 5

static struct rng rng;
static unsigned wake;

static unsigned below(unsigned n)
{
    return (unsigned)rng_below(&rng, n);
}

static struct stream_id id_of(unsigned i)
{
    return (struct stream_id){i + 1, 0};
}

/* IDs have fixed values; every sixth has none. */
static unsigned value_of(unsigned i)
{
    return i % 6 ? i * 7 % VALUES : VALUES;
}

static void wake_readers(void *context)
{
    CHECK(context == &rng);
    wake++;
}

/* Of each value somebody takes it, or nobody waits; who waits is held, and nobody else. */
static void looks_right(const struct stream_group *g, bool skips)
{
    unsigned takes[VALUES + 1] = {0}, waits[VALUES + 1] = {0};
    for (unsigned i = 0; i < IDS; i++) {
        int64_t due_ms;
        if (!stream_pending_has(&g->pending, id_of(i)))
            continue;
        bool held = stream_pending_is_held(&g->pending, id_of(i));
        bool aside = skips && stream_pending_is_deferred(&g->pending, id_of(i), &due_ms);
        takes[value_of(i)] += !held && !aside;
        waits[value_of(i)] += held;
    }
    for (unsigned v = 0; v < VALUES; v++)
        CHECK(takes[v] || !waits[v]);
    CHECK(waits[VALUES] == 0 && stream_group_is_sound(g));
}

static void add(struct stream_group *g, unsigned i, struct stream_consumer *c)
{
    if (value_of(i) < VALUES)
        stream_order_add(g->order, id_of(i), value_of(i));
    stream_group_restore(g, id_of(i), c, 0, 0);
}

static void step(struct stream_group *g, struct stream_consumer *c, int64_t now)
{
    unsigned i = below(IDS);
    struct stream_pending_place at;
    if (!stream_pending_find(&g->pending, id_of(i), &at)) {
        add(g, i, below(2) ? c : NULL);
        return;
    }
    switch (below(6)) {
    case 0:
        stream_group_assign(g, at, c, now, 1, false);
        break;
    case 1:
        stream_group_release(g, at, 2);
        break;
    case 2:
        stream_group_defer(g, at, 3, now + below(30));
        break;
    case 3:
        stream_group_release_due(g, now, below(5));
        break;
    default:
        CHECK(stream_group_ack(g, id_of(i)));
    }
}

/* broker O1, O3, O4: whatever happens to entries. */
TEST(every_value_with_held_entries_has_one_in_flight)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 9; seed++) {
        struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, -1);
        struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 0);
        struct stream_order *o = stream_group_begin_order(g);
        bool skips = seed % 2;
        o->skips = skips;
        o->wake = wake_readers;
        o->context = &rng;
        rng_seed(&rng, seed);
        for (int i = 0; i < 4000; i++) {
            uint64_t held = stream_pending_held_count(&g->pending);
            unsigned before = wake;
            step(g, c, i);
            /* Who waits for room, or for an entry, hears of it. */
            CHECK(stream_pending_held_count(&g->pending) >= held || wake > before);
            looks_right(g, skips);
        }
        struct stream_group *copy = stream_group_copy(g);
        CHECK(stream_pending_held_count(&copy->pending) == 0 && stream_group_is_sound(copy) &&
              copy->pending.count == g->pending.count);
        stream_group_free(copy);
        CHECK(stream_group_memory(g) > stream_order_memory(g->order));
        stream_group_remove_consumer(g, c);
        looks_right(g, skips);
        stream_group_end_order(g);
        CHECK(!g->order && stream_pending_held_count(&g->pending) == 0 && stream_group_is_sound(g));
        stream_group_free(g);
    }
}

/* broker O4: what fell due remembers when, also while it is held; its reason stays. */
TEST(what_is_held_is_not_forgotten)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, -1);
    struct stream_consumer *c = stream_group_add_consumer(g, BYTES("c"), 0);
    struct stream_pending_place at;
    struct stream_pending_entry e;
    stream_group_begin_order(g)->skips = true;
    add(g, 5, c);
    CHECK(stream_pending_find(&g->pending, id_of(5), &at));
    stream_group_defer(g, at, 7, 50);
    stream_pending_set_reason(&g->pending, id_of(5), BYTES("why"));
    add(g, 10, c); /* the same value */
    CHECK(value_of(5) == value_of(10) && stream_group_release_due(g, 50, 9) == 1);
    CHECK(stream_pending_is_held(&g->pending, id_of(5)));
    CHECK(stream_pending_due_ms(&g->pending, id_of(5)) == 50);
    uint32_t node = STREAM_TOUCHED_NONE; /* in files it is as a released one */
    CHECK(stream_pending_walk_released(&g->pending, &node, &e) && e.id.ms == 6 && e.count == 7);
    CHECK(!stream_pending_walk_released(&g->pending, &node, &e));
    CHECK(stream_pending_undeferred_count(&g->pending) == 1);
    CHECK(stream_group_ack(g, id_of(10)));
    CHECK(!stream_pending_is_held(&g->pending, id_of(5)) &&
          stream_pending_released_count(&g->pending) == 1);
    CHECK(stream_pending_due_ms(&g->pending, id_of(5)) == 50 &&
          bytes_equal(stream_pending_reason(&g->pending, id_of(5)), BYTES("why")));
    stream_group_free(g);
}

UNIT_MAIN(T(every_value_with_held_entries_has_one_in_flight), T(what_is_held_is_not_forgotten))
