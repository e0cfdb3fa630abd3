/* A request as it is run: words of a command, borrowed for as long as that takes. */
#ifndef ENGINE_EXEC_REQUEST_H
#define ENGINE_EXEC_REQUEST_H

#include "engine/call.h"

struct exec_request {
    const struct bytes *argv;
    int argc;
    struct str **owned;
    struct bytes raw;
    const struct command *command;   /* looked up already, or NULL */
    const struct hashed_key *hashed; /* of one of the arguments, or NULL */
};

/* What a script may do, and what it has done. */
struct exec_script {
    struct client *caller; /* whose rights count */
    bool readonly;
    bool no_memory; /* there was none when it began: what would grow is refused */
    bool wrote;
};

#endif
