/* The append-only file of a running server: when its batches are written and synced, and what
 * replies may rely on. The one door for other modules; the rooms behind it are named in
 * persist/aof.c.
 *
 * Order of promises: a reply may leave once aof_released() has reached its offset. The caller's
 * thread writes, but never while a sync of the same file is in flight, which may stall it: then a
 * thread of its own does, one batch after the other, while the sync is not older than a second; or,
 * where replies wait for a sync anyway, the batch gathers in the journal.
 *
 * A write that failed is taken back and tried again by aof_retry_batch(). After a failed sync
 * nothing more goes to that file; a new increment and a new base (aof_prepare_switch(),
 * aof_finish_rewrite()) are the way on.
 *
 * Offsets are the journal's, times those of the steady clock. Functions that return int return 0 or
 * -errno unless told otherwise. Not to be called by other threads than the loop's. */
#ifndef PERSIST_AOF_H
#define PERSIST_AOF_H

#include "io/worker.h"
#include "persist/journal.h"
#include "persist/manifest.h"

enum aof_policy { AOF_NO = 0, AOF_EVERYSEC = 1, AOF_ALWAYS = 2 };

struct aof;

/* disk syncs and replaces files; writer writes while that one syncs. All three outlive it. */
struct aof *aof_new(struct worker *disk, struct worker *writer, struct journal *j,
                    const char *directory, const char *stem);
/* No job of the threads is under way. */
void aof_free(struct aof *a);

/* ---- Opening and closing. These block on the disk. */

/* The files, as loaded or as they will be. */
struct manifest *aof_manifest(struct aof *a);
void aof_path(const struct aof *a, const char *name, char *to, size_t n);
/* Reads the manifest. 1: there is one; 0: there is none; -1: *error says why not. */
int aof_read_manifest(struct aof *a, char error[MANIFEST_ERROR]);
/* Makes a base of the one file, beside the directory, that is all of an append-only file of Redis
 * before 7.0. */
int aof_adopt(struct aof *a);
/* The directory with all its files gets another name, which goes to aside: what it holds is not
 * what there is. */
int aof_move_aside(struct aof *a, char aside[MANIFEST_ERROR]);
/* Opens the last increment for appending, its salt as it stands in its header; or begins a new one
 * when there is none or it has no frames. At the start only. */
int aof_open_last(struct aof *a);
/* A new append-only file: the base, already written and synced at base_path, is renamed; an empty
 * increment and the manifest are made. What the journal holds counts as written: the base has it.
 */
int aof_create(struct aof *a, const char *base_path, bool rdb_base);
/* Begins to write while the server runs: what an older append-only file held is history, a new
 * increment (not yet in any manifest on the disk) takes what happens from now on. The caller forks
 * at once for the base; until aof_finish_rewrite() has put it in place nothing of this is found at
 * a start. */
int aof_open_first(struct aof *a);
/* Nothing is written any more, and what is wrong with the file concerns nobody. No job runs. */
void aof_close(struct aof *a);
/* Removes files of an earlier rewrite that no manifest names; say() hears of each. */
void aof_sweep(struct aof *a, void (*say)(const char *name));

bool aof_is_open(const struct aof *a);
/* The base for aof_open_first() is still missing. */
bool aof_has_no_base_yet(const struct aof *a);
/* It is written, and a start finds all of it. */
bool aof_has_base(const struct aof *a);

/* ---- Settings */

/* pause_syncs: only such syncs as are wanted (no-appendfsync-on-rewrite). */
void aof_set_policy(struct aof *a, enum aof_policy policy, bool pause_syncs);
/* Bytes of the disk that are held back, as a file, and given up for the last batch when it is full.
 */
void aof_set_reserve(struct aof *a, uint64_t bytes);
/* Whether a line in front of the frames of each second says which it is (aof-timestamp-enabled). */
void aof_set_timestamps(struct aof *a, bool on);
/* Files that were replaced stay, named as history (aof-disable-auto-gc). */
void aof_keep_replaced(struct aof *a, bool on);

