/* The one path of every command, whoever asks: check it, run its handler, journal its effects,
 * count it. */
#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "base/clock.h"
#include "engine/exec_request.h"

enum exec_result {
    EXEC_DONE,
    EXEC_BLOCKED, /* the client now waits; unrun bytes stay in its buffer */
    EXEC_HOLD,    /* not run, since paused: offer it again */
};

/* Starts the clock of commands: the time before was spent waiting, or reading sockets. */
static inline void exec_begin_clock(struct engine *e)
{
    e->timing.command_ticks += e->timing.last_ticks - e->timing.began_ticks;
    e->timing.last_ticks = e->timing.began_ticks = clock_ticks();
}
/* Runs a request of a client, queues it, or refuses it with an error reply. */
enum exec_result exec_request(struct client *c, const struct exec_request *q);
/* Runs a command that passed the checks. retry: for a blocked client. True: it blocks (again). */
bool exec_run(struct client *c, const struct command *command, const struct exec_request *q,
              bool retry);
/* Runs a command that no client asked for: its effects are journalled, but it is neither observed
 * nor counted. For engine/act. */
void exec_internal(struct client *c, const struct command *command, const struct exec_request *q);
/* Runs a command queued by MULTI, if its client still has the rights. */
void exec_queued(struct client *c, const struct command *command, const struct exec_request *q);
/* Runs the command of a blocked client again. judged: with the checks that a new request passes.
 * EXEC_DONE: it has replied; EXEC_BLOCKED: it still waits. */
enum exec_result exec_again(struct client *c, const struct command *command,
                            const struct exec_request *q, bool judged);
/* Ends a blocked command with this reply instead. */
void exec_give_up(struct client *c, const struct command *command, const struct exec_request *q,
                  void (*answer)(struct reply *reply));
/* Runs a command for a script; c is the script's own client. */
void exec_for_script(struct client *c, struct exec_script *x, const struct exec_request *q);
/* Whether this client has the rights to run it: 1, 0; -1: no such command. */
int exec_is_allowed(const struct client *c, const struct exec_request *q);

#endif
