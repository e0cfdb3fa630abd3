#include "persist/backlog.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

/* Removed blocks kept for reuse: a full backlog removes one for each that it adds. */
#define SPARE 4

/* The i-th block. */
static char **block_at(const struct backlog_ring *r, size_t i)
{
    ASSERT(i < r->count);
    return &r->blocks[(r->first + i) % r->cap];
}

static void widen(struct backlog_ring *r)
{
    size_t cap = r->cap ? r->cap * 2 : 16;
    char **wider = mem_alloc(cap * sizeof(*wider));
    for (size_t i = 0; i < r->count; i++)
        wider[i] = *block_at(r, i);
    mem_free(r->blocks);
    r->blocks = wider;
    r->cap = cap;
    r->first = 0;
}

static void push(struct backlog_ring *r, char *block)
{
    if (r->count == r->cap)
        widen(r);
    r->count++;
    *block_at(r, r->count - 1) = block;
}

static char *shift(struct backlog_ring *r)
{
    char *block = *block_at(r, 0);
    r->first = (r->first + 1) % r->cap;
    r->count--;
    return block;
}

static void free_ring(struct backlog_ring *r)
{
    while (r->count)
        mem_free(shift(r));
    mem_free(r->blocks);
    *r = (struct backlog_ring){0};
}

static void begin_at(struct backlog *b, uint64_t offset)
{
    ASSERT(b->ring.count == 0);
    b->base = b->end = offset;
    b->first = offset + 1;
}

static void append(struct backlog *b, struct bytes data)
{
    while (data.n) {
        size_t at = (size_t)(b->end - b->base), in = at % BACKLOG_BLOCK;
        if (at / BACKLOG_BLOCK == b->ring.count)
            push(&b->ring, b->former.count ? shift(&b->former) : mem_alloc(BACKLOG_BLOCK));
        size_t n = data.n < BACKLOG_BLOCK - in ? data.n : BACKLOG_BLOCK - in;
        memcpy(*block_at(&b->ring, at / BACKLOG_BLOCK) + in, data.p, n);
        b->end += n;
        data = bytes_of(data.p + n, data.n - n);
    }
}

static void give_up_first(struct backlog *b)
{
    push(&b->former, shift(&b->ring));
    b->base += BACKLOG_BLOCK;
}

static void give_up_all(struct backlog *b)
{
    while (b->ring.count)
        give_up_first(b);
}

void backlog_open(struct backlog *b, struct journal *j)
{
    ASSERT(!backlog_is_open(b) && b->ring.count == 0);
    journal_attach_stream(j, &b->reader);
    begin_at(b, b->reader.offset);
}

void backlog_close(struct backlog *b)
{
    journal_detach(&b->reader);
    give_up_all(b);
    free_ring(&b->ring);
    *b = (struct backlog){.former = b->former};
}

void backlog_free(struct backlog *b)
{
    if (backlog_is_open(b))
        backlog_close(b);
    free_ring(&b->former);
}

void backlog_take(struct backlog *b)
{
    ASSERT(backlog_is_open(b) && b->end == b->reader.offset);
    struct bytes data = journal_unread(&b->reader);
    append(b, data);
    if (data.n)
        journal_take(&b->reader, data.n);
    ASSERT(backlog_is_sound(b));
}

void backlog_fill(struct backlog *b, struct bytes tail)
{
    ASSERT(backlog_length(b) == 0 && b->ring.count == 0 && tail.n <= b->end);
    begin_at(b, b->end - tail.n);
    append(b, tail);
    ASSERT(backlog_is_sound(b));
}

void backlog_restart(struct backlog *b)
{
    give_up_all(b);
    journal_skip(&b->reader);
    begin_at(b, b->reader.offset);
    ASSERT(backlog_is_sound(b));
}

int backlog_pieces(const struct backlog *b, uint64_t offset, struct iovec *pieces, int n)
{
    ASSERT(offset >= b->first && offset <= b->end + 1);
    size_t at = (size_t)(offset - 1 - b->base), end = (size_t)(b->end - b->base);
    int count = 0;
    for (; at < end && count < n; count++) {
        size_t in = at % BACKLOG_BLOCK, most = BACKLOG_BLOCK - in;
        size_t take = end - at < most ? end - at : most;
        pieces[count] = (struct iovec){*block_at(&b->ring, at / BACKLOG_BLOCK) + in, take};
        at += take;
    }
    return count;
}

bool backlog_reaches(const struct backlog *b, uint64_t next)
{
    return backlog_is_open(b) && next >= b->first && next <= b->end + 1;
}

void backlog_trim(struct backlog *b, uint64_t keep_from)
{
    if (keep_from > b->end + 1)
        keep_from = b->end + 1;
    while (b->ring.count && b->base + BACKLOG_BLOCK < keep_from) {
        give_up_first(b);
        b->first = b->base + 1;
    }
    ASSERT(backlog_is_sound(b));
}

bool backlog_has_work(const struct backlog *b)
{
    return b->former.count > (backlog_is_open(b) ? SPARE : 0);
}

void backlog_tidy(struct backlog *b)
{
    for (int i = 0; i < BACKLOG_TIDIED && backlog_has_work(b); i++)
        mem_free(shift(&b->former));
    if (b->former.count == 0 && b->former.blocks)
        free_ring(&b->former);
}

static size_t ring_memory(const struct backlog_ring *r)
{
    return r->count * BACKLOG_BLOCK + r->cap * sizeof(*r->blocks);
}

size_t backlog_memory(const struct backlog *b)
{
    return ring_memory(&b->ring) + ring_memory(&b->former);
}

bool backlog_is_sound(const struct backlog *b)
{
    size_t count = b->ring.count;
    return b->base < b->first && b->first <= b->end + 1 && count <= b->ring.cap &&
           b->end - b->base <= count * BACKLOG_BLOCK &&
           (count == 0 || b->end - b->base > (count - 1) * BACKLOG_BLOCK || b->end == b->base) &&
           (!backlog_is_open(b) || b->end == b->reader.offset);
}
