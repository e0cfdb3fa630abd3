/* What the gate knows (engine/gate.h), as the engine and its clients hold it. */
#ifndef ENGINE_PROMISE_H
#define ENGINE_PROMISE_H

#include "ds/dlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be relied on now: of the append-only file, or of it and the replicas together. */
struct gate_promise {
    bool armed;        /* replies may have to wait: what they rely on is noted and marked */
    bool open;         /* there is an append-only file */
    bool durable;      /* and the next start would find it: its base is in place */
    uint64_t released; /* offset that plain marks are covered up to; UINT64_MAX: nothing is asked */
    uint64_t synced;   /* the same of durable marks; 0 while nothing is durable */
    /* The same two of local marks: of a writable replica's own effects, which have no offset and
     * are counted (journal.locals). */
    uint64_t locals_released, locals_synced;
};

struct gate {
    struct gate_promise promise; /* what is in force: the lesser of file and replicas */
    struct gate_promise file;    /* what the append-only file alone would allow */
    uint64_t replicated;         /* offset that enough replicas hold; UINT64_MAX: none are asked */
    uint64_t moves;    /* grows whenever another promise holds: who is held is looked at again */
    uint64_t *written; /* last write by key hash, for store.written while armed */
    bool sync_wanted;  /* by a command of this turn, whatever appendfsync says */
    bool late;         /* armed when replies of this turn had been made already */
    size_t held_count; /* clients with marks */
    struct dlist_node pushed; /* clients with output whose group has not ended */
};

/* Output from `position` on waits for `offset`; of a local mark that is a count of local effects.
 * Along a client's marks positions do not fall, and the offsets of those of one kind grow. */
struct gate_mark {
    uint64_t position, offset;
    bool durable, local;
};

#endif
