/* What a read gives of a group with a policy, as a part of a reply. */
#ifndef COMMANDS_STREAM_XREAD_POLICY_H
#define COMMANDS_STREAM_XREAD_POLICY_H

#include "commands/stream/xread_reply.h"

/* Entries of s, whose reader is known, with its key in front. False: there is nothing, and nothing
 * was written. */
bool xread_policy_serve(struct xread *x, struct xread_source *s);

#endif
