/* The state that running commands need, owned by the server and passed around. No logic. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "command/registry.h"
#include "config/settings.h"
#include "ds/chain.h"
#include "ds/dict.h"
#include "ds/dlist.h"
#include "engine/promise.h"
#include "engine/timer.h"
#include "persist/journal.h"
#include "pubsub/pubsub.h"
#include "store/db.h"

struct broker;
struct client;
struct client_running;
struct call;
struct replication;
struct scripting;
struct survey;
struct user;
struct users;
struct observe;
struct tracking;
struct metric_set;
struct moves;

struct engine_stat {
    uint64_t calls, ticks, rejected, failed;
    uint64_t *times; /* ticks, by histogram_class(); NULL: none yet */
};

/* Why requests of all clients leave the quick path. */
enum slow_path_reason {
    ENGINE_LOADING = 1 << 0,
    ENGINE_PAUSED = 1 << 1,
    ENGINE_BUSY = 1 << 2, /* a script exceeds its time; other requests get BUSY */
    ENGINE_DISK_FAILED = 1 << 3,
    ENGINE_SAVE_FAILED = 1 << 4,
    ENGINE_FEW_REPLICAS = 1 << 5,   /* fewer than min-replicas-to-write */
    ENGINE_MAXMEMORY = 1 << 6,      /* maxmemory is set */
    ENGINE_CLIENT_LIMIT = 1 << 7,   /* maxmemory-clients is set */
    ENGINE_MONITORED = 1 << 8,      /* a client is in MONITOR mode */
    ENGINE_REPLICA = 1 << 9,        /* we have a primary, which alone deletes keys */
    ENGINE_READ_ONLY = 1 << 10,     /* a replica that clients cannot write to */
    ENGINE_STALE = 1 << 11,         /* a replica without its primary that must not serve old data */
    ENGINE_ASYNC_LOADING = 1 << 13, /* other data are being loaded while these are served */
    ENGINE_MOVING = 1 << 12,        /* keys are being moved to another server */
};

/* The server's role in replication, as commands see it. */
enum engine_role {
    ROLE_PRIMARY,
    ROLE_REPLICA_DOWN, /* not connected to the primary, or its first snapshot is incomplete */
    ROLE_REPLICA_UP,
};

/* In bytes. */
struct engine_memory {
    size_t used, active, resident, rss, peak, startup;
    size_t clients, replicas;          /* replicas: included in clients */
    size_t journal, backlog, overhead; /* overhead: everything but data */
    size_t apart;                      /* not counted against maxmemory */
};

/* What only the server can do; it fills this in. Errors are -errno. */
struct engine_services {
    void *context;
    /* how: ENGINE_SHUTDOWN_ bits. While the server waits for replicas, the caller is to wait as
     * well, and is served like clients.confirming. */
    enum engine_shutdown (*shutdown)(void *context, unsigned how);
    /* Starts a child: 0; 1: scheduled; -EALREADY: such a child runs; -EBUSY: another one does. */
    int (*background_save)(void *context, bool schedule);
    int (*rewrite)(void *context);
    /* A rewrite has begun, but its child was not forked yet. */
    bool (*rewrite_prepares)(void *context);
    int (*foreground_save)(void *context);
    int64_t (*last_save)(void *context);
    /* The named sections; none: the default ones. */
    void (*info)(void *context, struct buf *out, const struct bytes *sections, int n);
    /* all: also settings at their defaults. */
    int (*config_rewrite)(void *context, bool all);
    /* DEBUG RELOAD and LOADAOF. */
    int (*reload)(void *context, bool save, bool flush, bool merge);
    int (*load_aof)(void *context);
    /* A client deleted all data (FLUSHALL): the data on disk must not come back. */
    void (*all_flushed)(void *context);
    /* A subcommand of BACKUP; writes the reply. */
    void (*backup)(void *context, struct call *call);
    /* CONFIG RESETSTAT, for the server's own statistics. */
    void (*reset_statistics)(void *context);
    /* For ENGINE_CLIENT_LIMIT: closes the largest clients while all together exceed the limit. */
    void (*limit_clients)(void *context);
    /* For ENGINE_MAXMEMORY: evicts for a command that may grow. False: still over the limit. */
    bool (*make_room)(void *context);
    void (*memory)(void *context, struct engine_memory *out);
    /* A script takes long: runs a turn for everything else. False: the server ends. */
    bool (*busy_turn)(void *context);
};

