/* A client: who sends requests and gets replies. No socket in sight: bytes come in through
 * engine/feed.h and wait in `out` for whoever carries them. Also the clients that replay the
 * journal and run scripts are such. */
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

/* States of a client, in groups: what it is, whether it stays, what keeps it from running, who it
 * is, its transaction, its replies, what it listens to. */
enum client_flag {
    CLIENT_REPLAY = 1 << 0, /* the journal's: no limits, no journalling */
    CLIENT_SCRIPT = 1 << 1, /* commands of scripts run as this one */
    CLIENT_ACT = 1 << 2,    /* what the server does by itself runs as this one (engine/act.h) */
    CLIENT_UNIX = 1 << 3,   /* came by a Unix socket */

    CLIENT_CLOSING = 1 << 4,     /* freed at the end of the turn */
    CLIENT_CLOSE_AFTER = 1 << 5, /* reads no more; closes when all is sent */
    CLIENT_KILLED_SELF = 1 << 6,

    CLIENT_BLOCKED = 1 << 7,
    CLIENT_PAUSED = 1 << 8,       /* a request is held (engine/pause.h) */
    CLIENT_AUTH_DELAYED = 1 << 9, /* failed AUTH: nothing runs for a while */
    CLIENT_RUNNING = 1 << 10,     /* its script runs and lets others have their turn meanwhile */

    CLIENT_ANONYMOUS = 1 << 11,  /* has to AUTH first */
    CLIENT_RESTRICTED = 1 << 12, /* its user may not do everything */

    CLIENT_MULTI = 1 << 13,      /* between MULTI and EXEC */
    CLIENT_TXN_BROKEN = 1 << 14, /* a queued command was refused */
    CLIENT_TXN_STALE = 1 << 15,  /* a watched key changed */
    CLIENT_IN_EXEC = 1 << 16,

    CLIENT_REPLY_OFF = 1 << 17,
    CLIENT_REPLY_SKIP = 1 << 18,    /* for the next command */
    CLIENT_DURABLE = 1 << 19,       /* replies to its writes wait for the disk */
    CLIENT_WROTE_DURABLY = 1 << 20, /* in a script or EXEC, whose reply waits for the disk */

    CLIENT_SUBSCRIBED = 1 << 21,
    CLIENT_TRACKING = 1 << 22, /* hears of changes of what it has read */
    CLIENT_NO_EVICT = 1 << 23,
    CLIENT_NO_TOUCH = 1 << 24,
    CLIENT_PRIMARY = 1 << 25, /* the stream of our primary (replica/apply.h); also CLIENT_REPLAY */
    CLIENT_HELD_LONG = 1 << 27, /* what would be held for want of replicas is refused */
    CLIENT_CONSOLE = 1 << 28,   /* requests by HTTP run as this one (admin/caller.h) */
    CLIENT_REPLICA = 1 << 26,   /* follows us (replica/peer.h): replica/ sends to it, nobody else */
};

/* Without a connection, and in no list. */
#define CLIENT_INTERNAL (CLIENT_SCRIPT | CLIENT_ACT)

/* What makes its requests leave the quick path. */
#define CLIENT_SLOW_PATH                                                                           \
    (CLIENT_REPLAY | CLIENT_ANONYMOUS | CLIENT_RESTRICTED | CLIENT_MULTI | CLIENT_REPLY_OFF |      \
     CLIENT_REPLY_SKIP | CLIENT_DURABLE | CLIENT_SUBSCRIBED | CLIENT_TRACKING | CLIENT_NO_TOUCH |  \
     CLIENT_HELD_LONG | CLIENT_REPLICA)

enum client_class {
    CLASS_NORMAL,
    CLASS_REPLICA,
    CLASS_PUBSUB,
    CLASS_COUNT,
    CLASS_PRIMARY = CLASS_COUNT /* its output has no limit of its own */
};

/* What a module above sends to a client without being asked again (commands/stream/xconsume.c). */
struct client_pushing {
    size_t subscriptions;
    /* The client goes, or becomes as new: this is freed. */
    void (*leave)(struct client *c);
    /* All subscriptions end, and the client stays. */
    void (*stop)(struct client *c);
    /* Whether its user may still have all that it has subscribed to. */
    bool (*is_allowed)(const struct client *c);
};

