/* Loading the data set from its files: a snapshot, or the append-only file; at the start, and anew
 * by DEBUG. Runs what the readers of the formats hand up. When data are loaded is not its business.
 */
#ifndef SERVER_LOADER_H
#define SERVER_LOADER_H

#include "engine/engine.h"

struct aof;
struct loader;

/* Of the last loading, or the one under way: for INFO. */
struct loader_figures {
    int64_t started_ms;   /* by the wall clock */
    uint64_t total, done; /* bytes */
    uint64_t keys, expired, cut_bytes;
    uint64_t generation; /* the greatest of all files there were at the start */
};

/* serve() is called now and then while loading at the start: connections are answered. False: the
 * server ends, and with it the loading. */
struct loader *loader_new(struct engine *e, struct aof *aof, bool (*serve)(void *context),
                          void *context);
void loader_free(struct loader *l);
const struct loader_figures *loader_figures(const struct loader *l);

/* At the start: whatever there is. Connections are answered meanwhile. False: the log says why, or
 * the server ends. */
bool loader_start(struct loader *l);
/* What becomes of keys and libraries that are there already. */
enum loader_how {
    LOADER_EMPTY, /* no keys are; libraries give way */
    LOADER_ADD,   /* they are an error */
    LOADER_MERGE, /* they give way */
};
/* While the server runs, within a command: adds the file's keys to what there is. The journal
 * neither hears of them nor moves. False: the log says why. */
bool loader_snapshot(struct loader *l, const char *path, enum loader_how how);
bool loader_aof(struct loader *l);

#endif
