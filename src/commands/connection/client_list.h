/* One line of CLIENT LIST. */
#ifndef COMMANDS_CONNECTION_CLIENT_LIST_H
#define COMMANDS_CONNECTION_CLIENT_LIST_H

#include "engine/client.h"

void client_list_line(const struct client *c, struct buf *out);

#endif
