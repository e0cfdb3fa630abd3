/* The handshake of a replica with its primary: requests and the meaning of the replies. Lines in,
 * bytes out; knows no socket and changes nothing but its own state. Writes to the log. */
#ifndef REPLICA_HANDSHAKE_H
#define REPLICA_HANDSHAKE_H

#include "base/buf.h"
#include "config/settings.h"
#include "ds/chain.h"
#include "persist/journal.h"

#define HANDSHAKE_STEPS 8

/* The requests of one write, whose replies come in this order. */
enum handshake_step {
    HANDSHAKE_AUTH,
    HANDSHAKE_PORT,
    HANDSHAKE_ADDRESS,
    HANDSHAKE_CAPA,
    HANDSHAKE_VERSION,
    HANDSHAKE_FETCH,
    HANDSHAKE_MILLRACE
};

/* Zeroed: nothing was sent. */
struct handshake {
    enum handshake_step steps[HANDSHAKE_STEPS];
    int step, step_n;
    bool foreign;                       /* the primary is not Millrace */
    bool takes_over;                    /* we ask it to become the primary */
    char id[HISTORY_ID_LENGTH + 1];     /* the ID asked for; "": everything */
    char new_id[HISTORY_ID_LENGTH + 1]; /* ID of the primary; "": it named none */
    uint64_t offset;                    /* HANDSHAKE_FULL: of the snapshot */
    char own[HISTORY_ID_LENGTH + 1];    /* ID that the primary asks us to promise; "": none */
    uint64_t own_offset;                /* to be promised once we hold its history up to here */
};

/* About this server. */
struct handshake_self {
    const char *run_id, *promise; /* "": none */
    bool whole, fetches;          /* replica/confirm.h */
};

enum handshake_answer {
    HANDSHAKE_GOES_ON, /* send the next request */
    HANDSHAKE_WAITS,   /* more replies are to come */
    HANDSHAKE_REFUSED, /* the primary will not serve us */
    HANDSHAKE_LATER,   /* nor now: try again later */
    HANDSHAKE_FULL,    /* a snapshot of new_id at `offset` follows */
    HANDSHAKE_REST, /* the missing part follows, under new_id from here on, unless that is our ID */
    HANDSHAKE_OLD   /* PSYNC is unknown: use SYNC */
};

/* Moves the first line of input to `line`, without its end. False: it is incomplete, or longer than
 * `room` bytes. */
bool handshake_line(struct buf *in, char *line, size_t room, size_t *n);
/* Evaluates the reply to PING. */
enum handshake_answer handshake_ping(struct bytes line);
/* Sends everything about this server in one write. */
void handshake_introduce(struct handshake *h, const struct settings *s,
                         const struct handshake_self *self, struct chain *out);
/* Evaluates one reply to that. */
enum handshake_answer handshake_heard(struct handshake *h, struct bytes line);
/* Asks for the stream after the journal's end; knows: as for follow_new(). takes_over: asks the
 * other side, a replica of ours, to become the primary. */
void handshake_ask(struct handshake *h, const struct journal *j, bool knows, bool takes_over,
                   struct chain *out);
enum handshake_answer handshake_answer(struct handshake *h, struct bytes line);

/* REPLCONF ACK: the offset applied and, unless NULL, the offset synced. */
void handshake_acknowledge(struct chain *out, uint64_t applied, const uint64_t *synced);

/* Appends one command in RESP to out. */
void handshake_say(struct chain *out, const struct bytes *argv, int argc);

#endif
