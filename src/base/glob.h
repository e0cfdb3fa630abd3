/* Glob patterns as Redis clients know them: * ? [a-c] [^x] and backslash. Iterative, O(n*m) at the
 * worst, no recursion: a hostile pattern cannot hang or overflow us. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/bytes.h"

bool glob_match(struct bytes pattern, struct bytes text);
bool glob_match_nocase(struct bytes pattern, struct bytes text);

#endif
