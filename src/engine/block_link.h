/* What waits have in common: the place in the queue of a key, and the reply at the deadline. */
#ifndef ENGINE_BLOCK_LINK_H
#define ENGINE_BLOCK_LINK_H

#include "ds/dlist.h"

struct block_wait;
struct block_stay;
struct wait_key;

enum block_null {
    BLOCK_NULL,
    BLOCK_NULL_ARRAY,
    BLOCK_AGAIN /* the command runs once more and must reply (block_has_ended()) */
};

/* A place in the queue of those who wait for a key. */
struct block_link {
    struct dlist_node node;
    struct block_wait *wait; /* NULL: belongs to a struct block_stay */
    struct wait_key *key;    /* NULL: in no queue */
};

#endif
