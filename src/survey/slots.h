/* Records of one size with fixed numbers and addresses while in use, in chunks: allocating one
 * never copies others, and walking all of them walks memory in order. Each record starts with a
 * struct slot. */
#ifndef SURVEY_SLOTS_H
#define SURVEY_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes per chunk: a size class of the allocator, filled with as many records as fit. */
#define SLOTS_CHUNK 32768

struct slot {
    uint32_t seen; /* the last pass that saw its subject; 0: free */
};

struct slots {
    uint32_t size; /* of a record */
    uint32_t each; /* records per chunk */
    char **chunks; /* owned */
    uint32_t n;    /* numbers 1 to n have been in use */
    uint32_t used;
    uint32_t first_free; /* 0: none */
};

void slots_init(struct slots *s, size_t size);
/* Frees the chunks, back to the state after slots_init(). What records own must be freed before. */
void slots_clear(struct slots *s);
/* Allocates a zeroed record and returns its number, 1 or more. The caller sets `seen`. O(1). */
uint32_t slots_take(struct slots *s);
void slots_give(struct slots *s, uint32_t number);
/* number: 1 to n. */
static inline void *slots_at(const struct slots *s, uint32_t number)
{
    uint32_t i = number - 1;
    return s->chunks[i / s->each] + (size_t)(i % s->each) * s->size;
}
size_t slots_memory(const struct slots *s);

#endif
