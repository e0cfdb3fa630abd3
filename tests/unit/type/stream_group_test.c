#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_group.h"
#include "unit.h"

static struct stream_id id(uint64_t n)
{
    return (struct stream_id){n, 0};
}

static struct stream_consumer *consumer(struct stream_group *g, const char *name)
{
    struct stream_consumer *c = stream_group_consumer(g, bytes_text(name));
    return c ? c : stream_group_add_consumer(g, bytes_text(name), 1);
}

TEST(what_is_delivered_is_pending_until_acknowledged)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *a = consumer(g, "a"), *b = consumer(g, "b");
    CHECK(!stream_group_add_consumer(g, BYTES("a"), 1) && a->active_ms == -1 && a->seen_ms == 1);
    for (unsigned i = 1; i <= 10; i++)
        stream_group_deliver(g, i % 2 ? a : b, id(i), 100);
    CHECK(a->pending == 5 && b->pending == 5 && stream_group_is_sound(g));
    CHECK(stream_group_ack(g, id(3)) && !stream_group_ack(g, id(3)) &&
          !stream_group_ack(g, id(11)));
    CHECK(a->pending == 4 && g->pending.count == 9);
    /* Delivered anew, to another: it changes hands, and counts once again. */
    stream_group_deliver(g, b, id(1), 200);
    struct stream_pending_place at;
    struct stream_pending_entry e;
    CHECK(stream_pending_find(&g->pending, id(1), &at));
    stream_pending_get(&g->pending, at, &e);
    CHECK(e.count == 1 && e.time_ms == 200 && stream_group_owner(g, e.consumer) == b);
    CHECK(a->pending == 3 && b->pending == 6 && stream_group_is_sound(g));
    stream_group_free(g);
}

TEST(a_consumer_goes_with_what_it_has_pending)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *a = consumer(g, "a"), *b = consumer(g, "b");
    for (unsigned i = 1; i <= 300; i++)
        stream_group_deliver(g, i % 3 ? a : b, id(i), 100);
    CHECK(stream_group_remove_consumer(g, a) == 200);
    CHECK(g->pending.count == 100 && g->consumers.used == 1 && stream_group_is_sound(g));
    /* Its number is free again. */
    a = consumer(g, "c");
    CHECK(a->number == 0 && a->pending == 0 && b->number == 1);
    CHECK(stream_group_remove_consumer(g, b) == 100 && g->numbers == 1 && g->pending.count == 0);
    CHECK(stream_group_is_sound(g));
    stream_group_free(g);
}

/* Each new one is found without a look at all that there are: the lowest number that is free. */
TEST(a_new_consumer_gets_the_lowest_number)
{
    enum { MANY = 300000 };
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *c;
    char name[20];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "c%u", i);
        c = consumer(g, name);
        CHECK(c->number == i && g->taken_below == i + 1);
    }
    static const uint32_t gone[] = {7, 200, 5, MANY - 1, 6};
    for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
        stream_group_remove_consumer(g, stream_group_owner(g, gone[i]));
    CHECK(g->taken_below == 5 && g->numbers == MANY - 1);
    static const uint32_t next[] = {5, 6, 7, 200, MANY - 1, MANY};
    for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
        snprintf(name, sizeof(name), "d%zu", i);
        CHECK(consumer(g, name)->number == next[i]);
    }
    stream_group_free(g);
    g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "c%d", i * 7 % 40);
        c = stream_group_consumer(g, bytes_text(name));
        if (c)
            stream_group_remove_consumer(g, c);
        else
            consumer(g, name);
        CHECK(stream_group_is_sound(g));
    }
    struct stream_group *copy = stream_group_copy(g);
    CHECK(stream_group_is_sound(copy) && copy->taken_below == g->taken_below);
    stream_group_free(copy);
    stream_group_free(g);
}

TEST(released_entries_have_no_owner)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *a = consumer(g, "a");
    struct stream_pending_place at;
    struct stream_pending_entry e;
    stream_group_deliver(g, a, id(1), 100);
    CHECK(stream_pending_find(&g->pending, id(1), &at));
    stream_group_assign(g, at, NULL, 0, 7, true);
    CHECK(a->pending == 0 && stream_pending_released_count(&g->pending) == 1 &&
          stream_group_is_sound(g));
    stream_pending_get(&g->pending, at, &e);
    CHECK(!stream_group_owner(g, e.consumer) && e.count == 7);
    stream_group_assign(g, at, a, 300, 8, false);
    CHECK(a->pending == 1 && stream_pending_released_count(&g->pending) == 0 &&
          stream_group_is_sound(g));
    stream_group_free(g);
}

/* broker L14, R5: what a consumer had is released in the order of IDs; what is deferred is
 * nobody's, and released when it is due. */
