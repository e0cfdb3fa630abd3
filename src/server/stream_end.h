/* What files say about the end of the stream of effects: collected by the loader at startup, then
 * applied to the journal. A primary that restarts begins a new history and remembers the previous
 * one; a replica continues its primary's. Both keep the last bytes of the stream, so that replicas
 * which lag a little can continue without a full synchronisation. */
#ifndef SERVER_STREAM_END_H
#define SERVER_STREAM_END_H

#include "engine/engine.h"

struct replication;

struct stream_end {
    bool found;         /* an ID and an offset, which were given to the journal */
    bool replicas;      /* there were replicas when the files were written; they may come back */
    int db;             /* the stream's database; -1: unknown */
    uint64_t offset;    /* end of the tail */
    struct buf tail;    /* the last bytes */
    size_t most;        /* their limit: repl-backlog-size */
    struct buf expired; /* expired keys that were not loaded: database, length and bytes of each */
};

void stream_end_begin(struct stream_end *x, const struct settings *s);
void stream_end_free(struct stream_end *x);

/* Called by the readers (persist/aof_read, rdb_read). */
/* The stream is now at this offset, whatever was known before. */
void stream_end_at(struct stream_end *x, uint64_t offset);
void stream_end_take(struct stream_end *x, struct bytes kept, uint64_t skipped);
void stream_end_expired(struct stream_end *x, int db, struct bytes key);
/* Commands without offsets were loaded: the data belong to no history. */
void stream_end_lost(struct stream_end *x);

/* Call before the append-only file is opened; after it is. */
void stream_end_prepare(struct stream_end *x, struct engine *e);
void stream_end_resume(struct stream_end *x, struct engine *e, struct replication *r);

#endif
