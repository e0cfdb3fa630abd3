/* A client: sends requests and gets replies. It knows no socket: bytes come in through
 * engine/feed.h, and output waits in `out` for the carrier of the connection. Journal replay and
 * scripts also run as clients. */
#ifndef ENGINE_CLIENT_H
#define ENGINE_CLIENT_H

#include "base/buf.h"
#include "ds/chain.h"
#include "ds/dict.h"
#include "ds/dlist.h"
#include "engine/promise.h"
#include "engine/timer.h"
#include "proto/reply.h"
#include "proto/request.h"
#include "store/db.h"

struct client;
struct engine;
struct command;
struct block_wait;
struct txn;
struct subscriber;
struct tracking_client;
struct user;
struct peer;
struct broker_attachment;

/* States of a client, in groups: kind, closing, why requests do not run, authentication,
 * transaction, replies, subscriptions. */
enum client_flag {
    CLIENT_REPLAY = 1 << 0, /* replays the journal: no limits, no journalling */
    CLIENT_SCRIPT = 1 << 1, /* runs the commands of scripts */
    CLIENT_ACT = 1 << 2,    /* runs what the server does by itself (engine/act.h) */
    CLIENT_UNIX = 1 << 3,   /* connected by a Unix socket */

    CLIENT_CLOSING = 1 << 4,     /* freed at the end of the turn */
    CLIENT_CLOSE_AFTER = 1 << 5, /* reads no more; closed when all output is sent */
    CLIENT_KILLED_SELF = 1 << 6,

    CLIENT_BLOCKED = 1 << 7,
    CLIENT_PAUSED = 1 << 8,       /* a request is held (engine/pause.h) */
    CLIENT_AUTH_DELAYED = 1 << 9, /* failed AUTH: nothing runs for a while */
    CLIENT_RUNNING = 1 << 10,     /* its script runs, and lets other clients run meanwhile */

    CLIENT_ANONYMOUS = 1 << 11,  /* has to AUTH first */
    CLIENT_RESTRICTED = 1 << 12, /* its user may not run everything */

    CLIENT_MULTI = 1 << 13,      /* between MULTI and EXEC */
    CLIENT_TXN_BROKEN = 1 << 14, /* a queued command was refused */
    CLIENT_TXN_STALE = 1 << 15,  /* a watched key changed */
    CLIENT_IN_EXEC = 1 << 16,

    CLIENT_REPLY_OFF = 1 << 17,
    CLIENT_REPLY_SKIP = 1 << 18,    /* for the next command */
    CLIENT_DURABLE = 1 << 19,       /* replies to its writes wait for the disk */
    CLIENT_WROTE_DURABLY = 1 << 20, /* in a script or EXEC, whose reply waits for the disk */

    CLIENT_SUBSCRIBED = 1 << 21,
    CLIENT_TRACKING = 1 << 22, /* is told when keys it has read change */
    CLIENT_NO_EVICT = 1 << 23,
    CLIENT_NO_TOUCH = 1 << 24,
    CLIENT_PRIMARY = 1 << 25,   /* our primary (replica/apply.h); also CLIENT_REPLAY */
    CLIENT_HELD_LONG = 1 << 27, /* requests held for lack of replicas are refused */
    CLIENT_CONSOLE = 1 << 28,   /* runs requests received by HTTP (admin/caller.h) */
    CLIENT_REPLICA = 1 << 26,   /* a replica of ours (replica/peer.h): only replica/ sends to it */
};

/* Without a connection, and not in any list. */
#define CLIENT_INTERNAL (CLIENT_SCRIPT | CLIENT_ACT)

/* Flags that take its requests off the quick path. */
#define CLIENT_SLOW_PATH                                                                           \
    (CLIENT_REPLAY | CLIENT_ANONYMOUS | CLIENT_RESTRICTED | CLIENT_MULTI | CLIENT_REPLY_OFF |      \
     CLIENT_REPLY_SKIP | CLIENT_DURABLE | CLIENT_SUBSCRIBED | CLIENT_TRACKING | CLIENT_NO_TOUCH |  \
     CLIENT_HELD_LONG | CLIENT_REPLICA)

