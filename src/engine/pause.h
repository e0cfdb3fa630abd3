/* Pausing: requests that may not run now are kept in their clients' buffers, in order. Several
 * reasons may be in force at once; the pause ends with the last one. */
#ifndef ENGINE_PAUSE_H
#define ENGINE_PAUSE_H

#include "engine/client.h"
#include "engine/engine.h"
#include "engine/exec_request.h"

/* CLIENT PAUSE, until this time by the steady clock. A second one never weakens the first: the
 * later time holds, and all requests are held if either asks for that. */
void pause_begin(struct engine *e, int64_t until_ms, bool writes_only);
/* CLIENT UNPAUSE. */
void pause_end(struct engine *e);
/* Sets or clears any reason but CLIENT PAUSE. Clearing resumes held clients, O(their number). */
void pause_set(struct engine *e, enum pause_reason reason, bool on);
/* Ends CLIENT PAUSE when its time is up: a phase of the turn, after the timers. */
void pause_run_due(struct engine *e);

/* Whether a key is being moved to another server. */
void pause_key(struct engine *e, const struct db *db, struct bytes key, bool on);

bool pause_is_moving(const struct engine *e, const struct db *db, struct bytes key);

/* Whether a request is held; flags: as computed by admission. */
bool pause_holds(const struct client *c, const struct command *command,
                 const struct exec_request *q, unsigned flags);
/* Keeps the request in the client's buffer until the pause is over. */
void pause_hold(struct client *c);
/* Resumes clients held since this time by the steady clock, or longer: their request is offered
 * again, and refused if it would still be held. */
void pause_refuse_since(struct engine *e, int64_t since_ms);
/* True, once: the client's request would be held, but is to be refused. */
bool pause_has_held_long(struct client *c);
/* The client's request is not held any more. */
static inline void pause_forget(struct client *c)
{
    c->held_since_ms = 0;
    c->flags &= ~(unsigned)CLIENT_HELD_LONG;
}

#endif
