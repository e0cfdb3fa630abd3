/* Runs commands from files by exec_request(), as a client with CLIENT_REPLAY: without limits,
 * rights or journalling. Error replies are logged, and loading goes on; a command that is unknown,
 * or does not change data, ends it. */
#ifndef SERVER_REPLAY_H
#define SERVER_REPLAY_H

#include "engine/engine.h"
#include "persist/aof_read.h"
#include "persist/wrap.h"

struct replay {
    struct engine *engine;
    struct client *client; /* NULL outside of replay_begin() and replay_end() */
    const struct command *select;
    int beyond; /* the file is in this database, which does not exist here; -1: in the client's */
    uint64_t commands, errors;
    char unknown[65];           /* the name of an unknown command in the file */
    struct aof_parse_room room; /* for wrapped commands */
};

void replay_begin(struct replay *r, struct engine *e);
void replay_end(struct replay *r);
/* Drops a transaction without EXEC. */
void replay_forget_transaction(struct replay *r);

/* Runs a command; a wrapped one (persist/wrap.h) is unwrapped. False: loading must end (logged, or
 * the command is unknown). */
bool replay_command(struct replay *r, const struct bytes *argv, int argc);
/* The same in another database than the current one of the file. */
bool replay_command_in(struct replay *r, int db, const struct bytes *argv, int argc);
/* The current database of the file, which may not exist here (then only reads may follow). */
int replay_database(const struct replay *r);
void replay_select(struct replay *r, int db);
/* Prefetches the keys of these commands. */
void replay_look_ahead(struct replay *r, const struct aof_read_command *commands, unsigned n);

#endif
