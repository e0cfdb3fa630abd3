/* One line of CLIENT LIST. */
#ifndef ENGINE_CLIENT_LINE_H
#define ENGINE_CLIENT_LINE_H

#include "engine/client.h"

void client_line_print(const struct client *c, struct buf *out);

#endif
