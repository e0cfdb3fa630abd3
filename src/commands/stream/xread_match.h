/* XREADGROUP ... MATCH: all streams whose keys match and whose group of that name has a policy. */
#ifndef COMMANDS_STREAM_XREAD_MATCH_H
#define COMMANDS_STREAM_XREAD_MATCH_H

#include "commands/stream/xread_reply.h"

/* Answers the call, whose arguments have been parsed, or makes its client wait. */
void xread_match_run(struct xread *x);

#endif
