/* Files: append, sync, replace atomically. The only place that calls fsync and rename for data. All
 * return 0 (or a length) or -errno. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

/* Opens for appending; created if absent. */
int file_open_append(const char *path);
int file_open_read(const char *path);
/* Creates it, or truncates it. */
int file_create(const char *path);
/* A file in memory, which ends when it is closed; path receives a name by which it can be opened
 * until then. */
int file_create_in_memory(char *path, size_t n);
void file_close(int fd);
/* Writes everything, or stops at the first error; *written is the number of bytes written. */
int file_write_all(int fd, struct bytes data, size_t *written);
/* fdatasync(). */
int file_sync(int fd);
int file_truncate(int fd, int64_t length);
int64_t file_size(int fd);
int64_t file_size_of(const char *path);
/* Modification time, in Unix time in milliseconds. */
int64_t file_modified_ms(const char *path);
/* Syncs the directory of path. */
int file_sync_directory(const char *path);
/* Renames and syncs the directory. */
int file_rename(const char *from, const char *to);
/* Temporary file, write, sync, rename, directory sync. Keeps the permissions of the old file. */
int file_replace(const char *path, struct bytes contents);
int file_read(const char *path, struct buf *out);
/* Reads the whole file piece by piece. */
int file_each(const char *path, void (*take)(void *context, struct bytes piece), void *context);
/* At most n bytes from the beginning; returns how many. */
int file_read_start(const char *path, char *to, size_t n);
/* The whole file mapped for reading, until file_unmap(). */
int file_map(const char *path, struct bytes *out);
void file_unmap(struct bytes map);
/* Whether the path comes from file_create_in_memory(). */
bool file_is_in_memory(const char *path);
/* Frees a range of complete pages of such a file, which is mapped: they are no longer needed. */
void file_give_back(const char *path, struct bytes map, size_t from, size_t to);
int file_remove(const char *path);
/* Creates a file with n allocated bytes; leaves none after an error. */
int file_reserve(const char *path, uint64_t n);
int file_make_directory(const char *path);
int file_link(const char *from, const char *to);
/* Must be empty. */
int file_remove_directory(const char *path);
bool file_exists(const char *path);
/* Whether the path still refers to the open file. */
bool file_is_at(int fd, const char *path);
bool file_is_link(const char *path);
/* Calls each(name) for every entry of a directory. */
int file_list(const char *directory, void (*each)(void *context, const char *name), void *context);

#endif
