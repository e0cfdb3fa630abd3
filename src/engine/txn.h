/* MULTI queues and watched keys. */
#ifndef ENGINE_TXN_H
#define ENGINE_TXN_H

#include "engine/client.h"

struct txn_command {
    const struct command *command;
    int argc;
    struct bytes *argv; /* one allocation with the bytes behind it */
};

struct txn {
    struct txn_command *commands;
    size_t n, cap;
    struct dlist_node watches; /* of this client */
    struct dict watched;       /* the same, by database and key */
    size_t memory;             /* of the queue */
    uint32_t flags, lacking;   /* of any of the commands; not of all */
};

/* The client's, made when absent. */
struct txn *txn_of(struct client *c);
/* flags: the command's, as they are for these arguments. */
void txn_queue(struct client *c, const struct command *command, uint32_t flags,
               const struct bytes *argv, int argc);
void txn_watch(struct client *c, struct db *db, struct bytes key);
void txn_unwatch(struct client *c);
/* Drops queue and watches and the flags of a transaction. */
void txn_end(struct client *c);
/* A key changed: those who watch it will not EXEC. */
void txn_touch(struct engine *engine, struct db *db, struct bytes key);
/* Before all keys of a database become those of another (both ways), or (NULL) none. */
void txn_touch_db(struct engine *engine, struct db *db, struct db *other);
/* True when a watched key has expired since. */
bool txn_watched_expired(struct client *c);
size_t txn_watch_count(const struct client *c);

#endif
