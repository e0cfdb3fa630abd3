/* Shared by bitmap commands. */
#ifndef COMMANDS_BITMAP_BITMAP_ARGS_H
#define COMMANDS_BITMAP_BITMAP_ARGS_H

#include "engine/call.h"

/* Parses a bit offset, which must be within the maximum string; with a width, "#n" means n times
 * the width. False after the error reply. */
bool bitmap_args_offset(const struct call *call, struct bytes text, unsigned width, uint64_t *out);

#endif
