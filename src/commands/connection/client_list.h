/* CLIENT LIST, INFO and KILL: selecting connections by their properties. */
#ifndef COMMANDS_CONNECTION_CLIENT_LIST_H
#define COMMANDS_CONNECTION_CLIENT_LIST_H

#include "engine/call.h"

void client_list_do_info(struct call *call);
void client_list_do_list(struct call *call);
void client_list_do_kill(struct call *call);

#endif
