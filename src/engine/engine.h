/* What the life of a command needs, made once by the server and handed around. Holds no logic. */
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

/* Why requests leave the quick path, whoever asks. */
enum slow_path_reason {
    ENGINE_LOADING = 1 << 0,
    ENGINE_PAUSED = 1 << 1,
    ENGINE_BUSY = 1 << 2, /* a script takes long; others are told so */
    ENGINE_DISK_FAILED = 1 << 3,
    ENGINE_SAVE_FAILED = 1 << 4,
    ENGINE_FEW_REPLICAS = 1 << 5,   /* fewer than min-replicas-to-write */
    ENGINE_MAXMEMORY = 1 << 6,      /* there is a limit */
    ENGINE_CLIENT_LIMIT = 1 << 7,   /* maxmemory-clients is set */
    ENGINE_MONITORED = 1 << 8,      /* somebody watches all commands */
    ENGINE_REPLICA = 1 << 9,        /* we have a primary, whose business it is to delete keys */
    ENGINE_READ_ONLY = 1 << 10,     /* a replica that clients cannot write to */
    ENGINE_STALE = 1 << 11,         /* a replica that is out of touch and must not serve old data */
    ENGINE_ASYNC_LOADING = 1 << 13, /* other data are loaded while these are served */
    ENGINE_MOVING = 1 << 12,        /* keys are on their way to another server */
};

/* What the server is in replication, as far as commands are concerned. */
enum engine_role {
    ROLE_PRIMARY,
    ROLE_REPLICA_DOWN, /* no link to the primary, or what it sent first is not whole */
    ROLE_REPLICA_UP,
};

/* Bytes, and what they are for. */
struct engine_memory {
    size_t used, active, resident, rss, peak, startup;
    size_t clients, replicas;          /* replicas: of clients */
    size_t journal, backlog, overhead; /* overhead: all that is not data */
    size_t apart;                      /* what the limit does not count */
};

/* What only the server can do; filled by it. Errors are -errno. */
struct engine_services {
    void *context;
    /* how: ENGINE_SHUTDOWN_ bits. While it waits for replicas, who asked is to wait as well, and is
     * served as those in clients.confirming are. */
    enum engine_shutdown (*shutdown)(void *context, unsigned how);
    /* Starts a child: 0; 1: it is scheduled; -EALREADY: such a child runs; -EBUSY: another does. */
    int (*background_save)(void *context, bool schedule);
    int (*rewrite)(void *context);
    /* A rewrite has begun, its child is not there yet. */
    bool (*rewrite_prepares)(void *context);
    int (*foreground_save)(void *context);
    int64_t (*last_save)(void *context);
    /* The sections that are named; none: the usual ones. */
    void (*info)(void *context, struct buf *out, const struct bytes *sections, int n);
    /* all: also settings that have their defaults. */
    int (*config_rewrite)(void *context, bool all);
    /* DEBUG RELOAD and LOADAOF. */
    int (*reload)(void *context, bool save, bool flush, bool merge);
    int (*load_aof)(void *context);
    /* All data were deleted by a client (FLUSHALL): what is on the disk must not come back. */
    void (*all_flushed)(void *context);
    /* A subcommand of BACKUP: it writes the reply. */
    void (*backup)(void *context, struct call *call);
    /* CONFIG RESETSTAT: what only the server counts. */
    void (*reset_statistics)(void *context);
    /* Under ENGINE_CLIENT_LIMIT: closes the largest while they hold too much together. */
    void (*limit_clients)(void *context);
    /* Under ENGINE_MAXMEMORY: room for a command that may grow. */
    bool (*make_room)(void *context);
    void (*memory)(void *context, struct engine_memory *out);
    /* A script takes long: whatever else can be done meanwhile. False: the server ends. */
    bool (*busy_turn)(void *context);
};

/* What became of a shutdown. */
enum engine_shutdown {
    ENGINE_SHUTDOWN_REFUSED, /* or called off: the server goes on */
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
    ENGINE_SHUTDOWN_ASK = 64     /* what has become of it; nothing else */
};

/* All clients, and the lists in which some of them are. */
struct engine_clients {
    struct dlist_node all;
    struct dlist_node replying;   /* have output and made a request: sent first */
    struct dlist_node outgoing;   /* have output */
    struct dlist_node resuming;   /* have unrun bytes and may run again */
    struct dlist_node closing;    /* freed at the end of the turn */
    struct dlist_node anonymous;  /* have to AUTH first, the oldest first */
    struct dlist_node confirming; /* blocked in WAIT, WAITAOF and SHUTDOWN */
    struct dict by_id;
    uint64_t last_id;
    size_t count, anonymous_count;
    size_t closing_count;     /* of `count` */
    struct chain_pool blocks; /* of what they are sent */
    size_t held, input; /* bytes of all clients together: client_holds(), client_set_input() */
};

/* Blocked clients (engine/block.h). */
struct engine_blocking {
    struct dict keys;           /* database and key to all who wait, in order */
    struct dlist_node ready;    /* keys to be looked at */
    struct dlist_node later;    /* keys in whose lines somebody who stays has more to get */
    struct dlist_node due;      /* waits whose time has come (engine/block.c) */
    struct dlist_node patterns; /* waits for keys that match a pattern (engine/block.c) */
    uint64_t empty;             /* of what the key that is served has nothing left; 0: nothing */
    uint64_t last_number;       /* of the latest wait */
    size_t client_keys;         /* keys that clients wait for */
    size_t nokey_keys;          /* keys whose waiters also hear when they are gone */
    size_t count, with_deadline;
};

