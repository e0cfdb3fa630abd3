/* The server: makes every module, wires every callback, owns all of it. What it consists of is
 * known to server.c alone; every part is handed what it needs. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "config/settings.h"
#include "server/data_lock.h"

struct engine;
struct server;

/* The settings and the lock become the server's. executable: its path, for INFO; "" when it is not
 * known. */
struct server *server_new(struct settings *settings, struct data_lock lock, const char *executable);
/* Reads the users of the configuration or of their file. False: a line in the log says why. */
bool server_load_users(struct server *s);
/* Opens the sockets. False: a line in the log says why. */
bool server_listen(struct server *s);
/* Loads the data. */
bool server_load(struct server *s);
/* Until shutdown; returns the exit code. */
int server_run(struct server *s);
void server_free(struct server *s);
/* For tests of the whole without sockets. */
struct engine *server_engine(struct server *s);

#endif
