/* The link to our primary: connects, introduces itself, asks for what is missing, receives all of
 * it or the rest, and hands the stream to replica/apply; when the link breaks, again.
 *
 * The object exists while the server is a replica (replication.follow). It reads and writes only in
 * its phases of the turn. All times are those of the steady clock. */
#ifndef REPLICA_FOLLOW_H
#define REPLICA_FOLLOW_H

#include "replica/replication.h"

/* knows: our data are a place in a history that this primary may share, so a part may do. host is
 * copied. The journal is in JOURNAL_RAW. fetches: for a primary that is not confirmed
 * (replica/confirm.h), once, from a replica that is ahead of it; the role stays. */
struct follow *follow_new(struct replication *r, const char *host, int port, bool knows,
                          bool fetches);
/* Whatever is under way is dropped. NULL is nothing. */
void follow_free(struct follow *f);
/* Another primary, at once. */
void follow_turn_to(struct follow *f, const char *host, int port);

/* The primary's place in the turn, in front of clients: connects, reads, applies. */
void follow_read(struct follow *f);
/* Behind the flush: tells the primary how far we are, and sends. */
void follow_write(struct follow *f);
/* In a turn within loading what it sent. */
void follow_load_turn(struct follow *f);
/* There is something to do at once. */
bool follow_has_work(const struct follow *f);

enum follow_state {
    FOLLOW_CONNECT,    /* waits to connect */
    FOLLOW_CONNECTING, /* the socket */
    FOLLOW_PING,       /* waits for the first answer */
    FOLLOW_INTRODUCE,  /* has told who we are */
    FOLLOW_ASK,        /* has asked for the stream */
    FOLLOW_TRANSFER,   /* receives a snapshot, or loads it */
    FOLLOW_CONNECTED
};

/* What INFO and ROLE tell. */
struct follow_figures {
    const char *host;
    int port;
    enum follow_state state;
    bool ended;                /* it was a fetch, and is over */
    bool loads;                /* data are being loaded, in turns within the load */
    bool load_lost;            /* and the link has gone meanwhile, and with it their sense */
    bool waits;                /* something of the stream is there to be read */
    int64_t io_ago_s;          /* since something came; -1: not connected */
    int64_t down_s;            /* since the link went; -1: it never was there, or it is */
    uint64_t offset;           /* applied */
    int64_t waiting;           /* bytes that have come and are not applied; -1: not connected */
    bool transfers;            /* the rest counts */
    int64_t total, left;       /* of the snapshot; -1: not told, or unknown */
    uint64_t read;             /* of it */
    int64_t transfer_io_ago_s; /* since some of it came */
};
void follow_figures(const struct follow *f, struct follow_figures *out);

#endif
