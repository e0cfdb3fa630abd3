/* Online backups: hard links to the files of the append-only file, in a directory of their own
 * under `backupdirname`, with a manifest. They take no room until a rewrite replaces the files,
 * stay what they are, and may be copied at leisure: a directory `appendonlydir` that a server
 * loads.
 *
 * BACKUP START links the base and the increments there are; BACKUP SEAL begins a new increment,
 * waits until everything before it is on the disk, and links what belongs to that moment. */
#ifndef SERVER_BACKUP_H
#define SERVER_BACKUP_H

#include "engine/engine.h"
#include "io/worker.h"
#include "proto/reply.h"

struct aof;
struct backup;
struct rewrite;

/* disk: the worker that links files. */
struct backup *backup_new(struct engine *e, struct worker *disk, struct aof *aof,
                          struct rewrite *r);
void backup_free(struct backup *b);
/* What the subcommands of BACKUP do; each writes its reply. */
void backup_start(struct backup *b, struct bytes name, struct reply *reply);
void backup_seal(struct backup *b, struct reply *reply);
void backup_status(struct backup *b, struct reply *reply);
void backup_list(struct backup *b, struct reply *reply);
void backup_abort(struct backup *b, struct reply *reply);
/* name "all": every sealed one. */
void backup_cleanup(struct backup *b, struct bytes name, struct reply *reply);
/* At the start: removes what a server that ended in the middle left of a backup. */
void backup_sweep(struct backup *b);
/* By the clock: goes on with a backup that is to be sealed. */
void backup_tick(struct backup *b);

#endif
