/* The write queue of a connection: blocks of copied bytes and references to counted strings, in
 * order. Appending advances a pointer; blocks come from a pool and return to it. */
#ifndef DS_CHAIN_H
#define DS_CHAIN_H

#include "base/bytes.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* Bytes of a chain that do not count towards its limit. */
#define CHAIN_FREE 16384

/* Values of at least this size are sent by reference. */
#define CHAIN_BY_REFERENCE 16384

struct chain_block {
    struct chain_block *next;
    struct str *ref; /* the bytes are here, or (NULL) after this struct */
    const char *p;
    size_t n;   /* final only once the block is no longer the tail */
    size_t cap; /* bytes after this struct */
};

/* A free list of blocks, and sums over the chains that use it. Zero-initialised is empty and valid;
 * must outlive its chains. */
struct chain_pool {
    struct chain_block *free[2]; /* of the two standard sizes */
    unsigned free_count[2];
    size_t allocated; /* bytes of blocks, including free ones, without references */
    size_t total;     /* memory of all chains, references at their full size */
};

/* Zero-initialised is empty and valid. Without a pool, blocks come from the allocator and are not
 * counted: for chains that live during one call. */
struct chain {
    char *at, *limit; /* where the next byte goes in the tail block */
    struct chain_block *head, *tail;
    size_t skip;     /* bytes of the head already taken */
    uint64_t closed; /* position at which the tail block starts */
    uint64_t taken;  /* position of the first byte not yet taken */
    size_t memory;   /* of all blocks, references at their full size */
    size_t blocks;
    struct chain_pool *pool; /* not owned; set while the chain is empty */
    uint32_t recent;         /* bytes taken in the last round */
    bool lost; /* the limit was exceeded: the content was dropped, and additions are too */
    const long long *most;          /* the limit of chain_waiting(); 0 or NULL: none */
    void (*passed)(struct chain *); /* called once when the limit is exceeded, or NULL */
};

/* Slow path of chain_reserve(). */
char *chain_grow(struct chain *c, size_t n);

/* Room for n contiguous bytes, to be followed by chain_commit(). */
static inline char *chain_reserve(struct chain *c, size_t n)
{
    if ((size_t)(c->limit - c->at) >= n)
        return c->at;
    return chain_grow(c, n);
}

static inline void chain_commit(struct chain *c, size_t n)
{
    c->at += n;
}

/* Position after the last byte, counted from the chain's creation. */
static inline uint64_t chain_end(const struct chain *c)
{
    return c->tail ? c->closed + (uint64_t)(c->at - c->tail->p) : c->closed;
}

static inline size_t chain_pending(const struct chain *c)
{
    return (size_t)(chain_end(c) - c->taken);
}

/* The memory that counts towards the limit. */
static inline size_t chain_waiting(const struct chain *c)
{
    return c->memory > CHAIN_FREE ? c->memory - CHAIN_FREE : 0;
}

void chain_add(struct chain *c, struct bytes x);
/* Takes its own reference. */
void chain_add_str(struct chain *c, struct str *s);
/* Up to max pieces with at most limit bytes from the front; returns the number of pieces. */
int chain_pieces(struct chain *c, struct iovec *pieces, int max, uint64_t limit);
/* Drops n bytes from the front. */
void chain_take(struct chain *c, size_t n);
/* Appends the content of from, of which nothing may have been taken, to to. */
void chain_move(struct chain *to, struct chain *from);
/* Drops the bytes after this position, which must not have been taken. */
void chain_cut(struct chain *c, uint64_t position);
/* Empties it and removes the limit; the pool stays. */
void chain_free(struct chain *c);
/* An empty chain with the same pool and limit, to be joined to c by chain_move(); only then
 * passed() of c may be called. */
struct chain chain_beside(const struct chain *c);
/* Bytes of strings referenced only by this chain. O(blocks). */
size_t chain_sole(const struct chain *c);
/* For tests: whether blocks, positions and sums agree. O(blocks). */
bool chain_is_sound(const struct chain *c);
/* Frees the free list. */
void chain_pool_free(struct chain_pool *p);

#endif
