/* Copies of requests that outlive their buffer: queued by MULTI, or kept while a client is blocked.
 */
#ifndef ENGINE_ARGV_H
#define ENGINE_ARGV_H

#include "base/bytes.h"

/* A copy in one allocation, with the bytes after the array; the caller frees it by mem_free(). */
struct bytes *argv_copy(const struct bytes *argv, int argc);

#endif
