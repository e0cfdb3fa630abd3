/* What COMMAND DOCS says of one command: its usage line, parsed, as a tree of maps. */
#ifndef COMMANDS_SERVER_COMMAND_DOCS_H
#define COMMANDS_SERVER_COMMAND_DOCS_H

#include "engine/call.h"

/* Its name, and the map of what is known. */
void command_docs_reply(struct reply *r, const struct command *c);

#endif
