/* What a rewrite does to the files, in the disk thread: the next increment is made while the
 * present one is written, and a finished base takes the place of what it holds. The caller says
 * when the switch is, in between, and forks there.
 *
 * Owned by struct aof. */
#ifndef PERSIST_AOF_ROTATION_H
#define PERSIST_AOF_ROTATION_H

#include "persist/aof_segment.h"

enum aof_rotation_state {
    AOF_ROTATION_IDLE,
    AOF_ROTATION_PREPARING, /* the disk thread makes the next increment */
    AOF_ROTATION_READY      /* it is there, and named by the manifest */
};

struct aof_rotation {
    struct worker_job job; /* that prepares; owns the fields marked "job" until it is done */
    struct worker *disk;
    struct aof_files *files;
    struct aof_segment *segment;
    enum aof_rotation_state state;
    int error;            /* job: of the last attempt to prepare; 0: none */
    uint64_t first_seq;   /* first increment that the base being written needs */
    uint64_t base_offset; /* of the journal; that base holds what was before it */
    int fd;               /* job: of the next increment; -1: not there */
    bool unnamed;         /* the manifest on the disk is not ours (no_base_yet) */
    struct aof_files_new next;
    char manifest_path[PATH_MAX];
    struct manifest manifest; /* with the next increment */
    struct buf text;          /* job: of the same */
};

void aof_rotation_init(struct aof_rotation *r, struct worker *disk, struct aof_files *f,
                       struct aof_segment *s);
/* The disk thread has nothing left to do for it. */
void aof_rotation_free(struct aof_rotation *r);

/* Makes the next increment in the other thread; the state says when it is ready. -EBUSY: that is
 * under way already, or done. */
int aof_rotation_prepare(struct aof_rotation *r);
/* The next increment becomes the one in use: of all before it a base will be made. Ready; the
 * segment is not busy. */
void aof_rotation_switch(struct aof_rotation *r);
/* An increment that is prepared is not used. Not preparing. */
void aof_rotation_cancel(struct aof_rotation *r);
/* A base that needs the increments from a number on, and holds what was before the offset, is being
 * written: for those that need no aof_rotation_switch(). */
void aof_rotation_expect_base(struct aof_rotation *r, uint64_t first_seq, uint64_t base_offset);
/* The base is at temp_path, written and synced: it gets its place, a manifest names it and the
 * increments it needs, what it replaces goes or stays as history. Works in the other thread; done()
 * is called on the loop's with 0 or -errno. After an error nothing has changed, but for a file that
 * the next start removes. */
void aof_rotation_install_base(struct aof_rotation *r, const char *temp_path, bool rdb,
                               void (*done)(void *context, int error), void *context);

#endif
