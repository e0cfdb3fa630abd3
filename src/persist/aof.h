/* The append-only file of a running server: when its batches are written and synced, and up to
 * which offset replies may be released. The only interface for other modules; persist/aof.c lists
 * the parts behind it.
 *
 * Guarantee: a reply may be sent once aof_released() has reached its offset. The caller's thread
 * writes, except while an fsync of the same file is in flight, which could stall it. Then the
 * writer thread writes, one batch at a time, as long as the fsync is younger than a second; where
 * replies wait for an fsync anyway, the batch stays in the journal instead.
 *
 * A failed write is truncated away and repeated by aof_retry_batch(). After a failed fsync nothing
 * more is written to that file; recovery takes a new increment and a new base
 * (aof_prepare_switch(), aof_finish_rewrite()).
 *
 * Offsets are journal offsets, times are of the steady clock. Functions that return int return 0 or
 * -errno unless noted. Call from the event loop's thread only. */
#ifndef PERSIST_AOF_H
#define PERSIST_AOF_H

#include "io/worker.h"
#include "persist/journal.h"
#include "persist/manifest.h"

enum aof_policy { AOF_NO = 0, AOF_EVERYSEC = 1, AOF_ALWAYS = 2 };

struct aof;

/* disk: fsyncs and replaces files; writer: writes during an fsync. All three must outlive it. */
struct aof *aof_new(struct worker *disk, struct worker *writer, struct journal *j,
                    const char *directory, const char *stem);
/* Neither thread may have a job running. */
void aof_free(struct aof *a);

/* ---- Opening and closing. These block on the disk. */

/* The files as loaded, or (aof_open_first()) as they will be. */
struct manifest *aof_manifest(struct aof *a);
void aof_path(const struct aof *a, const char *name, char *to, size_t n);
/* Reads the manifest. 1: read; 0: none exists; -1: *error has the reason. */
int aof_read_manifest(struct aof *a, char error[MANIFEST_ERROR]);
/* Turns the single append-only file of Redis before 7.0, next to the directory, into a base. */
int aof_adopt(struct aof *a);
/* Renames the directory with all its files, whose content is not the current data; aside receives
 * the new name. */
int aof_move_aside(struct aof *a, char aside[MANIFEST_ERROR]);
/* Opens the last increment for appending, with the salt from its header, or begins a new one if
 * there is none or it has no frames. At startup only. */
int aof_open_last(struct aof *a);
/* Creates an append-only file: renames the base, already written and synced at base_path, and makes
 * an empty increment and the manifest. Pending journal bytes count as written, since the base has
 * them. */
int aof_create(struct aof *a, const char *base_path, bool rdb_base);
/* Enables the append-only file of a running server: files of an older one become history, and a new
 * increment, not yet in any manifest on disk, receives everything from now on. The caller forks at
 * once to write the base; until aof_finish_rewrite() has installed it, a restart ignores all of
 * this. */
int aof_open_first(struct aof *a);
/* Stops writing and clears any error. No job may be running. */
void aof_close(struct aof *a);
/* Removes files of an earlier rewrite that no manifest names; say() is called for each. */
void aof_sweep(struct aof *a, void (*say)(const char *name));

bool aof_is_open(const struct aof *a);
/* After aof_open_first(), until its base is installed. */
bool aof_has_no_base_yet(const struct aof *a);
/* It is open, and a restart would load all of it. */
bool aof_has_base(const struct aof *a);

/* ---- Settings */

/* pause_syncs: only fsyncs requested by aof_want_sync() (no-appendfsync-on-rewrite). */
void aof_set_policy(struct aof *a, enum aof_policy policy, bool pause_syncs);
/* Size of the reserve file, which is deleted to make room for the last batch when the disk is full.
 */
void aof_set_reserve(struct aof *a, uint64_t bytes);
/* Whether a timestamp line precedes the frames of each second (aof-timestamp-enabled). */
void aof_set_timestamps(struct aof *a, bool on);
/* Whether replaced files are kept, listed as history (aof-disable-auto-gc). */
void aof_keep_replaced(struct aof *a, bool on);