/* Why requests are held. All but CLIENT PAUSE hold those that may write. */
enum pause_reason {
    PAUSE_CLIENT,   /* CLIENT PAUSE */
    PAUSE_SHUTDOWN, /* the replicas are to catch up before the server ends */
    PAUSE_FAILOVER, /* or before one of them takes over */
    PAUSE_MOVE,     /* keys are on their way to another server: who writes to them, or to what
                       cannot be told, is held (pause_key()) */
    PAUSE_REPLICAS, /* min-replicas-to-ack: there are too few of them to confirm a write. PUBLISH
                       goes on */
};

/* Requests that wait (engine/pause.h). */
struct engine_pause {
    unsigned reasons; /* bits 1 << enum pause_reason: ENGINE_PAUSED, of PAUSE_MOVE ENGINE_MOVING */
    struct dict keys; /* on their way: names of engine/key_name.h */
    int64_t until_ms; /* of CLIENT PAUSE, by the steady clock */
    bool writes_only; /* of CLIENT PAUSE */
    bool is_due;      /* its time has come, and the turn has not ended it yet */
    struct timer timer;
    struct dlist_node clients; /* (resuming) whose requests wait, those who wait longest first */
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

/* Ticks of the cycle counter: a command's time counts from where the one before it ended. */
struct engine_timing {
    uint64_t last_ticks;    /* when the last command ended, or waiting ended */
    uint64_t began_ticks;   /* when waiting ended: commands have run from then to last_ticks */
    uint64_t command_ticks; /* what they took, up to then */
    uint64_t slow_ticks;    /* commands that take so long are looked at */
    bool track_latency;
};

/* What a module above attaches to clients (client.attached) hears of them. They note, and change no
 * data: it may be a time at which nothing may be written. */
struct engine_client_events {
    void *context;
    void (*left)(void *context, struct client *c); /* closes, or RESET; nothing stays attached */
    void (*unblocked)(void *context, struct client *c); /* it waits no longer */
};

/* What was denied (engine/rights.h). */
struct engine_denials {
    struct dlist_node entries;
    size_t count;
    uint64_t next_id, by_result[5]; /* by enum check_result */
};

/* The server acting by itself (engine/act.h). */
struct engine_act {
    struct client *client;    /* that its commands run as */
    bool open;                /* between act_begin() and act_end() */
    long long touched, dirty; /* of the store, when it began */
};

/* What DEBUG switches. */
struct engine_debug {
    bool active_expire;     /* on at the start */
    bool pause_cron;        /* DEBUG PAUSE-CRON */
    bool skip_checksums;    /* DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE takes any */
    bool scripts_may_all;   /* DEBUG SET-DISABLE-DENY-SCRIPTS */
    int64_t flush_sleep_us; /* DEBUG AOF-FLUSH-SLEEP */
};

/* Publications that streams capture (broker/broker_capture.h). */
struct engine_captured {
    bool waits; /* something is to be appended when the command ends */
    void (*run)(struct engine *e);
};

struct engine {
    /* What it is made of (engine/assemble.h). */
    struct settings *settings; /* borrowed */
    struct store *store;
    struct registry *registry;
    struct journal *journal;
    struct pubsub *pubsub;
    struct users *users;
    struct tracking *tracking;       /* who caches what (engine/tracking.h) */
    struct observe *observe;         /* slow commands, events, MONITOR (engine/observe.h) */
    struct scripting *scripting;     /* what EVAL and FCALL run on (script/scripting.h) */
    struct replication *replication; /* primary or replica (replica/replication.h) */
    struct moves *moves;             /* MIGRATE's (replica/move.h) */
    struct broker *broker;           /* what streams do by themselves (broker/broker.h) */
    struct survey *survey;           /* of all streams (survey/survey.h) */
    struct metric_set *metrics;      /* the tables of all modules (server/info.h) */
    struct engine_services services;
    struct engine_client_events client_events; /* filled by broker_new() */

    /* What every command looks at. */
    unsigned slow_path;             /* ENGINE_ bits in force */
    enum engine_role role;          /* engine/state.h */
    uint64_t role_changes;          /* how often it was told: what one who acts knows may be old */
    int64_t ends_ms;                /* by the steady clock: replicas are waited for until then, and
                                       the server ends; 0: it does not */
    int disk_error;                 /* of ENGINE_DISK_FAILED: -errno; 0: there is none */
    struct gate gate;               /* which replies may leave (engine/gate.h) */
    struct client_running *running; /* whose requests run, the innermost first */
    struct engine_timing timing;
    struct timers timers;
    int64_t now_ms;    /* wall clock of this turn */
    int64_t steady_ms; /* the same moment as clock_steady_ms() shows it */
    int64_t frozen_us; /* the wall clock of the script or transaction that runs; or 0 */

    /* Those who use it. */
    struct engine_clients clients;
    struct engine_blocking blocking;
    struct engine_pause pause;
    struct engine_act act;
    struct engine_captured captured;
    struct dict watched; /* keys under WATCH (engine/txn.h) */

    /* What is remembered about them. */
    struct engine_stats stats;
    struct engine_denials denials;

    struct engine_debug debug;
    size_t good_replicas;   /* online, and not silent for min-replicas-max-lag */
    bool commands_renamed;  /* by rename-command */
    bool replaying_foreign; /* a file of Redis, whose effects mean what they mean there */
    bool busy_function;     /* under ENGINE_BUSY: it is a function that runs */
};

#endif
