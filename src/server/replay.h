/* Runs the commands that files hold: by exec_request(), as a client with CLIENT_REPLAY. That has no
 * limits and no rights, and the journal does not hear of it. An error in a reply is logged and
 * loading goes on; a command that is unknown, or changes no data, ends it. */
#ifndef SERVER_REPLAY_H
#define SERVER_REPLAY_H

#include "engine/engine.h"
#include "persist/aof_read.h"
#include "persist/wrap.h"

struct replay {
    struct engine *engine;
    struct client *client; /* NULL: not between replay_begin() and replay_end() */
    uint64_t commands, errors;
    char unknown[65];           /* the name of an unknown command in the file */
    struct aof_parse_room room; /* for what is wrapped */
};

void replay_begin(struct replay *r, struct engine *e);
void replay_end(struct replay *r);
/* One that never ended. */
void replay_forget_transaction(struct replay *r);

/* What is wrapped (persist/wrap.h) runs as itself. False: loading must end (logged, or the command
 * is unknown). */
bool replay_command(struct replay *r, const struct bytes *argv, int argc);
/* The same in another database than the file is in. */
bool replay_command_in(struct replay *r, int db, const struct bytes *argv, int argc);
/* The database that the file is in. */
int replay_database(const struct replay *r);
void replay_select(struct replay *r, int db);
/* Brings near what these will touch. */
void replay_look_ahead(struct replay *r, const struct aof_read_command *commands, unsigned n);

#endif