TEST(a_consumer_gives_back_what_it_has)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *a = consumer(g, "a"), *b = consumer(g, "b");
    struct stream_pending_place at;
    struct stream_pending_entry e;
    for (unsigned i = 1; i <= 300; i++)
        stream_group_deliver(g, i % 3 ? a : b, id(i), 100);
    CHECK(stream_pending_find(&g->pending, id(1), &at));
    stream_group_assign(g, at, a, 200, 5, false); /* the youngest, with the lowest ID */
    CHECK(stream_pending_find(&g->pending, id(2), &at));
    stream_group_defer(g, at, 3, 500);
    CHECK(stream_pending_find(&g->pending, id(2), &at));
    stream_group_defer(g, at, 4, 400); /* nobody's, and deferred anew */
    CHECK(a->pending == 199 && stream_pending_deferred_count(&g->pending) == 1 &&
          stream_group_is_sound(g));
    CHECK(stream_group_release_consumer(g, a) == 199 && a->pending == 0 && b->pending == 100);
    CHECK(stream_group_release_consumer(g, a) == 0);
    CHECK(stream_group_consumer(g, BYTES("a")) == a && stream_group_is_sound(g));
    CHECK(stream_pending_release_due(&g->pending, 399, 10) == 0 &&
          stream_pending_release_due(&g->pending, 400, 10) == 1);
    uint32_t node = STREAM_TOUCHED_NONE;
    uint64_t last = 0, n = 0;
    for (; stream_pending_walk_released(&g->pending, &node, &e); n++) {
        CHECK(e.id.ms > last || n == 199);
        CHECK(e.count == (e.id.ms == 1 ? 5 : e.id.ms == 2 ? 4 : 1));
        last = e.id.ms;
    }
    CHECK(n == 200 && last == 2);
    CHECK(stream_pending_due_ms(&g->pending, id(2)) == 400 &&
          stream_pending_due_ms(&g->pending, id(1)) == 0);
    CHECK(stream_pending_find(&g->pending, id(3), &at));
    stream_group_defer(g, at, 4, 600);
    stream_pending_release_all(&g->pending); /* those from before lose their moments as well */
    CHECK(stream_pending_due_ms(&g->pending, id(2)) == 0 &&
          stream_pending_due_ms(&g->pending, id(3)) == 0 && stream_group_is_sound(g));
    CHECK(stream_group_remove_consumer(g, a) == 0 && g->pending.count == 300);
    CHECK(stream_group_is_sound(g));
    stream_group_free(g);
}

TEST(the_position_is_set_or_raised)
{
    struct stream_group *g = stream_group_new(BYTES("g"), id(5), 3);
    CHECK(!stream_group_raise_position(g, id(5)) && !stream_group_raise_position(g, id(4)));
    CHECK(g->last_id.ms == 5);
    CHECK(stream_group_raise_position(g, id(6)) && g->last_id.ms == 6 && g->entries_read == 3);
    stream_group_set_position(g, id(2), -1);
    CHECK(g->last_id.ms == 2 && g->entries_read == -1);
    struct stream_consumer *c = consumer(g, "c");
    stream_group_seen(c, 50);
    CHECK(c->seen_ms == 50 && c->active_ms == -1);
    stream_group_active(c, 60);
    CHECK(c->seen_ms == 50 && c->active_ms == 60);
    stream_group_free(g);
}

/* Whatever happens: consumers' counts are those of the pending list, also in a copy. */
TEST(counts_agree_whatever_happens)
{
    struct stream_group *g = stream_group_new(BYTES("g"), STREAM_ID_MIN, 0);
    struct rng rng;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    rng_seed(&rng, 3);
    hash_init("seed", 4);
    for (unsigned step = 0; step < 20000; step++) {
        struct stream_consumer *c = consumer(g, names[rng_below(&rng, 5)]);
        struct stream_id at_id = id(1 + rng_below(&rng, 500));
        struct stream_pending_place at;
        uint64_t what = rng_below(&rng, 100);
        if (what < 50)
            stream_group_deliver(g, c, at_id, step);
        else if (what < 80)
            stream_group_ack(g, at_id);
        else if (what < 84 && stream_pending_find(&g->pending, at_id, &at))
            stream_group_defer(g, at, 2, (int64_t)step + 100);
        else if (what == 84)
            stream_pending_release_due(&g->pending, step, 3);
        else if (what < 98 && stream_pending_find(&g->pending, at_id, &at))
            stream_group_assign(g, at, what < 90 ? c : NULL, what < 90 ? step : 0, 2, what >= 90);
        else if (what == 98)
            stream_group_release_consumer(g, c);
        else if (what == 99)
            stream_group_remove_consumer(g, c);
        if (step % 500 == 0)
            CHECK(stream_group_is_sound(g));
    }
    struct stream_group *copy = stream_group_copy(g);
    CHECK(stream_group_is_sound(copy) && copy->pending.count == g->pending.count);
    size_t n, m;
    struct stream_consumer **all = stream_group_sorted(g, &n),
                           **all_copied = stream_group_sorted(copy, &m);
    CHECK(n == m && n > 0);
    for (size_t i = 0; i < n; i++)
        CHECK(all[i] != all_copied[i] && all[i]->pending == all_copied[i]->pending &&
              dlist_empty(&all_copied[i]->presence.full) &&
              (i == 0 || bytes_compare(str_bytes(all[i - 1]->name), str_bytes(all[i]->name)) < 0));
    mem_free(all);
    mem_free(all_copied);
    stream_group_free(copy);
    stream_group_free(g);
}

UNIT_MAIN(T(what_is_delivered_is_pending_until_acknowledged),
          T(a_consumer_goes_with_what_it_has_pending), T(a_new_consumer_gets_the_lowest_number),
          T(released_entries_have_no_owner), T(a_consumer_gives_back_what_it_has),
          T(the_position_is_set_or_raised), T(counts_agree_whatever_happens))
