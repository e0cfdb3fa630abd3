/* Expanded data of compressed stream blocks, for all streams of one store. A segmented cache: a few
 * probation buffers for data read for the first time and, up to a limit, protected buffers for data
 * read again, so that one scan of a long stream does not evict what is read often. Single-threaded.
 *
 * A block holds a handle that names its data, or 0; the cache sets it to 0 when it evicts the data.
 * Before the handle's memory is freed, stream_cache_forget() must be called. */
#ifndef TYPE_STREAM_STREAM_CACHE_H
#define TYPE_STREAM_STREAM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_cache;

struct stream_cache *stream_cache_new(void);
/* Nothing may be pinned, and no block may hold a handle. */
void stream_cache_free(struct stream_cache *c);

/* The most bytes that protected buffers may take, 0 at first. An excess is evicted by the next
 * stream_cache_tick(). */
void stream_cache_limit(struct stream_cache *c, size_t bytes);
/* The bytes that they take. */
size_t stream_cache_bytes(const struct stream_cache *c);
/* Once a second: frees protected buffers that were not read for some seconds. */
void stream_cache_tick(struct stream_cache *c);
/* Evicts everything that is not pinned. */
void stream_cache_drop(struct stream_cache *c);

/* A pinned buffer of n bytes to expand into, named by *handle from now on. again: the data was
 * expanded before. O(1). */
unsigned char *stream_cache_take(struct stream_cache *c, uint32_t *handle, size_t n, bool again);
/* The data of a handle, which is not 0. Pins nest; pinned data is not evicted. */
const unsigned char *stream_cache_pin(struct stream_cache *c, uint32_t handle);
void stream_cache_unpin(struct stream_cache *c, uint32_t handle);
/* Drops the data, which is not pinned, and sets the handle to 0. */
void stream_cache_forget(struct stream_cache *c, uint32_t *handle);
/* Handles in use. */
size_t stream_cache_count(const struct stream_cache *c);
/* Walks everything, for tests: owners and counts agree. */
bool stream_cache_is_sound(const struct stream_cache *c);

#endif