enum client_class {
    CLASS_NORMAL,
    CLASS_REPLICA,
    CLASS_PUBSUB,
    CLASS_COUNT,
    CLASS_PRIMARY = CLASS_COUNT /* without an output limit */
};

/* What a higher module pushes to a client (commands/stream/xconsume.c). */
struct client_pushing {
    size_t subscriptions;
    /* The client is closed or reset: frees this. */
    void (*leave)(struct client *c);
    /* Ends all subscriptions; the client stays. */
    void (*stop)(struct client *c);
    /* Whether its user still has the rights to everything subscribed to. */
    bool (*is_allowed)(const struct client *c);
};

struct client {
    struct engine *engine;
    uint64_t id;
    unsigned flags;
    struct db *db;
    struct chain out;
    struct reply reply;
    /* Nodes in the lists of engine.clients with the same names. */
    struct dlist_node all, resuming, closing, confirming, anonymous;
    struct dlist_node outgoing;   /* in replying or outgoing */
    struct dlist_node monitoring; /* in observe.monitors */
    struct dlist_node pushed;     /* in gate.pushed */
    char *in;                     /* bytes received and not yet run */
    size_t in_n, in_cap;
    struct request *partial;        /* a request begun in `in` */
    struct txn *txn;                /* MULTI queue and watched keys, or NULL */
    struct block_wait *wait;        /* why it is blocked, or NULL */
    struct subscriber *subscriber;  /* to channels; or NULL */
    struct client_pushing *pushing; /* stream subscriptions, or NULL */
    struct gate_mark *marks;        /* offsets that its output waits for */
    size_t mark_first, mark_n, mark_cap;
    struct tracking_client *tracking;   /* or NULL */
    struct peer *peer;                  /* a replica, or what it announced to become one; or NULL */
    struct broker_attachment *attached; /* to consumers of groups (engine_client_events), or NULL */
    struct broker_attachment *awaiting; /* one of those it is blocked for (a ring), or NULL */
    uint64_t lacks;                     /* a replica: bytes of the stream not yet sent to it */
    struct user *user;                  /* borrowed */
    struct user *last_user; /* a copy of the user, if deleted while its request ran; or NULL */
    struct client *caller;  /* CLIENT_SCRIPT: whose script runs; or NULL */
    void *link;             /* the carrier's data */
    struct str *name, *lib_name, *lib_version; /* set by client_set_text() */
    size_t held;      /* bytes kept for it besides its buffers: client_holds() */
    size_t input;     /* bytes of its input, as last counted: client_count_input() */
    size_t request_n; /* bytes of its running request, while CLIENT LIST prints it */
    char address[64], local_address[64];
    int fd;                        /* for CLIENT LIST only */
    int64_t created_ms, active_ms; /* by the steady clock, as all times of a client are */
    struct timer auth_delay;       /* while CLIENT_AUTH_DELAYED */
    struct timer auth_deadline;    /* while CLIENT_ANONYMOUS */
    unsigned failed_auths;         /* in a row */
    int64_t held_since_ms;         /* when its next request was first held; 0: not held */
    int64_t over_soft_ms; /* since when its output exceeds the soft limit; 0: it does not */
    const struct command *last_command;
    uint64_t blocked_ticks; /* taken so far by the command it is blocked in */
    uint64_t total_in, total_out, total_commands;
    uint64_t written_offset; /* end of its last write in the journal */
    unsigned errors_counted; /* reply.errors when an error was last counted */
};

/* A running request, on the stack of its caller. Pushes to its client wait for the end of the reply
 * (deliver_push()). */
struct client_running {
    struct client *client;
    struct client_running *outer; /* outer request, whose script lets other clients run meanwhile */
    struct chain pushes;
};

