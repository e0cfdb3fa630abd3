/* The files of the append-only file as a set: their names and numbers, the manifest that says which
 * of them count, the reserve, and what lies in the directory and should not.
 *
 * All calls use the disk on the caller's thread, and block, where no other cost is said. Those that
 * return int return 0 or -errno unless told otherwise. The struct is owned by struct aof; others
 * read it, and change it by these calls only. */
#ifndef PERSIST_AOF_FILES_H
#define PERSIST_AOF_FILES_H

#include "persist/manifest.h"

#include <limits.h>

struct aof_files {
    char *directory, *stem;
    struct manifest manifest; /* as it is on the disk; while no_base_yet as it will be */
    uint64_t size, base_size; /* bytes of base and increments: now; after the last rewrite */
    uint64_t last_base;       /* number of the last base that was tried */
    uint64_t reserve_size;    /* bytes that are wanted; 0: no reserve */
    bool reserved;            /* the reserve file is there */
    bool keep_replaced;       /* files that were replaced stay, as history */
    /* An increment is being written that no manifest on the disk names, because its base is still
     * missing: a start would find nothing of it. */
    bool no_base_yet;
};

/* A file that is to be made. */
struct aof_files_new {
    uint64_t seq;
    char name[PATH_MAX / 4], path[PATH_MAX];
};

void aof_files_init(struct aof_files *f, const char *directory, const char *stem);
void aof_files_free(struct aof_files *f);

/* ---- Names: no disk is touched */

void aof_files_path(const struct aof_files *f, const char *name, char *to, size_t n);
void aof_files_manifest_path(const struct aof_files *f, char *to, size_t n);
/* Of the file that is there while no_base_yet. */
void aof_files_marker_path(const struct aof_files *f, char *to, size_t n);
/* A number and a name that no file of the manifest has. */
void aof_files_next_increment(const struct aof_files *f, struct aof_files_new *out);
/* Likewise, and that no earlier attempt has had. */
void aof_files_next_base(struct aof_files *f, bool rdb, struct aof_files_new *out);

/* ---- The manifest */

/* Reads it. 1: there is one; 0: there is none, nor has been; -1: *error says why not. */
int aof_files_read_manifest(struct aof_files *f, char error[MANIFEST_ERROR]);
/* The increment that is to be appended to; NULL: there is none. */
const struct manifest_file *aof_files_last_increment(const struct aof_files *f);

/* ---- Making files */

/* A new and empty file of which the disk knows: an open descriptor, or -errno. */
int aof_files_create(const char *path);
/* A new increment, named by the manifest on the disk: an open descriptor, or -errno. */
int aof_files_add_increment(struct aof_files *f);
/* All files give way to the base, written and synced at base_path, and a new increment, whose
 * descriptor goes to *fd. After an error the manifest in memory is what it was. */
int aof_files_replace(struct aof_files *f, const char *base_path, bool rdb, int *fd);
/* What there was becomes history, in memory only; the marker and a new increment are made. *out is
 * that increment, *fd its descriptor. */
int aof_files_begin_first(struct aof_files *f, struct aof_files_new *out, int *fd);
/* Makes a base of the one file, beside the directory, that is all of an append-only file of Redis
 * before 7.0. */
int aof_files_adopt(struct aof_files *f);
/* The directory with all its files gets another name, which goes to aside. */
int aof_files_move_aside(struct aof_files *f, char aside[MANIFEST_ERROR]);

/* ---- Looking after them */

/* Adds up the sizes of base and increments. */
void aof_files_measure(struct aof_files *f);
/* Removes what a rewrite that did not end has left, and increments that no manifest names; say()
 * hears of each. */
void aof_files_sweep(const struct aof_files *f, void (*say)(const char *name));
/* Whether the manifest and all its files are there, and fd, which holds size bytes, is still the
 * last increment. False: one of them is not, `what` says which and why. Costs a few system calls.
 */
bool aof_files_check(const struct aof_files *f, int fd, uint64_t size, char *what, size_t n);

/* The reserve: a file that takes room, so that the last batch finds some when the disk is full.
 * True: it is there, or none is wanted. */
bool aof_files_make_reserve(struct aof_files *f);
/* True: it was there and its room is free now. */
bool aof_files_give_reserve_up(struct aof_files *f);
/* Another size; 0: none, also of an earlier server. The file is made by the next call above. */
void aof_files_set_reserve(struct aof_files *f, uint64_t bytes);

#endif
