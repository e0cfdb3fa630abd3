#include "survey/slots.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

void slots_init(struct slots *s, size_t size)
{
    ASSERT(size >= sizeof(struct slot));
    *s = (struct slots){.size = size};
}

static size_t chunk_count(const struct slots *s)
{
    return ((size_t)s->n + SLOTS_CHUNK - 1) / SLOTS_CHUNK;
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
        struct slot *x = slots_at(s, number);
        ASSERT(!x->seen);
        s->first_free = x->next_free;
        memset(x, 0, s->size);
        return number;
    }
    if (s->n % SLOTS_CHUNK == 0) {
        size_t chunks = chunk_count(s);
        s->chunks = mem_realloc(s->chunks, (chunks + 1) * sizeof(*s->chunks));
        s->chunks[chunks] = mem_zalloc(SLOTS_CHUNK * s->size);
    }
    return ++s->n;
}

void slots_give(struct slots *s, uint32_t number)
{
    struct slot *x = slots_at(s, number);
    ASSERT(x->seen && s->used);
    *x = (struct slot){.next_free = s->first_free};
    s->first_free = number;
    s->used--;
}

size_t slots_memory(const struct slots *s)
{
    return chunk_count(s) * (SLOTS_CHUNK * s->size + sizeof(*s->chunks));
}
