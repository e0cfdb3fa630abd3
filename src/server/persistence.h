/* Decides when the data set is saved and loaded: save points, SAVE and BGSAVE, startup and
 * shutdown, DEBUG RELOAD, turning the append-only file on and off. Rewrites are server/rewrite, the
 * writes of each turn server/durability, file formats persist/. */
#ifndef SERVER_PERSISTENCE_H
#define SERVER_PERSISTENCE_H

#include "engine/engine.h"
#include "server/copy_loader.h"
#include "server/loader.h"
#include "server/progress.h"
#include "server/rewrite.h"
#include "server/save_record.h"

struct aof;
struct data_lock;
struct durability;
struct replication;
struct persistence;
struct snapshot;

/* All borrowed. */
struct persistence_parts {
    struct engine *engine;
    struct aof *aof;
    struct loader *loader;
    struct copy_loader *copies;
    struct snapshot *snapshot;
    struct durability *durability;
    struct rewrite *rewrite;
    struct replication *replication;
    struct data_lock *lock;
    void *context;
    /* The child that wrote a snapshot for replicas has ended; good: successfully. */
    void (*copy_ended)(void *context, bool good);
};

struct persistence *persistence_new(const struct persistence_parts *parts);
void persistence_free(struct persistence *p);
/* Loads the data at startup and opens the append-only file. Returns false when the server must not
 * start; the log says why. */
bool persistence_load(struct persistence *p);
/* The tick: collects children, starts work that is due, retries what failed. */
void persistence_tick(struct persistence *p);
/* Saves the empty data set after a FLUSHALL inside a transaction, once that has ended. Call before
 * the turn's replies leave. */
void persistence_save_flushed(struct persistence *p);

/* Whether a child may be forked now: no other work is in progress, and no transaction is open. */
bool persistence_may_fork(const struct persistence *p);
/* See struct engine_services. */
int persistence_background_save(struct persistence *p, bool schedule);
int persistence_save(struct persistence *p);
int64_t persistence_last_save(const struct persistence *p);
int persistence_reload(struct persistence *p, bool save, bool flush, bool merge);
int persistence_load_aof_again(struct persistence *p);
/* Replaces the data by a primary's snapshot, as in server/copy_loader.h. *db: the stream's database
 * after it. The append-only file is closed until persistence_copy_ended(), which is to be called
 * when the journal's history fits the data again. */
enum copy_loader_end persistence_load_copy(struct persistence *p, const char *path,
                                           enum copy_loader_how how, int *db);
void persistence_copy_ended(struct persistence *p);
void persistence_all_flushed(struct persistence *p);

/* The final saves. how: ENGINE_SHUTDOWN_ bits. Returns false when one failed. */
bool persistence_shutdown(struct persistence *p, unsigned how);
/* Changes to the directory settings.dir, and locks it. Returns false and *reason when it can't. */
bool persistence_change_directory(struct persistence *p, const char **reason);
/* Turns the append-only file on or off. Returns false and *reason when it can't. */
bool persistence_switch_aof(struct persistence *p, bool on, const char **reason);

/* For INFO. */
struct persistence_figures {
    const struct aof *aof;                /* for its own figures */
    const struct loader_figures *loading; /* the loader's */
    const struct save_record *save;
    const struct rewrite_figures *rewrite;
    struct progress_state progress;  /* of the child at work */
    long long changes;               /* since the last snapshot */
    int64_t saving_ms, rewriting_ms; /* how long the child has run; -1: none */
    uint64_t forks, last_fork_us;    /* count, and duration of the last */
    size_t unwritten;                /* bytes of effects not written to the append-only file */
    bool is_async_loading;           /* of another data set, while this one is served */
    bool is_loading, is_rewriting;   /* in progress; a snapshot: saving_ms >= 0 */
    bool write_ok;                   /* the last write to the append-only file succeeded */
};
void persistence_figures(const struct persistence *p, struct persistence_figures *out);
/* For CONFIG RESETSTAT. */
void persistence_reset_statistics(struct persistence *p);

#endif
