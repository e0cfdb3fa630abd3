/* Records of one size that keep their numbers and addresses while they are in use, in chunks, so
 * that taking one never copies the others and walking all of them is walking memory in order. Each
 * begins with a struct slot. Knows nothing else of them. */
#ifndef SURVEY_SLOTS_H
#define SURVEY_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#define SLOTS_CHUNK 256

struct slot {
    uint64_t seen;      /* the pass that saw last what it is about; 0: free */
    uint32_t next_free; /* of a free one; 0: the last */
};

struct slots {
    size_t size;   /* of a record */
    char **chunks; /* owned */
    uint32_t n;    /* numbers 1 to n have been in use */
    uint32_t used;
    uint32_t first_free; /* 0: none */
};

void slots_init(struct slots *s, size_t size);
/* Frees the chunks; what records own has been freed. As it was after slots_init(). */
void slots_clear(struct slots *s);
/* A zeroed record; its number, 1 or more. The caller sets `seen`. O(1). */
uint32_t slots_take(struct slots *s);
void slots_give(struct slots *s, uint32_t number);
/* number: 1 to n. */
static inline void *slots_at(const struct slots *s, uint32_t number)
{
    uint32_t i = number - 1;
    return s->chunks[i / SLOTS_CHUNK] + (size_t)(i % SLOTS_CHUNK) * s->size;
}
size_t slots_memory(const struct slots *s);

#endif
