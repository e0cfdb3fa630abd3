/* A replica of ours: a client that has asked for the stream. Its link goes on reading its requests
 * (REPLCONF ACK), but what it is sent comes from here: first what was said to it (+FULLRESYNC,
 * +CONTINUE), then a snapshot, then the stream, straight from the backlog. It costs a socket and an
 * offset; nothing is queued or copied for it.
 *
 * Its struct lies at client.peer and goes with the client. All times are those of the steady clock.
 */
#ifndef REPLICA_PEER_H
#define REPLICA_PEER_H

#include "engine/client.h"
#include "replica/replication.h"

enum peer_state {
    PEER_STRANGER, /* has told about itself (REPLCONF), and may ask for the stream */
    PEER_WAITING,  /* for a snapshot: INFO's wait_bgsave */
    PEER_COPYING,  /* is sent one: send_bulk */
    PEER_ONLINE    /* is sent the stream */
};

/* An open snapshot on the disk, for all that are sent it. */
struct peer_file {
    int fd, users;
    uint64_t size;
};

struct peer {
    struct replication *replication;
    struct client *client;
    struct conn *conn;      /* the link's; NULL: it has none */
    struct dlist_node node; /* in replication.peers, unless a stranger */
    enum peer_state state;
    bool full; /* the socket takes no more; peer_has_room() says when it does */

    /* What it has told of itself. */
    int port;         /* that it listens at; 0: not told */
    struct str *ip;   /* that it wants to be known by, or NULL */
    struct str *run;  /* its run ID: it is Millrace; or NULL */
    bool eof, psync2; /* understands a snapshot whose length is not told; +CONTINUE with an ID */
    char promise[HISTORY_ID_LENGTH + 1]; /* told with the run ID, as is `whole`; "": none */
    char told[HISTORY_ID_LENGTH + 1];    /* our ID, or proposal, that it was answered; "": none */
    bool whole;    /* it has not lost anything, or has been made whole again: it counts */
    bool fetches;  /* a primary that wants what we have more */
    bool rdb_only; /* wants no stream */
    bool no_keys, no_libraries; /* of the snapshot */
    bool by_sync;               /* came by SYNC: tells no offsets */

    /* A full synchronisation. */
    int64_t since_ms; /* that it waits */
    bool in_copy;     /* the snapshot that is being made is for it */
    struct peer_file *file;
    uint64_t file_at; /* so much of it has been sent */
    size_t piece_at;  /* of the piece of the pipe that is being sent: copy.c */
    int64_t sent_ms;  /* when the socket last took something */

    /* The stream. */
    uint64_t next;      /* the byte that it is sent next; 0: not known yet */
    uint64_t stop;      /* the first one that it is not sent: it is closed there; 0: none */
    bool awaits_ack;    /* is sent nothing before it has told that it has loaded */
    bool has_loaded;    /* has told so before we knew that the snapshot's child had ended well */
    bool acked;         /* has told an offset */
    uint64_t ack, fack; /* applied; on its disk, if `fsynced` */
    bool fsynced;       /* has told what is on its disk */
    int64_t ack_ms;
    uint64_t
        whole_at; /* a place that it and others have to reach for it to be whole; 0: none yet */
    uint64_t whole_end;   /* behind the word that it is; 0: not said */
    int64_t over_soft_ms; /* since when it lacks more than the soft limit; 0: it does not */
};

/* What a client is as a replica; made when there is none. */
struct peer *peer_of(struct replication *r, struct client *c);
/* The client goes away. NULL is nothing. */
void peer_free(struct peer *p);

/* It asks for the stream from the byte `next` of the history `id` on: true when it can have it, and
 * is online. Opens the backlog, which may begin a history. Says in the log why not. */
bool peer_continue(struct peer *p, const char *id, uint64_t next);
/* The same for who asks us to take over: it hears that it may go on, and is closed; it comes back
 * and asks as any replica does. */
void peer_grant(struct peer *p);
/* It asks for everything. */
void peer_wait(struct peer *p);
/* Whether its copy may come through a pipe, whose end a mark tells. Who asks by SYNC is sent a
 * file, at once, but for parts of the data, which are never in a file. */
bool peer_can_pipe(const struct peer *p);
/* The snapshot that it will get was begun in front of this byte: it hears of it. */
void peer_join(struct peer *p, uint64_t next);
/* It is sent this file, which has one user more, and then the stream. */
void peer_send_file(struct peer *p, struct peer_file *f);
void peer_file_unref(struct peer_file *f);
/* It has been sent everything. awaits_ack: as the field. */
void peer_is_copied(struct peer *p, bool awaits_ack);

/* Sends what there is and the socket takes, for a bounded time. */
void peer_send(struct peer *p);
/* Sends the rest of a piece behind piece_at; true when all of it has been taken. */
bool peer_send_piece(struct peer *p, struct bytes piece);
/* Adds to what is said to it, outside of any command. */
void peer_say(struct peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The socket of a replica takes bytes again. */
void peer_has_room(struct client *c);

/* REPLCONF ACK: it has applied the stream up to this offset, and synced it up to that one (NULL: it
 * does not say). */
void peer_ack(struct peer *p, uint64_t offset, const uint64_t *synced);
/* A second has passed: line ends for those who wait, and whoever says nothing is closed. */
void peer_tick(struct peer *p);
/* Closes it when it lacks more than client-output-buffer-limit allows. */
void peer_limit(struct peer *p);

/* The journal has shifted to another ID (journal_shift()): who is online is closed, and comes back
 * to learn it. A copy that is under way goes on, and its replica comes back behind it. */
void peer_renew_all(struct replication *r);
/* What we have is not theirs any more, or has another name: all replicas are closed, and ask again.
 */
void peer_close_all(struct replication *r);

/* Bytes of the stream that it has not been sent. */
uint64_t peer_lacks(const struct peer *p);
/* How long ago it last told its offset, in seconds. */
int64_t peer_lag_s(const struct peer *p);
/* Whether it is online, and told its offset within so many seconds. */
bool peer_is_good(const struct peer *p, int64_t lag_s);
const char *peer_state_name(const struct peer *p);

/* Its address: what it announced, else where it came from. */
struct peer_name {
    char ip[256], text[288]; /* "ip:port" */
};
struct peer_name peer_name(const struct peer *p);

#endif
