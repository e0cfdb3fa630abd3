/* When a replica acknowledges its offset to the primary (REPLCONF ACK): each second; when asked
 * (GETACK); and once more when what was asked for was not yet written, or synced, and now is.
 * Without the last, a primary that waits for a replica with appendfsync always, which writes a
 * batch after the previous one's fsync, would wait for the next second each time. Part of the
 * link's struct; offsets are of the stream. */
#ifndef REPLICA_OWN_ACK_H
#define REPLICA_OWN_ACK_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised: nothing asked, nothing told. */
struct own_ack {
    bool due;                         /* regardless of time */
    bool asked;                       /* for `offset` */
    uint64_t offset;                  /* asked for last */
    uint64_t owes_filed, owes_synced; /* to be acknowledged when the file is that far; 0: nothing */
    int64_t told_ms;
};

/* How far our append-only file is. */
struct own_ack_file {
    uint64_t filed;  /* written; without a file: everything */
    uint64_t synced; /* on disk */
    bool open;       /* there is a file, so its synced offset is told as well */
};

/* For a new link: nothing is owed. */
void own_ack_forget(struct own_ack *a);
bool own_ack_is_due(const struct own_ack *a, const struct own_ack_file *file, int64_t now_ms);
/* An ACK is being sent. Returns the offset to tell; applied: what was applied. */
uint64_t own_ack_tell(struct own_ack *a, const struct own_ack_file *file, uint64_t applied,
                      int64_t now_ms);

#endif
