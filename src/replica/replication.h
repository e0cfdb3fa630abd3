/* What replication knows, made once by the server (replica/replica.h). Holds no logic.
 *
 * A server is a primary or a replica, and either may have replicas of its own:
 *
 *   peers    who follows us: for each a state, and an offset up to which it has been sent the
 *            stream (replica/peer.h). The bytes lie in the backlog, once for all of them.
 *   copy     the snapshot that is being made for those of them who need everything
 *            (replica/copy.h).
 *   follow   our link to the primary (replica/follow.h). NULL: we are one.
 *   confirmation  whether a primary may write yet (replica/confirm.h), and the link by which it
 *            fetches what a replica has more.
 *
 * Commands reach it by engine.replication; what only the server can do comes as services. */
#ifndef REPLICA_REPLICATION_H
#define REPLICA_REPLICATION_H

#include "engine/engine.h"
#include "io/conn.h"
#include "io/loop.h"
#include "persist/backlog.h"

#include <sys/types.h>

struct copy;
struct follow;

/* A snapshot for replicas. */
struct replication_snapshot {
    int version;                /* of the format */
    const int *pipe;            /* both ends, or NULL: it goes to the disk and becomes dbfilename */
    const char *mark;           /* behind it, into the pipe */
    bool no_keys, no_libraries; /* into a pipe only: without these */
};

/* How what a primary has sent takes the place of what there is. */
enum replication_how {
    REPLICATION_IN_PLACE,      /* what there is goes first */
    REPLICATION_BESIDE,        /* it goes when the other is whole; until then nobody sees it */
    REPLICATION_BESIDE_SERVING /* the same, and it is served until then */
};

/* How that ended. */
enum replication_load {
    REPLICATION_LOADED,
    REPLICATION_LOAD_FAILED, /* and there are no data any more */
    REPLICATION_KEPT,        /* it failed, and everything is as it was before */
    REPLICATION_STOPPED      /* the server ends */
};

/* What only the server can do; filled by it. Errors are -errno. */
struct replication_services {
    void *context;
    /* The socket of a client, which stays the link's own; NULL: it has none. */
    struct conn *(*connection)(void *context, const struct client *c);
    /* Whether a child may be forked now: no other one runs, and the data are whole. */
    bool (*may_fork)(void *context);
    /* Forks one that writes a snapshot: its pid or -errno. copy_ended() hears of its end. */
    pid_t (*fork)(void *context, const struct replication_snapshot *s);
    /* Ends it; nothing is heard of it any more. */
    void (*kill)(void *context);
    /* For links to a primary under tls-replication; NULL: it could not be made. */
    struct tls_context *(*tls)(void *context);
    /* Puts this snapshot in place of all data, with turns of the server in between. *db: the
     * database that the stream behind it is in. Once the data have changed nothing is kept in the
     * append-only file until load_ended(). */
    enum replication_load (*load)(void *context, const char *path, enum replication_how how,
                                  int *db);
    /* The journal belongs to what was loaded (or, that having failed, to nothing): it may be kept
     * in the append-only file again. */
    void (*load_ended)(void *context);
};

struct replication_figures {
    uint64_t full, partial, partial_refused; /* synchronisations of replicas */
    uint64_t bytes_in, bytes_out;            /* from the primary; to replicas */
    uint64_t errors;                         /* of what the primary sent */
};

#define QUORUM_MOST    64 /* upper limit of the setting min-replicas-to-ack */
#define QUORUM_MOMENTS 33 /* replica-ack-timeout is measured to a thirty-second of it */

/* Where the effects ended at a moment. */
struct quorum_moment {
    int64_t ms;
    uint64_t end;
};

/* min-replicas-to-ack (replica/quorum.h). */
struct quorum {
    uint64_t reached;  /* offset that enough replicas have confirmed; never goes back */
    uint64_t asked;    /* and up to which they have been asked to */
    uint64_t timeouts; /* connections that were closed because it took too long */
    struct quorum_moment moments[QUORUM_MOMENTS]; /* a ring: moment_n % QUORUM_MOMENTS is next */
    size_t moment_n;
};

/* Who may become primary (replica/confirm.h). IDs are "" or HISTORY_ID_LENGTH long. */
struct confirmation {
    char proposal[HISTORY_ID_LENGTH +
                  1]; /* the ID proposed by an unconfirmed primary; "" once confirmed */
    char promise[HISTORY_ID_LENGTH + 1]; /* that we hold what its proposer holds; "": none */
    uint32_t seen;                       /* greatest generation that somebody has asked with */
    bool whole;                          /* this process has not lost anything that it ever had */
    bool blank;         /* nothing was loaded and nothing has come: less than everything */
    bool whole_due;     /* whole_update() has to look at the replicas in this turn */
    int64_t quiet_ms;   /* since when there are N replicas and nobody else */
    int64_t company_ms; /* when there were two replicas or more, or none had come */
    struct follow *fetch;
    int64_t fetch_ms;     /* when that began */
    bool fetch_took;      /* and something has come by it */
    uint64_t fetch_until; /* the offset that its source had told */
};

/* A fail-over that was asked for (replica/handover.h). */
enum handover_state { HANDOVER_NONE, HANDOVER_WAITS, HANDOVER_RUNS };
enum handover_answer { HANDOVER_NO_ANSWER, HANDOVER_GRANTED, HANDOVER_REFUSED };
struct handover {
    enum handover_state state;
    enum handover_answer answer; /* of the one that is to take over; left by replica/follow */
    char host[256];              /* "": any replica */
    int port;
    bool force;
    int64_t until_ms; /* by the steady clock; 0: as long as it takes */
};

struct replication {
    struct engine *engine; /* borrowed, as is the loop */
    struct loop *loop;
    struct replication_services services;
    const char *run_id; /* 40 letters and digits; borrowed */

    struct backlog backlog;  /* open while there is, or lately was, a replica; or a primary */
    struct dlist_node peers; /* struct peer: those who have asked for the stream */
    size_t peer_n;
    int64_t alone_ms; /* when the last of them went; 0: there are some, or there never were */
    struct copy *copy;
    struct follow *follow;
    int64_t pinged_ms; /* when the stream was last given a PING */
    int64_t ticked_ms; /* when what happens once a second last did */
    int64_t waits_ms;  /* since when the primary's data wait for a script; 0: they do not */
    bool wants_acks;   /* replicas are asked how far they are, behind this turn's effects */
    uint64_t
        asked_end; /* where the stream ended when they were last asked, the question included */
    bool ack_came; /* one has told, since those who wait for it were last looked at */
    struct quorum quorum;
    struct confirmation confirmation;
    struct handover handover;
    struct replication_figures figures;
};

#define REPLICATION_PING "*1\r\n$4\r\nPING\r\n"

static inline bool replication_is_replica(const struct replication *r)
{
    return r->follow != NULL;
}

/* A primary that may not write yet (replica/confirm.h). */
static inline bool replication_is_unconfirmed(const struct replication *r)
{
    return r->confirmation.proposal[0] != 0;
}

/* The connection on which this server receives a stream: from its primary, or, on an unconfirmed
 * primary, from the replica it fetches from. NULL: none. */
static inline struct follow *replication_link(const struct replication *r)
{
    return r->follow ? r->follow : r->confirmation.fetch;
}

#endif
