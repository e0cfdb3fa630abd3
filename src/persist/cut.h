/* Truncates a file, but saves the tail in another one. */
#ifndef PERSIST_CUT_H
#define PERSIST_CUT_H

#include "base/bytes.h"

#include <stdint.h>

/* Writes the bytes of map from `good` on to a new file next to path, whose name goes to aside, then
 * truncates path to `good`. Both are synced. 0 or -errno. */
int cut_tail(const char *path, struct bytes map, uint64_t good, char *aside, size_t n);

#endif
