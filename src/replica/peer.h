/* A replica of ours: a client that has asked for the stream. Its link still reads its requests
 * (REPLCONF ACK), but its output is sent from here: first the replies (+FULLRESYNC, +CONTINUE),
 * then a snapshot, then the stream, directly from the backlog. It costs a socket and an offset;
 * nothing is queued or copied for it.
 *
 * The struct belongs to the client (client.peer). All times are by the steady clock. */
#ifndef REPLICA_PEER_H
#define REPLICA_PEER_H

#include "engine/client.h"
#include "replica/replication.h"

enum peer_state {
    PEER_STRANGER, /* has sent REPLCONF, and may ask for the stream */
    PEER_WAITING,  /* for a snapshot: wait_bgsave in INFO */
    PEER_COPYING,  /* receives a snapshot: send_bulk */
    PEER_ONLINE    /* receives the stream */
};

/* An open snapshot file, shared by all replicas it is sent to. */
struct peer_file {
    int fd, users;
    uint64_t size;
};

struct peer {
    struct replication *replication;
    struct client *client;
    struct conn *conn;      /* owned by the link; NULL: none */
    struct dlist_node node; /* in replication.peers, unless a stranger */
    enum peer_state state;
    bool full; /* the socket's buffer is full, until peer_has_room() */

    /* What it has announced. */
    int port;         /* that it listens on; 0: unknown */
    struct str *ip;   /* address that others should use, or NULL */
    struct str *run;  /* its run ID if it is Millrace, or NULL */
    bool eof, psync2; /* understands snapshots without a length; understands +CONTINUE with an ID */
    char promise[HISTORY_ID_LENGTH + 1]; /* sent with the run ID, as is `whole`; "": none */
    char told[HISTORY_ID_LENGTH + 1];    /* our ID, or proposal, last told to it; "": none */
    bool whole;                 /* it has lost nothing, or was made whole again: its ACKs count */
    bool fetches;               /* an unconfirmed primary that wants what we have more */
    bool rdb_only;              /* wants a snapshot without the stream */
    bool no_keys, no_libraries; /* in the snapshot */
    bool by_sync;               /* used SYNC, so it sends no ACKs */

    /* Full synchronisation. */
    int64_t since_ms; /* when it began to wait */
    bool in_copy;     /* the present snapshot is for it */
    struct peer_file *file;
    uint64_t file_at; /* bytes sent */
    size_t piece_at;  /* bytes sent of the pipe's current piece: copy.c */
    int64_t sent_ms;  /* when the socket last accepted bytes */

    /* The stream. */
    uint64_t next;      /* the next byte to send; 0: unknown yet */
    uint64_t stop;      /* the connection is closed before this byte; 0: none */
    bool awaits_ack;    /* gets nothing until it has acknowledged the loading */
    bool has_loaded;    /* it did so before we knew that the snapshot's child had succeeded */
    bool acked;         /* has sent an ACK */
    uint64_t ack, fack; /* applied; on its disk, if `fsynced` */
    bool fsynced;       /* its ACKs have the offset on its disk */
    int64_t ack_ms;
    uint64_t whole_at;    /* offset that it and others must reach for it to be whole; 0: none yet */
    uint64_t whole_end;   /* end of the message that it is whole; 0: not sent */
    int64_t over_soft_ms; /* since when it lags more than the soft limit; 0: it does not */
};

/* The client's struct peer, made when absent. */
struct peer *peer_of(struct replication *r, struct client *c);
/* The client is closed. NULL is ignored. */
void peer_free(struct peer *p);

/* It asks for the stream from byte `next` of the history `id`. True: granted, and it is online;
 * else the log says why not. Opens the backlog, which may begin a history. */
bool peer_continue(struct peer *p, const char *id, uint64_t next);
/* The same for one that asks us to take over: it is told that it may continue, and closed; it
 * reconnects and asks like any replica. */
void peer_grant(struct peer *p);
/* It asks for everything. */
void peer_wait(struct peer *p);
/* Whether its snapshot may come through a pipe, with a mark at the end. SYNC gets a file, at once,
 * except for partial data, which never go to a file. */
bool peer_can_pipe(const struct peer *p);
/* The snapshot it will get was begun before this byte: tells it so. */
void peer_join(struct peer *p, uint64_t next);
/* Sends it this file, with a reference of its own, and then the stream. */
void peer_send_file(struct peer *p, struct peer_file *f);
void peer_file_unref(struct peer_file *f);
/* It has been sent the whole snapshot. awaits_ack: as the field. */
void peer_is_copied(struct peer *p, bool awaits_ack);

/* Sends what is pending, as far as the socket takes it, within limits. */
void peer_send(struct peer *p);
/* Sends the rest of a piece from piece_at on; true when all of it was sent. */
bool peer_send_piece(struct peer *p, struct bytes piece);
/* Appends to its replies, outside of any command. */
void peer_say(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The socket is writable again. */
void peer_has_room(struct client *c);

/* REPLCONF ACK: applied the stream up to offset and, unless NULL, synced it up to *synced. */
void peer_ack(struct peer *p, uint64_t offset, const uint64_t *synced);
/* Once a second: sends line ends to those who wait, and closes those silent for too long. */
void peer_tick(struct peer *p);
/* Closes it if it lags more than client-output-buffer-limit allows. */
void peer_limit(struct peer *p);

/* The journal has changed its ID (journal_shift()): closes replicas that are online, which learn it
 * when they reconnect. Snapshots in progress are finished; these replicas reconnect afterwards. */
void peer_renew_all(struct replication *r);
/* Our data were replaced or got another ID: closes all replicas, which ask again. */
void peer_close_all(struct replication *r);

/* Bytes of the stream that were not sent to it yet. */
uint64_t peer_lacks(const struct peer *p);
/* Seconds since its last ACK. */
int64_t peer_lag_s(const struct peer *p);
/* Whether it is online, with an ACK within lag_s seconds. */
bool peer_is_good(const struct peer *p, int64_t lag_s);
const char *peer_state_name(const struct peer *p);

/* Its address: as announced, else as connected. */
struct peer_name {
    char ip[256], text[288]; /* "ip:port" */
};
struct peer_name peer_name(const struct peer *p);

#endif