struct client {
    struct engine *engine;
    uint64_t id;
    unsigned flags;
    struct db *db;
    struct chain out;
    struct reply reply;
    /* Nodes in the lists of engine.clients, named as these. */
    struct dlist_node all, resuming, closing, confirming, anonymous;
    struct dlist_node outgoing;   /* in replying or outgoing */
    struct dlist_node monitoring; /* in observe.monitors: sees all commands */
    struct dlist_node pushed;     /* in gate.pushed */
    char *in;                     /* bytes that came and were not yet run */
    size_t in_n, in_cap;
    struct request *partial;        /* a request begun in `in` */
    struct txn *txn;                /* MULTI queue and watched keys, or NULL */
    struct block_wait *wait;        /* what it waits for, or NULL */
    struct subscriber *subscriber;  /* channels, or NULL */
    struct client_pushing *pushing; /* streams, or NULL */
    struct gate_mark *marks;        /* what its output waits for */
    size_t mark_first, mark_n, mark_cap;
    struct tracking_client *tracking;   /* or NULL */
    struct peer *peer;                  /* a replica, or what it told to become one; or NULL */
    struct broker_attachment *attached; /* to consumers of groups (engine_client_events), or NULL */
    uint64_t lacks;                     /* a replica: bytes of the stream that it was not sent */
    struct user *user;                  /* who it is; borrowed */
    struct user *last_user;             /* a copy of one deleted while its request ran, or NULL */
    void *link;                         /* the carrier's */
    struct str *name, *lib_name, *lib_version; /* set by client_set_text() */
    size_t held;      /* bytes that it makes us keep beside its buffers: client_holds() */
    size_t input;     /* bytes of what it sent, as they were counted last: client_count_input() */
    size_t request_n; /* bytes of the request that is being run, while this client is shown */
    char address[64], local_address[64];
    int fd;                        /* for CLIENT LIST only */
    int64_t created_ms, active_ms; /* by the steady clock, as all times of a client are */
    struct timer auth_delay;       /* while CLIENT_AUTH_DELAYED */
    struct timer auth_deadline;    /* while CLIENT_ANONYMOUS */
    unsigned failed_auths;         /* in a row */
    int64_t held_since_ms;         /* since when its next request is held; 0: it is not */
    int64_t over_soft_ms;          /* since when the output is over its soft limit; 0: it is not */
    const struct command *last_command;
    uint64_t blocked_ticks; /* that the command it waits in has taken so far */
    uint64_t total_in, total_out, total_commands;
    uint64_t written_offset; /* of the journal, after its last write */
    unsigned errors_counted; /* reply.errors when statistics last counted one */
};

/* A request that runs. What is pushed to its client meanwhile waits for the end of the reply
 * (deliver_push()). On the stack of who runs it. */
struct client_running {
    struct client *client;
    struct client_running *outer; /* a script lets others have their turn meanwhile */
    struct chain pushes;
};

struct client *client_new(struct engine *engine);
/* Frees what belongs to the client itself; waits, transactions and subscriptions have been dropped
 * (session_close()). */
void client_free(struct client *c);
/* One that scripts, or the server itself, run commands as: without a connection, in no list. flags:
 * of CLIENT_INTERNAL. */
struct client *client_new_internal(struct engine *engine, unsigned flags);
/* The client is freed at the end of the turn; nothing more is sent. */
void client_close(struct client *c);
/* The same, as what a command of `by` does. A client that ends itself gets its reply first, and the
 * transaction or script that does it runs to its end. */
void client_close_by(struct client *c, const struct client *by);
/* Nothing more is read; closes when the output is sent. */
void client_close_after_reply(struct client *c);
/* There is output: it will be sent at the end of the turn. */
void client_has_output(struct client *c);
/* The same, for who made a request: replies go out in the order of the requests, and before what is
 * pushed to others, so that the next request comes while they are still served. */
void client_has_reply(struct client *c);
/* Before anything is sent: engine.clients.outgoing is in the order of sending. */
void client_order_output(struct engine *engine);
/* Keeps bytes that were not run. data may lie in c->in. */
void client_keep(struct client *c, const char *data, size_t n);
enum client_class client_class(const struct client *c);
/* It has to AUTH first, or no longer. */
void client_set_anonymous(struct client *c, bool anonymous);
/* A wrong password: nothing more of it runs for a while, longer each time. */
void client_delay_auth(struct client *c);
/* All that is kept for it: buffers, what it has sent, queue, watches, waits, subscriptions, names.
 */
size_t client_memory(const struct client *c);
/* *slot is one of its texts; value: NULL or a reference that becomes the client's. */
void client_set_text(struct client *c, struct str **slot, struct str *value);
/* It follows us from now on. */
void client_set_replica(struct client *c);
/* It is subscribed to something, or no longer. */
void client_set_subscribed(struct client *c, bool subscribed);
/* More waits to be sent than client-output-buffer-limit allows: more than the hard limit, or more
 * than the soft one for longer than its seconds. To be asked while output waits, and when it has
 * all been sent: what ends in between does not count. */
bool client_is_over_output_limit(struct client *c);
/* It has sent nothing for longer than the setting `timeout`, and is not waiting for us. */
bool client_is_idle(const struct client *c);
/* More waits for it to be read than is allowed: it will be closed. */
void client_over_output_limit(struct client *c);
/* NULL: there is none, or it is on its way out. */
struct client *client_by_id(struct engine *engine, uint64_t id);

/* Something is kept for the client that grows or shrinks by so many bytes. */
void client_holds(struct client *c, size_t more, size_t less);
/* What it has sent and waits to be run takes so many bytes now. */
void client_set_input(struct client *c, size_t bytes);

/* To be called when `in` or `partial` have changed. */
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

/* Somebody outside hears what it is answered: by a socket of its own, or by HTTP. */
static inline bool client_has_peer(const struct client *c)
{
    return c->link || (c->flags & CLIENT_CONSOLE);
}

/* False once it is being closed, in whatever way: nothing may be given to it any more that others
 * could have. Everything that marks a client for closing sets one of these flags. */
static inline bool client_is_staying(const struct client *c)
{
    return !(c->flags & (CLIENT_CLOSING | CLIENT_CLOSE_AFTER));
}

/* Its requests run now; else they stay in its buffer. */
static inline bool client_may_run(const struct client *c)
{
    return client_is_staying(c) &&
           !(c->flags & (CLIENT_BLOCKED | CLIENT_PAUSED | CLIENT_AUTH_DELAYED | CLIENT_RUNNING));
}

/* Nobody wants the reply of the command that runs. */
static inline bool client_is_silent(const struct client *c)
{
    return c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLAY | CLIENT_REPLICA);
}

#endif
