/* The loop over the streams of a call, for XREAD and XREADGROUP. */
#ifndef COMMANDS_STREAM_XREAD_H
#define COMMANDS_STREAM_XREAD_H

#include "engine/call.h"

/* Answers the call or blocks its client. */
void xread_run(struct call *call, bool group);

#endif
