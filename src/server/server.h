/* The server: makes every module, wires every callback, owns all of it. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "engine/engine.h"
#include "engine/feed.h"
#include "io/conn.h"
#include "io/loop.h"
#include "io/worker.h"
#include "server/rate.h"

struct lazy;
struct saver;
struct turn;
struct backup;
struct link;

#define SERVER_LISTENERS 34

/* What a turn reads into: a piece for each client of a group. */
#define TURN_BUFFER ((size_t)FEED_GROUP * (65536 + 64))

struct server;

struct listener {
    struct server *server;
    struct loop_fd *watch;
    int fd;
    bool is_unix, is_tls;
};

/* Giving pages back, on the thread that frees. */
struct memory_decay {
    struct worker_job job; /* first: it is found by its address */
    bool running;
};

struct server {
    struct settings *settings;
    struct engine engine;
    struct loop *loop;
    struct worker *disk;   /* syncs and replaces files */
    struct worker *writer; /* writes while that one syncs */
    struct worker *freer;  /* frees large values, gives pages back */
    struct lazy *lazy;
    struct turn *turn;
    struct feed *feed;
    struct backup *backup;
    struct saver *saver; /* snapshots and the append-only file */
    struct listener listeners[SERVER_LISTENERS];
    int listener_n;
    struct tls_context *tls; /* or NULL */
    struct loop_timer *cron;
    struct loop_signal *signals[8];
    struct dict peers;          /* connections by address: admit.c */
    struct dlist_node readable; /* links with bytes to read */
    struct dlist_node held;     /* clients (outgoing) whose output waits for the journal */
    uint64_t held_at;           /* gate.moves when they were looked at last */
    char *turn_buffer;
    int signalled; /* a signal that the next tick acts upon; 0: none */
    int64_t started_ms, started_mono_us;
    bool clock_is_old; /* a script has taken long in this turn */
    bool stopping;     /* the loop ends */
    int exit_code;
    unsigned shutdown_how;
    uint64_t cron_runs;
    struct rate commands, net_in, net_out;
    size_t used_memory, peak_memory; /* as of the last tick */
    size_t startup_memory;
    size_t sole_memory;    /* deleted values that are being sent, as of the last tick */
    size_t clients_limit;  /* maxmemory-clients in bytes */
    size_t clients_enough; /* what clients may hold until memory_limit_clients() looks again */
    size_t memory_offset;  /* what mem_balance() does not know of */
    struct memory_decay decay;
    struct evict *evict;
    /* This turn's eviction, and the longest of all turns: by the clock, which runs on while others
     * have the processor, and by the processor's time. */
    int64_t cache_looked_ms; /* when idle expanded blocks were last looked for */
    int64_t evict_us, evict_longest_us, evict_cpu_us, evict_longest_cpu_us;
    char run_id[41];
    uint64_t cron_ticks; /* time that ticks took, of the cycle counter */
    struct rate cycles, cycle_ticks;
    /* Of active expiry, and of the time in which there was more memory in use than maxmemory. */
    uint64_t expire_us, expire_capped;
    int64_t over_limit_since_ms, over_limit_ms;
    int data_lock; /* on `dir` (server/data_lock.h); -1: it could not be had */
    char *config_path;
    char *executable;
};

struct server *server_new(struct settings *settings);
/* Reads the users of the configuration or of their file. False: a line in the log says why. */
bool server_load_users(struct server *s);
/* Opens the sockets. False: a line in the log says why. */
bool server_listen(struct server *s);
/* Loads the data. */
bool server_load(struct server *s);
/* Until shutdown; returns the exit code. */
int server_run(struct server *s);
void server_free(struct server *s);

#endif
