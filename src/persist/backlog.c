#include "persist/backlog.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

#define TRIM_MOST 64 /* blocks freed at once */

/* The i-th stored block. */
static char **block_at(const struct backlog *b, size_t i)
{
    ASSERT(i < b->count);
    return &b->blocks[(b->first_block + i) % b->cap];
}

static void make_room(struct backlog *b)
{
    if (b->count < b->cap)
        return;
    size_t cap = b->cap ? b->cap * 2 : 16;
    char **wider = mem_alloc(cap * sizeof(*wider));
    for (size_t i = 0; i < b->count; i++)
        wider[i] = *block_at(b, i);
    mem_free(b->blocks);
    b->blocks = wider;
    b->cap = cap;
    b->first_block = 0;
}

static void begin_at(struct backlog *b, uint64_t offset)
{
    ASSERT(b->count == 0);
    b->base = b->end = offset;
    b->first = offset + 1;
}

static void append(struct backlog *b, struct bytes data)
{
    while (data.n) {
        size_t at = (size_t)(b->end - b->base), in = at % BACKLOG_BLOCK;
        if (at / BACKLOG_BLOCK == b->count) {
            make_room(b);
            b->count++;
            *block_at(b, b->count - 1) = mem_alloc(BACKLOG_BLOCK);
        }
        size_t n = data.n < BACKLOG_BLOCK - in ? data.n : BACKLOG_BLOCK - in;
        memcpy(*block_at(b, at / BACKLOG_BLOCK) + in, data.p, n);
        b->end += n;
        data = bytes_of(data.p + n, data.n - n);
    }
}

static void drop_first_block(struct backlog *b)
{
    mem_free(*block_at(b, 0));
    b->first_block = (b->first_block + 1) % b->cap;
    b->count--;
    b->base += BACKLOG_BLOCK;
}

static void drop_all(struct backlog *b)
{
    while (b->count)
        drop_first_block(b);
}

void backlog_open(struct backlog *b, struct journal *j)
{
    ASSERT(!backlog_is_open(b) && b->count == 0);
    journal_attach_stream(j, &b->reader);
    begin_at(b, b->reader.offset);
}

void backlog_close(struct backlog *b)
{
    journal_detach(&b->reader);
    drop_all(b);
    mem_free(b->blocks);
    *b = (struct backlog){0};
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
    ASSERT(backlog_length(b) == 0 && b->count == 0 && tail.n <= b->end);
    begin_at(b, b->end - tail.n);
    append(b, tail);
    ASSERT(backlog_is_sound(b));
}

void backlog_restart(struct backlog *b)
{
    drop_all(b);
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
        pieces[count] = (struct iovec){*block_at(b, at / BACKLOG_BLOCK) + in, take};
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
    for (int i = 0; i < TRIM_MOST && b->count && b->base + BACKLOG_BLOCK < keep_from; i++) {
        drop_first_block(b);
        b->first = b->base + 1;
    }
    ASSERT(backlog_is_sound(b));
}

size_t backlog_memory(const struct backlog *b)
{
    return b->count * BACKLOG_BLOCK + b->cap * sizeof(*b->blocks);
}

bool backlog_is_sound(const struct backlog *b)
{
    return b->base < b->first && b->first <= b->end + 1 && b->count <= b->cap &&
           b->end - b->base <= b->count * BACKLOG_BLOCK &&
           (b->count == 0 || b->end - b->base > (b->count - 1) * BACKLOG_BLOCK ||
            b->end == b->base) &&
           (!backlog_is_open(b) || b->end == b->reader.offset);
}
