/* What a replica says to a primary before anything is sent to it, and what the answers mean. Lines
 * in, bytes out: knows no socket and changes nothing but itself. Tells the log. */
#ifndef REPLICA_HANDSHAKE_H
#define REPLICA_HANDSHAKE_H

#include "base/buf.h"
#include "config/settings.h"
#include "ds/chain.h"
#include "persist/journal.h"

#define HANDSHAKE_STEPS 8

/* What was said in one write: whose answer comes next. */
enum handshake_step {
    HANDSHAKE_AUTH,
    HANDSHAKE_PORT,
    HANDSHAKE_ADDRESS,
    HANDSHAKE_CAPA,
    HANDSHAKE_VERSION,
    HANDSHAKE_FETCH,
    HANDSHAKE_MILLRACE
};

/* Zeroed: nothing has been said. */
struct handshake {
    enum handshake_step steps[HANDSHAKE_STEPS];
    int step, step_n;
    bool foreign;                       /* the primary is no Millrace */
    bool takes_over;                    /* it is to become the primary, or nothing */
    char id[HISTORY_ID_LENGTH + 1];     /* asked for; ""; everything */
    char new_id[HISTORY_ID_LENGTH + 1]; /* of the primary, or "": it named none */
    uint64_t offset;                    /* HANDSHAKE_FULL: of the snapshot */
    char own[HISTORY_ID_LENGTH + 1];    /* that the primary asks to promise; "": none */
    uint64_t own_offset;                /* to whoever has its history up to there */
};

/* Who we are. */
struct handshake_self {
    const char *run_id, *promise; /* "": none */
    bool whole, fetches;          /* replica/confirm.h */
};

enum handshake_answer {
    HANDSHAKE_GOES_ON, /* to what is said next */
    HANDSHAKE_WAITS,   /* more answers are to come */
    HANDSHAKE_REFUSED, /* there is no use in going on */
    HANDSHAKE_LATER,   /* nor now */
    HANDSHAKE_FULL,    /* a snapshot of new_id at `offset` comes */
    HANDSHAKE_REST,    /* what is missing comes; from new_id on, unless it is the ID that we have */
    HANDSHAKE_OLD      /* it does not understand the question: SYNC */
};

/* The first line of what has come goes from there to `line`, without its end; false: it has not
 * come, or is longer than `room` bytes. */
bool handshake_line(struct buf *in, char *line, size_t room, size_t *n);
/* The answer to PING. */
enum handshake_answer handshake_ping(struct bytes line);
/* Who we are, in one write. */
void handshake_introduce(struct handshake *h, const struct settings *s,
                         const struct handshake_self *self, struct chain *out);
/* One answer to it. */
enum handshake_answer handshake_heard(struct handshake *h, struct bytes line);
/* Asks for what is behind the journal's end; knows: that is a place in a history. takes_over: the
 * other side, a replica of ours, is to become the primary. */
void handshake_ask(struct handshake *h, const struct journal *j, bool knows, bool takes_over,
                   struct chain *out);
enum handshake_answer handshake_answer(struct handshake *h, struct bytes line);

/* How far we are: applied, and (NULL: there is no file) of that synced. */
void handshake_acknowledge(struct chain *out, uint64_t applied, const uint64_t *synced);

/* One command in RESP behind out. */
void handshake_say(struct chain *out, const struct bytes *argv, int argc);

#endif