struct client *client_new(struct engine *engine);
/* Frees the client itself, after session_close() has dropped its waits, transaction and
 * subscriptions. */
void client_free(struct client *c);
/* A client without a connection and in no list, for scripts and acts of the server. flags: of
 * CLIENT_INTERNAL. */
struct client *client_new_internal(struct engine *engine, unsigned flags);
/* Closes at once: nothing more is sent, and the client is freed at the end of the turn. */
void client_close(struct client *c);
/* The same, for a command of `by`. A client that closes itself gets its reply first, and its
 * transaction or script runs to the end. */
void client_close_by(struct client *c, const struct client *by);
/* Reads nothing more; closes when the output is sent. */
void client_close_after_reply(struct client *c);
/* Has the output sent at the end of the turn. */
void client_has_output(struct client *c);
/* The same for replies: these are sent first, in the order of the requests, so that a client can
 * send its next request while pushes to others are still being sent. */
void client_has_reply(struct client *c);
/* Puts engine.clients.outgoing into the order of sending; called before anything is sent. */
void client_order_output(struct engine *engine);
/* Keeps bytes that were not run. data may point into c->in. */
void client_keep(struct client *c, const char *data, size_t n);
enum client_class client_class(const struct client *c);
/* Whether it has to AUTH first. */
void client_set_anonymous(struct client *c, bool anonymous);
/* After a wrong password: holds its requests for a while, longer each time. */
void client_delay_auth(struct client *c);
/* Memory for everything that is kept for it: buffers, input, queue, watches, waits, subscriptions,
 * names. */
size_t client_memory(const struct client *c);
/* *slot: one of its texts. value: NULL or a reference, which the client takes over. */
void client_set_text(struct client *c, struct str **slot, struct str *value);
/* Makes it a replica. */
void client_set_replica(struct client *c);
/* Whether it has any subscription. */
void client_set_subscribed(struct client *c, bool subscribed);
/* True while the pending output exceeds client-output-buffer-limit: the hard limit, or the soft one
 * for longer than its seconds. To be called while output is pending, and once when it is all sent:
 * what ends in between does not count. */
bool client_is_over_output_limit(struct client *c);
/* It has sent nothing for longer than `timeout`, and is not waiting for us. */
bool client_is_idle(const struct client *c);
/* Closes it for exceeding its output limit. */
void client_over_output_limit(struct client *c);
/* NULL: none, or it is being closed. */
struct client *client_by_id(struct engine *engine, uint64_t id);

/* Adjusts the count of bytes that are kept for the client. */
void client_holds(struct client *c, size_t more, size_t less);
/* Sets the size of its input that was not run yet. */
void client_set_input(struct client *c, size_t bytes);

/* To be called after changing `in` or `partial`. */
static inline void client_count_input(struct client *c)
{
    size_t now = c->in_cap + (c->partial ? request_memory(c->partial) : 0);
    if (now != c->input)
        client_set_input(c, now);
}

static inline bool client_is_resp3(const struct client *c)
{
    return c->reply.resp == 3;
}

/* Its replies go to somebody outside, by a socket of its own or by HTTP. */
static inline bool client_has_peer(const struct client *c)
{
    return c->link || (c->flags & CLIENT_CONSOLE);
}

/* False once it is being closed in any way: then it must not be given what others could have.
 * Everything that closes a client sets one of these flags. */
static inline bool client_is_staying(const struct client *c)
{
    return !(c->flags & (CLIENT_CLOSING | CLIENT_CLOSE_AFTER));
}

/* Its requests may run now; else they stay in its buffer. */
static inline bool client_may_run(const struct client *c)
{
    return client_is_staying(c) &&
           !(c->flags & (CLIENT_BLOCKED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED | CLIENT_RUNNING));
}

/* The reply of the running command is not sent to anybody. */
static inline bool client_is_silent(const struct client *c)
{
    return c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLAY | CLIENT_REPLICA);
}

#endif
