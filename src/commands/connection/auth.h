/* Password authentication: AUTH, and the AUTH of HELLO. */
#ifndef COMMANDS_CONNECTION_AUTH_H
#define COMMANDS_CONNECTION_AUTH_H

#include "engine/call.h"

/* Logs the connection in as the user; false after the error reply. */
bool auth_try(struct call *call, struct bytes user, struct bytes password);

#endif
