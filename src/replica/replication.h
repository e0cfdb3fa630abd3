/* The state of replication, made once by the server (replica/replica.h). No logic.
 *
 * A server is a primary or a replica, and either may have replicas of its own:
 *
 *   peers    our replicas: for each a state, and the offset up to which it was sent the stream
 *            (replica/peer.h). The bytes are in the backlog, once for all of them.
 *   copy     the snapshot being made for full synchronisations (replica/copy.h).
 *   follow   our link to the primary (replica/follow.h). NULL: we are a primary.
 *   confirmation  whether a primary may write yet (replica/confirm.h), and its link for fetching
 *            from a replica that is ahead.
 *
 * Commands reach it by engine.replication; the server provides its part as services. */
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
    int version;                /* of the RDB format */
    const int *pipe;            /* both ends; NULL: written to disk as dbfilename */
    const char *mark;           /* end mark, for a pipe */
    bool no_keys, no_libraries; /* leave these out; for a pipe only */
};

/* How a primary's snapshot replaces our data. */
enum replication_how {
    REPLICATION_IN_PLACE, /* our data are deleted first */
    REPLICATION_BESIDE,   /* our data are kept, but not served, until the snapshot is complete */
    REPLICATION_BESIDE_SERVING /* our data are kept and served until then */
};

/* The outcome. */
enum replication_load {
    REPLICATION_LOADED,
    REPLICATION_LOAD_FAILED, /* and the data are empty */
    REPLICATION_KEPT,        /* it failed, and nothing has changed */
    REPLICATION_STOPPED      /* the server is shutting down */
};

/* What only the server can do; it fills this in. Errors are -errno. */
struct replication_services {
    void *context;
    /* The socket of a client, owned by its link; NULL: none. */
    struct conn *(*connection)(void *context, const struct client *c);
    /* Whether a child may be forked now: no other one runs, and no transaction is open. */
    bool (*may_fork)(void *context);
    /* Forks a child that writes a snapshot: its pid or -errno. copy_ended() reports its end. */
    pid_t (*fork)(void *context, const struct replication_snapshot *s);
    /* Kills the child; its end is not reported. */
    void (*kill)(void *context);
    /* For links to a primary under tls-replication; NULL: it failed. */
    struct tls_context *(*tls)(void *context);
    /* Replaces all data by this snapshot, with turns of the server in between. *db: the stream's
     * database after it. From the change of the data until load_ended() nothing is written to the
     * append-only file. */
    enum replication_load (*load)(void *context, const char *path, enum replication_how how,
                                  int *db);
    /* The journal now belongs to the loaded data (or, if loading failed, to none): the append-only
     * file may be written again. */
    void (*load_ended)(void *context);
};

struct replication_figures {
    uint64_t full, partial, partial_refused; /* synchronisations granted to replicas, or refused */
    uint64_t bytes_in, bytes_out;            /* from the primary; to replicas */
    uint64_t errors;                         /* in the primary's stream */
};

#define QUORUM_MOST    64 /* upper limit of the setting min-replicas-to-ack */
#define QUORUM_MOMENTS 33 /* replica-ack-timeout is measured to 1/32 */

/* The end of the effects at some time. */
struct quorum_moment {
    int64_t ms;
    uint64_t end;
};

/* min-replicas-to-ack (replica/quorum.h). */
struct quorum {
    uint64_t reached;  /* offset confirmed by enough replicas; never falls */
    uint64_t asked;    /* offset for which replicas were asked */
    uint64_t timeouts; /* connections closed at the time-out */
    struct quorum_moment moments[QUORUM_MOMENTS]; /* a ring: moment_n % QUORUM_MOMENTS is next */
    size_t moment_n;
};

/* Which primary may write (replica/confirm.h). IDs are "" or HISTORY_ID_LENGTH long. */
struct confirmation {
    char proposal[HISTORY_ID_LENGTH + 1]; /* ID proposed while unconfirmed; "": confirmed */
    char promise[HISTORY_ID_LENGTH + 1];  /* ID we have promised to follow; "": none */
    uint32_t seen;                        /* greatest generation met in requests */
    bool whole;                           /* this process has lost nothing of its data */
    bool blank;         /* nothing was loaded and nothing received: ranks below all others */
    bool whole_due;     /* whole_update() has to check the replicas in this turn */
    int64_t quiet_ms;   /* since when there are N replicas and nobody else */
    int64_t company_ms; /* last time with two or more replicas, or before any came */
    struct follow *fetch;
    int64_t fetch_ms;     /* when the fetch began */
    bool fetch_took;      /* it has received something */
    uint64_t fetch_until; /* the offset its source had reported */
};

/* A fail-over by command (replica/handover.h). */
enum handover_state { HANDOVER_NONE, HANDOVER_WAITS, HANDOVER_RUNS };
enum handover_answer { HANDOVER_NO_ANSWER, HANDOVER_GRANTED, HANDOVER_REFUSED };
struct handover {
    enum handover_state state;
    enum handover_answer answer; /* of the target; set by replica/follow */
    char host[256];              /* "": any replica */
    int port;
    bool force;
    int64_t until_ms; /* by the steady clock; 0: no timeout */
};

struct replication {
    struct engine *engine; /* borrowed, as is the loop */
    struct loop *loop;
    struct replication_services services;
    const char *run_id; /* 40 letters and digits; borrowed */

    struct backlog backlog;  /* open while there are, or lately were, replicas; or a primary */
    struct dlist_node peers; /* struct peer: all but strangers */
    size_t peer_n;
    int64_t alone_ms; /* when the last one left; 0: there are some, or never were */
    struct copy *copy;
    struct follow *follow;
    int64_t pinged_ms;  /* when the stream last got a PING */
    int64_t ticked_ms;  /* last run of the work done once a second */
    int64_t waits_ms;   /* since when the primary's input waits for a script; 0: it does not */
    bool wants_acks;    /* a GETACK is to follow this turn's effects */
    uint64_t asked_end; /* end of the stream at the last GETACK, including it */
    bool ack_came;      /* an ACK has come since the waiting clients were last served */
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
