/* What bitmap commands share. */
#ifndef COMMANDS_BITMAP_BITMAP_ARGS_H
#define COMMANDS_BITMAP_BITMAP_ARGS_H

#include "engine/call.h"

/* A bit's number; where width is not 0, "#n" stands for n times the width. It lies within what a
 * string may hold. False after the error reply. */
bool bitmap_args_offset(const struct call *call, struct bytes text, unsigned width, uint64_t *out);

#endif
