/* Cutting the end of a file off, without throwing it away. */
#ifndef PERSIST_CUT_H
#define PERSIST_CUT_H

#include "base/bytes.h"

#include <stdint.h>

/* What map holds from `good` on goes to a new file beside path, whose name is put into aside; then
 * path is cut there. Both are synced. 0 or -errno. */
int cut_tail(const char *path, struct bytes map, uint64_t good, char *aside, size_t n);

#endif
