/* Connections of MIGRATE to other servers, kept for a while for later moves. */
#ifndef REPLICA_TARGET_H
#define REPLICA_TARGET_H

#include "base/buf.h"
#include "ds/dlist.h"
#include "io/dial.h"

#define TARGET_IDLE_MS 10000

struct targets {
    struct loop *loop;
    struct dlist_node list;
    bool rings; /* of any connection */
};

struct target {
    struct dlist_node node;
    struct targets *all;
    struct buf name; /* identifies it: host, port, credentials */
    struct dial *dial;
    struct conn *conn; /* NULL: connecting */
    bool busy;         /* in use */
    bool used;         /* has been used before */
    bool rings;        /* there may be something to read or write */
    long long db;      /* selected there; -1: unknown */
    int64_t idle_ms;   /* since when, by the steady clock */
};

void target_init(struct targets *all, struct loop *l);
/* Frees all connections. */
void target_end(struct targets *all);
/* A kept connection of this name; NULL: none. */
struct target *target_take(struct targets *all, struct bytes name);
/* A new one, to be connected by target_connect(). */
struct target *target_new(struct targets *all, struct bytes name, const struct dial_to *to);
/* As dial_step(). */
int target_connect(struct target *t);
/* Keeps it for the next move. */
void target_keep(struct target *t, int64_t now_ms);
/* NULL is ignored. */
void target_free(struct target *t);
/* Closes connections that were idle for too long, or that have unexpected input. */
void target_drop_idle(struct targets *all, int64_t now_ms);
size_t target_count_idle(const struct targets *all);
/* When the next one has to be closed; INT64_MAX: none. */
int64_t target_next_ms(const struct targets *all);

#endif
