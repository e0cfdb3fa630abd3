/* XREADGROUP ... MATCH: reads all streams whose keys match and whose group of that name has a
 * policy. */
#ifndef COMMANDS_STREAM_XREAD_MATCH_H
#define COMMANDS_STREAM_XREAD_MATCH_H

#include "commands/stream/xread_reply.h"

/* Answers the call, whose arguments were parsed, or blocks its client. */
void xread_match_run(struct xread *x);

#endif
