/* The data set written into a file: by the server itself while everybody waits, or by a forked
 * child, of which there is at most one. Knows nothing of when to save, nor of the manifest. */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include "engine/engine.h"

#include <sys/types.h>

struct aof;
struct data_lock;
struct snapshot;

/* What the file is to be: dbfilename, or the base of the append-only file. */
enum snapshot_kind { SNAPSHOT_NONE, SNAPSHOT_DUMP, SNAPSHOT_BASE };

/* How a child ended. */
struct snapshot_end {
    enum snapshot_kind kind;
    bool good;   /* temp is whole and synced; a dump is in place already */
    int signal;  /* that ended it; 0: none */
    bool as_rdb; /* a snapshot; else commands (aof-use-rdb-preamble no) */
    size_t cow;  /* bytes that it did not share with its parent at its end */
    int64_t took_ms;
    long long dirty;  /* store.dirty when it was forked */
    const char *temp; /* its file, gone unless good; valid until the next fork */
};

struct snapshot_hooks {
    void *context;
    void (*in_child)(void *context);      /* first of all, in each child */
    void (*child_changed)(void *context); /* a child has begun or ended */
};

/* lock: the data directory's, which a child lets go of. All stay the caller's. */
struct snapshot *snapshot_new(struct engine *e, struct aof *aof, const struct data_lock *lock,
                              const struct snapshot_hooks *hooks);
/* Ends the child. */
void snapshot_free(struct snapshot *n);

/* The greatest generation (persist/rdb_head.h) of the files there are: those to come get more. */
void snapshot_begin_after(struct snapshot *n, uint64_t generation);
/* Writes, syncs and reads back a file of that kind at path. 0 or -errno. Blocks. */
int snapshot_write(struct snapshot *n, const char *path, enum snapshot_kind kind);
/* A dump in its place. 0 or -errno. Blocks. interruptible: a Ctrl-C ends the process meanwhile, and
 * nothing is left of the new file. */
int snapshot_save(struct snapshot *n, bool interruptible);

/* Forks; no child may be at work. The pid, or -errno (the log says so). */
pid_t snapshot_fork(struct snapshot *n, enum snapshot_kind kind);
/* What the child at work writes; SNAPSHOT_NONE: there is none. */
enum snapshot_kind snapshot_child(const struct snapshot *n);
pid_t snapshot_pid(const struct snapshot *n);
/* Ends the child, if there is one, and removes its file. */
void snapshot_kill(struct snapshot *n);
/* True once for each child that has ended by itself. Does not block. */
bool snapshot_ended(struct snapshot *n, struct snapshot_end *end);

/* How far the child has come; all 0: there is none. */
struct progress_state;
void snapshot_progress(const struct snapshot *n, struct progress_state *out);
/* For INFO. -1: no child of that kind works; else since when, in milliseconds. */
int64_t snapshot_running_ms(const struct snapshot *n, enum snapshot_kind kind);
/* How often a child was forked, and how long the last fork took. */
uint64_t snapshot_forks(const struct snapshot *n, uint64_t *last_us);
void snapshot_forget_forks(struct snapshot *n);

#endif
