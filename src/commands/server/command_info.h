/* COMMAND INFO of one command. */
#ifndef COMMANDS_SERVER_COMMAND_INFO_H
#define COMMANDS_SERVER_COMMAND_INFO_H

#include "engine/call.h"

void command_info_reply(struct reply *r, const struct command *c);
/* The names of the command's flags, in the order of COMMAND INFO; returns how many. */
#define COMMAND_INFO_FLAGS_MOST 32
size_t command_info_flags(const struct command *c, const char *names[COMMAND_INFO_FLAGS_MOST]);
/* Replies with the names of KEY_ flags, as a set. */
void command_info_reply_key_flags(struct reply *r, unsigned flags);

#endif
