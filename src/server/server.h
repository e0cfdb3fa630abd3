/* The server: creates all modules, connects their callbacks, and owns everything. Only server.c
 * knows all parts; each part is given what it needs. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "config/settings.h"
#include "server/data_lock.h"

struct engine;
struct server;

/* Takes over the settings and the lock. executable: its path, for INFO; "" if unknown. */
struct server *server_new(struct settings *settings, struct data_lock lock, const char *executable);
/* Loads the users from the configuration or the ACL file. False: failed (logged). */
bool server_load_users(struct server *s);
/* Opens the sockets. False: failed (logged). */
bool server_listen(struct server *s);
/* Loads the data. */
bool server_load(struct server *s);
/* Runs until shutdown; returns the exit code. */
int server_run(struct server *s);
void server_free(struct server *s);
/* For tests of the whole server without sockets. */
struct engine *server_engine(struct server *s);

#endif
