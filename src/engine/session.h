/* The end of a client: everything it takes part in lets go of it. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/client.h"

void session_close(struct client *c);
/* It hears nothing more, and counts nowhere as one who listens. */
void session_leave_channels(struct client *c);
/* It is sent nothing more of streams. */
void session_leave_streams(struct client *c);
/* RESET: as if it had just connected. */
void session_reset(struct client *c);

#endif
