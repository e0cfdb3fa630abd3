/* A hash table from bytes to a pointer, for everything but the keyspace: channels, names, groups.
 * Copies the keys; does not own the values. Doubles at once when it has as many keys as buckets;
 * frees its memory when it becomes empty. Cost: O(1), a doubling O(n). */
#ifndef DS_DICT_H
#define DS_DICT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct dict_node {
    struct dict_node *next;
    uint64_t hash;
    void *value;
    size_t key_n;
    char key[];
};

/* Zero-initialised is empty and valid. */
struct dict {
    struct dict_node **buckets;
    size_t mask;
    size_t used;
};

void *dict_get(const struct dict *d, struct bytes key);
struct dict_node *dict_find(const struct dict *d, struct bytes key);
/* The node of the key, created with value NULL if absent. */
struct dict_node *dict_ensure(struct dict *d, struct bytes key);
/* Returns the removed value, or NULL. */
void *dict_remove(struct dict *d, struct bytes key);
void dict_clear(struct dict *d);
size_t dict_memory(const struct dict *d);
/* For tests: whether each node is in the bucket of its hash and the count is right. */
bool dict_is_sound(const struct dict *d);

/* Walks all nodes; start with a zeroed walk. The node just returned may be removed. */
struct dict_walk {
    size_t bucket;
    struct dict_node *next;
};
struct dict_node *dict_next(const struct dict *d, struct dict_walk *w);

static inline struct bytes dict_key(const struct dict_node *n)
{
    return (struct bytes){n->key, n->key_n};
}

#endif
