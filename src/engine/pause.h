/* Requests that are not run for now but kept in their clients' buffers, in order. Several reasons
 * may be in force at once; the pause is over when none is. */
#ifndef ENGINE_PAUSE_H
#define ENGINE_PAUSE_H

#include "engine/client.h"
#include "engine/engine.h"
#include "engine/exec_request.h"

/* CLIENT PAUSE until this time by the steady clock. One in force is never weakened by another: it
 * ends at the later of the two times and holds all requests if either does. */
void pause_begin(struct engine *e, int64_t until_ms, bool writes_only);
/* CLIENT UNPAUSE. */
void pause_end(struct engine *e);
/* Another reason (enum pause_reason) than CLIENT PAUSE, in force or no longer. Ending the last one
 * takes time by the number of those who were held: they go on. */
void pause_set(struct engine *e, enum pause_reason reason, bool on);
/* Ends CLIENT PAUSE when its time has come: a phase of the turn, after the timers. */
void pause_run_due(struct engine *e);

/* A key is on its way to another server, or no longer. */
void pause_key(struct engine *e, const struct db *db, struct bytes key, bool on);

bool pause_is_moving(const struct engine *e, const struct db *db, struct bytes key);

/* Whether a request is held; flags: as admission knows them. */
bool pause_holds(const struct client *c, const struct command *command,
                 const struct exec_request *q, unsigned flags);
/* A request of the client is not run: it stays in the buffer until the pause is over. */
void pause_hold(struct client *c);
/* Who has been held since this time by the steady clock, or longer, is not held any more: the
 * request is offered again, and refused if it still would be. */
void pause_refuse_since(struct engine *e, int64_t since_ms);
/* Its request, which would be held, is to be refused instead: once. */
bool pause_has_held_long(struct client *c);
/* Its request is not held: whatever was remembered of that is over. */
static inline void pause_forget(struct client *c)
{
    c->held_since_ms = 0;
    c->flags &= ~(unsigned)CLIENT_HELD_LONG;
}

#endif
