/* Reads one file of the append-only file: commands in RESP, in frames (persist/aof_frame.h) or, as
 * Redis writes them, without. Calls apply() for each command in order. A frame's checksum is
 * verified before any of it is applied, so a frame is applied completely or not at all. */
#ifndef PERSIST_AOF_READ_H
#define PERSIST_AOF_READ_H

#include "base/bytes.h"

#include <stdint.h>

enum aof_read_status {
    AOF_READ_GOOD,
    AOF_READ_TORN, /* damage at the end, beyond everything known to be synced: truncate to `good` */
    AOF_READ_BAD_FORMAT, /* a file without frames has something other than a command at `good` */
    AOF_READ_DAMAGED,    /* damage below what was synced, or in the middle */
    AOF_READ_REFUSED,    /* a command failed, or the caller stopped */
    AOF_READ_STOPPED,    /* at_time() ended the reading at `good` */
};

struct aof_read_command {
    const struct bytes *argv;
    int argc;
};

#define AOF_READ_AHEAD 32

struct aof_read_options {
    /* Runs one command. False: it failed. */
    bool (*apply)(void *context, const struct bytes *argv, int argc);
    /* A hint for prefetching: these commands, at most AOF_READ_AHEAD, will probably be applied
     * next. May be NULL. */
    void (*ahead)(void *context, const struct aof_read_command *commands, unsigned n);
    /* The next frame (without frames: all that follows) was written at this second or later; false
     * stops before it, with AOF_READ_STOPPED. May be NULL. */
    bool (*at_time)(void *context, int64_t seconds);
    /* Called after the frames were read, with the end of the replication stream in consecutive
     * pieces: at least the last stream_most bytes, or all there are. `skipped`: instead of bytes,
     * the number of stream bytes here that the file does not store. Files with frames only. May be
     * NULL. */
    void (*stream)(void *context, struct bytes kept, uint64_t skipped);
    uint64_t stream_most;
    /* Called now and then; false stops the reading. May be NULL. */
    bool (*progress)(void *context, uint64_t bytes);
    uint64_t progress_every; /* bytes between two calls; 0: 2 MB */
    /* The file was written by Millrace even if its header is unreadable: the last increment in use,
     * listed in a manifest with a checksum. */
    bool ours;
    void *context;
};

struct aof_read_result {
    enum aof_read_status status;
    uint64_t good; /* length of the intact part */
    /* For files with frames: the journal offset at `good`, the history it belongs to, and how many
     * stream bytes the file does not store. */
    uint64_t offset;
    char replication_id[41];
    uint64_t skipped;
    bool framed;
    uint64_t commands;
    char error[160];
};

/* Reads the whole file, at about the speed of its commands. data is borrowed; *result is
 * overwritten. */
void aof_read(struct bytes data, const struct aof_read_options *o, struct aof_read_result *result);

#endif