/* ---- The turn */

/* Writes the turn's batch and starts fsyncs as the policy demands. waiting: replies now held back.
 * Under AOF_ALWAYS a batch may be delayed by twice the duration of the last fsync (at most 1 ms),
 * because clients who got their reply by it are likely to write again at once (group commit). */
void aof_flush(struct aof *a, int64_t now_ms, size_t waiting);
/* A batch is delayed for group commit: aof_flush() must be called again without delay. */
bool aof_waits_for_group(const struct aof *a);
/* Requests an fsync of everything now in the journal, whatever the policy; aof_flush() starts it.
 */
void aof_want_sync(struct aof *a);
/* Writes and syncs everything before it returns. Blocks. */
int aof_sync_now(struct aof *a);
/* Offset up to which replies may be sent; UINT64_MAX when no file is open. */
uint64_t aof_released(const struct aof *a);
uint64_t aof_synced(const struct aof *a);
/* The same for local writes of a replica's own clients, which have no offset (journal.locals). */
uint64_t aof_locals_released(const struct aof *a);
uint64_t aof_locals_synced(const struct aof *a);
/* Whether replies may have to wait in this turn. */
bool aof_gates(const struct aof *a);

/* ---- Failures */

/* -errno of a failed write or fsync, -ENOSPC while the reserve is used up, or 0. */
int aof_error(const struct aof *a);
/* A write or fsync has failed and is not repaired yet. */
bool aof_fails(const struct aof *a);
/* An fsync has failed: the file is no longer trusted, and a rewrite must follow. After other errors
 * aof_retry_batch() repeats the failed batch, and restores the reserve before it clears the error.
 */
bool aof_needs_base(const struct aof *a);
void aof_retry_batch(struct aof *a);
/* Checks whether another process has removed, replaced or truncated a file; skipped while a job
 * runs. False: one has, `what` names it, and the files are no longer trusted. Costs a few system
 * calls. */
bool aof_is_intact(struct aof *a, char *what, size_t n);

/* ---- Rewriting */

/* Prepares the next increment in the disk thread. -EBUSY: already running or done. */
int aof_prepare_switch(struct aof *a);
/* It is prepared, and the journal is written out (or writing fails). Becomes true at the end of a
 * turn. */
bool aof_switch_ready(const struct aof *a);
/* -errno if preparing failed, until cleared or tried again. */
int aof_switch_error(const struct aof *a);
void aof_clear_switch_error(struct aof *a);
/* Makes the prepared increment the current one. The caller has just forked, in the same turn. */
void aof_switch(struct aof *a);
/* Begins a new base while the append-only file is off (BGREWRITEAOF without appendonly), which will
 * replace all files; aof_finish_rewrite() follows. After an error *error has the reason. */
int aof_begin_base_only(struct aof *a, char error[MANIFEST_ERROR]);
/* Installs the rewritten base from temp_path: the manifest then names it and the increments since
 * the switch, and older files are removed. Works in the disk thread; done() is called on the loop's
 * with 0 or -errno. */
void aof_finish_rewrite(struct aof *a, const char *temp_path, bool rdb_base,
                        void (*done)(void *context, int error), void *context);

/* ---- Figures */

uint64_t aof_size(const struct aof *a);
uint64_t aof_base_size(const struct aof *a);
/* When the last fsync ended; 0: none yet. */
int64_t aof_last_sync_ms(const struct aof *a);
uint64_t aof_unsynced(const struct aof *a);
uint64_t aof_delayed_syncs(const struct aof *a);
/* The duration in microseconds within which this part (0 to 1) of all fsyncs ended, accurate to an
 * eighth. */
uint64_t aof_sync_latency_us(const struct aof *a, double part);
const struct aof_segment_times *aof_sync_times(const struct aof *a);
bool aof_sync_in_flight(const struct aof *a);

#endif
