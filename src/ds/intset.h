/* A sorted run of integers in one allocation, each 2, 4 or 8 bytes wide: as wide as the widest that
 * was ever in it needs. Begins with a byte of the owner's, as struct pack. A changed set may move.
 * Cost: a binary search, and O(n) bytes moved for a change. */
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
/* False: it was there. */
bool intset_add(struct intset **s, int64_t v);
/* False: it was not there. */
bool intset_remove(struct intset **s, int64_t v);
size_t intset_memory(const struct intset *s);
/* For tests: whether the order is strict and the width one of the three. */
bool intset_is_sound(const struct intset *s);

#endif
