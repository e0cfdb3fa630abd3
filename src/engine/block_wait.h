/* The wait of a blocked client: private to block.c, which creates and ends waits. */
#ifndef ENGINE_BLOCK_WAIT_H
#define ENGINE_BLOCK_WAIT_H

#include "engine/block_link.h"
#include "engine/engine.h"

struct block_wait_timer {
    struct timer timer;
    struct dlist_node due; /* in engine.blocking.due */
    struct block_wait *wait;
};

/* Freed when it ends. */
struct block_wait {
    struct client *client;
    const struct command *command;
    struct block_wait_timer deadline; /* ends the wait */
    struct block_wait_timer wake;     /* runs the command again */
    struct bytes *argv;               /* in one allocation with the bytes */
    int argc, pattern;
    enum value_type type;
    enum block_null null;
    uint64_t readers, source;
    bool group, has_deadline, ended;
    struct dlist_node patterns; /* in engine.blocking.patterns, if it names no keys */
    size_t memory;              /* including keys that nobody else waits for */
    int link_count;
    struct block_link links[];
};

#endif
