/* Which arguments of a request are keys: one table (the command's key specs) for everybody who
 * asks. Checked against the request it is given; never reads beyond argc. */
#ifndef COMMAND_KEYS_H
#define COMMAND_KEYS_H

#include "command/command.h"

struct key_at {
    int index;
    uint16_t flags;
};

/* Up to max positions; returns how many there are (may exceed max), -1 when the arguments do not
 * fit the specs. */
int keys_find(const struct command *c, const struct bytes *argv, int argc, struct key_at *out,
              int max);

#endif
