/* Whether a command may run: one list of checks, in one order (decision 0023), for requests, EXEC,
 * scripts, and blocked commands that run again. */
#ifndef ENGINE_ADMISSION_H
#define ENGINE_ADMISSION_H

#include "engine/exec_request.h"

/* On whose behalf the command runs. */
enum admission_by {
    ADMISSION_REQUEST, /* just received */
    ADMISSION_EXEC,    /* queued; EXEC itself was checked for all queued commands */
    ADMISSION_SCRIPT,
    ADMISSION_KEY, /* it was blocked, and what it waited for has come */
};

struct admission {
    struct client *client; /* whose rights count */
    const struct command *command;
    const struct exec_request *q;
    struct exec_script *script; /* or NULL */
    enum admission_by by;
    uint32_t flags;   /* of the command; for EXEC also of all queued commands */
    uint32_t lacking; /* flags missing from the command or a queued one */
};

struct admission admission_ask(struct client *c, const struct command *command,
                               const struct exec_request *q, enum admission_by by);
/* True: it must not run; c has got the error reply, and the error is counted. c is the script's own
 * client if a script asks, else the client whose rights count. */
bool admission_denied(struct client *c, const struct admission *a);
/* Answers the request with an error instead of running it, and breaks the transaction it belongs
 * to. command: counted as rejected; or NULL. */
__attribute__((format(printf, 3, 4))) void
admission_refuse(struct client *c, const struct command *command, const char *format, ...);

#endif
