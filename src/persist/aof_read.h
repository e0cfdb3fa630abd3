/* Reading one file of the append-only file: commands in RESP, in frames (persist/aof_frame.h) or
 * without, as Redis writes them. Calls apply() for each command in order. A frame's checksum is
 * verified before anything of it is applied, so a frame is applied whole or not at all. */
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
    /* The end of the stream as the file holds it, told in pieces and in order when the frames have
     * been read: at least the last stream_most bytes, and less only when there are no more.
     * `skipped`: instead of bytes, how many stood here that are not kept. Files with frames only.
     * May be NULL. */
    void (*stream)(void *context, struct bytes kept, uint64_t skipped);
    uint64_t stream_most;
    /* Called now and then; false stops the reading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    uint64_t progress_every; /* so many bytes; 0: 2 MB */
    /* Millrace made the file, whatever it begins with: the last increment that is in use, in a
     * manifest with a checksum. */
    bool ours;
    void *context;
};

struct aof_read_result {
    enum aof_read_status status;
    uint64_t good; /* bytes up to which the file is sound */
    /* Of files with frames: the journal's offset there, which history it belongs to, and how many
     * bytes of the stream were not kept. */
    uint64_t offset;
    char replication_id[41];
    uint64_t skipped;
    bool framed;
    uint64_t commands;
    char error[160];
};

/* Reads all of it, at about the speed of the commands. data stays the caller's; *result is written
 * over. */
void aof_read(struct bytes data, const struct aof_read_options *o, struct aof_read_result *result);

#endif
