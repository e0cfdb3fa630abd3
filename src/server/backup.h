/* Online backups: hard links to the files of the append-only file, with a manifest, in a directory
 * of their own under `backupdirname`. They take no space until a rewrite replaces the originals,
 * never change, and can be copied at any time. The result is an `appendonlydir` that a server can
 * load.
 *
 * BACKUP START links the base and the closed increments. BACKUP SEAL switches to a new increment,
 * waits until everything before it is synced, and links the rest: the backup holds the data of
 * that moment. */
#ifndef SERVER_BACKUP_H
#define SERVER_BACKUP_H

#include "engine/engine.h"
#include "io/worker.h"
#include "proto/reply.h"

struct aof;
struct backup;
struct rewrite;

/* disk: the worker that links files. All arguments are borrowed. */
struct backup *backup_new(struct engine *e, struct worker *disk, struct aof *aof,
                          struct rewrite *r);
void backup_free(struct backup *b);
/* The subcommands of BACKUP; each writes its reply. */
void backup_start(struct backup *b, struct bytes name, struct reply *reply);
void backup_seal(struct backup *b, struct reply *reply);
void backup_status(struct backup *b, struct reply *reply);
void backup_list(struct backup *b, struct reply *reply);
void backup_abort(struct backup *b, struct reply *reply);
/* name "all": every sealed one. */
void backup_cleanup(struct backup *b, struct bytes name, struct reply *reply);
/* When the newest existing backup was sealed; 0: there is none. */
int64_t backup_newest_ms(const struct backup *b);
/* At startup: removes unfinished backups of an earlier run. */
void backup_sweep(struct backup *b);
/* The tick: continues a seal in progress. */
void backup_tick(struct backup *b);

#endif
