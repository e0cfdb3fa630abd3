/* Expanded data of compressed stream blocks. Two parts: a few buffers in turn for what is read for
 * the first time, and, up to a limit, buffers for what is read again, so that a look back over all
 * of a long stream does not push out what is read often. Single-threaded, one for the process.
 *
 * A block holds a handle: where its data lies, 0 when it does not; the cache sets it to 0 when it
 * gives the place to another. Whoever frees the handle's memory calls stream_cache_forget(). */
#ifndef TYPE_STREAM_STREAM_CACHE_H
#define TYPE_STREAM_STREAM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that the buffers for what is read again may take. What is above it goes with the next
 * stream_cache_tick(). Without a call: 0. */
void stream_cache_limit(size_t bytes);
/* Those that they take. */
size_t stream_cache_bytes(void);
/* Once a second: buffers that were not read from for some seconds are given back. */
void stream_cache_tick(void);
/* Gives back what is not pinned. */
void stream_cache_drop(void);

/* A pinned buffer of n bytes to expand into, known as *handle from now on. again: it has been
 * expanded before. O(1). */
unsigned char *stream_cache_take(uint32_t *handle, size_t n, bool again);
/* The data of a handle, which is not 0. Pins nest; what is pinned stays. */
const unsigned char *stream_cache_pin(uint32_t handle);
void stream_cache_unpin(uint32_t handle);
/* The data is of no use any more; it is not pinned. Sets the handle to 0. */
void stream_cache_forget(uint32_t *handle);
/* Handles in use. */
size_t stream_cache_count(void);

#endif
