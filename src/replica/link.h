/* A connection that we open: being made, what is to be sent on it, what has come. Knows nothing of
 * what is said. Its struct lies in its owner's; zeroed: there is none. */
#ifndef REPLICA_LINK_H
#define REPLICA_LINK_H

#include "base/buf.h"
#include "ds/chain.h"
#include "io/dial.h"

struct link {
    struct dial *dial; /* while it is being made */
    struct conn *conn; /* then; NULL: not there */
    struct chain out;
    struct buf in;
    bool ready; /* the socket may have something, or takes something; or the dial goes on */
};

/* Begins one; there was none. The struct must stay where it is. */
void link_dial(struct link *k, struct loop *l, const struct dial_to *to);
/* 0: it is there; -EAGAIN: not yet; else -errno, and link_why() says it in words until link_drop().
 */
int link_step(struct link *k);
const char *link_why(const struct link *k, int error);
/* Reads once, to a place for so many bytes: how many came; 0: none for now; -errno; -EPIPE: it was
 * closed by the other side. */
long link_read(struct link *k, char *to, size_t room);
/* Sends what there is, as far as the socket takes it; wants_input: the loop is to say when
 * something comes. 0 or -errno. */
int link_send(struct link *k, bool wants_input);
/* True when the other side has closed the connection or it has failed, even if bytes that arrived
 * before have not been read yet. */
bool link_is_cut(const struct link *k);
/* It ends; nothing happens when there is none. */
void link_drop(struct link *k);

#endif
