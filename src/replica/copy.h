/* The snapshots that replicas are sent who need everything: when a child is forked, for whom, and
 * how its bytes reach them. One at a time. */
#ifndef REPLICA_COPY_H
#define REPLICA_COPY_H

#include "replica/peer.h"

struct copy *copy_new(struct replication *r);
/* After all replicas. */
void copy_free(struct copy *c);

/* Hands on what the pipe has, as fast as the slowest of those who are sent it: once a turn. */
void copy_send(struct copy *c);
/* The end of a turn: forks when somebody has waited long enough and no other child runs; who comes
 * while a file is being written for others joins them. */
void copy_end_turn(struct copy *c);
/* The child has exited, or it was killed (not good). */
void copy_ended(struct copy *c, bool good);
/* A replica goes. The last one of a pipe: the child is killed. */
void copy_leave(struct copy *c, struct peer *p);

#endif
