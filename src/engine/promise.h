/* What the gate (engine/gate.h) keeps in the engine and in clients. */
#ifndef ENGINE_PROMISE_H
#define ENGINE_PROMISE_H

#include "ds/dlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be relied on now: of the append-only file, or of it and the replicas together. */
struct gate_promise {
    bool armed;        /* replies may have to wait: keys are noted and output is marked */
    bool open;         /* there is an append-only file */
    bool durable;      /* and the next start would find it: its base is complete */
    uint64_t released; /* offset up to which plain marks are covered; UINT64_MAX: all are */
    uint64_t synced;   /* the same for durable marks; 0 while nothing is durable */
    /* The same two for local marks: they are counts of a writable replica's own effects, which have
     * no offset (journal.locals). */
    uint64_t locals_released, locals_synced;
};

struct gate {
    struct gate_promise promise; /* in force: the lesser of file and replicas */
    struct gate_promise file;    /* of the append-only file alone */
    uint64_t replicated; /* offset that enough replicas hold; UINT64_MAX: none are required */
    uint64_t moves;    /* grows with every change of the promise: held clients are checked again */
    uint64_t *written; /* last write by key hash, as store.written while armed */
    bool sync_wanted;  /* a command of this turn wants an fsync, whatever appendfsync says */
    bool late;         /* armed after replies of this turn had been made */
    size_t held_count; /* clients with marks */
    struct dlist_node pushed; /* clients with output that waits for the end of the running group */
};

/* Journal positions that must be released before output that was taken while the gate was not armed
 * may be sent. All zero: none. */
struct gate_point {
    uint64_t offset, locals;
};

/* Output from `position` on waits for `offset`; for a local mark, a count of local effects.
 * Positions of a client's marks never fall, and the offsets of each kind grow. */
struct gate_mark {
    uint64_t position, offset;
    bool durable, local;
};

#endif
