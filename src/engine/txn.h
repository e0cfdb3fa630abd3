/* MULTI queues and watched keys. */
#ifndef ENGINE_TXN_H
#define ENGINE_TXN_H

#include "engine/client.h"

struct txn_command {
    const struct command *command;
    int argc;
    struct bytes *argv; /* in one allocation with the bytes */
};

struct txn {
    struct txn_command *commands;
    size_t n, cap;
    struct dlist_node watches; /* of this client */
    struct dict watched;       /* the same, by database and key */
    size_t memory;             /* of the queue */
    uint32_t flags, lacking;   /* set in any of the commands; missing in any of them */
};

/* Made when absent. */
struct txn *txn_of(struct client *c);
/* flags: the command's, for these arguments. */
void txn_queue(struct client *c, const struct command *command, uint32_t flags,
               const struct bytes *argv, int argc);
void txn_watch(struct client *c, struct db *db, struct bytes key);
void txn_unwatch(struct client *c);
/* Drops the queue, the watches and the transaction flags. */
void txn_end(struct client *c);
/* A key changed: EXEC of the clients that watch it will fail. */
void txn_touch(struct engine *engine, struct db *db, struct bytes key);
/* Call before all keys of a database are replaced by those of another (and vice versa) or (NULL)
 * deleted. */
void txn_touch_db(struct engine *engine, struct db *db, struct db *other);
/* True if a watched key has expired since it was watched. */
bool txn_watched_expired(struct client *c);
size_t txn_watch_count(const struct client *c);

#endif
