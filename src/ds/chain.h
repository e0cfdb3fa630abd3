/* Bytes on their way out of a connection: blocks of copied bytes and references to counted strings,
 * in order. Appending is a bump of a pointer; blocks come from a pool and go back to it. */
#ifndef DS_CHAIN_H
#define DS_CHAIN_H

#include "base/bytes.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* So many bytes of a chain are not held against its limit. */
#define CHAIN_FREE 16384

/* A value of at least so many bytes is sent by reference. */
#define CHAIN_BY_REFERENCE 16384

struct chain_block {
    struct chain_block *next;
    struct str *ref; /* the bytes are here, or (NULL) behind this struct */
    const char *p;
    size_t n;   /* final only once the block is no longer the tail */
    size_t cap; /* bytes behind this struct */
};

/* Blocks that wait for reuse, and sums over the chains that take their blocks here.
 * Zero-initialised is empty and valid; it outlives its chains. */
struct chain_pool {
    struct chain_block *free[2]; /* of the two standard sizes */
    unsigned free_count[2];
    size_t allocated; /* bytes in blocks, with those that wait for reuse, without references */
    size_t total;     /* the memory of all chains, references at their full size */
};

/* Zero-initialised is empty and valid: without a pool blocks come from the allocator and are
 * counted nowhere, which is for chains that live as long as a call. */
struct chain {
    char *at, *limit; /* where the next byte goes in the tail block */
    struct chain_block *head, *tail;
    size_t skip;     /* bytes of the head already taken */
    uint64_t closed; /* position at which the tail block starts */
    uint64_t taken;  /* position of the first byte not yet taken */
    size_t memory;   /* of all blocks, references at their full size */
    size_t blocks;
    struct chain_pool *pool; /* not owned; set while the chain is empty */
    uint32_t recent;         /* bytes taken at once last time */
    bool lost; /* the limit was passed: what it held is gone, what is added is thrown away */
    const long long *most;          /* of chain_waiting(); 0 or NULL: no limit */
    void (*passed)(struct chain *); /* is called once when the limit is passed, or NULL */
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

/* Position behind the last byte, counted since the chain was made. */
static inline uint64_t chain_end(const struct chain *c)
{
    return c->tail ? c->closed + (uint64_t)(c->at - c->tail->p) : c->closed;
}

static inline size_t chain_pending(const struct chain *c)
{
    return (size_t)(chain_end(c) - c->taken);
}

/* What is held against the limit: the memory of all blocks but for the first ones. */
static inline size_t chain_waiting(const struct chain *c)
{
    return c->memory > CHAIN_FREE ? c->memory - CHAIN_FREE : 0;
}

void chain_add(struct chain *c, struct bytes x);
/* Takes a reference of its own. */
void chain_add_str(struct chain *c, struct str *s);
/* Up to max pieces and at most limit bytes from the front; returns the count of pieces. */
int chain_pieces(struct chain *c, struct iovec *pieces, int max, uint64_t limit);
/* Drops n bytes from the front. */
void chain_take(struct chain *c, size_t n);
/* Moves everything of from (which nothing was taken of) behind to. */
void chain_move(struct chain *to, struct chain *from);
/* Forgets bytes behind this position; they must not have been taken. */
void chain_cut(struct chain *c, uint64_t position);
/* Empty again, without limit; the pool stays. */
void chain_free(struct chain *c);
/* An empty chain with the same pool and limit; only the other's passed() is called, when the two
 * are joined. */
struct chain chain_beside(const struct chain *c);
/* Bytes of strings that only this chain still holds. Cost: all its blocks. */
size_t chain_sole(const struct chain *c);
/* For tests: whether blocks, positions and sums agree. Cost: all its blocks. */
bool chain_is_sound(const struct chain *c);
/* Frees the blocks that wait for reuse. */
void chain_pool_free(struct chain_pool *p);

#endif
