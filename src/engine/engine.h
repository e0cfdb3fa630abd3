/* What the life of a command needs, made once by the server and handed around. Holds no logic. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "command/registry.h"
#include "config/settings.h"
#include "ds/dict.h"
#include "ds/dlist.h"
#include "ds/heap.h"
#include "engine/gate.h"
#include "persist/journal.h"
#include "pubsub/pubsub.h"
#include "store/db.h"

struct client;
struct client_running;
struct call;
struct scripting;
struct user;
struct users;
struct observe;
struct tracking;

struct engine_stat {
    uint64_t calls, ticks, rejected, failed;
    uint64_t *times; /* by observe_bucket(), or NULL: none yet */
};

enum engine_special { /* why a request leaves the quick path, whoever asks */
                      ENGINE_LOADING = 1 << 0,
                      ENGINE_PAUSED = 1 << 1,
                      ENGINE_MAXMEMORY = 1 << 2, /* there is a limit */
                      ENGINE_DISK_FAILED = 1 << 3,
                      ENGINE_SAVE_FAILED = 1 << 4,
                      ENGINE_MONITORED = 1 << 6,    /* somebody watches all commands */
                      ENGINE_BUSY = 1 << 5,         /* a script takes long; others are told so */
                      ENGINE_FEW_REPLICAS = 1 << 7, /* fewer than min-replicas-to-write */
                      ENGINE_CLIENT_LIMIT = 1 << 8, /* maxmemory-clients is set */
};

/* Bytes, and what they are for. */
struct engine_memory {
    size_t used, active, resident, rss, peak, startup;
    size_t clients, journal, overhead; /* overhead: all that is not data */
    size_t apart;                      /* what the limit does not count */
};

/* What only the server can do; filled by it. Errors are -errno. */
struct engine_services {
    void *context;
    /* False: refused, the server goes on. how: ENGINE_SHUTDOWN_ bits. */
    bool (*shutdown)(void *context, unsigned how);
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

enum {
    ENGINE_SHUTDOWN_NOSAVE = 1,
    ENGINE_SHUTDOWN_SAVE = 2,
    ENGINE_SHUTDOWN_NOW = 4,
    ENGINE_SHUTDOWN_FORCE = 8,
    ENGINE_SHUTDOWN_ABORT = 16,
    ENGINE_SHUTDOWN_SIGNAL = 32 /* a signal asked for it */
};

struct engine {
    struct settings *settings;
    struct store *store;
    struct registry *registry;
    struct journal *journal;
    struct pubsub *pubsub;
    struct users *users;
    struct tracking *tracking; /* who caches what (engine/tracking.h) */
    struct observe *observe;   /* slow commands, events, MONITOR (engine/observe.h) */
    uint64_t slow_ticks;       /* commands that take so long are looked at */
    bool track_latency;
    struct scripting *scripting; /* the commands' (script/scripting.h) */
    struct engine_services services;
    unsigned special;             /* ENGINE_ bits in force */
    struct gate gate;             /* which replies may leave (engine/gate.h) */
    struct dlist_node confirming; /* clients in WAITAOF */
    uint64_t next_client_id;
    struct dlist_node clients, outgoing, resuming, closing;
    struct dlist_node replying;         /* clients (outgoing) that made a request; sent first */
    size_t client_count, closing_count; /* the latter are among the former until the turn's end */
    size_t clients_held, clients_input; /* bytes of all clients together: client_holds() */
    struct dict clients_by_id;
    struct dlist_node anonymous; /* clients that have to AUTH first, oldest first */
    size_t anonymous_count;
    int64_t now_ms;    /* wall clock of this turn */
    int64_t frozen_us; /* the wall clock of the script or transaction that runs; or 0 */
    int64_t steady_ms; /* the same moment as clock_steady_ms() shows it */
    /* Blocked clients (engine/block.h). */
    struct dict waiting; /* db and key to those who wait, in order */
    struct heap timeouts;
    struct dlist_node ready;        /* keys to be looked at */
    uint64_t last_wait;             /* number of the latest */
    struct client_running *running; /* whose requests run, the innermost first */
    size_t waiting_nokey;           /* keys whose waiters also hear when they are gone */
    size_t blocked_count;
    /* Watched keys (engine/txn.h). */
    struct dict watched;
    /* CLIENT PAUSE. */
    int64_t pause_until_ms; /* by the steady clock */
    bool pause_writes_only;
    struct dlist_node paused;
    /* Statistics. */
    struct engine_stat *stats; /* by registry_number() */
    uint64_t last_ticks;       /* when the last command ended, or waiting ended: the next one's
                                * time counts from here */
    uint64_t began_ticks;      /* when waiting ended: commands have run from then to last_ticks */
    uint64_t command_ticks;    /* what they took, up to then */
    struct dict errors;        /* error code to a counter */
    uint64_t total_reads, total_writes; /* of sockets */
    uint64_t total_commands, total_errors, total_in, total_out, total_connections,
        rejected_connections, unexpected_errors;
    uint64_t evicted_clients, output_limit_disconnections, query_limit_disconnections;
    uint64_t blocked_memory;
    struct str *run_id;
    bool active_expire;
    bool pause_cron;
    bool in_exec;
    bool replaying;
    bool replaying_foreign; /* a file of Redis, whose effects mean what they mean there */
    /* What was denied (engine/rights.h). */
    struct dlist_node denials;
    size_t denial_count;
    uint64_t next_denial, denied[5]; /* by enum check_result */
    bool busy_function;              /* under ENGINE_BUSY: it is a function that runs */
    bool skip_checksums;             /* DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE takes any */
    int64_t flush_sleep_us;          /* DEBUG AOF-FLUSH-SLEEP */
    bool commands_renamed;           /* by rename-command */
    bool scripts_may_all;            /* DEBUG SET-DISABLE-DENY-SCRIPTS */
};

/* Whether pushes have to be marked (engine/gate.h). A transaction or a script (a group within a
 * group) may let others have their turn before it ends: what it tells waits for its end in any
 * case. */
static inline bool gate_holds_pushes(const struct engine *e)
{
    return e->journal->on && (e->gate.promise.armed || e->journal->depth >= 2);
}

#endif