/* ---- The turn */

/* The turn's batch; starts syncs as the policy says. Under AOF_ALWAYS a batch may wait for twice
 * as long as the last sync took (1 ms at most) for those who got their reply by it and are likely
 * to write again at once: waiting is how many replies are held now. */
void aof_flush(struct aof *a, int64_t now_ms, size_t waiting);
/* Such a batch waits: aof_flush() wants to be called again without delay. */
bool aof_waits_for_group(const struct aof *a);
/* A sync soon, whatever the policy says, of all that the journal has now: by aof_flush(). */
void aof_want_sync(struct aof *a);
/* Writes and syncs everything before it returns. Blocks. */
int aof_sync_now(struct aof *a);
/* What replies may rely on; UINT64_MAX when nothing is open. */
uint64_t aof_released(const struct aof *a);
uint64_t aof_synced(const struct aof *a);
/* The same of what a replica's own clients write, which has no offset (journal.locals). */
uint64_t aof_locals_released(const struct aof *a);
uint64_t aof_locals_synced(const struct aof *a);
/* Replies may have to wait in this turn. */
bool aof_gates(const struct aof *a);

/* ---- Failures */

/* A failed write or sync, or a disk on which the reserve has been given up: -errno, 0: none. */
int aof_error(const struct aof *a);
/* Writing or syncing has failed and has not been made good. */
bool aof_fails(const struct aof *a);
/* A sync has failed: the file is not believed any more, a rewrite has to follow. Otherwise the
 * batch that failed is tried again by aof_retry_batch(), which also wants the reserve back before
 * it calls the disk good. */
bool aof_needs_base(const struct aof *a);
void aof_retry_batch(struct aof *a);
/* Looks whether somebody else has removed, replaced or shortened a file, while no job is under way.
 * False: one has been, `what` says which, and the files are not believed any more. Costs a few
 * system calls. */
bool aof_is_intact(struct aof *a, char *what, size_t n);

/* ---- Rewriting */

/* Prepares the next increment in the other thread. -EBUSY: that is under way or done. */
int aof_prepare_switch(struct aof *a);
/* It is prepared, and all that has happened is written (or writing fails): turns true at the end of
 * a turn. */
bool aof_switch_ready(const struct aof *a);
/* -errno when preparing failed, until it is cleared or tried again. */
int aof_switch_error(const struct aof *a);
void aof_clear_switch_error(struct aof *a);
/* Ready: the next increment becomes the one in use. The caller forks just before, in the same turn.
 */
void aof_switch(struct aof *a);
/* A new base while nothing is written (BGREWRITEAOF without appendonly): all there was gives way to
 * it; aof_finish_rewrite() follows. After an error *error says why not. */
int aof_begin_base_only(struct aof *a, char error[MANIFEST_ERROR]);
/* The rewritten base is at temp_path: the manifest names it and the increments since the switch,
 * the older files go. Works in the other thread; done() is called on the loop's with 0 or -errno.
 */
void aof_finish_rewrite(struct aof *a, const char *temp_path, bool rdb_base,
                        void (*done)(void *context, int error), void *context);

/* ---- Figures */

uint64_t aof_size(const struct aof *a);
uint64_t aof_base_size(const struct aof *a);
/* When it ended; 0: none yet. */
int64_t aof_last_sync_ms(const struct aof *a);
uint64_t aof_unsynced(const struct aof *a);
uint64_t aof_delayed_syncs(const struct aof *a);
/* At most so many microseconds took a part (0 to 1) of all syncs, to an eighth. */
uint64_t aof_sync_latency_us(const struct aof *a, double part);
const struct aof_segment_times *aof_sync_times(const struct aof *a);
bool aof_sync_in_flight(const struct aof *a);

#endif
