/* COMMAND DOCS of one command: its texts, and its parsed usage line as a tree of maps. */
#ifndef COMMANDS_SERVER_COMMAND_DOCS_H
#define COMMANDS_SERVER_COMMAND_DOCS_H

#include "engine/call.h"

/* Replies with its name and the map. */
void command_docs_reply(struct reply *r, const struct command *c);

#endif
