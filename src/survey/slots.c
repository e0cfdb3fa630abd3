#include "survey/slots.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

/* What a free record is. */
struct slot_free {
    struct slot slot;
    uint32_t next; /* the next free one; 0: none */
};

void slots_init(struct slots *s, size_t size)
{
    ASSERT(size >= sizeof(struct slot_free) && size <= SLOTS_CHUNK);
    *s = (struct slots){.size = (uint32_t)size, .each = SLOTS_CHUNK / (uint32_t)size};
}

static size_t chunk_count(const struct slots *s)
{
    return ((size_t)s->n + s->each - 1) / s->each;
}

void slots_clear(struct slots *s)
{
    for (size_t i = 0; i < chunk_count(s); i++)
        mem_free(s->chunks[i]);
    mem_free(s->chunks);
    slots_init(s, s->size);
}

uint32_t slots_take(struct slots *s)
{
    uint32_t number = s->first_free;
    s->used++;
    if (number) {
        struct slot_free *x = slots_at(s, number);
        ASSERT(!x->slot.seen);
        s->first_free = x->next;
        memset(x, 0, s->size);
        return number;
    }
    if (s->n % s->each == 0) {
        size_t chunks = chunk_count(s);
        s->chunks = mem_realloc(s->chunks, (chunks + 1) * sizeof(*s->chunks));
        s->chunks[chunks] = mem_zalloc(SLOTS_CHUNK);
    }
    return ++s->n;
}

void slots_give(struct slots *s, uint32_t number)
{
    struct slot_free *x = slots_at(s, number);
    ASSERT(x->slot.seen && s->used);
    *x = (struct slot_free){.next = s->first_free};
    s->first_free = number;
    s->used--;
}

size_t slots_memory(const struct slots *s)
{
    return chunk_count(s) * (SLOTS_CHUNK + sizeof(*s->chunks));
}
