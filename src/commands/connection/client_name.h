/* Names that a client gives itself: CLIENT SETNAME, CLIENT SETINFO, the SETNAME of HELLO. */
#ifndef COMMANDS_CONNECTION_CLIENT_NAME_H
#define COMMANDS_CONNECTION_CLIENT_NAME_H

#include "engine/call.h"

/* Only characters that do not break the lines of CLIENT LIST. */
bool client_name_is_printable(struct bytes name);
/* The same; false after the error reply. */
bool client_name_check(const struct call *call, struct bytes name);
/* An empty name takes it away. */
void client_name_set(struct client *c, struct bytes name);

#endif
