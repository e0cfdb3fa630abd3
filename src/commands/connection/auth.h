/* A password from a client: AUTH, and the AUTH of HELLO. */
#ifndef COMMANDS_CONNECTION_AUTH_H
#define COMMANDS_CONNECTION_AUTH_H

#include "engine/call.h"

/* Makes the connection the user's; false after the error reply. */
bool auth_try(struct call *call, struct bytes user, struct bytes password);

#endif
