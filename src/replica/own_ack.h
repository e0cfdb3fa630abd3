/* When a replica tells its primary how far it is (REPLCONF ACK): each second, when it is asked
 * (GETACK), and once more when what was asked for was not in the file, or not on the disk, at that
 * moment and is now. Without the last one a primary whose replies wait for a replica under
 * appendfsync always, where a batch is written behind the sync before it, would wait for the next
 * second each time. A struct of the link's; all offsets are of the stream. */
#ifndef REPLICA_OWN_ACK_H
#define REPLICA_OWN_ACK_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised: nothing was asked, nothing was told. */
struct own_ack {
    bool due;        /* whatever the time */
    bool asked;      /* up to `offset` */
    uint64_t offset; /* of the latest question */
    uint64_t owes_filed,
        owes_synced; /* told later, when the file is that far; 0: nothing is owed */
    int64_t told_ms;
};

/* How far the file is. */
struct own_ack_file {
    uint64_t filed;  /* written; without a file: all there is */
    uint64_t synced; /* on the disk */
    bool open;       /* there is a file, whose place on the disk is told as well */
};

/* A new link: nothing is owed to it. */
void own_ack_forget(struct own_ack *a);
bool own_ack_is_due(const struct own_ack *a, const struct own_ack_file *file, int64_t now_ms);
/* It is being told now. Returns the offset to tell, applied being what was applied. */
uint64_t own_ack_tell(struct own_ack *a, const struct own_ack_file *file, uint64_t applied,
                      int64_t now_ms);

#endif
