/* Connections to other servers that MIGRATE makes, and keeps for a while for the next one. */
#ifndef REPLICA_TARGET_H
#define REPLICA_TARGET_H

#include "base/buf.h"
#include "ds/dlist.h"
#include "io/dial.h"

#define TARGET_IDLE_MS 10000

struct targets {
    struct loop *loop;
    struct dlist_node list;
    bool rings; /* one of them does */
};

struct target {
    struct dlist_node node;
    struct targets *all;
    struct buf name; /* what tells one from another: host, port, credentials */
    struct dial *dial;
    struct conn *conn; /* or NULL: it is being made */
    bool busy;         /* somebody has taken it */
    bool used;         /* by somebody before that */
    bool rings;        /* something may be possible */
    long long db;      /* that it is in; -1: unknown */
    int64_t idle_ms;   /* since when, by the steady clock */
};

void target_init(struct targets *all, struct loop *l);
/* Frees all of them. */
void target_end(struct targets *all);
/* One that was kept under this name; NULL: there is none. */
struct target *target_take(struct targets *all, struct bytes name);
/* A new one: target_connect() goes on. */
struct target *target_new(struct targets *all, struct bytes name, const struct dial_to *to);
/* As dial_step(). */
int target_connect(struct target *t);
/* It is for the next one. */
void target_keep(struct target *t, int64_t now_ms);
/* NULL is nothing. */
void target_free(struct target *t);
/* Those that nobody has wanted for long go, and those that have something to say: they are closed.
 */
void target_drop_idle(struct targets *all, int64_t now_ms);
size_t target_count_idle(const struct targets *all);
/* When the next one goes; INT64_MAX: there is none. */
int64_t target_next_ms(const struct targets *all);

#endif
