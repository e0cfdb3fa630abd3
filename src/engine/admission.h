/* What may stand in a command's way: the one list, in one order, for all who run commands (decision
 * 0023): requests, EXEC, scripts, and commands that waited and run again. */
#ifndef ENGINE_ADMISSION_H
#define ENGINE_ADMISSION_H

#include "engine/exec_request.h"

/* Who runs it. */
enum admission_by {
    ADMISSION_REQUEST, /* it came just now */
    ADMISSION_EXEC,    /* it was queued; EXEC was judged for all that is */
    ADMISSION_SCRIPT,
    ADMISSION_KEY, /* it waited, and what it waited for has come */
};

struct admission {
    struct client *client; /* whose rights count */
    const struct command *command;
    const struct exec_request *q;
    struct exec_script *script; /* or NULL */
    enum admission_by by;
    uint32_t flags;   /* the command's; of EXEC also those of all that is queued */
    uint32_t lacking; /* flags that it, or something queued, does not have */
};

struct admission admission_ask(struct client *c, const struct command *command,
                               const struct exec_request *q, enum admission_by by);
/* True: it must not run; c has got the error reply and it is counted. c is a script's own client
 * when a script asks, else the one whose rights count. */
bool admission_denied(struct client *c, const struct admission *a);
/* The request gets an error and does not run; a transaction that it belongs to will not either.
 * command: counted as rejected, or NULL. */
__attribute__((format(printf, 3, 4))) void
admission_refuse(struct client *c, const struct command *command, const char *format, ...);

#endif
