/* A sorted array of integers in one allocation, each 2, 4 or 8 bytes wide, as needed for the widest
 * that was ever in it. The first byte belongs to the owner, as in struct pack. Changes may move the
 * set. Cost: a binary search, and O(n) bytes moved by a change. */
#ifndef DS_INTSET_H
#define DS_INTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intset {
    uint8_t form, width;
    uint32_t count;
    unsigned char data[];
};

struct intset *intset_new(uint8_t form);
struct intset *intset_copy(const struct intset *s);
void intset_free(struct intset *s);
/* i < count. */
int64_t intset_at(const struct intset *s, uint32_t i);
bool intset_has(const struct intset *s, int64_t v);
/* False: it existed already. */
bool intset_add(struct intset **s, int64_t v);
/* False: it did not exist. */
bool intset_remove(struct intset **s, int64_t v);
size_t intset_memory(const struct intset *s);
/* For tests: whether the order is strictly ascending and the width valid. */
bool intset_is_sound(const struct intset *s);

#endif
