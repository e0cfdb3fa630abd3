/* Closing and resetting a client: removes it from everything it takes part in. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/client.h"

void session_close(struct client *c);
/* Ends its subscriptions to channels, and its part in the counts of subscribers. */
void session_leave_channels(struct client *c);
/* Ends its subscriptions to streams. */
void session_leave_streams(struct client *c);
/* RESET: makes it as if it had just connected. */
void session_reset(struct client *c);

#endif
