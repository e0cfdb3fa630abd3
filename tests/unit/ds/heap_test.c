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

UNIT_MAIN(T(the_earliest_comes_first))
