/* What the files say of the stream of effects where they end: found by the loader at the start,
 * then made the server's own. A primary that comes back begins a history of its own and remembers
 * the one before it; a replica goes on in that of its primary. Either keeps the stream's last
 * bytes, so that replicas which lack a little are sent no more than that. */
#ifndef SERVER_STREAM_END_H
#define SERVER_STREAM_END_H

#include "engine/engine.h"

struct replication;

struct stream_end {
    bool found;         /* an ID and an offset: they are the journal's */
    bool replicas;      /* there were some when the files were written: they may come back */
    int db;             /* that the stream is in; -1: not known */
    uint64_t offset;    /* where the tail ends */
    struct buf tail;    /* its last bytes */
    size_t most;        /* of them: repl-backlog-size */
    struct buf expired; /* keys that were past and left out: database, length, bytes of each */
};

void stream_end_begin(struct stream_end *x, const struct settings *s);
void stream_end_free(struct stream_end *x);

/* Hooks of the readers (persist/aof_read, rdb_read). */
/* Whatever was known before, the stream stands at this offset now. */
void stream_end_at(struct stream_end *x, uint64_t offset);
void stream_end_take(struct stream_end *x, struct bytes kept, uint64_t skipped);
void stream_end_expired(struct stream_end *x, int db, struct bytes key);
/* Commands have been loaded that nobody counted: the data are of no history. */
void stream_end_lost(struct stream_end *x);

/* Before the append-only file is opened; after that. */
void stream_end_prepare(struct stream_end *x, struct engine *e);
void stream_end_resume(struct stream_end *x, struct engine *e, struct replication *r);

#endif
