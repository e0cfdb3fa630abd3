/* Chaining, with the full hash in each node: doubling moves nodes without reading their keys, and a
 * search compares bytes only if all 64 bits are equal. Buckets are a power of two and never fewer
 * than the nodes; they are allocated with the first node and freed with the last. */
#include "ds/dict.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"

struct dict_node *dict_find(const struct dict *d, struct bytes key)
{
    if (d->used == 0)
        return NULL;
    uint64_t hash = hash_key(key);
    for (struct dict_node *n = d->buckets[hash & d->mask]; n; n = n->next)
        if (n->hash == hash && bytes_equal(dict_key(n), key))
            return n;
    return NULL;
}

void *dict_get(const struct dict *d, struct bytes key)
{
    struct dict_node *n = dict_find(d, key);
    return n ? n->value : NULL;
}

static void resize(struct dict *d, size_t buckets)
{
    ASSERT((buckets & (buckets - 1)) == 0 && buckets > d->used);
    struct dict_node **fresh = mem_zalloc(buckets * sizeof(*fresh));
    for (size_t i = 0; d->buckets && i <= d->mask; i++)
        for (struct dict_node *n = d->buckets[i]; n;) {
            struct dict_node *next = n->next;
            n->next = fresh[n->hash & (buckets - 1)];
            fresh[n->hash & (buckets - 1)] = n;
            n = next;
        }
    mem_free(d->buckets);
    d->buckets = fresh;
    d->mask = buckets - 1;
}

struct dict_node *dict_ensure(struct dict *d, struct bytes key)
{
    struct dict_node *n = dict_find(d, key);
    if (n)
        return n;
    if (!d->buckets)
        resize(d, 4);
    else if (d->used > d->mask)
        resize(d, (d->mask + 1) * 2);
    n = mem_alloc(sizeof(*n) + key.n);
    *n = (struct dict_node){.hash = hash_key(key), .key_n = key.n};
    if (key.n)
        memcpy(n->key, key.p, key.n);
    n->next = d->buckets[n->hash & d->mask];
    d->buckets[n->hash & d->mask] = n;
    d->used++;
    return n;
}

void *dict_remove(struct dict *d, struct bytes key)
{
    if (d->used == 0)
        return NULL;
    uint64_t hash = hash_key(key);
    for (struct dict_node **at = &d->buckets[hash & d->mask]; *at; at = &(*at)->next) {
        struct dict_node *n = *at;
        if (n->hash != hash || !bytes_equal(dict_key(n), key))
            continue;
        void *value = n->value;
        *at = n->next;
        mem_free(n);
        ASSERT(d->used > 0);
        if (--d->used == 0)
            dict_clear(d);
        return value;
    }
    return NULL;
}

void dict_clear(struct dict *d)
{
    for (size_t i = 0; d->buckets && i <= d->mask; i++)
        for (struct dict_node *n = d->buckets[i]; n;) {
            struct dict_node *next = n->next;
            mem_free(n);
            n = next;
        }
    mem_free(d->buckets);
    *d = (struct dict){0};
}

size_t dict_memory(const struct dict *d)
{
    return d->buckets ? (d->mask + 1) * sizeof(void *) + d->used * (sizeof(struct dict_node) + 24)
                      : 0;
}

/* The walk holds the node after the returned one, which may therefore be removed. */
struct dict_node *dict_next(const struct dict *d, struct dict_walk *w)
{
    while (!w->next) {
        if (!d->buckets || w->bucket > d->mask)
            return NULL;
        w->next = d->buckets[w->bucket++];
    }
    struct dict_node *n = w->next;
    w->next = n->next;
    return n;
}

bool dict_is_sound(const struct dict *d)
{
    size_t n = 0;
    for (size_t i = 0; d->buckets && i <= d->mask; i++)
        for (const struct dict_node *x = d->buckets[i]; x; x = x->next, n++)
            if ((x->hash & d->mask) != i || x->hash != hash_key(dict_key(x)))
                return false;
    return n == d->used && (d->used > 0) == (d->buckets != NULL);
}
