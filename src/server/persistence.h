/* When the data set is saved and loaded: save points, SAVE and BGSAVE, the start and the end,
 * DEBUG RELOAD, and switching the append-only file on and off. The files themselves are the
 * business of persist/; a rewrite is rewrite's, what a turn writes is durability's. */
#ifndef SERVER_PERSISTENCE_H
#define SERVER_PERSISTENCE_H

#include "engine/engine.h"
#include "server/loader.h"
#include "server/progress.h"
#include "server/rewrite.h"
#include "server/save_record.h"

struct aof;
struct data_lock;
struct durability;
struct persistence;
struct snapshot;

/* What it decides about; all stay the caller's. */
struct persistence_parts {
    struct engine *engine;
    struct aof *aof;
    struct loader *loader;
    struct snapshot *snapshot;
    struct durability *durability;
    struct rewrite *rewrite;
    struct data_lock *lock;
};

struct persistence *persistence_new(const struct persistence_parts *parts);
void persistence_free(struct persistence *p);
/* Loads what there is. False: the log says why. */
bool persistence_load(struct persistence *p);
/* By the clock: save points, rewriting by growth, children that have ended, what failed. */
void persistence_tick(struct persistence *p);
/* Between the commands of a turn and their replies: what a FLUSHALL within a transaction left to be
 * saved. */
void persistence_save_flushed(struct persistence *p);

/* As struct engine_services says. */
int persistence_background_save(struct persistence *p, bool schedule);
int persistence_save(struct persistence *p);
int64_t persistence_last_save(const struct persistence *p);
int persistence_reload(struct persistence *p, bool save, bool flush, bool merge);
int persistence_load_aof_again(struct persistence *p);
void persistence_all_flushed(struct persistence *p);

/* The last saves before the process ends. how: ENGINE_SHUTDOWN_ bits. False: one failed. */
bool persistence_shutdown(struct persistence *p, unsigned how);
/* settings.dir was set: moves there. False: *reason says why not. */
bool persistence_change_directory(struct persistence *p, const char **reason);
/* appendonly was set. False: *reason says why not. */
bool persistence_switch_aof(struct persistence *p, bool on, const char **reason);

/* What INFO tells. */
struct persistence_figures {
    const struct aof *aof;                /* asked directly */
    const struct loader_figures *loading; /* the loader's */
    const struct save_record *save;
    const struct rewrite_figures *rewrite;
    struct progress_state progress;  /* of the child at work */
    long long changes;               /* since the last snapshot */
    int64_t saving_ms, rewriting_ms; /* how long the child has worked; -1: there is none */
    uint64_t forks, last_fork_us;    /* how often, and how long the last one took */
    size_t unwritten;                /* effects that the append-only file has not got yet */
    bool is_loading, is_rewriting;   /* under way; a snapshot: saving_ms >= 0 */
    bool write_ok;                   /* the disk takes what is written */
};
void persistence_figures(const struct persistence *p, struct persistence_figures *out);
/* What CONFIG RESETSTAT sets to zero. */
void persistence_reset_statistics(struct persistence *p);

#endif
