/* What COMMAND INFO says of one command. */
#ifndef COMMANDS_SERVER_COMMAND_INFO_H
#define COMMANDS_SERVER_COMMAND_INFO_H

#include "engine/call.h"

void command_info_reply(struct reply *r, const struct command *c);
/* The names of KEY_ flags, as a set. */
void command_info_reply_key_flags(struct reply *r, unsigned flags);

#endif
