/* A chain is a list of blocks. The tail is open: bytes from `at` to `limit` are free, and block.n
 * is set only when the next block is linked. A block either has its bytes after it or refers to a
 * counted string; nothing can be appended to a reference (at == limit).
 *
 * Positions count all bytes ever added. `taken` is the read position, `closed` the beginning of the
 * tail, chain_end() the write position; marks of the gate are such positions, so they advance even
 * when bytes are dropped.
 *
 * Sizes: a chain with little recent traffic begins with a block of 640 bytes, others with 16 KiB;
 * larger pieces get a block of their own. The pool keeps up to POOL_MAX free blocks of both sizes.
 *
 * When the limit (`most`) is exceeded the chain is lost: its content is freed, passed() is called
 * once, and later additions are only counted. chain_reserve() must still return room, always the
 * same block (discard_room()). */
#include "ds/chain.h"

#include "base/assert.h"
#include "base/mem.h"

#define BLOCK (16384 - sizeof(struct chain_block))
/* 640 bytes: with a power of two all blocks would share a few sets of the CPU cache. */
#define SMALL (640 - sizeof(struct chain_block))

static const unsigned POOL_MAX[2] = {8192, 128}; /* free blocks of each size */

/* Blocks and sums, of the pool if there is one. */

static void count_allocated(const struct chain *c, size_t n)
{
    if (c->pool)
        c->pool->allocated += n;
}

static void count_freed(const struct chain *c, size_t n)
{
    if (!c->pool)
        return;
    ASSERT(c->pool->allocated >= n);
    c->pool->allocated -= n;
}

static struct chain_block *take_free(struct chain_pool *p, int kind)
{
    struct chain_block *b = p ? p->free[kind] : NULL;
    if (!b)
        return NULL;
    ASSERT(p->free_count[kind] > 0);
    p->free[kind] = b->next;
    p->free_count[kind]--;
    b->next = NULL;
    b->n = 0;
    return b;
}

static struct chain_block *block_get(const struct chain *c, size_t n)
{
    if (n <= BLOCK) {
        int kind = n > SMALL;
        struct chain_block *b = take_free(c->pool, kind);
        if (b)
            return b;
        n = kind ? BLOCK : SMALL;
    }
    struct chain_block *b = mem_alloc(sizeof(*b) + n);
    *b = (struct chain_block){.p = (char *)(b + 1), .cap = n};
    count_allocated(c, sizeof(*b) + n);
    return b;
}

static size_t block_memory(const struct chain_block *b)
{
    return b->ref ? b->ref->n : b->cap;
}

static void block_put(struct chain *c, struct chain_block *b)
{
    struct chain_pool *p = c->pool;
    ASSERT(c->blocks > 0 && c->memory >= block_memory(b));
    c->memory -= block_memory(b);
    c->blocks--;
    if (p)
        p->total -= block_memory(b);
    if (b->ref) {
        count_freed(c, sizeof(*b));
        str_unref(b->ref);
        mem_free(b);
        return;
    }
    int kind = b->cap == BLOCK;
    if (p && (kind || b->cap == SMALL) && p->free_count[kind] < POOL_MAX[kind]) {
        b->next = p->free[kind];
        p->free[kind] = b;
        p->free_count[kind]++;
    } else {
        count_freed(c, sizeof(*b) + b->cap);
        mem_free(b);
    }
}

static void link_block(struct chain *c, struct chain_block *b)
{
    if (c->tail) {
        c->tail->n = (size_t)(c->at - c->tail->p);
        c->closed += c->tail->n;
        c->tail->next = b;
    } else {
        c->head = b;
        c->skip = 0;
    }
    c->tail = b;
    c->blocks++;
    c->memory += block_memory(b);
    if (c->pool)
        c->pool->total += block_memory(b);
}

static void drop_blocks(struct chain *c)
{
    for (struct chain_block *b = c->head; b;) {
        struct chain_block *next = b->next;
        block_put(c, b);
        b = next;
    }
    c->head = c->tail = NULL;
    c->at = c->limit = NULL;
    c->skip = 0;
}

static bool is_over(const struct chain *c, size_t more)
{
    return c->most && *c->most && c->memory + more > CHAIN_FREE + (size_t)*c->most;
}

/* Drops the content; positions are as if it were still there. */
static void lose(struct chain *c)
{
    c->closed = chain_end(c);
    drop_blocks(c);
    c->lost = true;
    if (c->passed)
        c->passed(c);
}

/* Room that is overwritten by each use. */
static char *discard_room(struct chain *c, size_t n)
{
    c->closed = chain_end(c);
    if (c->tail && c->tail->cap < n)
        drop_blocks(c);
    if (!c->tail)
        link_block(c, block_get(c, n));
    c->at = (char *)(c->tail + 1);
    c->limit = c->at + c->tail->cap;
    return c->at;
}

char *chain_grow(struct chain *c, size_t n)
{
    if (!c->lost && is_over(c, n))
        lose(c);
    if (c->lost)
        return discard_room(c, n);
    /* Chains with little recent traffic begin with a small block. */
    struct chain_block *b =
        block_get(c, c->blocks || c->recent > SMALL ? (n > SMALL ? n : SMALL + 1) : n);
    link_block(c, b);
    c->at = (char *)(b + 1);
    c->limit = c->at + b->cap;
    return c->at;
}

/* True: the chain is lost, or n more bytes would lose it; they are counted and dropped. */
static bool drops(struct chain *c, size_t n)
{
    if (!c->lost && is_over(c, n))
        lose(c);
    if (c->lost)
        c->closed += n;
    return c->lost;
}

