/* Loads a snapshot from the primary: in place of our data, or beside them with an exchange at the
 * end. */
#ifndef SERVER_COPY_LOADER_H
#define SERVER_COPY_LOADER_H

#include "server/loader.h"

struct copy_loader;

enum copy_loader_how {
    COPY_LOADER_IN_PLACE,       /* the data set is empty already; clients get LOADING */
    COPY_LOADER_BESIDE,         /* clients get LOADING, and our data stay if it fails */
    COPY_LOADER_BESIDE_SERVING, /* our data are served until the exchange */
};

enum copy_loader_end {
    COPY_LOADER_LOADED,
    COPY_LOADER_FAILED, /* (logged) in place: partly loaded; beside: nothing has changed */
    COPY_LOADER_STOPPED /* the server is shutting down; the data are as after FAILED */
};

/* serve(): see loader_new(). */
struct copy_loader *copy_loader_new(struct engine *e, bool (*serve)(void *context), void *context);
void copy_loader_free(struct copy_loader *l);
/* Loads a snapshot, between commands. *db: the stream's database. Nothing is journalled. */
enum copy_loader_end copy_loader_run(struct copy_loader *l, const char *path,
                                     enum copy_loader_how how, int *db);
/* Frees some of the data that were exchanged; once a turn, while copy_loader_has_work(). */
void copy_loader_tidy(struct copy_loader *l);
bool copy_loader_has_work(const struct copy_loader *l);
/* The load in progress or the last one. */
const struct loader_figures *copy_loader_figures(const struct copy_loader *l);

#endif
