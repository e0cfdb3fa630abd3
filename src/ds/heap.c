#include "ds/heap.h"

#include "base/assert.h"
#include "base/mem.h"

static void place(struct heap *h, size_t i, struct heap_node *node)
{
    h->items[i - 1] = node;
    node->place = i;
}

/* Inserts the node by moving the free place i up or down. Places count from 1, so the children of i
 * are 2i and 2i+1. */
static void sift(struct heap *h, size_t i, struct heap_node *node)
{
    while (i > 1 && h->items[i / 2 - 1]->at > node->at) {
        place(h, i, h->items[i / 2 - 1]);
        i /= 2;
    }
    for (;;) {
        size_t child = i * 2;
        if (child > h->n)
            break;
        if (child < h->n && h->items[child]->at < h->items[child - 1]->at)
            child++;
        if (h->items[child - 1]->at >= node->at)
            break;
        place(h, i, h->items[child - 1]);
        i = child;
    }
    place(h, i, node);
}

void heap_insert(struct heap *h, struct heap_node *node, int64_t at)
{
    ASSERT(node->place == 0);
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->items = mem_realloc(h->items, h->cap * sizeof(*h->items));
    }
    node->at = at;
    h->n++;
    sift(h, h->n, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    if (!node->place)
        return;
    size_t i = node->place;
    ASSERT(i <= h->n && h->items[i - 1] == node);
    struct heap_node *last = h->items[--h->n];
    node->place = 0;
    /* The last node takes the removed one's place, and moves up or down from there. */
    if (last != node)
        sift(h, i, last);
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->n ? h->items[0] : NULL;
}

void heap_free(struct heap *h)
{
    mem_free(h->items);
    *h = (struct heap){0};
}

bool heap_is_sound(const struct heap *h)
{
    for (size_t i = 1; i <= h->n; i++) {
        const struct heap_node *x = h->items[i - 1];
        if (x->place != i || (i > 1 && h->items[i / 2 - 1]->at > x->at))
            return false;
    }
    return h->n <= h->cap;
}
