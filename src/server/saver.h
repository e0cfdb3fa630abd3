/* When and what is saved: save points, rewrites, the append-only file of a turn, loading, the last
 * save before the end. The files themselves are the business of persist/. */
#ifndef SERVER_SAVER_H
#define SERVER_SAVER_H

#include "server/loader.h"
#include "server/progress.h"

struct manifest;

struct saver *saver_new(struct server *s);
void saver_free(struct saver *v);
/* Loads what there is. False: the log says why. */
bool saver_load(struct saver *v);

/* Before requests run: whether replies will have to wait. */
void saver_begin_turn(struct saver *v);
/* The turn's effects go to the file, and the gate hears what came of it. */
void saver_flush(struct saver *v);
/* The gate hears what the file keeps. */
void saver_tell_gate(struct saver *v);
/* A batch waits for more of it: the loop does not sleep. */
bool saver_gathers(const struct saver *v);
/* Forks and segment switches happen here. */
void saver_end_turn(struct saver *v);
/* By the clock: save points, automatic rewriting, children, syncs. */
void saver_tick(struct saver *v);

/* As struct engine_services says. */
int saver_background_save(struct saver *v, bool schedule);
int saver_rewrite(struct saver *v);
bool saver_rewrite_prepares(const struct saver *v);
int saver_save(struct saver *v);
int64_t saver_last_save(const struct saver *v);
int saver_reload(struct saver *v, bool save, bool flush, bool merge);
int saver_load_aof_again(struct saver *v);
/* The last saves before the process ends. how: ENGINE_SHUTDOWN_ bits. False: one failed. */
bool saver_shutdown(struct saver *v, unsigned how);

/* The files of the append-only file, and whether they hold all data. */
const struct manifest *saver_manifest(const struct saver *v);
bool saver_has_base(const struct saver *v);
/* Everything up to now is to lie in increments that are not written any more, on the disk. 1: so it
 * is, since an earlier call; 0: call again; or -errno. Nothing is rewritten meanwhile. */
int saver_seal(struct saver *v);
/* FLUSHALL by a client. */
void saver_all_flushed(struct saver *v);
bool saver_change_directory(struct saver *v, const char **reason);
bool saver_switch_aof(struct saver *v, bool on, const char **reason);
void saver_policy_changed(struct saver *v);
/* Those that CONFIG RESETSTAT sets to zero. */
void saver_reset_statistics(struct saver *v);

/* What INFO tells of saving. Times of the wall clock unless said otherwise. */
struct saver_figures {
    const struct aof *aof;                /* asked directly; the saver's */
    const struct loader_figures *loading; /* the same */
    struct progress_state progress;       /* of the child at work */
    long long changes;                    /* since the last snapshot */
    int64_t last_save_ms;
    int64_t last_save_s, last_rewrite_s;  /* how long they took; -1: none yet */
    int64_t saving_ms, rewriting_ms;      /* how long the child has worked; -1: there is none */
    uint64_t saves, rewrites;             /* since the start */
    uint64_t rewrite_failures;            /* since the last that was good */
    uint64_t forks, last_fork_us;         /* how often, and how long the last one took */
    size_t save_cow, rewrite_cow;         /* bytes that the last child did not share with us */
    size_t unwritten;                     /* effects that the append-only file has not got yet */
    bool is_rewriting;                    /* under way; is_saving: saving_ms >= 0 */
    bool rewrite_scheduled, first_wanted; /* a rewrite waits; the append-only file does */
    bool last_save_ok, last_rewrite_ok, last_write_ok;
};
void saver_figures(const struct saver *v, struct saver_figures *out);

#endif