/* The outcome of a shutdown request. */
enum engine_shutdown {
    ENGINE_SHUTDOWN_REFUSED, /* or cancelled: the server goes on */
    ENGINE_SHUTDOWN_WAITS,
    ENGINE_SHUTDOWN_ENDS,
};

enum {
    ENGINE_SHUTDOWN_NOSAVE = 1,
    ENGINE_SHUTDOWN_SAVE = 2,
    ENGINE_SHUTDOWN_NOW = 4,
    ENGINE_SHUTDOWN_FORCE = 8,
    ENGINE_SHUTDOWN_ABORT = 16,
    ENGINE_SHUTDOWN_SIGNAL = 32, /* a signal asked for it */
    ENGINE_SHUTDOWN_ASK = 64     /* only ask for the outcome of the present one */
};

/* All clients, and the lists that some of them are in. */
struct engine_clients {
    struct dlist_node all;
    struct dlist_node replying;   /* have replies to send: sent first */
    struct dlist_node outgoing;   /* have other output */
    struct dlist_node resuming;   /* have unrun bytes and may run again */
    struct dlist_node closing;    /* freed at the end of the turn */
    struct dlist_node anonymous;  /* have to AUTH first; oldest first */
    struct dlist_node confirming; /* blocked in WAIT, WAITAOF and SHUTDOWN */
    struct dict by_id;
    uint64_t last_id;
    size_t count, anonymous_count;
    size_t closing_count;     /* of `count` */
    struct chain_pool blocks; /* of their output */
    size_t held, input; /* bytes of all clients together: client_holds(), client_set_input() */
};

/* Blocked clients (engine/block.h). */
struct engine_blocking {
    struct dict keys;           /* database and key to the queue of waits */
    struct dlist_node ready;    /* keys to be served */
    struct dlist_node later;    /* keys in whose queues a block_stay may get more */
    struct dlist_node due;      /* waits whose timer has fired (engine/block.c) */
    struct dlist_node patterns; /* waits for keys that match a pattern (engine/block.c) */
    uint64_t empty;       /* the source that has nothing left, of the key being served; 0: none */
    uint64_t last_number; /* number of the latest wait */
    size_t client_keys;   /* keys that clients wait for */
    size_t nokey_keys;    /* keys whose waiters are also woken when they vanish */
    size_t count, with_deadline;
};

/* Why requests are held. All reasons but CLIENT PAUSE hold only what may write. */
enum pause_reason {
    PAUSE_CLIENT,   /* CLIENT PAUSE */
    PAUSE_SHUTDOWN, /* replicas catch up before the server ends */
    PAUSE_FAILOVER, /* replicas catch up before one of them takes over */
    PAUSE_MOVE,     /* keys are being moved to another server: holds writes to them, and those whose
                       keys are unknown (pause_key()) */
    PAUSE_REPLICAS, /* min-replicas-to-ack: too few replicas to confirm a write. Does not hold
                       PUBLISH */
};

/* Held requests (engine/pause.h). */
struct engine_pause {
    unsigned reasons; /* bits 1 << enum pause_reason; they set ENGINE_PAUSED, or ENGINE_MOVING for
                         PAUSE_MOVE */
    struct dict keys; /* being moved, by key_name() */
    int64_t until_ms; /* of CLIENT PAUSE, by the steady clock */
    bool writes_only; /* of CLIENT PAUSE */
    bool is_due;      /* its time is up, but the turn has not ended it yet */
    struct timer timer;
    struct dlist_node clients; /* (resuming) with held requests; longest held first */
};

struct engine_stats {
    struct engine_stat *of_command; /* by registry_number() */
    struct dict errors;             /* error code to a counter */
    uint64_t total_commands, total_errors, total_in, total_out;
    uint64_t total_reads, total_writes; /* of sockets */
    uint64_t total_connections, rejected_connections;
    uint64_t acts; /* commands that the server ran by itself */
    uint64_t evicted_clients, output_limit_disconnections, query_limit_disconnections;
};

