/* Reads from a group with a policy, as one part of a reply. */
#ifndef COMMANDS_STREAM_XREAD_POLICY_H
#define COMMANDS_STREAM_XREAD_POLICY_H

#include "commands/stream/xread_reply.h"

/* Writes entries of s, whose reader is known, after its key. False: there are none, and nothing was
 * written. */
bool xread_policy_serve(struct xread *x, struct xread_source *s);

#endif
