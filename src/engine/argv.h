/* A request that outlives its buffer: queued by MULTI, or kept by a client that waits. */
#ifndef ENGINE_ARGV_H
#define ENGINE_ARGV_H

#include "base/bytes.h"

/* A copy in one allocation, the bytes behind the array: the caller's, for mem_free(). */
struct bytes *argv_copy(const struct bytes *argv, int argc);

#endif
