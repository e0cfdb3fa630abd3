/* An intrusive binary min-heap of times: nodes are members of the waiting structs, not owned. Cost:
 * O(log n) for insert and remove, O(1) for the earliest. */
#ifndef DS_HEAP_H
#define DS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: in no heap. */
struct heap_node {
    int64_t at;
    size_t place; /* 1-based; 0: in no heap */
};

/* Zero-initialised is empty and valid. */
struct heap {
    struct heap_node **items;
    size_t n, cap;
};

/* The node must be in no heap. */
void heap_insert(struct heap *h, struct heap_node *node, int64_t at);
/* Does nothing for a node in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);
/* The earliest, or NULL. */
struct heap_node *heap_first(const struct heap *h);
void heap_free(struct heap *h);
/* For tests: whether no node is earlier than its parent and all places are right. */
bool heap_is_sound(const struct heap *h);

#endif
