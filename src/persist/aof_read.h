/* Reading one file of the append-only file: commands in RESP, in frames or without.
 *
 * An increment of ours begins with "#MILLRACE:1:<salt>:<offset>:<replication id>:<crc32c>"; every
 * written batch ends with "#CRC:<bytes>:<crc32c>:<synced>" (docs/formats/aof.md). A frame is
 * checked before anything of it is applied. Files without frames (from Redis) are read command by
 * command. */
#ifndef PERSIST_AOF_READ_H
#define PERSIST_AOF_READ_H

#include "base/bytes.h"

#include <stdint.h>

enum aof_read_status {
    AOF_READ_GOOD,
    AOF_READ_TORN, /* damage at the end, at or above everything known to be synced: cut at `good` */
    AOF_READ_BAD_FORMAT, /* a file without frames holds something else than commands at `good` */
    AOF_READ_DAMAGED,    /* damage below what was synced, or in the middle */
    AOF_READ_REFUSED,    /* a command failed, or the caller stopped */
    AOF_READ_STOPPED,    /* at_time() has had enough: `good` is where */
};

struct aof_read_command {
    const struct bytes *argv;
    int argc;
};

#define AOF_READ_AHEAD 32

struct aof_read_options {
    /* One command. False: it failed. */
    bool (*apply)(void *context, const struct bytes *argv, int argc);
    /* These, at most AOF_READ_AHEAD, are likely to be applied next: what they will touch can be
     * brought near. Decides nothing. May be NULL. */
    void (*ahead)(void *context, const struct aof_read_command *commands, unsigned n);
    /* A frame, or in a file without frames what follows, was written at this second or later; false
     * stops the reading in front of it, with AOF_READ_STOPPED. May be NULL. */
    bool (*at_time)(void *context, int64_t seconds);
    /* Called now and then; false stops the reading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    uint64_t progress_every; /* so many bytes; 0: 2 MB */
    void *context;
};

struct aof_read_result {
    enum aof_read_status status;
    uint64_t good;   /* bytes up to which the file is sound */
    uint64_t offset; /* journal offset there; 0 for files without frames */
    bool framed;
    char replication_id[41];
    uint64_t commands;
    char error[160];
};

#define AOF_READ_HEAD_MAX 160
#define AOF_READ_NOTE_MAX 96

struct aof_read_head {
    uint32_t salt;   /* seeds the checksums of all frames */
    uint64_t offset; /* of the journal, at the beginning */
    char replication_id[41];
};

/* The head of a segment; *n is its length. False: there is none, or it is damaged. */
bool aof_read_head(struct bytes data, struct aof_read_head *out, size_t *n);
/* Into AOF_READ_HEAD_MAX bytes; returns the length. */
size_t aof_read_print_head(const struct aof_read_head *h, char *to);
/* "#GENERATION:<number>:<crc32c seeded with the salt>", the line behind the head of a base of
 * commands (persist/rdb_head.h); into AOF_READ_NOTE_MAX bytes. */
size_t aof_read_print_generation(uint32_t salt, uint64_t generation, char *to);
/* Such a line at the start of data: its length and its number; 0: there is none. */
size_t aof_read_generation(uint32_t salt, struct bytes data, uint64_t *generation);
/* "#TS:<seconds>", the line in front of a frame that says when; into AOF_READ_NOTE_MAX bytes. */
size_t aof_read_print_time(int64_t seconds, char *to);
/* The note behind a frame, into AOF_READ_NOTE_MAX bytes; returns the length. time: the line in
 * front of it, or nothing. */
size_t aof_read_print_note(uint32_t salt, struct bytes time, struct bytes effects, uint64_t synced,
                           char *to);
void aof_read(struct bytes data, const struct aof_read_options *o, struct aof_read_result *result);

#endif
