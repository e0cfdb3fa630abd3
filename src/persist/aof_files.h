/* The files of the append-only file as a set: their names and numbers, the manifest that lists the
 * valid ones, the reserve file, and the removal of leftovers.
 *
 * Calls access the disk on the caller's thread and block, unless noted. Those that return int
 * return 0 or -errno unless noted. The struct is owned by struct aof; others read it, and change it
 * only by these calls. */
#ifndef PERSIST_AOF_FILES_H
#define PERSIST_AOF_FILES_H

#include "persist/manifest.h"

#include <limits.h>

struct aof_files {
    char *directory, *stem;
    struct manifest manifest; /* as on disk; while no_base_yet as it will be */
    uint64_t size, base_size; /* bytes of base and increments now, and after the last rewrite */
    uint64_t last_base;       /* number of the last base that was tried */
    uint64_t reserve_size;    /* wanted bytes; 0: no reserve */
    bool reserved;            /* the reserve file exists */
    bool keep_replaced;       /* replaced files are kept, as history */
    /* The current increment is in no manifest on disk because its base is still missing; a restart
     * would ignore it. */
    bool no_base_yet;
};

/* A file to be created. */
struct aof_files_new {
    uint64_t seq;
    char name[PATH_MAX / 4], path[PATH_MAX];
};

void aof_files_init(struct aof_files *f, const char *directory, const char *stem);
void aof_files_free(struct aof_files *f);

/* ---- Names; without disk access */

void aof_files_path(const struct aof_files *f, const char *name, char *to, size_t n);
void aof_files_manifest_path(const struct aof_files *f, char *to, size_t n);
/* The file that exists while no_base_yet. */
void aof_files_marker_path(const struct aof_files *f, char *to, size_t n);
/* A number and name unused in the manifest. */
void aof_files_next_increment(const struct aof_files *f, struct aof_files_new *out);
/* Likewise, and not used by an earlier attempt either. */
void aof_files_next_base(struct aof_files *f, bool rdb, struct aof_files_new *out);

/* ---- The manifest */

/* 1: read; 0: none exists or ever did; -1: *error has the reason. */
int aof_files_read_manifest(struct aof_files *f, char error[MANIFEST_ERROR]);
/* The increment to append to; NULL: there is none. */
const struct manifest_file *aof_files_last_increment(const struct aof_files *f);

/* ---- Making files */

/* Creates an empty file and syncs its directory. Returns an open descriptor, or -errno. */
int aof_files_create(const char *path);
/* Creates an increment and writes a manifest with it. Returns an open descriptor, or -errno. */
int aof_files_add_increment(struct aof_files *f);
/* Replaces all files by the base, written and synced at base_path, and a new increment, whose
 * descriptor goes to *fd. After an error the manifest in memory is unchanged. */
int aof_files_replace(struct aof_files *f, const char *base_path, bool rdb, int *fd);
/* Turns all files into history, in memory only, and creates the marker and a new increment: *out,
 * with descriptor *fd. */
int aof_files_begin_first(struct aof_files *f, struct aof_files_new *out, int *fd);
/* Turns the single append-only file of Redis before 7.0, next to the directory, into a base. */
int aof_files_adopt(struct aof_files *f);
/* Renames the directory with all its files; aside receives the new name. */
int aof_files_move_aside(struct aof_files *f, char aside[MANIFEST_ERROR]);

/* ---- Maintenance */

/* Adds up the sizes of base and increments. */
void aof_files_measure(struct aof_files *f);
/* Removes leftovers of unfinished rewrites, and increments that no manifest names; say() is called
 * for each. */
void aof_files_sweep(const struct aof_files *f, void (*say)(const char *name));
/* Whether the manifest and all its files exist, and fd, with size bytes, is still the last
 * increment. False: `what` says which file is wrong, and why. Costs a few system calls. */
bool aof_files_check(const struct aof_files *f, int fd, uint64_t size, char *what, size_t n);

/* The reserve: a file that occupies space, so that there is room for the last batch when the disk
 * is full. True: it exists, or none is wanted. */
bool aof_files_make_reserve(struct aof_files *f);
/* Deletes the reserve. True: it existed, and its space is free now. */
bool aof_files_give_reserve_up(struct aof_files *f);
/* Sets the size; 0: none, and one left by an earlier server is removed. The file is made by the
 * next aof_files_make_reserve(). */
void aof_files_set_reserve(struct aof_files *f, uint64_t bytes);

#endif
