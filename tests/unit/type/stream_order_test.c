#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "type/stream/stream_order.h"
#include "unit.h"

#include <stdlib.h>

#define IDS 400

/* What the order says it keeps, in an array: who leads is the only thing that has a history. */
struct entry {
    enum stream_order_state state;
    uint64_t value;
};

static struct entry model[IDS];

static struct stream_id id_of(unsigned i)
{
    return (struct stream_id){1000 + i / 2, i % 2};
}

static unsigned takers(uint64_t value)
{
    unsigned n = 0;
    for (unsigned i = 0; i < IDS; i++)
        n += model[i].state == STREAM_ORDER_TAKES && model[i].value == value;
    return n;
}

/* The first that waits for a value; -1: none does. */
static int first_waiting(uint64_t value)
{
    for (int i = 0; i < IDS; i++)
        if (model[i].state == STREAM_ORDER_WAITS && model[i].value == value)
            return i;
    return -1;
}

static void agrees(const struct stream_order *o)
{
    unsigned n = 0, waiting = 0;
    CHECK(stream_order_is_sound(o));
    for (unsigned i = 0; i < IDS; i++) {
        CHECK(stream_order_state(o, id_of(i)) == model[i].state);
        n += model[i].state != STREAM_ORDER_NONE;
        waiting += model[i].state == STREAM_ORDER_WAITS;
        if (!model[i].state)
            continue;
        unsigned all = takers(model[i].value), leading = 0;
        CHECK(stream_order_is_taken(o, model[i].value) == (all > 0));
        if (model[i].state != STREAM_ORDER_TAKES) {
            CHECK(!stream_order_leads(o, id_of(i)));
            continue;
        }
        struct stream_id at = id_of(i);
        for (unsigned k = 0; k < all; k++) {
            leading += stream_order_leads(o, at);
            at = stream_order_next_taker(o, at);
        }
        CHECK(leading == 1 && stream_id_compare(at, id_of(i)) == 0);
    }
    CHECK(o->n == n && o->waiting == waiting);
}

/* The last that took a value has gone: the first that waits takes it. */
static void hand_on(uint64_t value, bool freed, struct stream_id next)
{
    int first = takers(value) ? -1 : first_waiting(value);
    CHECK(freed == (first >= 0));
    if (first >= 0) {
        CHECK(stream_id_compare(next, id_of((unsigned)first)) == 0);
        model[first].state = STREAM_ORDER_TAKES;
    }
}

static void step(struct stream_order *o, struct rng *rng, unsigned values, unsigned most)
{
    unsigned i = (unsigned)rng_below(rng, most);
    struct stream_id next = {0};
    struct entry *e = &model[i];
    switch (rng_below(rng, 5)) {
    case 0:
        if (e->state)
            break;
        e->value = rng_below(rng, values) << 60 | rng_below(rng, values);
        e->state = STREAM_ORDER_ASIDE;
        stream_order_add(o, id_of(i), e->value);
        break;
    case 1:
        stream_order_take(o, id_of(i));
        e->state = e->state ? STREAM_ORDER_TAKES : e->state;
        break;
    case 2: {
        bool others = takers(e->value) > (e->state == STREAM_ORDER_TAKES);
        bool waits = stream_order_wait(o, id_of(i));
        CHECK(waits == (e->state && others));
        e->state = !e->state ? e->state : waits ? STREAM_ORDER_WAITS : STREAM_ORDER_TAKES;
        break;
    }
    default: {
        bool removes = rng_below(rng, 2), knew = e->state == STREAM_ORDER_TAKES;
        bool freed = removes ? stream_order_remove(o, id_of(i), &next)
                             : stream_order_set_aside(o, id_of(i), &next);
        e->state = removes || !e->state ? STREAM_ORDER_NONE : STREAM_ORDER_ASIDE;
        if (knew)
            hand_on(e->value, freed, next);
        else
            CHECK(!freed);
    }
    }
}

/* broker O1, O3: against an array, with few values and with many. */
TEST(behaves_like_an_array)
{
    hash_init("seed", 4);
    for (unsigned seed = 1; seed < 9; seed++) {
        struct stream_order o;
        struct rng rng;
        rng_seed(&rng, seed);
        stream_order_init(&o);
        memset(model, 0, sizeof(model));
        for (int i = 0; i < 6000; i++) {
            step(&o, &rng, seed < 5 ? 3 : 15, i / 1500 % 2 ? 20 : IDS);
            if (i % 50 == 0 || i < 100)
                agrees(&o);
        }
        agrees(&o);
        for (unsigned i = 0; i < IDS; i++) {
            struct stream_id next;
            stream_order_remove(&o, id_of(i), &next);
        }
        CHECK(o.n == 0 && o.nodes.pages == NULL && stream_order_is_sound(&o));
        stream_order_free(&o);
    }
}

/* broker O1: those that wait come in the order of IDs, in whatever order they came. */
TEST(held_entries_are_delivered_in_id_order)
{
    static const unsigned came[] = {50, 10, 30, 20, 40};
    struct stream_order o;
    struct stream_id next;
    stream_order_init(&o);
    for (unsigned i = 0; i < 5; i++) {
        stream_order_add(&o, id_of(came[i]), 7);
        CHECK(stream_order_wait(&o, id_of(came[i])) == (i > 0));
    }
    CHECK(stream_order_remove(&o, id_of(50), &next) && stream_id_compare(next, id_of(10)) == 0);
    CHECK(stream_order_remove(&o, id_of(10), &next) && stream_id_compare(next, id_of(20)) == 0);
    /* One that is taken out of turn: nobody is next before both have gone. */
    stream_order_take(&o, id_of(40));
    CHECK(!stream_order_remove(&o, id_of(20), &next) && stream_order_leads(&o, id_of(40)));
    CHECK(stream_order_set_aside(&o, id_of(40), &next) && stream_id_compare(next, id_of(30)) == 0);
    CHECK(stream_order_wait(&o, id_of(40)) && o.waiting == 1);
    CHECK(stream_order_remove(&o, id_of(30), &next) && stream_id_compare(next, id_of(40)) == 0);
    CHECK(!stream_order_remove(&o, id_of(40), &next) && o.n == 0);
    /* Those that are not known. */
    CHECK(!stream_order_wait(&o, id_of(1)) && !stream_order_remove(&o, id_of(1), &next));
    stream_order_take(&o, id_of(1));
    CHECK(stream_order_state(&o, id_of(1)) == STREAM_ORDER_NONE &&
          !stream_order_leads(&o, id_of(1)));
    stream_order_free(&o);
}

/* broker O9: at most 48 bytes an entry, and nothing when there is none. */
TEST(takes_little_memory)
{
    static struct stream_order o;
    struct stream_id next;
    const unsigned n = 200000;
    stream_order_init(&o);
    for (unsigned i = 0; i < n; i++) {
        stream_order_add(&o, (struct stream_id){i, 0}, i * 0x9e3779b97f4a7c15u);
        stream_order_take(&o, (struct stream_id){i, 0});
    }
    size_t bytes = o.nodes.n * (size_t)5120 + o.table.n * (size_t)1024 +
                   (o.nodes.cap + o.table.cap) * sizeof(void *);
    CHECK(bytes <= 45 * (size_t)n && stream_order_is_sound(&o));
    for (unsigned i = 0; i < n; i++)
        CHECK(!stream_order_remove(&o, (struct stream_id){i, 0}, &next));
    CHECK(o.nodes.pages == NULL && o.table.pages == NULL);
}

UNIT_MAIN(T(behaves_like_an_array), T(held_entries_are_delivered_in_id_order),
          T(takes_little_memory))