/* In ticks of the cycle counter. A command's time starts where the previous one's ended. */
struct engine_timing {
    uint64_t last_ticks;    /* end of the last command or, if later, of waiting */
    uint64_t began_ticks;   /* end of waiting: commands ran from then to last_ticks */
    uint64_t command_ticks; /* total of commands before began_ticks */
    uint64_t slow_ticks;    /* commands that take this long are examined (slow log, latency) */
    bool track_latency;
};

/* Tells a higher module about clients that it attached to (client.attached). The callbacks take
 * notes and change no data: writes may be forbidden at that time. */
struct engine_client_events {
    void *context;
    void (*left)(void *context, struct client *c); /* closed or RESET; nothing may stay attached */
    void (*unblocked)(void *context, struct client *c); /* not blocked any more, and client.awaiting
                                                           is set */
};

/* Denied requests (engine/rights.h). */
struct engine_denials {
    struct dlist_node entries;
    size_t count;
    uint64_t next_id, by_result[5]; /* by enum check_result */
};

/* Changes made by the server itself (engine/act.h). */
struct engine_act {
    struct client *client;    /* runs its commands */
    bool open;                /* between act_begin() and act_end() */
    long long touched, dirty; /* of the store, at act_begin() */
};

/* Set by DEBUG. */
struct engine_debug {
    bool active_expire;     /* on at the start */
    bool pause_cron;        /* DEBUG PAUSE-CRON */
    bool skip_checksums;    /* DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE accepts any checksum */
    bool scripts_may_all;   /* DEBUG SET-DISABLE-DENY-SCRIPTS */
    int64_t flush_sleep_us; /* DEBUG AOF-FLUSH-SLEEP */
};

/* Publications captured by streams (broker/broker_capture.h). */
struct engine_captured {
    bool waits; /* there are entries to append when the command ends */
    void (*run)(struct engine *e);
};

struct engine {
    /* Parts (engine/assemble.h). */
    struct settings *settings; /* borrowed */
    struct store *store;
    struct registry *registry;
    struct journal *journal;
    struct pubsub *pubsub;
    struct users *users;
    struct tracking *tracking;       /* client-side caching (engine/tracking.h) */
    struct observe *observe;         /* slow log, latency events, MONITOR (engine/observe.h) */
    struct scripting *scripting;     /* EVAL and FCALL (script/scripting.h) */
    struct replication *replication; /* primary or replica (replica/replication.h) */
    struct moves *moves;             /* MIGRATE (replica/move.h) */
    struct broker *broker;           /* what streams do by themselves (broker/broker.h) */
    struct survey *survey;           /* of all streams (survey/survey.h) */
    struct metric_set *metrics;      /* metric tables of all modules (server/info.h) */
    struct engine_services services;
    struct engine_client_events client_events; /* filled by broker_new() */

    /* Read by every command. */
    unsigned slow_path;    /* ENGINE_ bits in force */
    enum engine_role role; /* engine/state.h */
    uint64_t role_changes; /* number of changes of the role: an earlier decision may be outdated */
    int64_t ends_ms;  /* by the steady clock: the server waits for replicas until then, and ends; 0:
                         it does not end */
    int disk_error;   /* -errno for ENGINE_DISK_FAILED; 0: none */
    struct gate gate; /* which replies may leave (engine/gate.h) */
    struct client_running *running; /* running requests, the innermost first */
    struct engine_timing timing;
    struct timers timers;
    int64_t now_ms;    /* wall clock of this turn */
    int64_t steady_ms; /* the same moment by clock_steady_ms() */
    int64_t frozen_us; /* wall clock of the running script or transaction; 0: none */

    /* Clients. */
    struct engine_clients clients;
    struct engine_blocking blocking;
    struct engine_pause pause;
    struct engine_act act;
    struct engine_captured captured;
    struct dict watched; /* keys under WATCH (engine/txn.h) */

    /* Statistics. */
    struct engine_stats stats;
    struct engine_denials denials;

    struct engine_debug debug;
    size_t good_replicas;   /* online, and not silent for min-replicas-max-lag */
    bool commands_renamed;  /* with rename-command */
    bool replaying_foreign; /* replaying a file of Redis, whose effects have the meaning they have
                               there */
    bool busy_function;     /* with ENGINE_BUSY: a function is running */
};

#endif
