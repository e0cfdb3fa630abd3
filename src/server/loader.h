/* Loads the data set from a snapshot or the append-only file, at startup and for DEBUG RELOAD and
 * LOADAOF, by running the commands that the readers of the formats produce. A primary's snapshot is
 * loaded by server/copy_loader. */
#ifndef SERVER_LOADER_H
#define SERVER_LOADER_H

#include "server/stream_end.h"

struct aof;
struct loader;

/* The load in progress, or the last one; for INFO. */
struct loader_figures {
    int64_t started_ms;   /* by the wall clock */
    uint64_t total, done; /* bytes */
    uint64_t keys, expired, cut_bytes;
    uint64_t generation; /* the greatest found in any file at startup */
};

/* serve() is called regularly while loading at startup, so that clients get answers. When it
 * returns false, loading stops: the server is shutting down. */
struct loader *loader_new(struct engine *e, struct aof *aof, bool (*serve)(void *context),
                          void *context);
void loader_free(struct loader *l);
const struct loader_figures *loader_figures(const struct loader *l);

/* What the last loader_start() found about the stream; owned by the loader. */
struct stream_end *loader_stream_end(struct loader *l);

/* Loads whatever files exist, at startup. Returns false when the server must not start (logged) or
 * is shutting down. */
bool loader_start(struct loader *l);
/* How keys and libraries that exist already are treated. */
enum loader_how {
    LOADER_EMPTY, /* there are no keys; libraries are replaced */
    LOADER_ADD,   /* they are an error */
    LOADER_MERGE, /* they are replaced */
};
/* Inside a command: adds the file's keys to the data set, without journalling them. Return false on
 * failure (logged). */
bool loader_snapshot(struct loader *l, const char *path, enum loader_how how);
bool loader_aof(struct loader *l);

#endif
