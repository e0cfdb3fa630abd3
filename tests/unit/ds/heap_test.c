#include "ds/heap.h"

#include "base/rng.h"
#include "unit.h"

#include <stdbool.h>

enum { MANY = 3000 };

TEST(the_earliest_comes_first)
{
    static struct heap_node nodes[MANY];
    struct heap h = {0};
    struct rng r;
    rng_seed(&r, 5);
    CHECK(heap_first(&h) == NULL);
    for (int i = 0; i < MANY; i++)
        heap_insert(&h, &nodes[i], (int64_t)rng_below(&r, 1000) - 500);
    /* A third goes again, from anywhere. */
    for (int i = 0; i < MANY; i += 3) {
        heap_remove(&h, &nodes[i]);
        CHECK(nodes[i].place == 0);
        heap_remove(&h, &nodes[i]);
    }
    int64_t last = INT64_MIN;
    int n = 0;
    for (struct heap_node *x; (x = heap_first(&h)); n++) {
        CHECK(x->at >= last);
        last = x->at;
        heap_remove(&h, x);
    }
    CHECK(n == MANY - MANY / 3 && h.n == 0);
    heap_free(&h);
}

/* Inserts and removes in any order, against an array of moments. */
TEST(agrees_with_a_model)
{
    enum { NODES = 300 };
    static struct heap_node nodes[NODES];
    struct heap h = {0};
    struct rng r;
    rng_seed(&r, 8);
    for (int step = 0; step < 20000; step++) {
        struct heap_node *x = &nodes[rng_below(&r, NODES)];
        if (x->place)
            heap_remove(&h, x);
        else
            heap_insert(&h, x, (int64_t)rng_below(&r, 50));
        if (step % 20)
            continue;
        size_t n = 0;
        int64_t earliest = INT64_MAX;
        for (int i = 0; i < NODES; i++)
            if (nodes[i].place) {
                n++;
                earliest = nodes[i].at < earliest ? nodes[i].at : earliest;
            }
        CHECK(heap_is_sound(&h) && h.n == n && (n == 0 || heap_first(&h)->at == earliest));
    }
    heap_free(&h);
}

UNIT_MAIN(T(agrees_with_a_model), T(the_earliest_comes_first))
