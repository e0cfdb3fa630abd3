/* Loads the snapshot that a primary has sent: in place of the data that there are, or beside them,
 * which are exchanged when it is whole. */
#ifndef SERVER_COPY_LOADER_H
#define SERVER_COPY_LOADER_H

#include "server/loader.h"

struct copy_loader;

enum copy_loader_how {
    COPY_LOADER_IN_PLACE,       /* the data set is empty already; others are told LOADING */
    COPY_LOADER_BESIDE,         /* the same is told, and the data stay when it fails */
    COPY_LOADER_BESIDE_SERVING, /* the data are served until they are exchanged */
};

enum copy_loader_end {
    COPY_LOADER_LOADED,
    COPY_LOADER_FAILED, /* (logged) in place: half of it may be there; beside: nothing happened */
    COPY_LOADER_STOPPED /* the server is shutting down; as failed */
};

/* serve() as for loader_new(). */
struct copy_loader *copy_loader_new(struct engine *e, bool (*serve)(void *context), void *context);
void copy_loader_free(struct copy_loader *l);
/* Between commands. *db: the database that the stream behind it is in. Nothing is journalled. */
enum copy_loader_end copy_loader_run(struct copy_loader *l, const char *path,
                                     enum copy_loader_how how, int *db);
/* The data that were exchanged are freed a piece at a time: once a turn, while there is something.
 */
void copy_loader_tidy(struct copy_loader *l);
bool copy_loader_has_work(const struct copy_loader *l);
/* Of the load in progress or the last one. */
const struct loader_figures *copy_loader_figures(const struct copy_loader *l);

#endif