/* Adds what does not fit into the last block, or is large, and may exceed the limit. */
__attribute__((noinline)) static void add_slowly(struct chain *c, struct bytes x)
{
    if ((c->lost || x.n > CHAIN_FREE) && drops(c, x.n))
        return;
    size_t room = (size_t)(c->limit - c->at);
    if (x.n > room && room) {
        memcpy(c->at, x.p, room);
        c->at += room;
        x.p += room;
        x.n -= room;
    }
    if (x.n) {
        memcpy(chain_reserve(c, x.n), x.p, x.n);
        chain_commit(c, x.n);
    }
}

void chain_add(struct chain *c, struct bytes x)
{
    size_t room = (size_t)(c->limit - c->at);
    if (x.n - 1 < room && x.n <= CHAIN_FREE && !c->lost) {
        memcpy(c->at, x.p, x.n);
        c->at += x.n;
    } else {
        add_slowly(c, x);
    }
}

void chain_add_str(struct chain *c, struct str *s)
{
    if (s->n == 0)
        return;
    if (drops(c, s->n))
        return;
    struct chain_block *b = mem_alloc(sizeof(*b));
    *b = (struct chain_block){.ref = str_ref(s), .p = s->p, .n = s->n};
    count_allocated(c, sizeof(*b));
    link_block(c, b);
    /* Nothing can be appended to a reference: at == limit. */
    c->at = c->limit = s->p + s->n;
}

static size_t block_n(const struct chain *c, const struct chain_block *b)
{
    return b == c->tail ? (size_t)(c->at - b->p) : b->n;
}

int chain_pieces(struct chain *c, struct iovec *pieces, int max, uint64_t limit)
{
    int n = 0;
    size_t skip = c->skip;
    if (c->lost)
        return 0;
    for (struct chain_block *b = c->head; b && n < max && limit; b = b->next) {
        size_t len = block_n(c, b) - skip;
        if (len > limit)
            len = (size_t)limit;
        if (len) {
            pieces[n++] = (struct iovec){(void *)(uintptr_t)(b->p + skip), len};
            limit -= len;
        }
        skip = 0;
    }
    return n;
}

void chain_take(struct chain *c, size_t n)
{
    c->taken += n;
    c->recent = (uint32_t)(n > UINT32_MAX ? UINT32_MAX : n);
    n += c->skip;
    while (c->head) {
        struct chain_block *b = c->head;
        size_t len = block_n(c, b);
        if (n < len || (b == c->tail && n > len)) {
            ASSERT(n < len);
            c->skip = n;
            return;
        }
        n -= len;
        if (b == c->tail) {
            c->closed += len;
            c->tail = NULL;
            c->at = c->limit = NULL;
        }
        c->head = b->next;
        block_put(c, b);
    }
    c->skip = 0;
}

void chain_move(struct chain *to, struct chain *from)
{
    if (from->lost && !to->lost)
        lose(to);
    for (struct chain_block *b = from->head; b; b = b->next) {
        if (b->ref)
            chain_add_str(to, b->ref);
        else
            chain_add(to, bytes_of(b->p, block_n(from, b)));
    }
    chain_free(from);
}

void chain_cut(struct chain *c, uint64_t position)
{
    ASSERT(position >= c->taken);
    if (c->lost)
        return;
    if (position == c->taken) {
        drop_blocks(c);
        c->closed = c->taken;
        return;
    }
    uint64_t start = c->taken - c->skip;
    struct chain_block *b = c->head;
    while (start + block_n(c, b) < position) {
        start += block_n(c, b);
        b = b->next;
    }
    size_t keep = (size_t)(position - start);
    for (struct chain_block *x = b->next; x;) {
        struct chain_block *next = x->next;
        block_put(c, x);
        x = next;
    }
    b->next = NULL;
    c->tail = b;
    c->closed = start;
    c->at = (char *)(uintptr_t)b->p + keep;
    /* A cut block is closed for appending unless its bytes are its own. */
    c->limit = b->ref ? c->at : (char *)(uintptr_t)b->p + b->cap;
}

void chain_free(struct chain *c)
{
    drop_blocks(c);
    ASSERT(c->blocks == 0 && c->memory == 0);
    *c = (struct chain){.pool = c->pool};
}

struct chain chain_beside(const struct chain *c)
{
    return (struct chain){.pool = c->pool, .most = c->most, .lost = c->lost};
}

size_t chain_sole(const struct chain *c)
{
    size_t n = 0;
    for (const struct chain_block *b = c->head; b; b = b->next)
        n += b->ref && b->ref->refs == 1 ? b->ref->n : 0;
    return n;
}

bool chain_is_sound(const struct chain *c)
{
    size_t blocks = 0, memory = 0;
    uint64_t position = c->taken - c->skip;
    const struct chain_block *last = NULL;
    for (const struct chain_block *b = c->head; b; last = b, b = b->next) {
        if (b != c->tail && (c->lost || b->n == 0))
            return false;
        if (b == c->tail && !c->lost && position != c->closed)
            return false;
        if (!b->ref && block_n(c, b) > b->cap)
            return false;
        position += block_n(c, b);
        memory += block_memory(b);
        blocks++;
    }
    if (last != c->tail || blocks != c->blocks || memory != c->memory || c->at > c->limit)
        return false;
    if (c->lost)
        return blocks <= 1;
    return last ? c->skip <= block_n(c, c->head) && position == chain_end(c)
                : c->skip == 0 && c->taken == c->closed;
}

void chain_pool_free(struct chain_pool *p)
{
    for (int kind = 0; kind < 2; kind++)
        while (p->free_count[kind])
            mem_free(take_free(p, kind));
    *p = (struct chain_pool){0};
}
