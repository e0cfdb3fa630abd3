/* A request to be run: the words of a command, borrowed while it runs. */
#ifndef ENGINE_EXEC_REQUEST_H
#define ENGINE_EXEC_REQUEST_H

#include "engine/call.h"

struct exec_request {
    const struct bytes *argv;
    int argc;
    struct str **owned;
    struct bytes raw;
    const struct command *command;   /* if looked up already; or NULL */
    const struct hashed_key *hashed; /* hash of one of the arguments, or NULL */
};

/* A script: what it may do and has done. */
struct exec_script {
    bool readonly;
    bool no_memory; /* memory was exhausted when it began: commands that grow are refused */
    bool wrote;
};

#endif
