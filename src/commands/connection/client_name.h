/* Names of connections: CLIENT SETNAME, CLIENT SETINFO, and SETNAME of HELLO. */
#ifndef COMMANDS_CONNECTION_CLIENT_NAME_H
#define COMMANDS_CONNECTION_CLIENT_NAME_H

#include "engine/call.h"

/* Whether the name has only characters that fit into CLIENT LIST. */
bool client_name_is_printable(struct bytes name);
/* The same; false after the error reply. */
bool client_name_check(const struct call *call, struct bytes name);
/* Sets the name; an empty one removes it. */
void client_name_set(struct client *c, struct bytes name);

#endif
