/* Expanded data of compressed stream blocks, for all streams of one store. A segmented cache: a few
 * probation buffers in turn for what is read for the first time and, up to a limit, protected
 * buffers for what is read again, so that a look back over all of a long stream does not push out
 * what is read often. Single-threaded.
 *
 * A block holds a handle: where its data lies, 0 when it does not; the cache sets it to 0 when it
 * evicts the data. Whoever frees the handle's memory calls stream_cache_forget(). */
#ifndef TYPE_STREAM_STREAM_CACHE_H
#define TYPE_STREAM_STREAM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_cache;

struct stream_cache *stream_cache_new(void);
/* Nothing is pinned, and no block holds a handle any more. */
void stream_cache_free(struct stream_cache *c);

/* Bytes that the protected buffers may take. What is above it goes with the next
 * stream_cache_tick(). Without a call: 0. */
void stream_cache_limit(struct stream_cache *c, size_t bytes);
/* Those that they take. */
size_t stream_cache_bytes(const struct stream_cache *c);
/* Once a second: protected buffers that were not read from for some seconds are freed. */
void stream_cache_tick(struct stream_cache *c);
/* Evicts what is not pinned. */
void stream_cache_drop(struct stream_cache *c);

/* A pinned buffer of n bytes to expand into, known as *handle from now on. again: it has been
 * expanded before. O(1). */
unsigned char *stream_cache_take(struct stream_cache *c, uint32_t *handle, size_t n, bool again);
/* The data of a handle, which is not 0. Pins nest; what is pinned stays. */
const unsigned char *stream_cache_pin(struct stream_cache *c, uint32_t handle);
void stream_cache_unpin(struct stream_cache *c, uint32_t handle);
/* The data is of no use any more; it is not pinned. Sets the handle to 0. */
void stream_cache_forget(struct stream_cache *c, uint32_t *handle);
/* Handles in use. */
size_t stream_cache_count(const struct stream_cache *c);
/* Walks everything, for tests: owners and counts agree. */
bool stream_cache_is_sound(const struct stream_cache *c);

#endif
