/* One path runs every command, whoever asks: judge it, run its handler, journal its effects, count
 * it. */
#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "base/clock.h"
#include "engine/exec_request.h"

enum exec_result {
    EXEC_DONE,
    EXEC_BLOCKED, /* the client now waits; unrun bytes stay in its buffer */
    EXEC_HOLD,    /* not run: paused. To be offered again */
};

/* The time of commands counts from here: before it there was waiting, or reading of sockets. */
static inline void exec_begin_clock(struct engine *e)
{
    e->timing.command_ticks += e->timing.last_ticks - e->timing.began_ticks;
    e->timing.last_ticks = e->timing.began_ticks = clock_ticks();
}
/* Runs one request of a client, or queues it, or refuses it with an error reply. */
enum exec_result exec_request(struct client *c, const struct exec_request *q);
/* Runs a command that has been judged. retry: for a client that waited. True: it blocks (again). */
bool exec_run(struct client *c, const struct command *command, const struct exec_request *q,
              bool retry);
/* Runs a command that no client asked for: its effects are journalled, nobody watches or counts it.
 * For engine/act. */
void exec_internal(struct client *c, const struct command *command, const struct exec_request *q);
/* Runs a command that MULTI queued, if its client's rights still allow it. */
void exec_queued(struct client *c, const struct command *command, const struct exec_request *q);
/* A command that waited runs again; judged: the same that may stand in a request's way may stand in
 * its. EXEC_DONE: it has been answered; EXEC_BLOCKED: it waits on. */
enum exec_result exec_again(struct client *c, const struct command *command,
                            const struct exec_request *q, bool judged);
/* A command that waited ends with this answer instead. */
void exec_give_up(struct client *c, const struct command *command, const struct exec_request *q,
                  void (*answer)(struct reply *reply));
/* Runs a command for a script; c is the script's own client. */
void exec_for_script(struct client *c, struct exec_script *x, const struct exec_request *q);
/* Whether this client may run it: 1, 0; -1: there is no such command. */
int exec_is_allowed(const struct client *c, const struct exec_request *q);

#endif
