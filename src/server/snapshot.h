/* Writes the data set to a file: in the server's own process, which blocks it, or in a forked
 * child. At most one child runs at a time. Decides neither when to save nor what the manifest says.
 */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include "engine/engine.h"
#include "replica/replication.h"

#include <sys/types.h>

struct aof;
struct data_lock;
struct snapshot;

/* The target: dbfilename, the base of the append-only file, or a pipe to replicas. */
enum snapshot_kind { SNAPSHOT_NONE, SNAPSHOT_DUMP, SNAPSHOT_BASE, SNAPSHOT_PIPE };

/* The outcome of a child. */
struct snapshot_end {
    enum snapshot_kind kind;
    bool good; /* temp is complete and synced; a dump has been renamed already */
    bool for_replicas;
    int signal;  /* that killed it; 0: none */
    bool as_rdb; /* RDB; else commands (aof-use-rdb-preamble no) */
    size_t cow;  /* bytes that it did not share with its parent at exit */
    int64_t took_ms;
    long long dirty;  /* store.dirty when it was forked */
    const char *temp; /* its file, removed unless good; valid until the next fork */
};

struct snapshot_hooks {
    void *context;
    void (*in_child)(void *context);      /* runs first in each child */
    void (*child_changed)(void *context); /* a child has started or ended */
};

/* lock: the data directory's; children close their copy. All arguments are borrowed. */
struct snapshot *snapshot_new(struct engine *e, struct aof *aof, const struct data_lock *lock,
                              const struct snapshot_hooks *hooks);
/* Kills the child. */
void snapshot_free(struct snapshot *n);

/* Later files get a generation (persist/rdb_head.h) greater than this. */
void snapshot_begin_after(struct snapshot *n, uint64_t generation);
/* Writes, syncs and verifies a file at path. Returns 0 or -errno. Blocks. */
int snapshot_write(struct snapshot *n, const char *path, enum snapshot_kind kind);
/* Replaces dbfilename. Returns 0 or -errno. Blocks. interruptible: SIGINT ends the process
 * meanwhile and removes the temporary file. */
int snapshot_save(struct snapshot *n, bool interruptible);

/* Forks a child that writes a file. None may be running. Returns its pid or -errno (logged). */
pid_t snapshot_fork(struct snapshot *n, enum snapshot_kind kind);
/* The same for replicas: SNAPSHOT_DUMP or SNAPSHOT_PIPE. */
pid_t snapshot_fork_copy(struct snapshot *n, const struct replication_snapshot *s);
bool snapshot_is_for_replicas(const struct snapshot *n);
/* What the running child writes; SNAPSHOT_NONE: no child. */
enum snapshot_kind snapshot_child(const struct snapshot *n);
pid_t snapshot_pid(const struct snapshot *n);
/* Kills the child, if there is one, and removes its file. */
void snapshot_kill(struct snapshot *n);
/* True once for each child that has exited. Does not block. */
bool snapshot_ended(struct snapshot *n, struct snapshot_end *end);

/* The child's progress; all 0: no child. */
struct progress_state;
void snapshot_progress(const struct snapshot *n, struct progress_state *out);
/* How long a child of that kind has been running; -1: none. */
int64_t snapshot_running_ms(const struct snapshot *n, enum snapshot_kind kind);
/* Number of forks, and duration of the last. */
uint64_t snapshot_forks(const struct snapshot *n, uint64_t *last_us);
void snapshot_forget_forks(struct snapshot *n);

#endif
