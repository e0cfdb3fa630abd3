/* The link to our primary: connects, does the handshake, requests and receives what is missing (or
 * everything), and passes the stream to replica/apply; reconnects when the link breaks.
 *
 * The object exists while the server is a replica (replication.follow). It reads and writes only in
 * its phases of the turn. All times are by the steady clock. */
#ifndef REPLICA_FOLLOW_H
#define REPLICA_FOLLOW_H

#include "replica/replication.h"

/* knows: our data have a history and offset that this primary may share, so a partial
 * synchronisation is tried. host is copied. The journal must be in JOURNAL_RAW. fetches: runs once,
 * for an unconfirmed primary (replica/confirm.h), from a replica that is ahead; the role does not
 * change. */
struct follow *follow_new(struct replication *r, const char *host, int port, bool knows,
                          bool fetches);
/* Drops whatever is in progress. NULL is ignored. */
void follow_free(struct follow *f);
/* Switches to another primary, at once. */
void follow_turn_to(struct follow *f, const char *host, int port);

/* In the turn, before the clients: connects, reads, applies. */
void follow_read(struct follow *f);
/* After the flush: acknowledges our offset, and sends. */
void follow_write(struct follow *f);
/* For turns while its snapshot is being loaded. */
void follow_load_turn(struct follow *f);
/* The loop must not sleep. */
bool follow_has_work(const struct follow *f);

enum follow_state {
    FOLLOW_CONNECT,    /* waits before connecting */
    FOLLOW_CONNECTING, /* the socket */
    FOLLOW_PING,       /* waits for the reply to PING */
    FOLLOW_INTRODUCE,  /* waits for the replies about ourselves */
    FOLLOW_ASK,        /* waits for the reply to PSYNC */
    FOLLOW_TRANSFER,   /* receives or loads a snapshot */
    FOLLOW_CONNECTED
};

/* For INFO and ROLE. */
struct follow_figures {
    const char *host;
    int port;
    enum follow_state state;
    bool ended;                /* it was a fetch, which is over */
    bool loads;                /* a snapshot is being loaded, with turns in between */
    bool load_lost;            /* the link broke meanwhile, so the load is useless */
    bool waits;                /* the socket may have more of the stream */
    int64_t io_ago_s;          /* since the last input; -1: not connected */
    int64_t down_s;            /* since the link broke; -1: never connected, or up */
    uint64_t offset;           /* applied */
    int64_t waiting;           /* bytes received but not applied; -1: not connected */
    bool to_file;              /* a snapshot is being received, into a file (not memory) */
    bool transfers;            /* the fields below are valid */
    int64_t total, left;       /* bytes of the snapshot; -1: unknown */
    uint64_t read;             /* bytes of the snapshot */
    int64_t transfer_io_ago_s; /* since its last bytes */
};
void follow_figures(const struct follow *f, struct follow_figures *out);

#endif
