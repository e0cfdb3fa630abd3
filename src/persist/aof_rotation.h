/* The file operations of a rewrite, in the disk thread: creates the next increment while the
 * current one is written, and installs the finished base. The caller decides when to switch, in
 * between, and forks there.
 *
 * Owned by struct aof. */
#ifndef PERSIST_AOF_ROTATION_H
#define PERSIST_AOF_ROTATION_H

#include "persist/aof_segment.h"

enum aof_rotation_state {
    AOF_ROTATION_IDLE,
    AOF_ROTATION_PREPARING, /* the disk thread creates the next increment */
    AOF_ROTATION_READY      /* it exists, and the manifest names it */
};

struct aof_rotation {
    struct worker_job job; /* of prepare(); owns the fields marked "job" while it runs */
    struct worker *disk;
    struct aof_files *files;
    struct aof_segment *segment;
    enum aof_rotation_state state;
    int error;            /* job: -errno of the last attempt to prepare; 0: none */
    uint64_t first_seq;   /* first increment that the base being written needs */
    uint64_t base_offset; /* journal offset that this base covers */
    int fd;               /* job: of the next increment; -1: none */
    bool unnamed;         /* the manifest is not written to disk yet (no_base_yet) */
    struct aof_files_new next;
    char manifest_path[PATH_MAX];
    struct manifest manifest; /* with the next increment */
    struct buf text;          /* job: its text */
};

void aof_rotation_init(struct aof_rotation *r, struct worker *disk, struct aof_files *f,
                       struct aof_segment *s);
/* The disk thread may have no job for it left. */
void aof_rotation_free(struct aof_rotation *r);

/* Creates the next increment in the disk thread; the state tells when it is ready. -EBUSY: already
 * running or done. */
int aof_rotation_prepare(struct aof_rotation *r);
/* Makes the next increment the current one; a base will replace everything before it. The state is
 * READY and the segment not busy. */
void aof_rotation_switch(struct aof_rotation *r);
/* Discards a prepared increment. The state is not PREPARING. */
void aof_rotation_cancel(struct aof_rotation *r);
/* For bases that need no aof_rotation_switch(): announces one that covers everything before
 * base_offset and needs the increments from first_seq on. */
void aof_rotation_expect_base(struct aof_rotation *r, uint64_t first_seq, uint64_t base_offset);
/* Installs the base, written and synced at temp_path: renames it, writes a manifest with it and the
 * increments it needs, and removes what it replaces or keeps it as history. Works in the disk
 * thread; done() is called on the loop's with 0 or -errno. After an error nothing has changed,
 * except for a leftover file that the next start removes. */
void aof_rotation_install_base(struct aof_rotation *r, const char *temp_path, bool rdb,
                               void (*done)(void *context, int error), void *context);

#endif
