/* An outgoing connection: connecting, output, input. Does not interpret the data. The struct is
 * part of its owner's; zeroed: no connection. */
#ifndef REPLICA_LINK_H
#define REPLICA_LINK_H

#include "base/buf.h"
#include "ds/chain.h"
#include "io/dial.h"

struct link {
    struct dial *dial; /* while connecting */
    struct conn *conn; /* when connected; else NULL */
    struct chain out;
    struct buf in;
    bool ready;         /* the socket may be readable or writable, or connecting may go on */
    bool mute;          /* sending has failed: output is dropped */
    uint64_t turn_ends; /* when reading has to stop in this turn, in clock_ticks() */
    size_t turn_bytes;  /* read in this turn */
};

/* Starts connecting; there must be no connection. The struct must not move. */
void link_dial(struct link *k, struct loop *l, const struct dial_to *to);
/* 0: connected; -EAGAIN: not yet; else -errno, which link_why() explains until link_drop(). */
int link_step(struct link *k);
const char *link_why(const struct link *k, int error);
/* Limits of what is read and applied in one turn, since clients wait meanwhile. */
#define LINK_TURN_BYTES ((size_t)256 << 10)
#define LINK_TURN_US    1000
void link_begin_turn(struct link *k);
bool link_turn_is_over(const struct link *k);
/* Reads once, at most `room` bytes. Returns how many; 0: none now; -errno; -EPIPE: closed by the
 * other side. */
long link_read(struct link *k, char *to, size_t room);
/* Sends pending output as far as the socket takes it; wants_input: the loop is to report input. 0
 * or -errno. */
int link_send(struct link *k, bool wants_input);
/* After a send error: drops all output from now on, so that what was received before can still be
 * read. */
void link_mute(struct link *k);
/* True when the other side has closed the connection or it has failed, even if bytes that arrived
 * before have not been read yet. */
bool link_is_cut(const struct link *k);
/* Closes the connection; does nothing if there is none. */
void link_drop(struct link *k);

#endif
